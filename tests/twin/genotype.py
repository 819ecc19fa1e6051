"""What one sample's genotype in one record says at ploidy 1 or 2: known, called, passing (5.4-7).

A genotype depends on the record, the sample's text and the ploidy of the place it is asked for,
so it is computed from just these.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.twin.facts import Key, Thresholds
from tests.twin.vcf import Record, info_whole, read_gt, reals, text_of, wholes


@dataclass(frozen=True)
class Genotype:
    """One genotype at one ploidy.

    ``known`` is the number of known alleles, at most the ploidy. ``dosages`` holds each key called,
    1 on M, where ``homoplasmic`` tells the bands apart. ``has_alternate``: an alternate allele is
    called, ``*`` among them. ``fails`` names the criteria of 5.4 not met, but for the BED, which is
    not known here.
    """

    known: int = 0
    dosages: Mapping[Key, int] = field(default_factory=dict)
    homoplasmic: frozenset[Key] = frozenset()
    has_alternate: bool = False
    fails: frozenset[str] = frozenset()


def genotype(record: Record, column: str, ploidy: int, thresholds: Thresholds) -> Genotype:
    """Give a sample's genotype; a record set aside has no known and no called allele (4)."""
    if record.set_aside is not None or ploidy == 0:
        return Genotype()
    found = record.genotypes.get((column, ploidy))
    if not isinstance(found, Genotype):
        read = _mito if record.contig == "M" else _nuclear
        found = record.genotypes[column, ploidy] = read(record, column, ploidy, thresholds)
    return found


def _nuclear(record: Record, column: str, ploidy: int, thresholds: Thresholds) -> Genotype:
    called = known_indexes(record, column)
    texts = {_text(record, index) for index in called}
    if ploidy == 1 and len(texts) > 1:
        called = []  # 5.5: two different alleles are not a call, raw too
    alternates = [index for index in called if index > 0]
    depth = first_of(depth_values(record, column))
    if not alternates and depth == 0:
        called = []  # 5.4: without alternate allele and with depth 0 it is a no-call, raw too
    dosages: Counter[Key] = Counter()
    for index in alternates:
        key = record.alleles[index - 1].key
        if key is not None:  # 5.3: ``*`` has no key
            dosages[key] += 1
    at_least = thresholds.min_depth_haploid if ploidy == 1 else thresholds.min_depth
    met = {
        "filter": passes_filters(record, column, has_alternate=bool(alternates)),
        "quality": _has_quality(record, column, thresholds),
        "depth": has_depth(record, column, at_least),
        "balance": len(texts) < 2 or _is_balanced(record, column, alternates, thresholds),
    }
    return Genotype(
        known=min(ploidy, len(called)),
        dosages={key: min(ploidy, n) for key, n in dosages.items()},
        has_alternate=bool(alternates),
        fails=_unmet(met),
    )


def _unmet(met: Mapping[str, bool]) -> frozenset[str]:
    return frozenset(name for name, holds in met.items() if not holds)


def known_indexes(record: Record, column: str) -> list[int]:
    """Give the alleles GT names that are known, 0 for REF.

    Missing are ``.``, a called ``<NON_REF>``, ``<*>`` or ``<X>`` (5.2), and alleles set aside (4).
    """
    return [
        index
        for index in read_gt(record, column)
        if index is not None and (index == 0 or record.alleles[index - 1].is_known)
    ]


def _text(record: Record, index: int) -> str:
    return record.ref if index == 0 else record.alleles[index - 1].text


def passes_filters(record: Record, column: str, *, has_alternate: bool) -> bool:
    """FILTER is PASS or ``.``, or RefCall without alternate allele; FT likewise (5.4)."""
    good = {"PASS", "."} if has_alternate else {"PASS", ".", "RefCall"}
    return record.filter in good and (text_of(record, column, "FT") or ".") in good


def _has_quality(record: Record, column: str, thresholds: Thresholds) -> bool:
    """The first non-missing of GQ, RGQ, GQX is >= 20; none listed: not applied (5.4)."""
    names = ("GQ", "RGQ", "GQX")
    if not any(name in record.format for name in names):
        return True
    for name in names:
        values = reals(record, column, name, 1)
        if values is not None and values[0] is not None:
            return values[0] >= thresholds.min_quality
    return False  # 5.4: listed but missing fails


def depth_values(record: Record, column: str) -> list[int | None]:
    """Give the depths of 5.4 that are listed, in their order, None where one is missing."""
    values: list[int | None] = []

    def add(name: str) -> None:
        if name in record.format:
            numbers = wholes(record, column, name, 1)
            values.append(None if numbers is None else numbers[0])

    if record.is_block:
        add("MIN_DP")
        values += [info_whole(record, n) for n in ("MIN_DP", "MinDP") if n in record.info]
        add("DP")
    else:
        add("DP")
        add("DPI")
    return values


def first_of(values: list[int | None]) -> int | None:
    """Give the first value that is not missing."""
    return next((value for value in values if value is not None), None)


def has_depth(record: Record, column: str, at_least: int) -> bool:
    """The depth suffices; not applied where no field of it is listed (5.4)."""
    values = depth_values(record, column)
    depth = first_of(values)
    return not values or (depth is not None and depth >= at_least)


def _is_balanced(
    record: Record, column: str, alternates: list[int], thresholds: Thresholds
) -> bool:
    """Every called alternate has AD / sum(AD) >= 0.2 over the alleles as written (5.4)."""
    if "AD" not in record.format:
        return True
    depths = wholes(record, column, "AD", 1 + record.n_alts)
    if depths is None:
        return False  # 5.4: listed but missing fails
    total = sum(depth for depth in depths if depth is not None)
    for index in alternates:
        depth = depths[index]
        if depth is None or total == 0 or depth / total < thresholds.min_balance:
            return False
    return True


def mito_vafs(record: Record, column: str) -> dict[int, float]:
    """Give the VAF of each known ALT (1-based) of a record on M, where there is one (5.7).

    FORMAT AF, VAF or HL, else AD/sum(AD): the first that says something of the allele.
    """
    sources = [reals(record, column, name, record.n_alts) for name in ("AF", "VAF", "HL")]
    depths = wholes(record, column, "AD", 1 + record.n_alts)
    total = sum(d for d in depths if d is not None) if depths else 0
    if depths is not None and total > 0:
        sources.append([None if d is None else d / total for d in depths[1:]])
    vafs = {}
    for index, allele in enumerate(record.alleles, 1):
        said = [values[index - 1] for values in sources if values and allele.is_known]
        value = next((v for v in said if v is not None), None)
        if value is not None:
            vafs[index] = value
    return vafs


def _mito(record: Record, column: str, ploidy: int, thresholds: Thresholds) -> Genotype:
    vafs = mito_vafs(record, column)
    named = known_indexes(record, column)
    for index in named:
        if index > 0:
            vafs.setdefault(index, 1.0)  # 5.7: GT only where no VAF exists, then homoplasmic
    called = {i: vaf for i, vaf in vafs.items() if vaf >= thresholds.heteroplasmic}
    known = 1 if named or called else 0
    if not called and first_of(depth_values(record, column)) == 0:
        known = 0  # 5.4: no alternate allele and depth 0
    keys = {i: record.alleles[i - 1].key for i in called}
    homoplasmic = {keys[i] for i, vaf in called.items() if vaf >= thresholds.homoplasmic}
    met = {
        "filter": passes_filters(record, column, has_alternate=bool(called)),
        "depth": has_depth(record, column, thresholds.min_depth_mito),
    }
    return Genotype(
        known=min(known, ploidy),
        dosages={key: 1 for key in keys.values() if key is not None},
        homoplasmic=frozenset(key for key in homoplasmic if key is not None),
        has_alternate=bool(called),
        fails=_unmet(met),
    )

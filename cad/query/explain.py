"""AN of a variant walked to its terms: who counts, who was looked at, whose alleles are known.

Each person of a base is put under one term, by what the lake holds of the sample they count by, and
the terms are summed by platform. Their sums must be the base's own figures, which were reached by
another way: as differences, night by night.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select

from cad.build.people import counted_sample
from cad.query.asked import about_base, chosen_strata
from cad.query.base import Base, Stratum
from cad.query.family import check_latest
from cad.query.lake_point import SamplesAtPoint, read_point
from cad.query.look_up import resolve
from cad.query.parse import Variant
from cad.query.reader import BaseReader
from cad.registry.engine import reading
from cad.registry.samples import desired_samples
from cad.registry.tables import batch, folded, sample
from schemas.contigs import region_class
from schemas.errors import Unavailable
from schemas.known import PLOIDY, SEXES, failed, passing, raw

TERMS: Final = (
    "persons",
    "not_assayed",
    "assayed",
    "off_target",
    "no_copy",
    "unknown",
    "failing",
    "callable",
    "two_alleles",
    "one_allele",
    "an",
    "an_raw",
    "further_samples",
)
"""In the order of the walk, all persons but the last three.

* persons = not_assayed + assayed + off_target. A person is `off_target` whose assay does not cover
  the position while a record that reaches it tells of alleles: one outside the BED, or a deletion.
* assayed + off_target = no_copy + unknown + failing + callable. A person has `no_copy` where the
  declared sex has none that is counted, is `unknown` where no allele is known, `failing` where some
  are known and none passes.
* callable = two_alleles + one_allele; an = 2 two_alleles + one_allele.
* `further_samples` are those by which these persons might count, but do not.

Beside them `failing_by` parts the persons who are `failing` by the criteria that fail
(`schemas.known.CRITERIA`): each has one set of them, so that the persons of all sets are those of
the term.
"""

Document = dict[str, Any]


@dataclass
class _Walk:
    """The terms of some persons."""

    terms: Counter[str] = field(default_factory=Counter)
    failing_by: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def add(self, other: _Walk) -> None:
        """Walk with more persons."""
        self.terms.update(other.terms)
        self.failing_by.update(other.failing_by)

    def document(self) -> Document:
        """The terms in their order, and the criteria of the most persons first."""
        by = sorted(self.failing_by.items(), key=lambda item: (-item[1], item[0]))
        return {
            **{name: self.terms[name] for name in TERMS},
            "failing_by": [{"criteria": [*names], "persons": count} for names, count in by],
        }


@dataclass(frozen=True)
class _Person:
    """How one person counts."""

    sample_no: int
    sex: str
    platform: str


def explain_variant(reader: BaseReader, text: str, stratum: str = "all") -> Document:
    """Walk AN of a variant to its terms, by platform.

    Args:
        reader: of the latest base of a purpose.
        text: the variant as the asker writes it, in any form that `resolve` reads.
        stratum: whose AN.

    Raises:
        BadQuestion: `variant_malformed` and others of `resolve`.
        NotFound: `stratum_unknown`, `variant_unknown`, `genes_missing`.
        Conflict: `base_conflict`, where a build replaced the base meanwhile.
        Unavailable: `explain_mismatch`, where the terms do not come to the base's figures;
            `lake_file_damaged`, `registry_unusable`.
    """
    warehouse, base = reader.warehouse, reader.base
    variant = resolve(reader, text)
    (at,) = chosen_strata(base, [stratum])
    with reading(warehouse.engine) as connection:
        check_latest(connection, base)
        persons = _persons(connection, base, base.strata[at])
        point = read_point(connection, warehouse.lake, variant, {one.sample_no for one in persons})
        further = _further_samples(connection, base, {one.sample_no for one in persons})
    copies = dict(zip(SEXES, PLOIDY[_region(reader, variant)], strict=True))
    by_platform: dict[str, _Walk] = {}
    for one in persons:
        walk = by_platform.setdefault(one.platform, _Walk())
        walk.add(_walk(one.sample_no, copies[one.sex], point))
    for platform, count in further.items():
        by_platform.setdefault(platform, _Walk()).terms["further_samples"] += count
    total = _Walk()
    for walk in by_platform.values():
        total.add(walk)
    _check(total, dict(zip(_FIGURES, reader.lookup(variant).depths[at].tolist(), strict=True)))
    return {
        "variant": str(variant),
        **about_base(reader),
        "normalised_from": variant.normalised_from,
        "left_aligned": variant.is_aligned,
        "stratum": stratum,
        "position": f"{variant.contig}:{variant.pos}",
        "copies": _copies(persons, copies),
        "platforms": [
            {"platform": name, **by_platform[name].document()} for name in sorted(by_platform)
        ],
        "total": total.document(),
    }


_FIGURES: Final = ("an", "an_raw", "callable", "assayed")
"""What `cad.index.DEPTH_FIELDS` are called among the terms."""


def _persons(connection: Connection, base: Base, stratum: Stratum) -> list[_Person]:
    """Whom a base counts in a stratum."""
    query = (
        select(folded.c.sample_no, folded.c.sex, folded.c.strata, batch.c.platform)
        .join(sample, sample.c.sample_no == folded.c.sample_no)
        .join(batch, batch.c.batch_no == sample.c.batch_no)
        .where(folded.c.purpose == base.purpose)
    )
    rows = connection.execute(query)
    return [
        _Person(number, sex, platform)
        for number, sex, strata, platform in rows
        if stratum.number in strata
    ]


def _further_samples(connection: Connection, base: Base, counted: set[int]) -> Counter[str]:
    """Live samples by which counted persons might count too, by their own platform."""
    samples = desired_samples(connection, base.pinned_no)
    persons = {one.person_id for one in samples if one.sample_no in counted}
    return Counter(
        one.platform
        for one in samples
        if one.person_id in persons and one.sample_no not in counted and counted_sample([one])
    )


def _region(reader: BaseReader, variant: Variant) -> Any:
    return region_class(reader.warehouse.assembly, variant.contig, variant.pos)


def _walk(number: int, copies: int, point: SamplesAtPoint) -> _Walk:
    """The terms that one person adds to."""
    track = point.track.get(number)
    code = point.known.get(number, track or 0)
    passed, known = passing(code, copies), raw(code, copies)
    if track is None and not known:
        return _Walk(Counter(persons=1, not_assayed=1))
    looked = "off_target" if track is None else "assayed"
    terms = Counter({"persons": 1, looked: 1, "an": passed, "an_raw": known})
    if passed:
        terms.update(("callable", "two_alleles" if passed == 2 else "one_allele"))
        return _Walk(terms)
    if not known:
        terms["unknown" if copies else "no_copy"] = 1
        return _Walk(terms)
    terms["failing"] = 1
    return _Walk(terms, Counter([failed(point.why.get(number, 0), copies)]))


def _check(walk: _Walk, figures: Mapping[str, int]) -> None:
    """Refuse to explain what does not add up."""
    found = {name: walk.terms[name] for name in figures}
    if found != figures:
        told = ", ".join(f"{name} {found[name]} of {figures[name]}" for name in figures)
        raise Unavailable("explain_mismatch", f"the terms come to {told} in the base")


def _copies(persons: Iterable[_Person], copies: Mapping[str, int]) -> list[Document]:
    """How many copies each declared sex counts with here, and how many persons have it."""
    held = Counter(one.sex for one in persons)
    return [{"sex": sex, "copies": copies[sex], "persons": held[sex]} for sex in SEXES if held[sex]]

"""Each data line is exactly one of loaded, reference or set_aside (4), and the receipt's numbers.

Where a line would be set aside for several reasons, the first in ``REASONS`` is the one it is
counted under: DESIGN leaves that open, and the list of reasons that CAD publishes says it.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tests.twin.alleles import REF_LETTERS, Reference, disagrees
from tests.twin.facts import LENGTHS, Thresholds, in_par
from tests.twin.genotype import mito_vafs
from tests.twin.vcf import (
    Malformed,
    Record,
    block_end,
    info_whole,
    read_gt,
    reals,
    text_of,
    wholes,
)

REASONS = (
    "contig_not_counted",
    "pos_beyond_contig",
    "line_malformed",
    "ref_alphabet",
    "ref_mismatch",
    "end_before_pos",
    "malformed_field",
    "gt_index",
    "ploidy",
    "y_par",
    "symbolic",
    "alt_malformed",
)
DEFECTS = frozenset(REASONS) - {"contig_not_counted", "y_par", "symbolic"}


@dataclass
class Receipt:
    """The numbers of one file; ``set_aside`` and ``warnings`` count records by reason."""

    records: int = 0
    loaded: int = 0
    reference: int = 0
    set_aside: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    alleles: Counter[str] = field(
        default_factory=lambda: Counter(loaded=0, not_carried=0, set_aside=0)
    )

    @property
    def defects(self) -> int:
        """Lines set aside as defective; out of scope is uncounted (4)."""
        return sum(self.set_aside[reason] for reason in DEFECTS)

    @property
    def has_too_many_defects(self) -> bool:
        """The file is refused: more defects than max(10, 0.1 % of its records) (4)."""
        return self.defects > max(10, self.records / 1000)


@dataclass(frozen=True)
class Scope:
    """What a line is judged against: contigs the file may hold, lengths, reference, bands.

    ``arrays`` are the INFO keys with a value for each alternate (A) or allele (R).
    """

    assembly: str
    contigs: frozenset[str]
    reference: Reference | None
    thresholds: Thresholds
    arrays: Mapping[str, str] = field(default_factory=dict)


def reason_to_set_aside(record: Record, scope: Scope) -> str | None:
    """Say why a line is set aside as a whole, None where it is kept."""
    if record.contig not in scope.contigs:
        return "contig_not_counted"
    found = _defects(record, scope)
    if record.contig == "Y" and in_par(scope.assembly, "Y", record.pos):
        found.add("y_par")
    if all(allele.is_set_aside for allele in record.alleles):  # 4: "or every alternate is"
        kinds = {allele.kind for allele in record.alleles}
        found.add("alt_malformed" if kinds == {"malformed"} else "symbolic")
    return min(found, key=REASONS.index, default=None)


def _defects(record: Record, scope: Scope) -> set[str]:
    """Give the defects of a line; one sample's defect sets the whole line aside (4)."""
    found = set()
    if not record.has_right_width:
        found.add("line_malformed")
    if not record.ref or not set(record.ref) <= REF_LETTERS:
        found.add("ref_alphabet")
    if scope.reference and disagrees(scope.reference, record.contig, record.pos, record.ref):
        found.add("ref_mismatch")
    if not 1 <= record.pos <= LENGTHS[scope.assembly][record.contig]:
        found.add("pos_beyond_contig")
    if record.is_block and _ends_before_pos(record):
        found.add("end_before_pos")
    for column in set(record.columns):
        try:
            genotype = read_gt(record, column)
        except Malformed:
            found.add("malformed_field")
            continue
        if any(a is not None and a > record.n_alts for a in genotype):
            found.add("gt_index")
        if len(genotype) > 2:
            found.add("ploidy")
        if not _is_readable(record, column):
            found.add("malformed_field")
    return found


def _ends_before_pos(record: Record) -> bool:
    """4: END < POS is a defect of a block; so is a FORMAT/LEN of 0, by which it ends there."""
    try:
        end = info_whole(record, "END")
    except Malformed:
        end = None
    lengths = {text_of(record, column, "LEN") for column in record.columns}
    return (end is not None and end < record.pos) or bool(lengths & {"0", "00"})


def _is_readable(record: Record, column: str) -> bool:
    """Tell whether each value that CAD reads in a record of this sort has its type."""
    if len(column.split(":")) > max(1, len(record.format)):
        return False
    try:
        for name in ("GQ", "RGQ", "GQX"):  # on M too: no rule rests on it, but calls keep it
            reals(record, column, name, 1)
        for name in ("MIN_DP", "DP", "LEN") if record.is_block else ("DP", "DPI"):
            wholes(record, column, name, 1)
        if record.is_block:
            for name in ("MIN_DP", "MinDP"):
                info_whole(record, name)
            block_end(record, column)
        else:
            wholes(record, column, "AD", 1 + record.n_alts)
        if record.contig == "M" and not record.is_block:
            for name in ("AF", "VAF", "HL"):
                reals(record, column, name, record.n_alts)
    except Malformed:
        return False
    return True


def carried_alts(record: Record, columns: Collection[str], thresholds: Thresholds) -> set[int]:
    """Give the ALTs (1-based) that load a line.

    Those some sample's GT names, neither symbolic nor ``*``, or on M with VAF >= 0.10 (4).
    """
    wanted = {i for i, allele in enumerate(record.alleles, 1) if allele.kind == "sequence"}
    carried: set[int] = set()
    for column in columns:
        carried.update(a for a in read_gt(record, column) if a is not None)
        if record.contig == "M":
            vafs = mito_vafs(record, column)
            carried.update(i for i, v in vafs.items() if v >= thresholds.heteroplasmic)
    return carried & wanted


def classify(records: Sequence[Record], scope: Scope, is_ignored: Sequence[bool] = ()) -> Receipt:
    """Mark each record's ``set_aside`` and count the receipt.

    A column that is ignored (a withdrawn person's) is checked, and loads nothing (5.10).
    """
    receipt = Receipt()
    for record in records:
        receipt.records += 1
        reason = reason_to_set_aside(record, scope)
        counted = [a for a in record.alleles if a.is_counted]
        if reason is not None:
            record.__dict__.pop("is_block", None)  # judged as a block until now
            record.set_aside = reason
            receipt.set_aside[reason] += 1
            receipt.alleles["set_aside"] += len(counted)
            continue
        kept = [c for i, c in enumerate(record.columns) if not (is_ignored and is_ignored[i])]
        carried = carried_alts(record, set(kept), scope.thresholds)
        receipt.loaded += bool(carried)
        receipt.reference += not carried
        aside = [a for a in counted if a.is_set_aside]
        receipt.warnings.update(_warnings(record, kept, scope.arrays))
        receipt.alleles["set_aside"] += len(aside)
        receipt.alleles["loaded"] += len(carried)
        receipt.alleles["not_carried"] += len(counted) - len(aside) - len(carried)
    return receipt


def _warnings(record: Record, columns: Collection[str], arrays: Mapping[str, str]) -> set[str]:
    """Name what a kept line is warned of; ``columns`` are those that are not ignored."""
    kinds = {allele.kind for allele in record.alleles}
    found = set()
    if kinds & {"symbolic", "breakend"}:
        found.add("allele_symbolic")
    if "malformed" in kinds:
        found.add("allele_malformed")
    if any(allele.may_shift for allele in record.alleles):
        found.add("no_reference")
    per_alternate = {key: record.n_alts + (number == "R") for key, number in arrays.items()}
    if record.n_alts and _has_wrong_length(record.info, per_alternate):
        found.add("info_array_length")
    wanted = {} if record.is_block else {"AD": record.n_alts + 1}
    if record.contig == "M" and not record.is_block:
        wanted |= dict.fromkeys(("AF", "VAF", "HL"), record.n_alts)
    for column in columns:
        fields = {name: text_of(record, column, name) for name in wanted}
        if _has_wrong_length({name: text or "." for name, text in fields.items()}, wanted):
            found.add("format_array_length")
    return found


def _has_wrong_length(fields: Mapping[str, str], wanted: Mapping[str, int]) -> bool:
    """Tell whether an array that says something has not as many values as it should."""
    return any(
        name in fields and fields[name] != "." and len(fields[name].split(",")) != length
        for name, length in wanted.items()
    )

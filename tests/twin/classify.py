"""Each data line is exactly one of loaded, reference or set_aside (4), and the receipt's numbers.

Where a line would be set aside for several reasons, the place comes first (contig_not_counted,
y_par: such a line is not read further), then the defects in the order DESIGN lists them, then
symbolic.
"""

from collections import Counter
from collections.abc import Collection, Sequence
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
    wholes,
)

DEFECTS = (
    "gt_index",
    "ploidy",
    "ref_alphabet",
    "ref_mismatch",
    "pos_beyond_contig",
    "malformed_field",
    "end_before_pos",
)


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
    """What a line is judged against: contigs the file may hold, lengths, reference, bands."""

    assembly: str
    contigs: frozenset[str]
    reference: Reference | None
    thresholds: Thresholds


def reason_to_set_aside(record: Record, scope: Scope) -> str | None:
    """Say why a line is set aside as a whole, None where it is kept."""
    if record.contig not in scope.contigs:
        return "contig_not_counted"
    if record.contig == "Y" and in_par(scope.assembly, "Y", record.pos):
        return "y_par"
    defect = _defect(record, scope)
    if defect is not None:
        return defect
    if all(allele.is_set_aside for allele in record.alleles):  # 4: "or every alternate is"
        kinds = {allele.kind for allele in record.alleles}
        return "malformed_field" if kinds == {"malformed"} else "symbolic"
    return None


def _defect(record: Record, scope: Scope) -> str | None:
    """Give the first of the defects; one sample's defect sets the whole line aside (4)."""
    genotypes, is_malformed = [], not record.has_right_width
    for column in set(record.columns):
        try:
            genotypes.append(read_gt(record, column))
        except Malformed:
            is_malformed = True
        is_malformed = is_malformed or not _is_readable(record, column)
    if any(a is not None and a > record.n_alts for gt in genotypes for a in gt):
        return "gt_index"
    if any(len(gt) > 2 for gt in genotypes):
        return "ploidy"
    if not record.ref or not set(record.ref) <= REF_LETTERS:
        return "ref_alphabet"
    if scope.reference and disagrees(scope.reference, record.contig, record.pos, record.ref):
        return "ref_mismatch"
    if not 1 <= record.pos <= LENGTHS[scope.assembly][record.contig]:
        return "pos_beyond_contig"
    if is_malformed:
        return "malformed_field"
    if record.is_block and any(block_end(record, c) < record.pos for c in record.columns):
        return "end_before_pos"
    return None


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
        receipt.warnings.update({a.kind for a in aside})
        receipt.alleles["set_aside"] += len(aside)
        receipt.alleles["loaded"] += len(carried)
        receipt.alleles["not_carried"] += len(counted) - len(aside) - len(carried)
    return receipt

"""Variants that documents judge, brought to the key by which calls are stored."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cad.query.parse import Variant, Written, normalised
from schemas.contigs import Assembly, canonical_contig
from schemas.errors import BadQuestion
from schemas.phenopackets import Finding

OTHER_ASSEMBLY: Final = "variant_other_assembly"
NOT_KEYED: Final = "variant_not_keyed"
_ZYGOSITY: Final = {
    "GENO:0000135": "heterozygous",
    "GENO:0000402": "heterozygous",
    "GENO:0000136": "homozygous",
    "GENO:0000134": "hemizygous",
}
"""Allelic states of the Genotype Ontology; a compound heterozygote has one copy of each."""


def key_of(
    finding: Finding, assembly: Assembly, reference: Path | None
) -> tuple[Variant | None, str | None]:
    """The key of a finding's variant, or a reason why it has none; neither where it names none."""
    if finding.contig is None or finding.pos is None or not finding.ref or not finding.alt:
        return None, None
    if finding.assembly != assembly:
        return None, OTHER_ASSEMBLY
    contig = canonical_contig(finding.contig)
    if contig is None:
        return None, NOT_KEYED
    written = Written(contig, finding.pos, finding.ref.upper(), finding.alt.upper())
    try:
        return normalised(written, None, assembly, reference), None
    except BadQuestion:
        return None, NOT_KEYED


def zygosity_of(finding: Finding) -> str | None:
    """What is said of the person's copies, where it is said of this person."""
    if finding.allelic_state is None or not finding.own:
        return None
    return _ZYGOSITY.get(finding.allelic_state.code)

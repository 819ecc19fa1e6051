"""Sequence Ontology terms of what a variant does, from the most severe to the least.

Order and IMPACT are Ensembl VEP's ("Calculated consequences", release 110); terms that only SnpEff
uses stand where its manual ranks them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

IMPACTS: Final = ("HIGH", "MODERATE", "LOW", "MODIFIER")

_BY_IMPACT: Final[dict[str, str]] = {
    "HIGH": """
        transcript_ablation exon_loss_variant splice_acceptor_variant splice_donor_variant
        stop_gained frameshift_variant stop_lost start_lost transcript_amplification
        feature_elongation feature_truncation rare_amino_acid_variant
        structural_interaction_variant protein_protein_contact""",
    "MODERATE": """
        inframe_insertion disruptive_inframe_insertion conservative_inframe_insertion
        inframe_deletion disruptive_inframe_deletion conservative_inframe_deletion
        missense_variant protein_altering_variant""",
    "LOW": """
        splice_donor_5th_base_variant splice_region_variant splice_donor_region_variant
        splice_polypyrimidine_tract_variant splice_branch_variant
        incomplete_terminal_codon_variant initiator_codon_variant start_retained_variant
        stop_retained_variant synonymous_variant
        5_prime_UTR_premature_start_codon_gain_variant sequence_feature""",
    "MODIFIER": """
        coding_sequence_variant mature_miRNA_variant 5_prime_UTR_variant 3_prime_UTR_variant
        non_coding_transcript_exon_variant intron_variant NMD_transcript_variant
        non_coding_transcript_variant coding_transcript_variant upstream_gene_variant
        downstream_gene_variant TFBS_ablation TFBS_amplification TF_binding_site_variant
        regulatory_region_ablation regulatory_region_amplification regulatory_region_variant
        intragenic_variant intergenic_variant intergenic_region sequence_variant""",
}
TERMS: Final[dict[str, str]] = {
    term: impact for impact, terms in _BY_IMPACT.items() for term in terms.split()
}
"""IMPACT by term, the most severe first."""
_RANK: Final = {term: rank for rank, term in enumerate(TERMS)}

BCFTOOLS: Final[dict[str, str]] = {
    "3_prime_utr": "3_prime_UTR_variant",
    "5_prime_utr": "5_prime_UTR_variant",
    "NMD_transcript": "NMD_transcript_variant",
    "coding_sequence": "coding_sequence_variant",
    "feature_elongation": "feature_elongation",
    "feature_truncation": "feature_truncation",
    "frameshift": "frameshift_variant",
    "inframe_altering": "protein_altering_variant",
    "inframe_deletion": "inframe_deletion",
    "inframe_insertion": "inframe_insertion",
    "intergenic": "intergenic_variant",
    "intron": "intron_variant",
    "missense": "missense_variant",
    "non_coding": "non_coding_transcript_exon_variant",
    "splice_acceptor": "splice_acceptor_variant",
    "splice_donor": "splice_donor_variant",
    "splice_region": "splice_region_variant",
    "start_lost": "start_lost",
    "start_retained": "start_retained_variant",
    "stop_gained": "stop_gained",
    "stop_lost": "stop_lost",
    "stop_retained": "stop_retained_variant",
    "synonymous": "synonymous_variant",
}
"""The Sequence Ontology's term for each word of `bcftools csq`."""


def severity(term: str) -> int:
    """Rank of a term, 0 the most severe; a term that nobody ranks comes last.

    >>> severity("stop_gained") < severity("missense_variant") < severity("intron_variant")
    True
    """
    return _RANK.get(term, len(_RANK))


def most_severe(terms: Iterable[str]) -> str:
    """The most severe of some terms; there is at least one.

    >>> most_severe(["splice_region_variant", "missense_variant"])
    'missense_variant'
    """
    return min(terms, key=severity)


def impact(terms: Iterable[str]) -> str:
    """IMPACT of the most severe of some terms.

    >>> impact(["intron_variant", "splice_donor_variant"])
    'HIGH'
    """
    return TERMS.get(most_severe(terms), "MODIFIER")

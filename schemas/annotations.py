"""Arrow schemas of annotation tables: what other sources say of variants and genes.

A table belongs to one version of one source. Those keyed by a variant hold it in the base's own
form, so that they join by (contig, pos, ref, alt); a source may have several rows of one variant.
Figures and words stand as the source's file has them; null is what it leaves out.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from schemas.columns import column, said
from schemas.tables import KEY

_INT: Final = pa.int32()
_REAL: Final = pa.float64()
_TEXT: Final = pa.string()


def _text(name: str, text: str, unit: str = "text") -> pa.Field[Any]:
    return column(name, _TEXT, unit, text, null=True)


def _int(name: str, unit: str, text: str) -> pa.Field[Any]:
    return column(name, _INT, unit, text, null=True)


def _real(name: str, unit: str, text: str) -> pa.Field[Any]:
    return column(name, _REAL, unit, text, null=True)


CLINVAR: Final = pa.schema(
    [
        *KEY,
        _int("variation_id", "id", "ClinVar's variation."),
        _int("allele_id", "id", "ClinVar's allele (ALLELEID)."),
        _text("significance", "Classification as written (CLNSIG).", "word"),
        _text("conflicting", "The classifications that conflict (CLNSIGCONF)."),
        _text("review_status", "Review status as written (CLNREVSTAT).", "word"),
        _int("stars", "stars", "Review status in ClinVar's gold stars, 0 to 4."),
        _text("diseases", "Names of the diseases (CLNDN)."),
        _text("disease_ids", "Identifiers of the diseases (CLNDISDB)."),
        _text("variant_type", "Kind of variant (CLNVC).", "word"),
        _text("genes", "Symbol:Entrez id of each gene (GENEINFO)."),
        _text("consequences", "Sequence Ontology id and term of each consequence (MC)."),
        _text("hgvs", "Genomic HGVS expression (CLNHGVS)."),
        _text("origin", "Allele origin, a sum of ClinVar's codes (ORIGIN).", "code"),
        _text("rs", "dbSNP numbers (RS)."),
    ],
    metadata=said("One row per record of ClinVar's VCF, sorted by pos, ref, alt."),
)

GNOMAD_GROUPS: Final[dict[str, str]] = {
    "afr": "African, African American",
    "ami": "Amish",
    "amr": "Admixed American",
    "asj": "Ashkenazi Jewish",
    "eas": "East Asian",
    "fin": "Finnish",
    "mid": "Middle Eastern",
    "nfe": "non-Finnish European",
    "remaining": "remaining individuals",
    "sas": "South Asian",
    "XX": "XX",
    "XY": "XY",
}
"""gnomAD's genetic ancestry groups and sexes, each with columns of its own."""


def _group_columns(group: str, whom: str) -> list[pa.Field[Any]]:
    return [
        _int(f"ac_{group}", "alleles", f"Alternate alleles, {whom}."),
        _int(f"an_{group}", "alleles", f"Known alleles, {whom}."),
        _real(f"af_{group}", "fraction", f"ac / an as written, {whom}."),
        _int(f"nhomalt_{group}", "persons", f"Homozygotes, {whom}."),
        _real(f"faf95_{group}", "fraction", f"Filtering allele frequency at 95 %, {whom}."),
        _real(f"faf99_{group}", "fraction", f"Filtering allele frequency at 99 %, {whom}."),
    ]


GNOMAD: Final = pa.schema(
    [
        *KEY,
        _text("filter", "FILTER as written.", "VCF FILTER"),
        _int("ac", "alleles", "Alternate alleles."),
        _int("an", "alleles", "Known alleles."),
        _real("af", "fraction", "ac / an as written."),
        _int("nhomalt", "persons", "Homozygotes."),
        _real("faf95", "fraction", "Filtering allele frequency at 95 %."),
        _real("faf99", "fraction", "Filtering allele frequency at 99 %."),
        _text("grpmax", "Group with the greatest frequency (popmax in older files).", "name"),
        _int("ac_grpmax", "alleles", "Alternate alleles of that group."),
        _int("an_grpmax", "alleles", "Known alleles of that group."),
        _real("af_grpmax", "fraction", "Frequency in that group."),
        _int("nhomalt_grpmax", "persons", "Homozygotes of that group."),
        _real("faf95_max", "fraction", "Greatest faf95 of a group (fafmax_faf95_max)."),
        _text("faf95_max_group", "The group of faf95_max.", "name"),
        *(one for group, whom in GNOMAD_GROUPS.items() for one in _group_columns(group, whom)),
    ],
    metadata=said("One row per alternate allele of gnomAD's sites, sorted by pos, ref, alt."),
)
DBSNP: Final = pa.schema(
    [*KEY, column("rs", pa.int64(), "id", "dbSNP number, without its rs.")],
    metadata=said("One row per alternate allele of dbSNP and number, sorted by pos, ref, alt."),
)
CADD: Final = pa.schema(
    [
        *KEY,
        _real("raw", "score", "RawScore: greater is more deleterious."),
        _real("phred", "score", "PHRED: the raw score's rank among all, -10 log10."),
    ],
    metadata=said("One row per variant scored by CADD, sorted by pos, ref, alt."),
)
REVEL: Final = pa.schema(
    [
        *KEY,
        _real("score", "score", "REVEL, 0 to 1: greater is more likely pathogenic."),
        _text("transcripts", "Ensembl transcripts the score is of."),
    ],
    metadata=said("One row per missense variant scored by REVEL, sorted by pos, ref, alt."),
)
ALPHAMISSENSE: Final = pa.schema(
    [
        *KEY,
        _real("score", "score", "am_pathogenicity, 0 to 1."),
        _text("class", "am_class as written.", "word"),
        _text("transcript", "Ensembl transcript.", "id"),
        _text("protein", "UniProt accession.", "id"),
        _text("protein_variant", "Amino acid change.", "word"),
    ],
    metadata=said("One row per missense variant and transcript, sorted by pos, ref, alt."),
)
SPLICEAI: Final = pa.schema(
    [
        *KEY,
        _text("gene", "Gene the score is of.", "symbol"),
        _real("ds_max", "score", "Greatest of the four delta scores, 0 to 1."),
        *(
            field
            for short, what in (
                ("ag", "acceptor gain"),
                ("al", "acceptor loss"),
                ("dg", "donor gain"),
                ("dl", "donor loss"),
            )
            for field in (
                _real(f"ds_{short}", "score", f"Delta score of {what}."),
                _int(f"dp_{short}", "bp", f"Where the {what} lies, from the variant."),
            )
        ),
    ],
    metadata=said("One row per variant and gene scored by SpliceAI, sorted by pos, ref, alt."),
)
SCORE: Final = pa.schema(
    [*KEY, _real("score", "score", "The score as written.")],
    metadata=said("One row per variant of any other table of scores, sorted by pos, ref, alt."),
)
GENE_LIST: Final = pa.schema(
    [
        column("symbol", _TEXT, "symbol", "Gene as the list names it."),
        _text("gene_id", "Ensembl gene.", "id"),
        _text("hgnc_id", "HGNC id.", "id"),
        _text("list", "The panel or list.", "name"),
        _text("status", "Confidence as written: green, amber, red, or a number.", "word"),
        _text("inheritance", "Mode of inheritance as written."),
        _text("diseases", "Phenotypes as written."),
    ],
    metadata=said("One row per gene and list, sorted by symbol."),
)
GENE_CONSTRAINT: Final = pa.schema(
    [
        column("symbol", _TEXT, "symbol", "Gene as the source names it."),
        _text("gene_id", "Ensembl gene.", "id"),
        _text("transcript", "Transcript the figures are of.", "id"),
        column("canonical", pa.bool_(), "yes or no", "Whether it is the canonical one.", null=True),
        column("mane_select", pa.bool_(), "yes or no", "Whether it is MANE Select.", null=True),
        _real("pli", "chance", "Probability of intolerance to loss of function."),
        _real("loeuf", "ratio", "Upper bound of observed / expected loss of function, 90 %."),
        _real("oe_lof", "ratio", "Observed / expected loss of function."),
        _real("oe_mis", "ratio", "Observed / expected missense."),
        _real("oe_mis_upper", "ratio", "Upper bound of oe_mis, 90 %."),
        _real("mis_z", "score", "Z score of missense depletion."),
        _real("lof_z", "score", "Z score of loss of function depletion."),
        _real("syn_z", "score", "Z score of synonymous variants, a check."),
    ],
    metadata=said("One row per transcript of gnomAD's constraint table, sorted by symbol."),
)
GENE_DISEASE: Final = pa.schema(
    [
        column("symbol", _TEXT, "symbol", "Gene as the source names it."),
        _text("gene_id", "Gene id as the source has it: Entrez or Ensembl.", "id"),
        column("disease_id", _TEXT, "id", "Disease: OMIM:, ORPHA:, ..."),
        _text("disease", "Name of the disease."),
        _text("association", "How gene and disease go together, as written."),
        _text("status", "Whether the association was assessed, as written.", "word"),
        _text("hpo_id", "Phenotype of the disease.", "id"),
        _text("hpo_name", "Its name."),
        _text("frequency", "How often it is seen in the disease, as written.", "HPO frequency"),
    ],
    metadata=said("One row per gene, disease and phenotype where given, sorted by symbol."),
)

ANNOTATION_TABLES: Final[dict[str, pa.Schema]] = {
    "annotation_clinvar": CLINVAR,
    "annotation_gnomad": GNOMAD,
    "annotation_dbsnp": DBSNP,
    "annotation_cadd": CADD,
    "annotation_revel": REVEL,
    "annotation_alphamissense": ALPHAMISSENSE,
    "annotation_spliceai": SPLICEAI,
    "annotation_score": SCORE,
    "annotation_gene_list": GENE_LIST,
    "annotation_gene_constraint": GENE_CONSTRAINT,
    "annotation_gene_disease": GENE_DISEASE,
}

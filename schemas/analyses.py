"""Arrow schemas of what genetic analyses find: tables of the lake, each run a version of its own.

Persons appear as the registry's sample numbers, which mean nothing without it. Positions are
1-based inclusive.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from schemas.columns import column, said
from schemas.tables import KEY

_INT: Final = pa.int32()
_REAL: Final = pa.float64()
_TEXT: Final = pa.string()


def _sample(name: str, text: str) -> pa.Field[pa.DataType]:
    return column(name, _INT, "id", f"Sample number of {text}.")


PCA: Final = pa.schema(
    [
        _sample("sample", "a person"),
        column("component", _INT, "number", "Principal component, from 1."),
        column("score", _REAL, "score", "The person's place on it."),
        column("founder", pa.bool_(), "yes or no", "Whether the components were made of it too."),
    ],
    metadata=said("One row per person and component, sorted by both."),
)
PCA_VARIANCE: Final = pa.schema(
    [
        column("component", _INT, "number", "Principal component, from 1."),
        column("eigenvalue", _REAL, "variance", "Its eigenvalue."),
    ],
    metadata=said("One row per component."),
)
RELATEDNESS: Final = pa.schema(
    [
        _sample("sample", "one of both"),
        _sample("other", "the other one, greater"),
        column("kinship", _REAL, "chance", "By PC-Relate (Conomos 2016).", null=True),
        column("ibd0", _REAL, "fraction", "Of the genome with no allele in common.", null=True),
        column("ibd1", _REAL, "fraction", "With one.", null=True),
        column("ibd2", _REAL, "fraction", "With both.", null=True),
        column("king", _REAL, "chance", "By KING-robust (Manichaikul 2010).", null=True),
    ],
    metadata=said(
        "One row per pair of persons that either estimate finds related, sorted by sample, other."
    ),
)
UNRELATED: Final = pa.schema(
    [
        _sample("sample", "a person"),
        column("unrelated", pa.bool_(), "yes or no", "Whether in the set without relatives."),
    ],
    metadata=said("One row per person, sorted by sample."),
)
SEX: Final = pa.schema(
    [
        _sample("sample", "a person"),
        column("declared", _TEXT, "sex", "As the sheet says."),
        column("inferred", _TEXT, "sex", "XX or XY as X tells; null between.", null=True),
        column("f_statistic", _REAL, "fraction", "Inbreeding coefficient on X.", null=True),
        column("called", _INT, "variants", "Variants of X that were judged."),
    ],
    metadata=said("One row per person, sorted by sample."),
)
MENDEL: Final = pa.schema(
    [
        *KEY,
        _sample("sample", "the child"),
        column("mendel_code", _INT, "code", "Kind of error, as PLINK and Hail number them."),
    ],
    metadata=said(
        "One row per variant and child whose genotypes cannot be its parents', sorted so."
    ),
)
DE_NOVO: Final = pa.schema(
    [
        *KEY,
        _sample("sample", "the child"),
        column("posterior", _REAL, "chance", "That it is new (Samocha 2014)."),
        column("confidence", _TEXT, "word", "HIGH, MEDIUM or LOW."),
    ],
    metadata=said("One row per variant and child in whom it may be new, sorted so."),
)
TRANSMISSION: Final = pa.schema(
    [
        *KEY,
        column("transmitted", _INT, "alleles", "Handed on by heterozygous parents."),
        column("untransmitted", _INT, "alleles", "Not handed on by them."),
        column("chi_square", _REAL, "score", "Of the TDT (Spielman 1993), one degree of freedom."),
        column("p_value", _REAL, "chance", "Not corrected for the number of tests."),
    ],
    metadata=said(
        "One row per variant that a heterozygous parent of an affected child has, sorted so."
    ),
)
REGRESSION: Final = pa.schema(
    [
        *KEY,
        column("n", _INT, "persons", "With a genotype, phenotype and covariates."),
        column("ac", _INT, "alleles", "Alternate alleles among them."),
        column(
            "beta", _REAL, "effect", "Of one allele; a logarithm of odds if logistic.", null=True
        ),
        column("standard_error", _REAL, "effect", "Of beta; null under Firth.", null=True),
        column("p_value", _REAL, "chance", "Not corrected for the number of tests.", null=True),
        column("converged", pa.bool_(), "yes or no", "Whether the fit came to an end."),
    ],
    metadata=said("One row per variant that was tested, sorted by variant."),
)
GENE_TEST: Final = pa.schema(
    [
        column("gene", _TEXT, "name", "Symbol of the gene."),
        column("variants", _INT, "variants", "Rare ones in it."),
        column("carriers", _INT, "persons", "With at least one of them."),
        column("q_statistic", _REAL, "score", "Of SKAT (Wu 2011).", null=True),
        column("skat_p", _REAL, "chance", "Of SKAT.", null=True),
        column("burden_beta", _REAL, "effect", "Of one rare allele.", null=True),
        column("burden_p", _REAL, "chance", "Of the burden test.", null=True),
    ],
    metadata=said("One row per gene with a rare variant, sorted by gene."),
)
HARDY_WEINBERG: Final = pa.schema(
    [
        *KEY,
        column("n", _INT, "persons", "Founders with a genotype."),
        column("n_het", _INT, "persons", "Heterozygous ones."),
        column("expected_het", _REAL, "fraction", "Expected share of heterozygotes."),
        column("p_value", _REAL, "chance", "Exact, two-sided, mid-p as in Hail."),
    ],
    metadata=said("One row per variant, sorted by variant."),
)

ANALYSIS_TABLES: Final[dict[str, pa.Schema]] = {
    "analysis_pca": PCA,
    "analysis_pca_variance": PCA_VARIANCE,
    "analysis_relatedness": RELATEDNESS,
    "analysis_unrelated": UNRELATED,
    "analysis_sex": SEX,
    "analysis_mendel": MENDEL,
    "analysis_de_novo": DE_NOVO,
    "analysis_tdt": TRANSMISSION,
    "analysis_regression": REGRESSION,
    "analysis_gene": GENE_TEST,
    "analysis_hwe": HARDY_WEINBERG,
}

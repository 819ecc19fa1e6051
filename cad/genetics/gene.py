"""The rare variants of each gene together: SKAT (Wu 2011) and the burden of alleles.

SKAT weighs a variant by the density of Beta(1, 25) at its frequency, squared.
"""

from __future__ import annotations

from typing import Any

import hail as hl
import pyarrow as pa

from cad.genetics.genotypes import Study, to_arrow
from cad.genetics.places import AUTOSOMES
from cad.genetics.regression import covariates_of, regressed, with_numbers
from schemas.analyses import GENE_TEST
from schemas.contigs import vcf_contig


def run(study: Study) -> dict[str, pa.Table]:
    """One row per gene of the autosomes with a rare variant."""
    matrix = with_numbers(study, study.matrix(AUTOSOMES))
    matrix = matrix.annotate_rows(stats=hl.agg.call_stats(matrix.GT, 2))
    matrix = matrix.annotate_rows(ac=matrix.stats.AC[1], af=matrix.stats.AF[1])
    matrix = matrix.filter_rows((matrix.ac > 0) & (matrix.af <= study.parameters["max_af"]))
    matrix = matrix.annotate_rows(gene=_genes(study).index(matrix.locus, all_matches=True).symbol)
    matrix = matrix.explode_rows("gene").checkpoint(hl.utils.new_temp_file("rare", "mt"))
    if not matrix.count_rows():
        return {"analysis_gene": GENE_TEST.empty_table()}
    covariates = covariates_of(study, matrix)
    is_logistic = study.parameters["model"] == "logistic"
    weight = hl.dbeta(matrix.af, 1.0, 25.0) ** 2
    tested = kernel_tests(matrix, matrix.gene, weight, matrix.y, covariates, is_logistic)
    burdens = _burdens(study, matrix, is_logistic)
    found = tested.join(burdens, how="outer").rename({"id": "gene"})
    return {"analysis_gene": to_arrow(found, GENE_TEST, ("gene",))}


def kernel_tests(
    matrix: Any, key: Any, weight: Any, y: Any, covariates: list[Any], is_logistic: bool
) -> Any:
    """SKAT by key; the weight that Wu 2011 gives a variant is the root of this one."""
    found = hl.skat(key, weight, y, matrix.GT.n_alt_alleles(), covariates, logistic=is_logistic)
    return found.select(q_statistic=found.q_stat, skat_p=found.p_value)


def _burdens(study: Study, matrix: Any, is_logistic: bool) -> Any:
    by_gene = matrix.group_rows_by(id=matrix.gene)
    grouped = (
        by_gene.aggregate_rows(variants=hl.int32(hl.agg.count()))
        .aggregate_entries(alleles=hl.agg.sum(matrix.GT.n_alt_alleles()))
        .result()
    )
    grouped = grouped.annotate_rows(
        carriers=hl.int32(hl.agg.count_where(grouped.alleles > 0))
    ).checkpoint(hl.utils.new_temp_file("burden", "mt"))
    found = regressed(
        # Of rare alleles all carriers may be affected, where Wald's test finds no end.
        "firth" if is_logistic else None,
        grouped.y,
        hl.float64(grouped.alleles),
        covariates_of(study, grouped),
        ("variants", "carriers"),
    )
    return found.select("variants", "carriers", burden_beta=found.beta, burden_p=found.p_value)


def _genes(study: Study) -> Any:
    kind = hl.tstruct(symbol=hl.tstr, contig=hl.tstr, first=hl.tint32, last=hl.tint32)
    rows = [
        {
            "symbol": symbol,
            "contig": vcf_contig(study.assembly, contig),
            "first": first,
            "last": last,
        }
        for symbol, contig, first, last in study.genes
        if contig in AUTOSOMES
    ]
    table = hl.Table.parallelize(rows, kind)
    interval = hl.locus_interval(
        table.contig, table.first, table.last, includes_end=True, reference_genome=study.assembly
    )
    return table.key_by(interval=interval).select("symbol")

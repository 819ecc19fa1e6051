"""Each variant of the autosomes against a phenotype: logistic (Firth, ...) or linear."""

from __future__ import annotations

from typing import Any

import hail as hl
import pyarrow as pa

from cad.genetics.genotypes import Study, contig_and_pos, to_arrow
from cad.genetics.places import AUTOSOMES, by_variant
from schemas.analyses import REGRESSION


def run(study: Study) -> dict[str, pa.Table]:
    """One row per variant with enough alleles among those who have phenotype and covariates."""
    told = study.parameters
    matrix = with_numbers(study, study.matrix(AUTOSOMES))
    # Hail's linear model has an `n` of its own.
    matrix = matrix.annotate_rows(
        typed=hl.int32(hl.agg.count_where(hl.is_defined(matrix.GT))),
        ac=hl.int32(hl.agg.sum(matrix.GT.n_alt_alleles())),
    )
    matrix = matrix.filter_rows(matrix.ac >= told["min_ac"])
    test = told["test"] if told["model"] == "logistic" else None
    alleles = matrix.GT.n_alt_alleles()
    found = regressed(test, matrix.y, alleles, covariates_of(study, matrix), ("typed", "ac"))
    found = found.annotate(n=found.typed, **contig_and_pos(found, study.assembly))
    return {"analysis_regression": to_arrow(found, REGRESSION, by_variant())}


def with_numbers(study: Study, matrix: Any) -> Any:
    """The matrix of those who have all numbers, with `y` and `covariates` by column."""
    names = [name for name in study.numbers if name != "phenotype"]
    phenotype = hl.literal(_by_column(study.numbers["phenotype"]), "dict<str, float64>")
    others = [hl.literal(_by_column(study.numbers[name]), "dict<str, float64>") for name in names]
    matrix = matrix.annotate_cols(
        y=phenotype.get(matrix.s), covariates=[1.0, *(one.get(matrix.s) for one in others)]
    )
    has_all = hl.is_defined(matrix.y) & hl.all(hl.is_defined, matrix.covariates)
    return matrix.filter_cols(has_all)


def covariates_of(study: Study, matrix: Any) -> list[Any]:
    """The columns' covariates one by one, as Hail's methods take them; the first is 1."""
    return [matrix.covariates[at] for at in range(len(study.numbers))]


def _by_column(values: Any) -> dict[str, float]:
    return {str(sample): float(value) for sample, value in values.items()}


def regressed(
    test: str | None, y: Any, x: Any, covariates: list[Any], kept: tuple[str, ...]
) -> Any:
    """The effect of one allele, by row; a test's name asks for the logistic model."""
    if test is None:
        found = hl.linear_regression_rows(y, x, covariates, pass_through=kept)
        return found.annotate(converged=hl.is_defined(found.p_value))
    found = hl.logistic_regression_rows(test, y, x, covariates, pass_through=kept)
    missing = hl.missing(hl.tfloat64)
    return found.annotate(
        beta=found.beta if "beta" in found.row else missing,
        standard_error=found.standard_error if "standard_error" in found.row else missing,
        converged=found.fit.converged if "fit" in found.row else hl.is_defined(found.p_value),
    )

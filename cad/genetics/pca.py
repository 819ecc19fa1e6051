"""Principal components of founders, on variants in little disequilibrium; others are projected.

Of relatives only founders make the components, or families would be components of their own.
"""

from __future__ import annotations

from typing import Any

import hail as hl
import pyarrow as pa

from cad.genetics.genotypes import Study, to_arrow
from cad.genetics.places import AUTOSOMES
from schemas.analyses import PCA, PCA_VARIANCE
from schemas.errors import NotFound


def run(study: Study) -> dict[str, pa.Table]:
    """Scores of everybody, and the components' eigenvalues."""
    eigenvalues, scores = components(study, pruned(study))
    founders = hl.literal({str(one.sample) for one in study.participants if one.founder})
    scores = scores.annotate(
        place=hl.enumerate(scores.scores),
        sample=hl.int32(scores.s),
        founder=founders.contains(scores.s),
    ).explode("place")
    scores = scores.annotate(component=scores.place[0] + 1, score=scores.place[1])
    rows = [
        {"component": number, "eigenvalue": value} for number, value in enumerate(eigenvalues, 1)
    ]
    return {
        "analysis_pca": to_arrow(scores, PCA, ("sample", "component")),
        "analysis_pca_variance": pa.Table.from_pylist(rows, PCA_VARIANCE),
    }


def pruned(study: Study) -> Any:
    """Genotypes of everybody at common variants of autosomes that are nearly independent."""
    told = study.parameters
    numbers = tuple(told[name] for name in ("min_af", "min_call_rate", "max_r2", "window"))
    return study.kept(("pruned", *numbers), lambda: _prune(study, told))


def _prune(study: Study, told: dict[str, Any]) -> Any:
    matrix = study.matrix(AUTOSOMES)
    founders = _founders(study, matrix)
    usual = founders.annotate_rows(
        af=hl.agg.call_stats(founders.GT, 2).AF[1],
        called=hl.agg.fraction(hl.is_defined(founders.GT)),
        varies=hl.agg.collect_as_set(founders.GT).size() > 1,
    )
    usual = usual.filter_rows(
        (hl.min(usual.af, 1 - usual.af) >= told["min_af"])
        & (usual.called >= told["min_call_rate"])
        & usual.varies
    )
    kept = hl.ld_prune(usual.GT, r2=told["max_r2"], bp_window_size=told["window"])
    return matrix.semi_join_rows(kept)


def components(study: Study, matrix: Any) -> tuple[list[float], Any]:
    """Eigenvalues, and a table of the scores of everybody by `s`.

    Raises:
        NotFound: `variants_missing`.
    """
    founders = _founders(study, matrix)
    variants, persons = founders.count()
    count = min(study.parameters["components"], variants - 1, persons - 1)
    if count < 1:
        found = f"{persons} founders and {variants} common, nearly independent variants"
        raise NotFound("variants_missing", f"components take two of each; found {found}")
    values, scores, loadings = hl.hwe_normalized_pca(founders.GT, k=count, compute_loadings=True)
    frequency = founders.annotate_rows(af=hl.agg.mean(founders.GT.n_alt_alleles()) / 2).rows()
    loadings = loadings.annotate(af=frequency[loadings.key].af)
    loadings = loadings.checkpoint(hl.utils.new_temp_file("loadings", "ht"))
    others = matrix.filter_cols(hl.is_missing(scores[matrix.s]))
    projected = hl.experimental.pc_project(others.GT, loadings.loadings, loadings.af)
    return values, scores.union(projected)


def _founders(study: Study, matrix: Any) -> Any:
    founders = hl.literal({str(one.sample) for one in study.participants if one.founder})
    return matrix.filter_cols(founders.contains(matrix.s))

"""Flags of a variant that never change a count: figures that a reader should distrust.

* `p_platform`: chance of platforms differing as much in allele frequency, by the generalised
  Cochran-Mantel-Haenszel test (Landis, Heyman and Koch 1978) over regions where the warehouse
  declares the conjunction of platform and region, else in one table. Platform and region are nearly
  one variable, so that without it a difference may be one of populations.
* `p_excess_het`: chance of as many heterozygotes among founders or more, by the exact test of
  Hardy-Weinberg proportions (Wigginton, Cutler and Abecasis 2005), on stretches where all have two
  copies.
* `call_rate`: of the persons assayed at the position, those with a known passing allele.

The chances are not corrected; `P_CORRECTED` over the number of variants of the base is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from cad.build.hardy_weinberg import excess_heterozygosity
from schemas.contigs import Assembly, RegionClass, stretches

P_CORRECTED: Final = 0.05
"""A flag is raised where the chance times the number of variants tested is below this."""
LOW_CALL_RATE: Final = 0.9
"""A call rate below this is flagged; gnomAD's threshold for a site of its own is the same."""

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]


class StratumFigures:
    """AC, AN and genotype counts of a bin's variants, by stratum."""

    def __init__(self, counts: pa.Table, variant: Longs, figures: NDArray[np.int32]) -> None:
        self._variant = variant
        self._stratum = counts["stratum"].to_numpy()
        self._counted = {name: counts[name].to_numpy() for name in ("n_het", "n_hom", "n_hemi")}
        self._figures = figures

    def count(self, name: str, stratum: int) -> Longs:
        """One of the genotype counts, by variant."""
        out = np.zeros(len(self._figures), np.int64)
        rows = self._stratum == stratum
        out[self._variant[rows]] = self._counted[name][rows]
        return out

    def ac(self, stratum: int) -> Longs:
        """Passing alternate alleles, by variant (outside M)."""
        return (
            self.count("n_het", stratum)
            + 2 * self.count("n_hom", stratum)
            + self.count("n_hemi", stratum)
        )

    def depth(self, part: int, stratum: int) -> Longs:
        """One of an, an_raw, persons, assayed, by variant."""
        return self._figures[:, stratum - 1, part].astype(np.int64)


def flag_columns(
    figures: StratumFigures, strata: Mapping[str, int], pos: Longs, assembly: Assembly, contig: str
) -> dict[str, Floats]:
    """The three flags by variant; NaN where a test cannot be made."""
    everybody = strata.get("all")
    if everybody is None or contig == "M":
        empty = np.full(len(pos), np.nan)
        return {"p_platform": empty, "p_excess_het": empty, "call_rate": empty}
    persons, assayed = figures.depth(2, everybody), figures.depth(3, everybody)
    rate = np.divide(persons, assayed, out=np.full(len(pos), np.nan), where=assayed > 0)
    return {
        "p_platform": platform_chance(_platform_tables(figures, strata)),
        "p_excess_het": _founders_chance(figures, strata, _diploid(pos, assembly, contig)),
        "call_rate": rate,
    }


def _platform_tables(figures: StratumFigures, strata: Mapping[str, int]) -> Floats:
    """Regions x platforms x (alternate, other) x variants."""
    joint = {
        tuple(part.partition("=")[2] for part in name.split(","))
        for name in strata
        if name.startswith("platform=") and ",region=" in name
    }
    platforms = sorted(
        name.removeprefix("platform=")
        for name in strata
        if name.startswith("platform=") and "," not in name
    )
    regions = sorted({region for _, region in joint})
    names = [
        [f"platform={platform},region={region}" for platform in platforms] for region in regions
    ] or [[f"platform={platform}" for platform in platforms]]
    return np.array([[_alleles(figures, strata.get(name)) for name in row] for row in names], float)


def _alleles(figures: StratumFigures, stratum: int | None) -> Longs:
    if stratum is None:
        return np.zeros((2, len(figures.depth(0, 1))), np.int64)
    ac, an = figures.ac(stratum), figures.depth(0, stratum)
    return np.stack([ac, an - ac])


def platform_chance(tables: Floats) -> Floats:
    """Generalised CMH over tables: strata x groups x (alternate, other) x variants.

    Returns:
        The chance by variant; NaN where fewer than two groups can be compared.
    """
    if tables.size == 0 or tables.shape[1] < 2:
        return np.full(tables.shape[-1] if tables.ndim == 4 else 0, np.nan)
    group = tables.sum(axis=2)
    alternate = tables[:, :, 0].sum(axis=1)
    total = group.sum(axis=1)
    safe = np.maximum(total, 1)
    expected = group * (alternate / safe)[:, None]
    excess = (tables[:, :, 0] - expected).sum(axis=0)
    weight = alternate * (total - alternate) / (safe**2 * np.maximum(total - 1, 1))
    spread = -np.einsum("kgv,khv->kghv", group, group)
    index = np.arange(group.shape[1])
    spread[:, index, index] += group * total[:, None]
    covariance = np.einsum("kghv,kv->vgh", spread, weight)
    statistic = np.einsum(
        "gv,vgh,hv->v", excess, np.linalg.pinv(covariance, rtol=1e-9, hermitian=True), excess
    )
    freedom = np.linalg.matrix_rank(covariance, rtol=1e-9, hermitian=True)
    chance: Floats = stats.chi2.sf(statistic, np.maximum(freedom, 1))
    return np.where(freedom > 0, chance, np.nan)


def _founders_chance(
    figures: StratumFigures, strata: Mapping[str, int], diploid: NDArray[np.bool_]
) -> Floats:
    founders = strata.get("founder=1")
    out = np.full(len(diploid), np.nan)
    if founders is None:
        return out
    het, hom = figures.count("n_het", founders), figures.count("n_hom", founders)
    reference = figures.depth(0, founders) // 2 - het - hom
    usable = diploid & (het + hom > 0) & (reference >= 0)
    out[usable] = excess_heterozygosity(het[usable], hom[usable], reference[usable])
    return out


def _diploid(pos: Longs, assembly: Assembly, contig: str) -> NDArray[np.bool_]:
    parts = stretches(assembly, contig)
    starts = np.array([part.start for part in parts])
    kinds = np.array([part.region_class == RegionClass.DIPLOID for part in parts])
    inside: NDArray[np.bool_] = kinds[np.searchsorted(starts, pos, side="right") - 1]
    return inside

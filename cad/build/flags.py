"""Columns of a base from which a variant's flags are made (`cad.flags`).

* `p_platform`: chance of platforms differing as much in allele frequency, by the generalised
  Cochran-Mantel-Haenszel test (Landis, Heyman and Koch 1978) over regions where the warehouse
  declares the conjunction of platform and region, else in one table. Platform and region are nearly
  one variable, so that without it a difference may be one of populations.
* `p_pipeline`: likewise of pipelines, each version one, where the warehouse declares the stratum of
  pipelines (and over regions where it declares pipelines by region).
* `p_excess_het`: chance of as many heterozygotes among founders or more, by the exact test of
  Hardy-Weinberg proportions (Wigginton, Cutler and Abecasis 2005), on stretches where all have two
  copies.
* `call_rate`: of the persons assayed at the position, those with a known passing allele.

The chances are as they are: for the number of tests they are corrected when read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from cad.build.hardy_weinberg import excess_heterozygosity
from cad.build.people import attributes_of
from schemas.contigs import Assembly, RegionClass, stretches

Floats = NDArray[np.float64]
_COUNTS: Final = ("n_het", "n_hom", "n_hemi")
Longs = NDArray[np.int64]


@dataclass(frozen=True)
class StratumFigures:
    """Genotype counts and depth of some variants, by stratum.

    Both are variant x stratum x figure: column k is stratum number k + 1, counts begin with n_het,
    n_hom, n_hemi, and depths are an, an_raw, persons, assayed.
    """

    counts: NDArray[np.integer[Any]]
    depths: NDArray[np.integer[Any]]

    @property
    def variants(self) -> int:
        """How many variants there are."""
        return len(self.depths)

    def count(self, name: Literal["n_het", "n_hom", "n_hemi"], stratum: int) -> Longs:
        """One of the genotype counts, by variant."""
        return self.counts[:, stratum - 1, _COUNTS.index(name)].astype(np.int64)

    def ac(self, stratum: int) -> Longs:
        """Passing alternate alleles, by variant (outside M)."""
        return (
            self.count("n_het", stratum)
            + 2 * self.count("n_hom", stratum)
            + self.count("n_hemi", stratum)
        )

    def depth(self, part: int, stratum: int) -> Longs:
        """One of an, an_raw, persons, assayed, by variant."""
        return self.depths[:, stratum - 1, part].astype(np.int64)


def flag_columns(
    figures: StratumFigures, strata: Mapping[str, int], pos: Longs, assembly: Assembly, contig: str
) -> dict[str, Floats]:
    """`cad.flags.FLAG_FIELDS` by variant; NaN where a test cannot be made.

    On M, where nobody has two copies, only the call rate can be told.
    """
    columns = {
        name: np.full(len(pos), np.nan) for name in ("p_platform", "p_pipeline", "p_excess_het")
    }
    if contig != "M":
        columns = {
            "p_platform": group_chance(_group_tables(figures, strata, "platform")),
            "p_pipeline": group_chance(_group_tables(figures, strata, "pipeline")),
            "p_excess_het": _founders_chance(figures, strata, _diploid(pos, assembly, contig)),
        }
    persons, assayed = figures.depth(2, strata["all"]), figures.depth(3, strata["all"])
    rate = np.divide(persons, assayed, out=np.full(len(pos), np.nan), where=assayed > 0)
    return {**columns, "call_rate": rate}


def _group_tables(figures: StratumFigures, strata: Mapping[str, int], attribute: str) -> Floats:
    """Regions x groups x (alternate, other) x variants; one region where none are declared."""
    by_attribute = [(attributes_of(name), number) for name, number in strata.items()]
    alone = {own[attribute]: no for own, no in by_attribute if own.keys() == {attribute}}
    joint = {
        (own["region"], own[attribute]): no
        for own, no in by_attribute
        if own.keys() == {attribute, "region"}
    }
    groups = sorted({group for _, group in joint} or alone)
    cells = [
        [joint.get((region, group)) for group in groups]
        for region in sorted({region for region, _ in joint})
    ] or [[alone[group] for group in groups]]
    tables = np.array([[_alleles(figures, cell) for cell in row] for row in cells], float)
    return tables.reshape(len(cells), len(groups), 2, figures.variants)


def _alleles(figures: StratumFigures, stratum: int | None) -> Longs:
    if stratum is None:
        return np.zeros((2, figures.variants), np.int64)
    ac, an = figures.ac(stratum), figures.depth(0, stratum)
    return np.stack([ac, an - ac])


def group_chance(tables: Floats) -> Floats:
    """Generalised CMH over tables: regions x groups x (alternate, other) x variants.

    Where few carry the variant its chi-square falls far below what any arrangement of so few
    alleles can be: one carrier alone would prove a small platform deviant. So the chance is never
    less than that of the very tables observed, given their margins, which no exact test goes below.

    Returns:
        The chance by variant; NaN where fewer than two groups can be compared.
    """
    if tables.shape[1] < 2:
        return np.full(tables.shape[-1], np.nan)
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
    # Rounding may leave a statistic of 0 a little below.
    chance = import_module("scipy.special").chdtrc(np.maximum(freedom, 1), np.maximum(statistic, 0))
    chance = np.maximum(chance, _chance_observed(tables))
    return np.where(freedom > 0, chance, np.nan)


def _chance_observed(tables: Floats) -> Floats:
    """The multivariate hypergeometric chance of tables, given their margins; a bound above 0."""
    margins = tables.sum(axis=1)
    log_ways = _log_ways(tables[:, :, 0], tables[:, :, 1]).sum(axis=1)
    chance: Floats = np.exp((log_ways - _log_ways(margins[:, 0], margins[:, 1])).sum(axis=0))
    return np.minimum(chance, 1.0)


def _log_ways(alternate: Floats, other: Floats) -> Floats:
    """Logarithm of in how many ways alternates lie among so many alleles."""
    gammaln = import_module("scipy.special").gammaln
    ways: Floats = gammaln(alternate + other + 1) - gammaln(alternate + 1) - gammaln(other + 1)
    return ways


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

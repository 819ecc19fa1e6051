"""The last step from counts to frequencies, the same for every engine and every reader.

Engines count whole numbers; what is a fraction is made of them here and nowhere else, so that two
engines whose counts agree also agree on the last digit of every frequency (DESIGN 2).
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.integer[Any]]
Fractions = NDArray[np.float64]

FAF_TAIL: Final = 0.05
"""One-sided 95 % confidence (Whiffin et al. 2017; DESIGN 5.11)."""
_CHUNK_BITS: Final = 12


def allele_count(contig: str, n_het: Counts, n_hom: Counts, n_hemi: Counts) -> Counts:
    """Alleles carried: ``n_het + 2 n_hom + n_hemi``, on M ``n_het + n_hom`` (DESIGN 5.6, 5.7)."""
    if contig == "M":
        return n_het + n_hom
    return n_het + 2 * n_hom + n_hemi


def counted_alleles(contig: str, ac: Counts, n_hom: Counts) -> Counts:
    """The alleles that af and faf95 rest on: ac, on M the homoplasmic ones alone (DESIGN 5.7)."""
    return n_hom if contig == "M" else ac


def allele_frequency(alleles: Counts, an: Counts) -> Fractions:
    """Alleles by known alleles; NaN, which readers print as null, where none is known."""
    fractions = np.full(np.shape(an), np.nan)
    np.divide(alleles, an, out=fractions, where=np.asarray(an) > 0)
    return fractions


def faf95(alleles: Counts, an: Counts) -> Fractions:
    """The frequency that the true one is, with 95 % confidence, not below (DESIGN 5.11).

    ``gamma.ppf(0.05, AC) / AN``, and 0 where AC <= 1 or AN = 0: the filtering allele frequency of
    Whiffin et al. 2017 as gnomAD publishes it.

    >>> faf95(np.array([1, 2, 10]), np.array([100, 100_000, 250_000])).round(12).tolist()
    [0.0, 3.553615e-06, 2.1701623e-05]
    """
    fractions = np.zeros(np.shape(an))
    bounds = _lower_bounds(np.asarray(alleles, np.int64))
    np.divide(bounds, an, out=fractions, where=np.asarray(an) > 0)
    return fractions


def _lower_bounds(alleles: NDArray[np.int64]) -> Fractions:
    """Lower bound of the expected count for each observed one; each count is worked out once."""
    if not alleles.size:
        return np.zeros(alleles.shape)
    chunks = alleles >> _CHUNK_BITS
    first, last = int(chunks.min()), int(chunks.max())
    bounds: Fractions
    if first == last:
        bounds = _bounds_of_chunk(first)[alleles & ((1 << _CHUNK_BITS) - 1)]
        return bounds
    bounds = np.empty(alleles.shape)
    for chunk in np.unique(chunks).tolist():
        inside = chunks == chunk
        bounds[inside] = _bounds_of_chunk(chunk)[alleles[inside] & ((1 << _CHUNK_BITS) - 1)]
    return bounds


@cache
def _bounds_of_chunk(chunk: int) -> Fractions:
    """The bounds of 4 096 consecutive counts."""
    # What scipy.stats.gamma.ppf calls, without the two seconds that scipy.stats takes to import;
    # even this part of scipy takes a tenth, which only those wait for who ask for a bound.
    gammaincinv = import_module("scipy.special").gammaincinv
    first = chunk << _CHUNK_BITS
    counts = np.arange(first, first + (1 << _CHUNK_BITS), dtype=np.float64)
    bounds = np.zeros(len(counts))
    bounds[counts > 1] = gammaincinv(counts[counts > 1], FAF_TAIL)
    bounds.setflags(write=False)
    return bounds

"""Heteroplasmy: in how many of the persons counted which share of the copies of M is a variant."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from cad.query.family import check_latest, family_members
from cad.query.lake_point import read_calls
from cad.query.parse import Region
from cad.query.reader import BaseReader
from cad.registry.engine import reading
from cad.registry.tables import folded

BINS: Final = 10
_PASSING: Final = 0b11
"""Of a dosage code on M: 1 heteroplasmic, 2 homoplasmic (`schemas.known`)."""

Histogram = list[int]
"""Persons by VAF, `BINS` of equal width from 0 to 1; a bin begins with its lower border."""


def vaf_histograms(
    reader: BaseReader, region: Region, excluding_family: str | None = None
) -> dict[tuple[int, str, str], Histogram]:
    """Passing calls by VAF of the variants in a stretch of M, among all persons of a base.

    A person whose file gives no VAF is homoplasmic (DESIGN 5.7) and counts in the last bin, so that
    the bins of a variant come to its n_het + n_hom. Calls below the least VAF that counts (0.10,
    where the warehouse was not made otherwise) are reference, and in no bin.

    Returns:
        By pos, ref, alt; a variant without a passing call is absent.

    Raises:
        NotFound: `family_unknown`.
        Conflict: `base_conflict`, where another base replaced the pinned one.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    warehouse, base = reader.warehouse, reader.base
    with reading(warehouse.engine) as connection:
        check_latest(connection, base)
        own = select(folded.c.sample_no).where(folded.c.purpose == base.purpose)
        samples = set(connection.scalars(own))
        if excluding_family is not None:
            members = family_members(connection, base, excluding_family)
            samples -= {member.sample_no for member in members}
        rows = read_calls(connection, warehouse.lake, region, samples)
    fractions: dict[tuple[int, str, str], list[float]] = defaultdict(list)
    for row in rows:
        if row["dosage"] & _PASSING:
            fractions[row["pos"], row["ref"], row["alt"]].append(
                1.0 if row["vaf"] is None else row["vaf"]
            )
    return {key: histogram(np.array(some)) for key, some in fractions.items()}


def histogram(fractions: NDArray[np.float64]) -> Histogram:
    """Fractions by tenths; 1 falls into the last.

    >>> histogram(np.array([0.1, 0.7, 1.0], np.float32).astype(float))
    [0, 1, 0, 0, 0, 0, 0, 1, 0, 1]
    """
    # Kept with 32 bits, 0.7 is a little less: seven digits are what was written.
    tenths = np.floor(np.round(fractions * BINS, 6)).astype(np.int64)
    found: Histogram = np.bincount(np.minimum(tenths, BINS - 1), minlength=BINS).tolist()
    return found

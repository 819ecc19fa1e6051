"""Who counts in a build: its samples by sex, and the strata they count in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cad.build.count_kernel import Profiles
from cad.build.depth_kernel import Changes
from cad.build.plan import BuildPlan
from loaders import columns
from schemas.known import SEXES

Ints = NDArray[np.int32]


class MemberTable:
    """All members of a build: strata of all purposes under one numbering.

    Stratum number s of the k-th purpose is `k * stride + s`, so that one pass over the rows serves
    every purpose.
    """

    def __init__(self, plan: BuildPlan) -> None:
        self.purposes = tuple(plan.purposes)
        self.stride = 1 + max(
            [0]
            + [no for p in plan.purposes.values() for no in (*p.strata.values(), *p.empty_strata)]
        )
        slots: dict[tuple[int, str], list[tuple[int, int]]] = {}
        for index, purpose in enumerate(plan.purposes.values()):
            for key, strata in purpose.members.items():
                slots.setdefault(key, []).extend(
                    (index * self.stride + number, times) for number, times in strata.items()
                )
        self.entries = {key: entry for key, entry in slots.items() if entry}

    @property
    def n_strata(self) -> int:
        """One more than the greatest number in use."""
        return self.stride * len(self.purposes)

    def profiles(self) -> Profiles:
        """How the samples count, as `cad.build.count_kernel` takes it."""
        numbers: dict[tuple[tuple[int, int], ...], int] = {}
        by_sample = sorted(
            (sample, SEXES.index(sex), numbers.setdefault(tuple(entry), len(numbers)))
            for (sample, sex), entry in self.entries.items()
        )
        sample, sex, profile = _columns(by_sample, 3)
        stratum, times = _columns([slot for entry in numbers for slot in entry], 2)
        return Profiles(
            starts(np.bincount(sample).tolist()),
            sex.astype(np.uint8),
            profile,
            starts(len(entry) for entry in numbers),
            stratum,
            times,
        )


def starts(sizes: Iterable[int]) -> NDArray[np.int64]:
    """Where each of some runs begins, and where the last one ends."""
    return np.cumsum([0, *sizes]).astype(np.int64)


def _columns(rows: Sequence[tuple[int, ...]], width: int) -> list[Ints]:
    """The columns of some rows, each on its own."""
    table = np.array(rows, np.int32).reshape(len(rows), width)
    return [np.ascontiguousarray(table[:, at]) for at in range(width)]


def of_purpose_counts(counts: pa.Table, index: int, stride: int) -> pa.Table:
    """The rows of the purpose at that place in the members' order, strata under its own numbers."""
    stratum = counts["stratum"].to_numpy()
    own = np.flatnonzero(stratum // stride == index)
    place = counts.schema.get_field_index("stratum")
    renumbered = columns.numbers(stratum[own] % stride)
    return counts.take(columns.numbers(own)).set_column(place, "stratum", renumbered)


def of_purpose_depth(depth: Changes, index: int, stride: int) -> Changes:
    """Likewise for changes of depth."""
    own = np.flatnonzero(depth.stratum // stride == index)
    stratum = (depth.stratum[own] % stride).astype(np.int32)
    return Changes(depth.page[own], stratum, depth.offset[own], depth.value[own])

"""What changed persons' calls add to, or take from, the counts of one bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cad.build.count_kernel import Calls, Regions, count_calls
from cad.build.members import MemberTable
from cad.build.place import Place
from cad.build.rows import BinReader
from cad.index import COUNT_FIELDS
from loaders.columns import numbers
from schemas.contigs import Assembly, RegionClass, stretches
from schemas.known import COPIES_OF_DOSE
from schemas.tables import BASE_COUNTS

_ROWS_AT_ONCE: Final = 2_000_000
"""So many rows are counted at once, of one file or several; a hundred bytes each."""
_COUNTS_AT_ONCE: Final = 8_000_000
"""So many rows of counts are added up before more are made."""
_KEY: Final = ("pos", "ref", "alt")
_PAIRS_IN_KEY: Final = 2**38
"""So many pairs of alleles times the positions of a bin fit into 63 bits."""
DIFFERENCE: Final = pa.schema(
    [pa.field(name, BASE_COUNTS.field(name).type) for name in BASE_COUNTS.names if name != "contig"]
)


class CallCounter:
    """Counts the difference of calls, bin by bin of one contig.

    `left_behind` names by path the samples whose rows in that file do not count.
    """

    def __init__(
        self,
        members: MemberTable,
        assembly: Assembly,
        contig: str,
        left_behind: Mapping[str, NDArray[np.int32]],
    ) -> None:
        self._profiles = members.profiles()
        self._n_strata = members.n_strata
        parts = stretches(assembly, contig)
        self._regions = Regions(
            np.array([part.start for part in parts], np.int64),
            np.array([part.region_class for part in parts], np.uint8),
            np.array([COPIES_OF_DOSE[region] for region in RegionClass], np.uint8),
        )
        self._reader = BinReader(("pos", "ref", "alt", "sample", "dosage"), left_behind)

    def count(self, files: Sequence[str], place: Place) -> pa.Table:
        """Signed counts of the bin: pos, ref, alt, stratum, `n_het` and so on.

        A variant and stratum may have several rows, which are to be summed.
        """
        counted = DIFFERENCE.empty_table()
        parts: list[pa.Table] = []
        for part in chain.from_iterable(self._reader.read(file, place) for file in files):
            parts.append(part)
            if sum(part.num_rows for part in parts) >= _ROWS_AT_ONCE:
                counted = pa.concat_tables([counted, self._count(parts)])
                parts = []
            if counted.num_rows >= _COUNTS_AT_ONCE:
                counted = sum_counts(counted, [*_KEY, "stratum"])
        return pa.concat_tables([counted, self._count(parts)]) if parts else counted

    def _count(self, parts: list[pa.Table]) -> pa.Table:
        rows = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
        pos = np.array(rows["pos"], np.int32)
        ref: Any = rows["ref"].chunk(0)
        alt: Any = rows["alt"].chunk(0)
        key = _variant_keys(pos, ref, alt)
        # A file is sorted by variant already.
        order = np.arange(len(key)) if len(parts) == 1 else np.argsort(key)
        sample, dosage = np.array(rows["sample"], np.int32), np.array(rows["dosage"], np.uint8)
        found = count_calls(
            Calls(order, key, pos, sample, dosage), self._profiles, self._regions, self._n_strata
        )
        at = numbers(found.row)
        columns: list[pa.Array[Any]] = [
            numbers(pos[found.row]),
            ref.take(at).cast(pa.string()),
            alt.take(at).cast(pa.string()),
            numbers(found.stratum),
            *(numbers(column) for column in found.value.T),
        ]
        return pa.Table.from_arrays(columns, schema=DIFFERENCE)


def sum_counts(counts: pa.Table, by: Sequence[str]) -> pa.Table:
    """The counts with one row for each key: pos, ref, alt and perhaps stratum."""
    summed = counts.group_by(list(by), use_threads=False).aggregate(
        [(name, "sum") for name in COUNT_FIELDS]
    )
    named = summed.rename_columns([*by, *COUNT_FIELDS])
    fields = [field for field in DIFFERENCE if field.name in named.column_names]
    return named.select([field.name for field in fields]).cast(pa.schema(fields))


def _variant_keys(pos: NDArray[np.int32], ref: Any, alt: Any) -> NDArray[np.int64]:
    """A number for each row, the same for the same variant, and greater at a greater position."""
    pairs = len(ref.dictionary) * len(alt.dictionary)
    pair = np.array(ref.indices, np.int64) * len(alt.dictionary) + np.array(alt.indices)
    if pairs > _PAIRS_IN_KEY:
        pair = np.unique(pair, return_inverse=True)[1]
        pairs = len(pair)
    key: NDArray[np.int64] = (pos - pos.min()).astype(np.int64) * pairs + pair
    return key

"""Which parts of a Parquet file may hold given positions: the others need not be decoded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray


def groups_within(file: pq.ParquetFile, column: str, values: NDArray[np.integer[Any]]) -> list[int]:
    """The row groups whose least and greatest value of a column enclose one of some values.

    Args:
        file: an open file.
        column: a column of whole numbers, not nested.
        values: ascending; none gives none.
    """
    place = file.schema_arrow.get_field_index(column)
    found = []
    for group in range(file.metadata.num_row_groups):
        limits: Any = file.metadata.row_group(group).column(place).statistics
        if limits is None or not limits.has_min_max:
            found.append(group)
            continue
        first = int(np.searchsorted(values, limits.min))
        if first < len(values) and values[first] <= limits.max:
            found.append(group)
    return found

"""Columns of the lake's tables over NumPy's arrays, without a copy.

`pyarrow.array` would do, but looks for what pandas might have meant, and so loads pandas into every
reading process where it is installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def numbers(values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array[Any]:
    """Whole numbers or fractions of any width, null where they are missing.

    >>> numbers(np.array([3, 5, 7], np.int32), np.array([False, True, False])).to_pylist()
    [3, None, 7]
    """
    data: Any = np.ascontiguousarray(values)
    valid = None
    if missing is not None:
        valid = pa.py_buffer(np.packbits(~missing, bitorder="little").tobytes())
    kind = pa.from_numpy_dtype(data.dtype)
    return pa.Array.from_buffers(kind, len(data), [valid, pa.py_buffer(data)])


def texts(indices: NDArray[np.int32], values: Sequence[str]) -> pa.Array[Any]:
    """Texts as a dictionary: the number of each row's text among the values.

    >>> texts(np.array([0, 1, 0], np.int32), ["A", "CT"]).to_pylist()
    ['A', 'CT', 'A']
    """
    packed = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, packed)]).astype(np.int32)
    data: Any = [None, pa.py_buffer(ends.tobytes()), pa.py_buffer(b"".join(packed))]
    words = pa.Array.from_buffers(pa.string(), len(packed), data)
    return pa.DictionaryArray.from_arrays(numbers(indices), words)


def constant(value: str, rows: int) -> pa.Array[Any]:
    """The same text in every row."""
    return texts(np.zeros(rows, np.int32), [value])

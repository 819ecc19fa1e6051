"""Columns of Arrow over NumPy's arrays and back, without a copy.

`pyarrow.array` and `to_numpy` would do, but look for what pandas might have meant and load all of
it where it is installed: most of a second, in a command that answers in less.
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


def values(column: Any) -> NDArray[Any]:
    """The numbers of an array or a chunked one, none of which is null.

    >>> values(pa.chunked_array([numbers(np.arange(2)), numbers(np.arange(1))])).tolist()
    [0, 1, 0]
    """
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.from_dlpack(whole)


def flags(values: NDArray[np.bool_]) -> Any:
    """Yes or no.

    >>> flags(np.array([True, False, True])).to_pylist()
    [True, False, True]
    """
    bits: Any = np.packbits(values, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(bits)])


def word(text: str, kind: Any = None) -> Any:
    """A single text, of type string where no other is named.

    >>> word("seen").as_py()
    'seen'
    """
    data = text.encode()
    kind = kind or pa.string()
    wide = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
    edges: Any = np.array([0, len(data)], np.int64 if wide else np.int32)
    buffers = [None, pa.py_buffer(edges), pa.py_buffer(data)]
    return pa.Array.from_buffers(kind, 1, buffers)[0]

"""NumPy's arrays as Arrow's and back, over the same memory.

`pyarrow.array` and `to_numpy` would do, but look for what pandas might have meant and load all of
pandas for it, where that is installed: most of a second, in a command that answers in less.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def numbers(values: NDArray[Any]) -> Any:
    """Whole numbers or fractions of any width; NaN stays a number.

    >>> numbers(np.array([3, 5], np.int16)).to_pylist()
    [3, 5]
    """
    data: Any = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(data.dtype)
    return pa.Array.from_buffers(kind, len(data), [None, pa.py_buffer(data)])


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

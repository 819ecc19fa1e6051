"""Blocks of data lines with more in their INFO column, all else byte for byte as it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cad.annotate.look_up import Told
from loaders.columns import flags, numbers, word
from loaders.sites.lines import Lines

_DOT: Final = ord(".")


def annotated(lines: Lines, told: Sequence[Told], names: Sequence[Sequence[str]]) -> bytes:
    """The block with what is told of each alternate; `names` are the fields of each teller.

    A line gains a teller's fields where it says something of any alternate; else it stays as it is.
    """
    first = lines.first
    # A line's alternates are never none: what stands in ALT is split at commas.
    gains = [np.logical_or.reduceat(one.is_there, first[:-1]) for one in told]
    has_any = np.logical_or.reduce(gains) if gains else np.zeros(len(lines), bool)
    octets = np.frombuffer(lines.text, np.uint8)
    is_bare = (lines.info_end - lines.info == 1) & (octets[lines.info] == _DOT)
    is_bare |= lines.info_end == lines.info
    cut = np.where(is_bare & has_any, lines.info, lines.info_end)
    pieces: list[Any] = []
    begun = ~is_bare
    for one, gain, fields in zip(told, gains, names, strict=True):
        piece = _piece(one, fields, first, begun)
        pieces.append(piece if gain.all() else pc.if_else(flags(gain), piece, word("")))
        begun = begun | gain
    head, tail = _pieces(lines, cut)
    if not pieces:
        return lines.text
    added = pc.binary_join_element_wise(*pieces, word("")) if len(pieces) > 1 else pieces[0]
    added = added.cast(pa.large_binary())
    whole_lines = pc.binary_join_element_wise(head, added, tail, word("", pa.large_binary()))
    return _bytes_of(whole_lines)


def _piece(
    told: Told, fields: Sequence[str], first: NDArray[np.int64], begun: NDArray[np.bool_]
) -> Any:
    """One teller's fields of each line; `begun` where INFO has something before them."""
    words: list[Any] = []
    for name, values in zip(fields, told.texts, strict=True):
        words += [word(f";{name}="), _by_line(values, first)]
    if not begun.all():
        words[0] = pc.if_else(flags(begun), words[0], word(f"{fields[0]}="))
    return pc.binary_join_element_wise(*words, word(""))


def _by_line(values: Any, first: NDArray[np.int64]) -> Any:
    """One text a line, of the texts of its alternates."""
    if len(values) == len(first) - 1:
        return values
    from_arrays: Any = pa.ListArray.from_arrays
    return pc.binary_join(from_arrays(numbers(first.astype(np.int32)), values), word(","))


def _pieces(lines: Lines, cut: NDArray[np.int64]) -> tuple[Any, Any]:
    """Each line up to the cut, and from the end of INFO on."""
    count = len(lines)
    offsets = np.empty(3 * count + 1, np.int64)
    offsets[0:-1:3], offsets[1::3], offsets[2::3] = lines.start, cut, lines.info_end
    offsets[-1] = len(lines.text)
    # The stubs do not know that an array is a buffer.
    edges: Any = offsets
    buffers = [None, pa.py_buffer(edges), pa.py_buffer(lines.text)]
    pieces = pa.Array.from_buffers(pa.large_binary(), 3 * count, buffers)
    every = np.arange(0, 3 * count, 3)
    return pieces.take(numbers(every)), pieces.take(numbers(every + 2))


def _bytes_of(texts: Any) -> bytes:
    """All texts of an array, one after the other."""
    offsets, data = texts.buffers()[1:]
    edges = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return bytes(memoryview(data)[int(edges[0]) : int(edges[-1])])


def without_stale(text: bytes, names: Sequence[str]) -> bytes:
    """Lines without what an earlier run had written into INFO under some names."""
    stale = tuple(f"{name}=".encode() for name in names)
    return b"".join(_without_stale(line, stale) for line in text.splitlines(keepends=True))


def _without_stale(line: bytes, stale: tuple[bytes, ...]) -> bytes:
    parts = line.split(b"\t", 8)
    if len(parts) < 8 or b"CAD_" not in parts[7]:
        return line
    info = parts[7].rstrip(b"\r\n")
    kept = [one for one in info.split(b";") if not one.startswith(stale)]
    parts[7] = (b";".join(kept) or b".") + parts[7][len(info) :]
    return b"\t".join(parts)

"""Blocks of data lines with the figures in their INFO column, all else byte for byte as it was."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cad.annotate.fields import NAMES
from cad.annotate.figures import STATES, by_name
from cad.annotate.look_up import Found
from cad.arrow import flags, numbers, word
from loaders.sites.lines import Lines

_DOT: Final = ord(".")
_STALE: Final = tuple(f"{name}=".encode() for name in NAMES)


def annotated(lines: Lines, found: Found) -> bytes:
    """The block with a value for each alternate; lines without any variant stay as they are."""
    first = lines.first
    # A line's alternates are never none: what stands in ALT is split at commas.
    has_any = np.logical_or.reduceat(found.is_variant, first[:-1])
    words: list[Any] = []
    for name, values in _texts(found).items():
        words += [word(f";{name}=" if words else f"{name}="), _by_line(values, first)]
    octets = np.frombuffer(lines.text, np.uint8)
    is_bare = (lines.info_end - lines.info == 1) & (octets[lines.info] == _DOT)
    is_bare |= lines.info_end == lines.info
    cut = np.where(is_bare & has_any, lines.info, lines.info_end)
    before = pc.if_else(flags(is_bare), word(""), word(";"))
    added = pc.binary_join_element_wise(before, *words, word(""))
    added = pc.if_else(flags(has_any), added, word("")).cast(pa.large_binary())
    head, tail = _pieces(lines, cut)
    whole = pc.binary_join_element_wise(head, added, tail, word("", pa.large_binary()))
    return _bytes_of(whole)


def _texts(found: Found) -> dict[str, Any]:
    """Each field's value by alternate as text; a missing one is a dot."""
    missing, dot = flags(~found.is_variant), word(".")
    texts: dict[str, Any] = {}
    for name, values in by_name(found.figures).items():
        if values.dtype == np.float64:
            # VCF's readers keep 32 bits: the shortest text that gives them back.
            told = numbers(values.astype(np.float32)).cast(pa.string())
            texts[name] = pc.if_else(flags(~found.is_variant | np.isnan(values)), dot, told)
        else:
            texts[name] = pc.if_else(missing, dot, numbers(values).cast(pa.string()))
    texts["CAD_STATE"] = pc.if_else(missing, dot, _states(found.figures.state))
    return texts


def _states(state: NDArray[np.int8]) -> Any:
    """The names of states, by their place in `STATES`."""
    # Of four words, one is chosen row by row: the last, unless an earlier one is.
    names = word(STATES[-1])
    for place, name in reversed(list(enumerate(STATES[:-1]))):
        names = pc.if_else(flags(state == place), word(name), names)
    return names


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


def without_stale(text: bytes) -> bytes:
    """Lines without what an earlier run had written into INFO."""
    return b"".join(map(_without_stale, text.splitlines(keepends=True)))


def _without_stale(line: bytes) -> bytes:
    parts = line.split(b"\t", 8)
    if len(parts) < 8 or b"CAD_" not in parts[7]:
        return line
    info = parts[7].rstrip(b"\r\n")
    kept = [one for one in info.split(b";") if not one.startswith(_STALE)]
    parts[7] = (b";".join(kept) or b".") + parts[7][len(info) :]
    return b"\t".join(parts)

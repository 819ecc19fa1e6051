"""What the kernels need beside a line's bytes: facts of the contig and columns, and scratch space."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loaders.kernel import words
from loaders.kernel.genotype import Genotype, Record
from loaders.kernel.window import MAX_ALLELES
from loaders.reference import Sequence

Bytes = NDArray[np.uint8]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

INFO_TABLE: int = 1024


class Reader(NamedTuple):
    """What stays the same over a contig, and scratch space that is reused from line to line."""

    contig: Bytes
    """The contig's name as written."""
    columns: Longs
    """By sample column: the index among kept samples, or -1 for a column that is ignored."""
    rules: Floats
    """Thresholds and facts of the contig, by the T_ numbers of `words`."""
    bases: Bytes
    bases_start: int
    field_names: Bytes
    field_stops: Longs
    """The names of the FORMAT fields CAD reads, back to back, and where each ends."""
    info_hash: Longs
    info_number: Longs
    """INFO keys declared with Number A (1) or R (2), by hash modulo INFO_TABLE; 0 where none."""
    record: Record
    genotype: Genotype
    allele_row: Longs
    """By alternate: its row among the window's alleles, or -1."""
    carried: Longs
    """By alternate: whether a kept sample carries it."""
    doses: Longs
    fractions: Floats
    """On M, by alternate: dose and allele fraction in the sample at hand."""
    tabs: Longs
    lengths: Longs
    """FORMAT/LEN by kept sample, 0 where missing."""
    row: Bytes
    """State by kept sample."""
    seen: Longs
    """Of the line: whether an INFO array, a FORMAT array has a wrong length, an indel met no reference, LEN is listed."""
    last_format: Bytes
    last_format_length: Longs


def new_reader(
    columns: Longs, kept: int, info_arrays: dict[str, str]
) -> Reader:
    """A reader for a file; `at_contig` moves it to a contig."""
    info_hash, info_number = _info_table(info_arrays)
    stops = np.cumsum([len(name) for name in words.FIELDS]).astype(np.int64)
    record = Record(
        np.full(4096, -1, np.int64),
        np.zeros(words.N_FIELDS, np.int64),
        np.zeros(MAX_ALLELES, np.int64),
        np.zeros(MAX_ALLELES, np.int64),
        np.zeros(4, np.int64),
        np.zeros(2, np.float64),
    )
    genotype = Genotype(
        np.full(words.N_FIELDS, np.nan),
        np.full(MAX_ALLELES + 1, np.nan),
        np.full((3, MAX_ALLELES), np.nan),
        np.zeros(9, np.int64),
    )
    return Reader(
        np.zeros(0, np.uint8),
        columns,
        np.zeros(words.N_RULES),
        np.zeros(0, np.uint8),
        1,
        np.frombuffer(b"".join(words.FIELDS), np.uint8).copy(),
        stops,
        info_hash,
        info_number,
        record,
        genotype,
        np.full(MAX_ALLELES, -1, np.int64),
        np.zeros(MAX_ALLELES, np.int64),
        np.zeros(MAX_ALLELES, np.int64),
        np.zeros(MAX_ALLELES),
        np.zeros(9, np.int64),
        np.zeros(max(kept, 0), np.int64),
        np.zeros(max(kept, 0), np.uint8),
        np.zeros(4, np.int64),
        np.zeros(4096, np.uint8),
        np.full(1, -1, np.int64),
    )


def at_contig(reader: Reader, name: bytes, rules: Floats, sequence: Sequence) -> Reader:
    """The reader at another contig; which fields are read depends on the contig, so FORMAT is looked at anew."""
    reader.last_format_length[0] = -1
    return reader._replace(
        contig=np.frombuffer(name, np.uint8).copy(),
        rules=rules,
        bases=sequence.bases,
        bases_start=sequence.start,
    )


def fnv1a(name: bytes) -> int:
    """FNV-1a, 32 bits: the hash by which `loaders.kernel.records` finds an INFO key."""
    value = 2166136261
    for byte in name:
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def _info_table(info_arrays: dict[str, str]) -> tuple[Longs, Longs]:
    hashes, numbers = np.zeros(INFO_TABLE, np.int64), np.zeros(INFO_TABLE, np.int64)
    for name, number in list(info_arrays.items())[: INFO_TABLE // 2]:
        value = fnv1a(name.encode())
        slot = value % INFO_TABLE
        while numbers[slot]:
            slot = (slot + 1) % INFO_TABLE
        hashes[slot], numbers[slot] = value, 1 if number == "A" else 2
    return hashes, numbers

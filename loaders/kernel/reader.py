"""What kernels need beside a line's bytes: facts of contig and columns, and scratch space."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loaders.jobs import Thresholds
from loaders.kernel import words
from loaders.kernel.numbers import hash_of
from loaders.reference import Sequence
from schemas.contigs import Assembly, RegionClass, contig_length, stretches

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint16]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

FORMAT_ROOM: Final = 4096
PLAIN_SLOTS: Final = 640
"""Genotypes of three bytes by 9 bits of them, then those of one byte."""


class Reader(NamedTuple):
    """What stays the same over a contig, and scratch space that is reused from line to line."""

    contig: Bytes
    """The contig's name as written."""
    columns: Longs
    """By sample column: the index among kept samples, or -1 for a column that is ignored."""
    bases: Bytes
    memo: Longs
    """Integers kept from line to line, at the M_ places of `words`."""
    values: Floats
    """The contig's rules, INFO's depths and a genotype's values, at the T_ and V_ places."""
    info: Longs
    """INFO keys of Number A (1) or R (2), by hash modulo the size: hash and number, 0 for none."""
    plain: Longs
    """Genotypes of GT alone that were read before, see `loaders.kernel.plain`."""
    last_format: Bytes
    lengths: Longs
    """FORMAT/LEN by kept sample, 0 where missing."""
    row: Words
    """States of a record that is split by LEN."""
    tally: Longs
    """Sums over the file, at the LOADED ... and Y_ places."""


def new_reader(columns: Longs, kept: int, info_arrays: dict[str, str], header_lines: int) -> Reader:
    """A reader for a file of which only the header was read; `at_contig` moves it to a contig."""
    tally = np.zeros(words.N_TALLY, np.int64)
    tally[words.LINE] = header_lines
    memo = np.zeros(words.N_MEMO, np.int64)
    memo[words.M_PLAIN_SIGNATURE] = -1
    return Reader(
        np.zeros(0, np.uint8),
        columns,
        np.zeros(0, np.uint8),
        memo,
        np.full(words.N_VALUES, np.nan),
        _info_table(info_arrays),
        np.zeros((PLAIN_SLOTS, 8), np.int64),
        np.zeros(FORMAT_ROOM, np.uint8),
        np.zeros(kept, np.int64),
        np.zeros(kept, np.uint16),
        tally,
    )


def _info_table(info_arrays: dict[str, str]) -> Longs:
    """A hash table at most a quarter full; its size is a power of two."""
    size = 1 << (4 * len(info_arrays) + 4).bit_length()
    table = np.zeros((size, 2), np.int64)
    for name, number in info_arrays.items():
        value = hash_of(name.encode())
        slot = value & (size - 1)
        while table[slot, 1]:
            slot = (slot + 1) & (size - 1)
        table[slot] = value, 1 if number == "A" else 2
    return table


def at_contig(
    reader: Reader, name: bytes, sequence: Sequence | None = None, rules: Floats | None = None
) -> Reader:
    """The reader at another contig, without rules where its lines are only skipped."""
    if rules is not None:
        reader.values[: words.N_RULES] = rules
    # Which fields are read depends on the contig, so FORMAT is looked at anew.
    reader.memo[words.M_FORMAT_LENGTH] = -1
    bases = sequence or Sequence.empty()
    reader.memo[words.M_BASES_START] = bases.start
    return reader._replace(contig=np.frombuffer(name, np.uint8).copy(), bases=bases.bases)


def contig_rules(limits: Thresholds, assembly: Assembly, contig: str) -> Floats:
    """Thresholds and facts of a contig, at the T_ places."""
    rules = np.zeros(words.N_RULES)
    rules[words.T_MIN_GQ] = limits.min_gq
    rules[words.T_MIN_DP] = limits.min_dp
    rules[words.T_MIN_DP_HAPLOID] = limits.min_dp_haploid
    rules[words.T_MIN_AB] = limits.min_allele_balance
    rules[words.T_MIN_DP_MITO] = limits.min_dp_mitochondrial
    rules[words.T_MIN_VAF] = limits.min_vaf
    rules[words.T_HOM_VAF] = limits.homoplasmic_vaf
    rules[words.T_LENGTH] = contig_length(assembly, contig)
    rules[words.T_MITO] = contig == "M"
    rules[words.T_YPAR1_START : words.T_YPAR2_END + 1] = -1
    pars = [s for s in stretches(assembly, contig) if s.region_class == RegionClass.Y_PAR]
    for number, par in enumerate(pars):
        rules[words.T_YPAR1_START + 2 * number] = par.start
        rules[words.T_YPAR1_END + 2 * number] = par.end
    return rules

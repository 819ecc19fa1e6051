"""Numbers that the kernels and their callers share: reasons, fields, flags and states."""

from __future__ import annotations

from typing import Final

from schemas.reasons import SET_ASIDE_ORDER

SET_ASIDE: Final[tuple[str, ...]] = SET_ASIDE_ORDER
CONTIG_NOT_COUNTED: Final = SET_ASIDE.index("contig_not_counted")
POS_BEYOND_CONTIG: Final = SET_ASIDE.index("pos_beyond_contig")
LINE_MALFORMED: Final = SET_ASIDE.index("line_malformed")
REF_ALPHABET: Final = SET_ASIDE.index("ref_alphabet")
REF_MISMATCH: Final = SET_ASIDE.index("ref_mismatch")
END_BEFORE_POS: Final = SET_ASIDE.index("end_before_pos")
MALFORMED_FIELD: Final = SET_ASIDE.index("malformed_field")
GT_INDEX: Final = SET_ASIDE.index("gt_index")
PLOIDY: Final = SET_ASIDE.index("ploidy")
Y_PAR: Final = SET_ASIDE.index("y_par")
SYMBOLIC: Final = SET_ASIDE.index("symbolic")
ALT_MALFORMED: Final = SET_ASIDE.index("alt_malformed")
KEPT: Final = len(SET_ASIDE)
"""Reason number of a line that is not set aside."""

WARNINGS: Final[tuple[str, ...]] = (
    "info_array_length",
    "format_array_length",
    "allele_symbolic",
    "allele_malformed",
    "no_reference",
)
INFO_ARRAY, FORMAT_ARRAY, ALLELE_SYMBOLIC, ALLELE_MALFORMED, NO_REFERENCE = range(5)

# Categories of an ALT.
KEYED, STAR, ANY_OTHER, OUT_OF_SCOPE, BAD = range(5)

# FORMAT fields that CAD reads.
FIELDS: Final[tuple[bytes, ...]] = (
    b"GT", b"GQ", b"RGQ", b"GQX", b"DP", b"DPI", b"MIN_DP", b"AD", b"FT", b"AF", b"VAF", b"HL", b"LEN",
)  # fmt: skip
GT, GQ, RGQ, GQX, DP, DPI, MIN_DP, AD, FT, AF, VAF, HL, LEN = range(13)
N_FIELDS: Final = 13

# FILTER of a record, FT of a genotype.
FAILS, REFCALL_ONLY, PASSES = range(3)

# What the state of one genotype says (one byte).
KNOWN2: Final = 0b0000_0011
KNOWN1: Final = 0b0000_0100
CALLS2: Final = 0b0000_1000
CALLS1: Final = 0b0001_0000
PASS2: Final = 0b0010_0000
PASS1: Final = 0b0100_0000
ABSENT: Final = 0b1000_0000
"""The record does not exist for this sample (a block whose length differs between samples)."""

# Flags of a record.
BLOCK: Final = 1
ASIDE: Final = 2

# Where the reading of lines stopped.
NEED_MORE, NEW_CONTIG, WINDOW_FULL, POS_UNUSABLE, UNSORTED = range(5)

MISSING: Final = -(2**31)
"""A missing integer in a column of 32 bits."""

# Thresholds and contig facts, as one float array.
(
    T_MIN_GQ, T_MIN_DP, T_MIN_DP_HAPLOID, T_MIN_AB, T_MIN_DP_MITO, T_MIN_VAF, T_HOM_VAF,
    T_LENGTH, T_MITO, T_YPAR1_START, T_YPAR1_END, T_YPAR2_START, T_YPAR2_END,
) = range(13)  # fmt: skip
N_RULES: Final = 13

# Counters of a window.
N_RECORDS, N_STARTS, N_ALLELES, N_ARENA, N_CALLS, N_FILTERS, LAST_POS, N_FILTER_TEXT = range(8)

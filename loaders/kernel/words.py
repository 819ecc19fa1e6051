"""Numbers that kernels and their callers share: reasons, fields, flags, places in arrays.

The kernels work on few arrays, as compiled code pays for each array it is handed. So what belongs
together lies in one array, and its places have names: ``T_`` rules, ``M_`` memo, ``V_`` values,
``R_`` records, ``A_`` alleles, ``C_`` calls, ``F_`` figures.
"""

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
"""Reason number of a line that is not set aside; of several reasons the least holds."""

WARNINGS: Final[tuple[str, ...]] = (
    "info_array_length",
    "format_array_length",
    "allele_symbolic",
    "allele_malformed",
    "no_reference",
)
INFO_ARRAY, FORMAT_ARRAY, ALLELE_SYMBOLIC, ALLELE_MALFORMED, NO_REFERENCE = range(5)

EXAMPLES: Final = 5
"""Line numbers kept for each reason."""
MAX_ALLELES: Final = 1024
"""Alternates a line may have."""
MAX_KEYS: Final = 512
"""FORMAT keys a line may have."""

# Categories of an ALT.
KEYED, STAR, ANY_OTHER, OUT_OF_SCOPE, BAD = range(5)

# FORMAT fields that CAD reads.
FIELDS: Final[tuple[bytes, ...]] = (
    b"GT",
    b"GQ",
    b"RGQ",
    b"GQX",
    b"DP",
    b"DPI",
    b"MIN_DP",
    b"AD",
    b"FT",
    b"AF",
    b"VAF",
    b"HL",
    b"LEN",
)
GT, GQ, RGQ, GQX, DP, DPI, MIN_DP, AD, FT, AF, VAF, HL, LEN = range(13)
N_FIELDS: Final = 13

# FILTER of a record, FT of a genotype.
FAILS, REFCALL_ONLY, PASSES = range(3)

# What the state of one genotype says (12 bits): what is known and called at ploidy 2 and at 1, and
# which criteria of passing fail. M's genotypes, and M's own depth, are those of ploidy 1.
KNOWN2: Final = 0b0000_0011
KNOWN1: Final = 0b0000_0100
CALLS2: Final = 0b0000_1000
CALLS1: Final = 0b0001_0000
ABSENT: Final = 0b0010_0000
"""The record does not exist for this sample (a block whose length differs between samples)."""
BAD_FILTER: Final = 1 << 6
BAD_QUALITY: Final = 1 << 7
BAD_DEPTH2: Final = 1 << 8
BAD_DEPTH1: Final = 1 << 9
BAD_BALANCE: Final = 1 << 10
OUTSIDE_BED: Final = 1 << 11
FAILS2: Final = BAD_FILTER | BAD_QUALITY | BAD_DEPTH2 | BAD_BALANCE | OUTSIDE_BED
FAILS1: Final = BAD_FILTER | BAD_QUALITY | BAD_DEPTH1 | OUTSIDE_BED
N_STATES: Final = 1 << 12
WHY_SHIFT: Final = 6
"""What is told of a sample at a position: its code, and from this bit on why nothing passes."""

# Flags of a record.
BLOCK: Final = 1
ASIDE: Final = 2
FIGURED: Final = 4
"""Its calls have figures (depths, quality)."""

# Where the reading of lines stopped.
NEED_MORE, NEW_CONTIG, WINDOW_FULL, POS_UNUSABLE, UNSORTED = range(5)

MISSING: Final = -(2**31)
"""A missing integer in a column of 32 bits."""
FRACTION_UNIT: Final = 1_000_000_000
"""An allele fraction of 1, as the integer it is kept as."""

# A contig's rules, as floats.
(
    T_MIN_GQ,
    T_MIN_DP,
    T_MIN_DP_HAPLOID,
    T_MIN_AB,
    T_MIN_DP_MITO,
    T_MIN_VAF,
    T_HOM_VAF,
    T_LENGTH,
    T_MITO,
    T_YPAR1_START,
    T_YPAR1_END,
    T_YPAR2_START,
    T_YPAR2_END,
) = range(13)
N_RULES: Final = 13

# Values of the genotype at hand, as floats: the rules come first, then INFO's depths, the fields,
# AD, and the fractions.
V_INFO_MIN_DP, V_INFO_MINDP = N_RULES, N_RULES + 1
V_FIELD: Final = N_RULES + 2
V_AD: Final = V_FIELD + N_FIELDS
V_FRACTIONS: Final = V_AD + MAX_ALLELES + 1
"""AF, VAF and HL by alternate, MAX_ALLELES each."""
V_FRACTION: Final = V_FRACTIONS + 3 * MAX_ALLELES
"""On M, by alternate: the allele fraction that counts."""
N_VALUES: Final = V_FRACTION + MAX_ALLELES

# The memo: integers kept from line to line.
M_TABS: Final = 0
"""The first nine tabs of the line."""
(
    M_KEYS,
    M_ALTS,
    M_BLOCK,
    M_FILTER,
    M_ALIASED,
    M_SIGNATURE,
    M_BASES_START,
    M_FORMAT_LENGTH,
    M_FORMAT_KIND,
    M_INFO_ARRAY,
    M_FORMAT_ARRAY,
    M_UNCOVERED,
    M_PLAIN_SIGNATURE,
    M_REASON,
    M_A,
    M_B,
    M_PHASED,
    M_FT,
    M_WRONG_LENGTH,
    M_STATE,
    M_KNOWN_A,
    M_KNOWN_B,
) = range(9, 31)
M_LISTED: Final = 32
"""By field: whether FORMAT (of blocks also INFO, as MIN_DP) lists it."""
M_ROLES: Final = M_LISTED + N_FIELDS
"""By FORMAT key: which field it is, -1 for one that CAD does not read."""
M_CATEGORY: Final = M_ROLES + MAX_KEYS
M_ALIAS: Final = M_CATEGORY + MAX_ALLELES
"""By alternate: the first alternate with the same key."""
M_ROW: Final = M_ALIAS + MAX_ALLELES
"""By alternate: its row among the window's alleles."""
M_CARRIED: Final = M_ROW + MAX_ALLELES
"""By alternate: whether a kept sample carries it."""
M_DOSE: Final = M_CARRIED + MAX_ALLELES
"""On M, by alternate: 1 heteroplasmic, 2 homoplasmic."""
N_MEMO: Final = M_DOSE + MAX_ALLELES

# The tally of a file: sums over all its lines, then counts and example lines by reason.
LOADED, REFERENCE, LINE, AL_SEEN, AL_LOADED, AL_NOT_CARRIED, AL_SET_ASIDE = range(7)
Y_ASIDE: Final = 7
Y_WARNED: Final = Y_ASIDE + len(SET_ASIDE) * (1 + EXAMPLES)
N_TALLY: Final = Y_WARNED + len(WARNINGS) * (1 + EXAMPLES)

# How far a window's arrays are filled.
N_RECORDS, N_STARTS, N_ALLELES, N_ARENA, N_CALLS, N_FILTERS, N_FILTER_TEXT, LAST_POS = range(8)
N_COUNTS: Final = 8

# Columns of a window's arrays.
R_POS, R_END, R_FLAGS, R_FILTER, R_CALLS, R_CALLS_END = range(6)
S_POS, S_RECORD = range(2)
A_RECORD, A_POS, A_TEXT, A_REF_LENGTH, A_ALT_LENGTH = range(5)
C_ALLELE, C_COLUMN, C_GT, C_DOSE = range(4)
F_DP, F_GQ, F_AD_REF, F_AD_ALT, F_FRACTION = range(5)

"""One sample's genotype: its fields, and what is known, called, passing (DESIGN 5.3-5.5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.kernel import words as w
from loaders.kernel.jit import inlined, inner, wide
from loaders.kernel.numbers import COLON, COMMA, find_byte, is_dot, read_real, read_whole
from loaders.kernel.records import filter_state

Bytes = NDArray[np.uint8]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]

NO_ALLELE = -2
UNKNOWN = -1


@inlined
def read_genotype(text: Bytes, start: int, stop: int, memo: Longs, values: Floats) -> int:
    """Parse one sample column; returns KEPT or the least reason number of its defects."""
    for field in range(w.N_FIELDS):
        values[w.V_FIELD + field] = np.nan
    values[w.V_AD] = np.nan
    if memo[w.M_LISTED + w.AD]:
        for allele in range(memo[w.M_ALTS]):
            values[w.V_AD + 1 + allele] = np.nan
    memo[w.M_A] = UNKNOWN
    memo[w.M_B] = NO_ALLELE
    memo[w.M_PHASED] = 0
    memo[w.M_FT] = w.PASSES
    memo[w.M_WRONG_LENGTH] = 0
    reason = w.KEPT
    key = 0
    at = start
    while at <= stop:
        if key >= memo[w.M_KEYS]:
            return min(reason, w.MALFORMED_FIELD)
        end = find_byte(text, COLON, at, stop)
        role = memo[w.M_ROLES + key]
        if role == w.GT:
            reason = min(reason, _read_gt(text, at, end, memo))
        elif role == w.AD:
            reason = min(reason, _read_depths(text, at, end, memo, values))
        elif role >= 0 and not is_dot(text, at, end):
            reason = min(reason, _read_field(text, at, end, role, memo, values))
        key += 1
        at = end + 1
    return reason


@inlined
def _read_field(text: Bytes, start: int, stop: int, role: int, memo: Longs, values: Floats) -> int:
    """A field that is not missing, other than GT and AD."""
    if role == w.DP or role == w.DPI or role == w.MIN_DP or role == w.LEN:
        whole = read_whole(text, start, stop)
        values[w.V_FIELD + role] = whole
        if role == w.LEN and whole == 0:
            return w.END_BEFORE_POS
        return w.KEPT if whole >= 0 else w.MALFORMED_FIELD
    if role == w.FT:
        memo[w.M_FT] = filter_state(text, start, stop)
        return w.KEPT
    if role == w.AF or role == w.VAF or role == w.HL:
        values[w.V_FIELD + role] = 1.0
        return _read_fractions(text, start, stop, role - w.AF, memo, values)
    # Qualities are whole numbers in most files.
    whole = read_whole(text, start, stop)
    if whole >= 0:
        values[w.V_FIELD + role] = whole
        return w.KEPT
    good, number = read_real(text, start, stop)
    values[w.V_FIELD + role] = number
    return w.KEPT if good else w.MALFORMED_FIELD


@inlined
def _read_gt(text: Bytes, start: int, stop: int, memo: Longs) -> int:
    """GT; the two common forms, one digit alone and two digits, at once."""
    length = stop - start
    first = wide(text[start]) - 48
    if length == 3 and 0 <= first <= 9 and first <= memo[w.M_ALTS]:
        second = wide(text[start + 2]) - 48
        between = text[start + 1]
        if 0 <= second <= 9 and second <= memo[w.M_ALTS] and (between == 47 or between == 124):
            memo[w.M_A] = first
            memo[w.M_B] = second
            memo[w.M_PHASED] = 1 if between == 124 else 0
            return w.KEPT
    return _read_any_gt(text, start, stop, memo)


@inner
def _read_any_gt(text: Bytes, start: int, stop: int, memo: Longs) -> int:
    """GT: alleles parted by ``/`` or ``|``; VCF 4.4 allows a separator before the first."""
    at = start
    if at < stop and (text[at] == 47 or text[at] == 124):
        memo[w.M_PHASED] = 1 if text[at] == 124 else 0
        at += 1
    alleles = 0
    beyond = False
    while True:
        end = at
        while end < stop and text[end] != 47 and text[end] != 124:
            end += 1
        allele = UNKNOWN
        if not is_dot(text, at, end):
            allele = read_whole(text, at, end)
            if allele < 0:
                return w.MALFORMED_FIELD
            beyond = beyond or allele > memo[w.M_ALTS]
        if alleles < 2:
            memo[w.M_A + alleles] = allele
        alleles += 1
        if end >= stop:
            break
        memo[w.M_PHASED] = 1 if text[end] == 124 else 0
        at = end + 1
    if beyond:
        return w.GT_INDEX
    return w.PLOIDY if alleles > 2 else w.KEPT


@inlined
def _read_depths(text: Bytes, start: int, stop: int, memo: Longs, values: Floats) -> int:
    """AD: one depth for each allele; an array of wrong length is missing, with a warning."""
    if is_dot(text, start, stop):
        return w.KEPT
    wanted = memo[w.M_ALTS] + 1
    count = 0
    at = start
    while at <= stop:
        end = find_byte(text, COMMA, at, stop)
        depth = np.nan
        if not is_dot(text, at, end):
            depth = float(read_whole(text, at, end))
            if depth < 0:
                return w.MALFORMED_FIELD
        if count < wanted:
            values[w.V_AD + count] = depth
        count += 1
        at = end + 1
    if count != wanted:
        memo[w.M_WRONG_LENGTH] = 1
        for allele in range(wanted):
            values[w.V_AD + allele] = np.nan
    return w.KEPT


@inner
def _read_fractions(
    text: Bytes, start: int, stop: int, source: int, memo: Longs, values: Floats
) -> int:
    """AF, VAF or HL, one for each alternate; of a wrong length it is missing, with a warning."""
    wanted = memo[w.M_ALTS]
    first = w.V_FRACTIONS + source * w.MAX_ALLELES
    count = 0
    at = start
    while at <= stop:
        end = find_byte(text, COMMA, at, stop)
        number = np.nan
        if not is_dot(text, at, end):
            good, number = read_real(text, at, end)
            if not good:
                return w.MALFORMED_FIELD
        if count < wanted:
            values[first + count] = number
        count += 1
        at = end + 1
    if count != wanted:
        memo[w.M_WRONG_LENGTH] = 1
        values[w.V_FIELD + w.AF + source] = np.nan
    return w.KEPT


@inlined
def depth_of(memo: Longs, values: Floats) -> float:
    """The first depth that is not missing, NaN where all are (5.4)."""
    if not memo[w.M_BLOCK]:
        depth = values[w.V_FIELD + w.DP]
        return float(values[w.V_FIELD + w.DPI] if np.isnan(depth) else depth)
    if not np.isnan(values[w.V_FIELD + w.MIN_DP]):
        return float(values[w.V_FIELD + w.MIN_DP])
    if not np.isnan(values[w.V_INFO_MIN_DP]):
        return float(values[w.V_INFO_MIN_DP])
    if not np.isnan(values[w.V_INFO_MINDP]):
        return float(values[w.V_INFO_MINDP])
    return float(values[w.V_FIELD + w.DP])


@inlined
def is_depth_listed(memo: Longs) -> bool:
    """Whether the record lists a depth at all."""
    return bool(
        memo[w.M_LISTED + w.DP] or memo[w.M_LISTED + (w.MIN_DP if memo[w.M_BLOCK] else w.DPI)]
    )


@inlined
def quality_of(values: Floats) -> float:
    """The first genotype quality that is not missing, NaN where all are (5.4)."""
    if not np.isnan(values[w.V_FIELD + w.GQ]):
        return float(values[w.V_FIELD + w.GQ])
    if not np.isnan(values[w.V_FIELD + w.RGQ]):
        return float(values[w.V_FIELD + w.RGQ])
    return float(values[w.V_FIELD + w.GQX])


@inlined
def filters_pass(memo: Longs, calls: bool) -> bool:
    """FILTER and FT both pass; RefCall does for a genotype without alternate (5.4)."""
    least = min(memo[w.M_FILTER], memo[w.M_FT])
    return least == w.PASSES or (least == w.REFCALL_ONLY and not calls)


@inlined
def known_allele(allele: int, memo: Longs) -> int:
    """The allele, or UNKNOWN where it is missing, any other allele, or one that is set aside."""
    if allele <= 0:
        return allele
    category = memo[w.M_CATEGORY + allele - 1]
    return (
        memo[w.M_ALIAS + allele - 1] + 1 if category == w.KEYED or category == w.STAR else UNKNOWN
    )


@inlined
def judge(memo: Longs, values: Floats) -> None:
    """Set the state of a genotype outside M, and its known alleles."""
    a, b = known_allele(memo[w.M_A], memo), known_allele(memo[w.M_B], memo)
    memo[w.M_KNOWN_A], memo[w.M_KNOWN_B] = a, b
    memo[w.M_STATE] = 0
    calls = a > 0 or b > 0
    depth = depth_of(memo, values)
    if (a < 0 and b < 0) or (not calls and depth == 0):
        return
    two = a >= 0 and b >= 0 and a != b
    state = (1 if a >= 0 else 0) + (1 if b >= 0 else 0)
    if calls:
        state |= w.CALLS2
    if not two:
        state |= w.KNOWN1 | (w.CALLS1 if calls else 0)
    if not filters_pass(memo, calls):
        state |= w.BAD_FILTER
    if not _quality_passes(memo, values):
        state |= w.BAD_QUALITY
    if is_depth_listed(memo):
        # A missing depth is NaN, which no comparison holds for.
        state |= 0 if depth >= values[w.T_MIN_DP] else w.BAD_DEPTH2
        state |= 0 if depth >= values[w.T_MIN_DP_HAPLOID] else w.BAD_DEPTH1
    if two and not _is_balanced(memo, values):
        state |= w.BAD_BALANCE
    memo[w.M_STATE] = state


@inlined
def _quality_passes(memo: Longs, values: Floats) -> bool:
    listed = memo[w.M_LISTED + w.GQ] or memo[w.M_LISTED + w.RGQ] or memo[w.M_LISTED + w.GQX]
    return bool(not listed or quality_of(values) >= values[w.T_MIN_GQ])


@inlined
def _is_balanced(memo: Longs, values: Floats) -> bool:
    """Each called alternate has its share of the reads, over the alleles as written.

    Both alleles of the genotype are known.
    """
    if not memo[w.M_LISTED + w.AD]:
        return True
    total = sum_of_depths(memo, values)
    for allele in (memo[w.M_A], memo[w.M_B]):
        # A missing depth is NaN, which no comparison holds for.
        if allele > 0 and not (total > 0 and values[w.V_AD + allele] / total >= values[w.T_MIN_AB]):
            return False
    return True


@inlined
def sum_of_depths(memo: Longs, values: Floats) -> float:
    """The sum of AD's depths that are not missing."""
    total = 0.0
    for allele in range(memo[w.M_ALTS] + 1):
        if not np.isnan(values[w.V_AD + allele]):
            total += values[w.V_AD + allele]
    return total

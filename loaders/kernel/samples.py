"""The sample columns of a line: one state for each kept sample, and the alleles it calls."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.kernel import words as w
from loaders.kernel.genotype import depth_of, judge, quality_of, read_genotype
from loaders.kernel.jit import inlined, inner, wide
from loaders.kernel.mito import judge_mito
from loaders.kernel.numbers import COLON, TAB, find_byte, pack, packed, same_bytes
from loaders.kernel.plain import read_plain
from loaders.kernel.reader import Reader
from loaders.kernel.window import Window

Bytes = NDArray[np.uint8]
Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

_FIELD_WORDS = tuple(packed(name) for name in w.FIELDS)


@inlined
def read_samples(text: Bytes, stop: int, index: int, reader: Reader, window: Window) -> int:
    """Read every sample column; returns KEPT, or the least reason number of their defects."""
    memo, values, flags = reader.memo, reader.values, window.records[index]
    mito = values[w.T_MITO] != 0
    if not _read_format(text, mito, memo, reader.last_format):
        return w.MALFORMED_FIELD
    at = memo[w.M_TABS + 8] + 1
    alone = memo[w.M_KEYS] == 1 and memo[w.M_LISTED + w.GT] and not memo[w.M_LISTED + w.MIN_DP]
    if alone and not mito and memo[w.M_SIGNATURE] >= 0:
        flags[w.R_FLAGS] = w.BLOCK if memo[w.M_BLOCK] else 0
        if read_plain(text, at, stop, index, reader, window):
            return w.KEPT
    flags[w.R_FLAGS] = w.FIGURED | (w.BLOCK if memo[w.M_BLOCK] else 0)
    reason = w.KEPT
    for column in range(len(reader.columns)):
        end = find_byte(text, TAB, at, stop)
        reason = min(reason, read_genotype(text, at, end, memo, values))
        if reader.columns[column] >= 0 and reason == w.KEPT:
            _keep(reader.columns[column], mito, reader, window)
            window.states[index, reader.columns[column]] = memo[w.M_STATE]
        at = end + 1
    return reason


@inlined
def _keep(kept: int, mito: bool, reader: Reader, window: Window) -> None:
    """Judge the genotype at hand, and keep its block length and the alleles it calls."""
    memo, values = reader.memo, reader.values
    if memo[w.M_WRONG_LENGTH]:
        memo[w.M_FORMAT_ARRAY] = 1
    if memo[w.M_LISTED + w.LEN]:
        length = values[w.V_FIELD + w.LEN]
        reader.lengths[kept] = 0 if np.isnan(length) else wide(length)
    if mito:
        judge_mito(memo, values)
        _keep_mito_calls(kept, reader, window)
    else:
        judge(memo, values)
        _keep_calls(kept, reader, window)


@inlined
def _read_format(text: Bytes, mito: bool, memo: Longs, last_format: Bytes) -> bool:
    """Find which FORMAT key is which field; False for too many keys, or one read twice."""
    start, stop = memo[w.M_TABS + 7] + 1, memo[w.M_TABS + 8]
    kind = (2 if mito else 0) + memo[w.M_BLOCK]
    in_info = memo[w.M_LISTED + w.MIN_DP]
    if memo[w.M_FORMAT_KIND] != kind or not same_bytes(
        text, start, stop, last_format, 0, memo[w.M_FORMAT_LENGTH]
    ):
        memo[w.M_FORMAT_LENGTH] = -1
        if not _find_roles(text, start, stop, mito, memo):
            return False
        memo[w.M_FORMAT_KIND] = kind
        if stop - start <= len(last_format):
            for step in range(stop - start):
                last_format[step] = text[start + step]
            memo[w.M_FORMAT_LENGTH] = stop - start
    for key in range(memo[w.M_KEYS]):
        if memo[w.M_ROLES + key] >= 0:
            memo[w.M_LISTED + memo[w.M_ROLES + key]] = 1
    if in_info:
        memo[w.M_LISTED + w.MIN_DP] = 1
    return True


@inner
def _find_roles(text: Bytes, start: int, stop: int, mito: bool, memo: Longs) -> bool:
    keys = 0
    at = start
    while at <= stop:
        end = find_byte(text, COLON, at, stop)
        if keys >= w.MAX_KEYS:
            return False
        role = _role_of(pack(text, at, end), mito, memo[w.M_BLOCK] != 0)
        for other in range(keys):
            if role >= 0 and memo[w.M_ROLES + other] == role:
                return False
        memo[w.M_ROLES + keys] = role
        keys += 1
        at = end + 1
    memo[w.M_KEYS] = keys
    return True


@inner
def _role_of(word: int, mito: bool, block: bool) -> int:
    """Which field a FORMAT key is, -1 for one that CAD does not read in such a record."""
    for number in range(w.N_FIELDS):
        if word == _FIELD_WORDS[number]:
            fraction = number == w.AF or number == w.VAF or number == w.HL
            of_variants = number == w.AD or number == w.DPI or fraction
            of_blocks = number == w.MIN_DP or number == w.LEN
            unread = (fraction and not mito) or (of_variants and block) or (of_blocks and not block)
            return -1 if unread else number
    return -1


@inlined
def _keep_calls(kept: int, reader: Reader, window: Window) -> None:
    """One call for each variant the genotype names; at ploidy 1 a heterozygote calls nothing."""
    memo = reader.memo
    if memo[w.M_STATE] == 0:
        return
    for written in (memo[w.M_A], memo[w.M_B]):
        if written > 0 and memo[w.M_CATEGORY + written - 1] == w.KEYED:
            memo[w.M_CARRIED + written - 1] = 1
    a, b = memo[w.M_KNOWN_A], memo[w.M_KNOWN_B]
    alone = 4 if memo[w.M_STATE] & w.KNOWN1 else 0
    if a > 0 and memo[w.M_CATEGORY + a - 1] == w.KEYED:
        _add_call(kept, memo[w.M_A] - 1, alone | (2 if a == b else 1), reader, window)
    if b > 0 and b != a and memo[w.M_CATEGORY + b - 1] == w.KEYED:
        _add_call(kept, memo[w.M_B] - 1, alone | 1, reader, window)


@inner
def _keep_mito_calls(kept: int, reader: Reader, window: Window) -> None:
    """One call for each variant of M that its fraction, or GT where there is none, calls."""
    memo = reader.memo
    for alt in range(memo[w.M_ALTS]):
        if memo[w.M_CATEGORY + alt] != w.KEYED:
            continue
        named = memo[w.M_A] == alt + 1 or memo[w.M_B] == alt + 1
        dose = memo[w.M_DOSE + memo[w.M_ALIAS + alt]]
        if named:
            memo[w.M_CARRIED + alt] = 1
        if memo[w.M_ALIAS + alt] == alt and dose > 0:
            _add_call(kept, alt, dose, reader, window)


@inlined
def _add_call(kept: int, alt: int, dose: int, reader: Reader, window: Window) -> None:
    memo, values, count = reader.memo, reader.values, window.counts
    calls, figures = window.calls, window.figures
    row = count[w.N_CALLS]
    calls[row, w.C_ALLELE] = memo[w.M_ROW + alt]
    calls[row, w.C_COLUMN] = kept
    calls[row, w.C_GT] = (memo[w.M_A] + 2) << 17 | (memo[w.M_B] + 2) << 1 | memo[w.M_PHASED]
    calls[row, w.C_DOSE] = dose | (alt + 1) << 4
    has_depths = memo[w.M_LISTED + w.AD] != 0
    figures[row, w.F_DP] = _whole(depth_of(memo, values))
    figures[row, w.F_GQ] = _whole(quality_of(values))
    figures[row, w.F_AD_REF] = _whole(values[w.V_AD]) if has_depths else w.MISSING
    figures[row, w.F_AD_ALT] = _whole(values[w.V_AD + alt + 1]) if has_depths else w.MISSING
    fraction = values[w.V_FRACTION + alt] if values[w.T_MITO] != 0 else np.nan
    figures[row, w.F_FRACTION] = _whole(fraction * w.FRACTION_UNIT + 0.5)
    count[w.N_CALLS] += 1


@inlined
def _whole(value: float) -> int:
    """A figure rounded down to 32 bits, MISSING where it is missing."""
    if np.isnan(value):
        return w.MISSING
    return wide(np.floor(min(max(value, -2147483647.0), 2147483647.0)))

"""The sample columns of a line: one state and the called alleles for each."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loaders.kernel import words
from loaders.kernel.genotype import (
    G_A, G_B, G_KNOWN_A, G_KNOWN_B, G_PHASED, G_STATE, G_WARN, R_ALTS, R_FILTER, R_KEYS, depth_of, judge, judge_mito,
    quality_of, read_genotype,
)  # fmt: skip
from loaders.kernel.numbers import find_byte, same_bytes
from loaders.kernel.reader import Reader
from loaders.kernel.records import S_FORMAT_ARRAY, S_LEN
from loaders.kernel.window import Window
from loaders.kernel.words import (
    FAILS, GT, KEPT, KEYED, KNOWN1, LEN, MALFORMED_FIELD, MISSING, N_CALLS, N_FIELDS, PASS1, PASS2,
)  # fmt: skip

Bytes = NDArray[np.uint8]


@njit(cache=True, nogil=True)
def read_samples(text: Bytes, stop: int, reader: Reader, window: Window) -> int:
    """Read every sample column; returns KEPT, or the reason number of the first defect."""
    tabs, rec = reader.tabs, reader.record
    if not _read_format(text, tabs[7] + 1, tabs[8], reader):
        return MALFORMED_FIELD
    mito = reader.rules[words.T_MITO] != 0
    plain = rec.ints[R_KEYS] == 1 and rec.listed[GT] == 1 and not mito
    # A filter that fails for genotypes with an alternate may still pass for those without (RefCall).
    reference_state = 2 | KNOWN1 | (0 if rec.ints[R_FILTER] == FAILS else PASS1 | PASS2)
    reader.seen[S_LEN] = rec.listed[LEN]
    at = tabs[8] + 1
    for column in range(len(reader.columns)):
        kept = reader.columns[column]
        end = find_byte(text, 9, at, stop)
        if plain and end - at == 3 and text[at] == 48 and text[at + 2] == 48 and (
            text[at + 1] == 124 or text[at + 1] == 47
        ):  # fmt: skip
            if kept >= 0:
                reader.row[kept] = reference_state
                reader.lengths[kept] = 0
        else:
            reason = read_genotype(text, at, end, rec, reader.genotype)
            if reason != KEPT:
                return reason
            if kept >= 0:
                reason = _keep(kept, mito, reader, window)
                if reason != KEPT:
                    return reason
        at = end + 1
    return KEPT


@njit(cache=True, nogil=True)
def _read_format(text: Bytes, start: int, stop: int, reader: Reader) -> bool:
    """Find which FORMAT key is which field; False where there are too many keys or one CAD reads stands twice."""
    rec = reader.record
    in_info = rec.listed[words.MIN_DP]
    length = reader.last_format_length[0]
    if not same_bytes(text, start, stop, reader.last_format, 0, length):
        keys = 0
        at = start
        while at <= stop:
            end = find_byte(text, 58, at, stop)
            if keys >= len(rec.roles):
                reader.last_format_length[0] = -1
                return False
            rec.roles[keys] = _field_number(text, at, end, reader)
            keys += 1
            at = end + 1
        rec.ints[R_KEYS] = keys
        reader.last_format_length[0] = -1
        if stop - start <= len(reader.last_format):
            reader.last_format[: stop - start] = text[start:stop]
            reader.last_format_length[0] = stop - start
    rec.listed[:] = 0
    for key in range(rec.ints[R_KEYS]):
        role = rec.roles[key]
        if role >= 0:
            if rec.listed[role]:
                return False
            rec.listed[role] = 1
    if in_info:
        rec.listed[words.MIN_DP] = 1
    return True


@njit(cache=True, nogil=True)
def _field_number(text: Bytes, start: int, stop: int, reader: Reader) -> int:
    """Which field a FORMAT key is, -1 for one CAD does not read; allele fractions are read on M alone."""
    first = 0
    for number in range(N_FIELDS):
        last = reader.field_stops[number]
        if same_bytes(text, start, stop, reader.field_names, first, last):
            fraction = number == words.AF or number == words.VAF or number == words.HL
            return -1 if fraction and reader.rules[words.T_MITO] == 0 else number
        first = last
    return -1


@njit(cache=True, nogil=True)
def _keep(kept: int, mito: bool, reader: Reader, window: Window) -> int:
    """Judge the genotype at hand and keep its state, its block length and the alleles it calls."""
    rec, gen = reader.record, reader.genotype
    if gen.ints[G_WARN]:
        reader.seen[S_FORMAT_ARRAY] = 1
    length = gen.values[LEN]
    if length < 1:
        return MALFORMED_FIELD
    reader.lengths[kept] = 0 if np.isnan(length) else np.int64(length)
    if mito:
        judge_mito(rec, gen, reader.rules, reader.doses, reader.fractions)
        for alt in range(rec.ints[R_ALTS]):
            named = gen.ints[G_A] == alt + 1 or gen.ints[G_B] == alt + 1
            if rec.category[alt] == KEYED and (named or reader.doses[rec.alias[alt]] > 0):
                reader.carried[alt] = 1
            if rec.category[alt] == KEYED and rec.alias[alt] == alt and reader.doses[alt] > 0:
                _add_call(kept, alt, reader.doses[alt], 0, reader.fractions[alt], reader, window)
    else:
        judge(rec, gen, reader.rules)
        _keep_calls(kept, reader, window)
    reader.row[kept] = gen.ints[G_STATE]
    return KEPT


@njit(cache=True, nogil=True)
def _keep_calls(kept: int, reader: Reader, window: Window) -> None:
    """One call for each distinct variant the genotype names; at ploidy 1 a heterozygote calls nothing."""
    rec, gen = reader.record, reader.genotype
    if gen.ints[G_STATE] == 0:
        return
    for written in (gen.ints[G_A], gen.ints[G_B]):
        if written > 0 and rec.category[written - 1] == KEYED:
            reader.carried[written - 1] = 1
    a, b = gen.ints[G_KNOWN_A], gen.ints[G_KNOWN_B]
    alone = 1 if gen.ints[G_STATE] & KNOWN1 else 0
    if a > 0 and rec.category[a - 1] == KEYED:
        _add_call(kept, a - 1, 2 if a == b else 1, alone, np.nan, reader, window)
    if b > 0 and b != a and rec.category[b - 1] == KEYED:
        _add_call(kept, b - 1, 1, alone, np.nan, reader, window)


@njit(cache=True, nogil=True)
def _add_call(
    kept: int, alt: int, dose2: int, dose1: int, fraction: float, reader: Reader, window: Window
) -> None:
    rec, gen = reader.record, reader.genotype
    row = window.count[N_CALLS]
    window.call_allele[row] = reader.allele_row[alt]
    window.call_column[row] = kept
    window.call_dosage[row] = dose2 | dose1 << 2
    window.call_gt[row] = (gen.ints[G_A] + 2) << 17 | (gen.ints[G_B] + 2) << 1 | gen.ints[G_PHASED]
    window.call_alt[row] = alt + 1
    window.call_dp[row] = _whole(depth_of(rec, gen)[1])
    window.call_gq[row] = _whole(quality_of(rec, gen)[1])
    window.call_ad_ref[row] = _whole(gen.ad[0])
    window.call_ad_alt[row] = _whole(gen.ad[alt + 1])
    window.call_vaf[row] = fraction
    window.count[N_CALLS] += 1


@njit(cache=True, nogil=True)
def _whole(value: float) -> int:
    """A figure rounded down to 32 bits, MISSING where it is missing."""
    if np.isnan(value):
        return MISSING
    return np.int64(min(value, 2147483647.0))

"""One sample's genotype: what is known, what is called, and whether it passes (DESIGN 5.3, 5.4, 5.7)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from loaders.kernel import words
from loaders.kernel.numbers import is_dot, read_float, read_int
from loaders.kernel.words import (
    AD, AF, CALLS1, CALLS2, DP, DPI, FAILS, FT, GQ, GQX, GT, GT_INDEX, HL, KEPT, KEYED, KNOWN1,
    LEN, MALFORMED_FIELD, MIN_DP, PASS1, PASS2, PASSES, PLOIDY, REFCALL_ONLY, RGQ, STAR, VAF,
)  # fmt: skip

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]


class Record(NamedTuple):
    """What of a record bears on each of its genotypes; arrays are reused from record to record."""

    roles: NDArray[np.int64]
    """Which field the k-th FORMAT key is, -1 for one that CAD does not read."""
    listed: NDArray[np.int64]
    """Whether FORMAT (for blocks also INFO, as MIN_DP) lists the field."""
    category: NDArray[np.int64]
    """Category of the alternate k + 1."""
    alias: NDArray[np.int64]
    """The first alternate with the same key as alternate k."""
    ints: NDArray[np.int64]
    """Number of FORMAT keys, of alternates, whether a block, state of FILTER."""
    info_depth: Floats
    """INFO/MIN_DP and INFO/MinDP, NaN where missing."""


class Genotype(NamedTuple):
    """Scratch space for one genotype."""

    values: Floats
    """Field values, NaN where missing."""
    ad: Floats
    """AD by allele as written; NaN where missing; ad[0] is NaN when all is missing."""
    fractions: NDArray[np.float64]
    """AF, VAF, HL by alternate: one row each."""
    ints: NDArray[np.int64]
    """Alleles a and b as written, phased, state, FT, warning for an array of wrong length, number of alleles,
    and the two alleles as far as they are known."""


R_KEYS, R_ALTS, R_BLOCK, R_FILTER = range(4)
G_A, G_B, G_PHASED, G_STATE, G_FT, G_WARN, G_PLOIDY, G_KNOWN_A, G_KNOWN_B = range(9)
NO_ALLELE = -2
UNKNOWN = -1


@njit(cache=True, nogil=True)
def filter_state(text: Bytes, start: int, stop: int) -> int:
    """PASS or ``.`` passes; RefCall alone passes for genotypes without an alternate (DeepVariant); others fail."""
    length = stop - start
    if is_dot(text, start, stop):
        return PASSES
    if length == 4 and text[start] == 80 and text[start + 1] == 65 and text[start + 2] == 83 and text[start + 3] == 83:  # fmt: skip
        return PASSES
    ref_call = (82, 101, 102, 67, 97, 108, 108)
    if length != 7:
        return FAILS
    for step in range(7):
        if text[start + step] != ref_call[step]:
            return FAILS
    return REFCALL_ONLY


@njit(cache=True, nogil=True)
def read_genotype(text: Bytes, start: int, stop: int, rec: Record, gen: Genotype) -> int:
    """Parse one sample column into `gen`; returns KEPT or the reason number of its defect."""
    gen.values[:] = np.nan
    gen.ad[: rec.ints[R_ALTS] + 1] = np.nan
    gen.ints[:] = 0
    gen.ints[G_A] = UNKNOWN
    gen.ints[G_B] = NO_ALLELE
    gen.ints[G_FT] = PASSES
    key = 0
    at = start
    while at <= stop:
        end = at
        while end < stop and text[end] != 58:
            end += 1
        if key >= rec.ints[R_KEYS]:
            return MALFORMED_FIELD
        role = rec.roles[key]
        if role >= 0:
            reason = _read_field(text, at, end, role, rec, gen)
            if reason != KEPT:
                return reason
        key += 1
        at = end + 1
    return KEPT


@njit(cache=True, nogil=True)
def _read_field(text: Bytes, start: int, stop: int, role: int, rec: Record, gen: Genotype) -> int:
    if role == GT:
        return _read_gt(text, start, stop, rec, gen)
    if role == FT:
        gen.ints[G_FT] = filter_state(text, start, stop)
        return KEPT
    if role == AD:
        return _read_array(text, start, stop, rec.ints[R_ALTS] + 1, gen.ad, gen)
    if role == AF or role == VAF or role == HL:
        gen.values[role] = 1.0
        return _read_array(text, start, stop, rec.ints[R_ALTS], gen.fractions[role - AF], gen)
    if is_dot(text, start, stop):
        return KEPT
    if role == GQ or role == RGQ or role == GQX:
        good, number = read_float(text, start, stop)
    else:
        good, whole = read_int(text, start, stop)
        number = float(whole)
    if not good:
        return MALFORMED_FIELD
    gen.values[role] = number
    return KEPT


@njit(cache=True, nogil=True)
def _read_gt(text: Bytes, start: int, stop: int, rec: Record, gen: Genotype) -> int:
    """GT: alleles parted by ``/`` or ``|``; VCF 4.4 allows a separator before the first."""
    at = start
    if at < stop and (text[at] == 47 or text[at] == 124):
        gen.ints[G_PHASED] = 1 if text[at] == 124 else 0
        at += 1
    alleles = 0
    beyond = False
    while True:
        end = at
        while end < stop and text[end] != 47 and text[end] != 124:
            end += 1
        allele = UNKNOWN
        if not is_dot(text, at, end):
            good, allele = read_int(text, at, end)
            if not good or allele < 0:
                return MALFORMED_FIELD
            beyond = beyond or allele > rec.ints[R_ALTS]
        if alleles < 2:
            gen.ints[alleles] = allele
        alleles += 1
        if end >= stop:
            break
        gen.ints[G_PHASED] = 1 if text[end] == 124 else 0
        at = end + 1
    gen.ints[G_PLOIDY] = alleles
    if beyond:
        return GT_INDEX
    return PLOIDY if alleles > 2 else KEPT


@njit(cache=True, nogil=True)
def _read_array(
    text: Bytes, start: int, stop: int, wanted: int, values: Floats, gen: Genotype
) -> int:
    """A comma-separated array; one of wrong length is missing, with a warning, unless it is a single dot."""
    values[: max(wanted, 1)] = np.nan
    count = 0
    at = start
    while at <= stop:
        end = at
        while end < stop and text[end] != 44:
            end += 1
        if not is_dot(text, at, end):
            good, number = read_float(text, at, end)
            if not good or number < 0:
                return MALFORMED_FIELD
            if count < wanted:
                values[count] = number
        count += 1
        at = end + 1
    if count != wanted:
        values[: max(wanted, 1)] = np.nan
        if not is_dot(text, start, stop):
            gen.ints[G_WARN] = 1
    return KEPT


@njit(cache=True, nogil=True)
def depth_of(rec: Record, gen: Genotype) -> tuple[bool, float]:
    """Whether the record lists a depth, and its first non-missing one (5.4)."""
    if rec.ints[R_BLOCK]:
        listed = rec.listed[MIN_DP] or rec.listed[DP]
        for value in (
            gen.values[MIN_DP], rec.info_depth[0], rec.info_depth[1], gen.values[DP]
        ):  # fmt: skip
            if not np.isnan(value):
                return True, value
        return bool(listed), np.nan
    listed = rec.listed[DP] or rec.listed[DPI]
    value = gen.values[DP] if not np.isnan(gen.values[DP]) else gen.values[DPI]
    return bool(listed), value


@njit(cache=True, nogil=True)
def quality_of(rec: Record, gen: Genotype) -> tuple[bool, float]:
    """Whether the record lists a genotype quality, and its first non-missing one (5.4)."""
    listed = rec.listed[GQ] or rec.listed[RGQ] or rec.listed[GQX]
    for value in (gen.values[GQ], gen.values[RGQ], gen.values[GQX]):
        if not np.isnan(value):
            return True, value
    return bool(listed), np.nan


@njit(cache=True, nogil=True)
def _known_allele(allele: int, rec: Record) -> int:
    """The allele, or UNKNOWN where it is missing, any other allele, or one that is set aside."""
    if allele <= 0:
        return allele
    category = rec.category[allele - 1]
    return rec.alias[allele - 1] + 1 if category == KEYED or category == STAR else UNKNOWN


@njit(cache=True, nogil=True)
def judge(rec: Record, gen: Genotype, rules: Floats) -> None:
    """Set the state of a genotype outside M, and its known alleles."""
    a = _known_allele(gen.ints[G_A], rec)
    b = _known_allele(gen.ints[G_B], rec)
    gen.ints[G_KNOWN_A], gen.ints[G_KNOWN_B] = a, b
    known = int(a >= 0) + int(b >= 0)
    calls = a > 0 or b > 0
    two = a >= 0 and b >= 0 and a != b
    depth_listed, depth = depth_of(rec, gen)
    if known == 0 or (not calls and depth == 0):
        gen.ints[G_STATE] = 0
        return
    state = known
    if calls:
        state |= CALLS2
    if not two:
        state |= KNOWN1
        if calls:
            state |= CALLS1
    if _filters_pass(rec, gen, calls) and _quality_passes(rec, gen, rules):
        if not depth_listed or depth >= rules[words.T_MIN_DP_HAPLOID]:
            state |= PASS1
        deep = not depth_listed or depth >= rules[words.T_MIN_DP]
        if deep and (not two or _balanced(a, b, rec, gen, rules)):
            state |= PASS2
    gen.ints[G_STATE] = state


@njit(cache=True, nogil=True)
def _filters_pass(rec: Record, gen: Genotype, calls: bool) -> bool:
    least = min(rec.ints[R_FILTER], gen.ints[G_FT])
    return bool(least == PASSES or (least == REFCALL_ONLY and not calls))


@njit(cache=True, nogil=True)
def _quality_passes(rec: Record, gen: Genotype, rules: Floats) -> bool:
    listed, quality = quality_of(rec, gen)
    return bool(not listed or quality >= rules[words.T_MIN_GQ])


@njit(cache=True, nogil=True)
def _balanced(a: int, b: int, rec: Record, gen: Genotype, rules: Floats) -> bool:
    """Each called alternate has its share of the reads, over the alleles as written."""
    if not rec.listed[AD]:
        return True
    total = 0.0
    for allele in range(rec.ints[R_ALTS] + 1):
        if not np.isnan(gen.ad[allele]):
            total += gen.ad[allele]
    for allele in (a, b):
        if allele > 0 and (
            total == 0 or np.isnan(gen.ad[allele])
            or gen.ad[allele] / total < rules[words.T_MIN_AB]
        ):  # fmt: skip
            return False
    return True


@njit(cache=True, nogil=True)
def fraction_of(allele: int, rec: Record, gen: Genotype) -> float:
    """The allele fraction of alternate `allele` (from 1) on M: AF, VAF, HL, else AD over its sum, else NaN."""
    for source in range(3):
        if rec.listed[AF + source] and not np.isnan(gen.values[AF + source]):
            value = gen.fractions[source][allele - 1]
            if not np.isnan(value):
                return value
    if rec.listed[AD] and not np.isnan(gen.ad[allele]):
        total = 0.0
        for other in range(rec.ints[R_ALTS] + 1):
            if not np.isnan(gen.ad[other]):
                total += gen.ad[other]
        if total > 0:
            return gen.ad[allele] / total
    return np.nan


@njit(cache=True, nogil=True)
def judge_mito(rec: Record, gen: Genotype, rules: Floats, doses: NDArray[np.int64], fractions: Floats) -> None:
    """Set the state of a genotype of M, and the dose (1 heteroplasmic, 2 homoplasmic) of each alternate (5.7)."""
    a = _known_allele(gen.ints[G_A], rec)
    b = _known_allele(gen.ints[G_B], rec)
    calls = (a > 0 and rec.category[a - 1] == STAR) or (b > 0 and rec.category[b - 1] == STAR)
    for alt in range(rec.ints[R_ALTS]):
        doses[alt] = 0
        fractions[alt] = np.nan
        if rec.category[alt] != KEYED or rec.alias[alt] != alt:
            continue
        fraction = fraction_of(alt + 1, rec, gen)
        fractions[alt] = fraction
        if np.isnan(fraction):
            doses[alt] = 2 if a == alt + 1 or b == alt + 1 else 0
        elif fraction >= rules[words.T_MIN_VAF]:
            doses[alt] = 2 if fraction >= rules[words.T_HOM_VAF] else 1
        calls = calls or doses[alt] > 0
    depth_listed, depth = depth_of(rec, gen)
    known = a >= 0 or b >= 0 or calls
    if not known or (not calls and depth == 0):
        gen.ints[G_STATE] = 0
        return
    state = KNOWN1
    if calls:
        state |= CALLS1
    deep = not depth_listed or depth >= rules[words.T_MIN_DP_MITO]
    if deep and _filters_pass(rec, gen, calls):
        state |= PASS1
    gen.ints[G_STATE] = state

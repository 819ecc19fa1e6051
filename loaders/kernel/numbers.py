"""Numbers and words out of bytes."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


@njit(cache=True, nogil=True)
def is_dot(text: Bytes, start: int, stop: int) -> bool:
    """Whether the bytes are the single dot of a missing value."""
    return stop - start == 1 and text[start] == 46


@njit(cache=True, nogil=True)
def read_int(text: Bytes, start: int, stop: int) -> tuple[bool, int]:
    """A whole number, with an optional minus; False where the bytes are anything else or too many."""
    at = start
    negative = False
    if at < stop and text[at] == 45:
        negative = True
        at += 1
    if at >= stop or stop - at > 17:
        return False, 0
    value = 0
    while at < stop:
        digit = np.int64(text[at]) - 48
        if digit < 0 or digit > 9:
            return False, 0
        value = value * 10 + digit
        at += 1
    return True, -value if negative else value


@njit(cache=True, nogil=True)
def read_float(text: Bytes, start: int, stop: int) -> tuple[bool, float]:
    """A decimal number with optional sign, fraction and exponent (VCF 1.3: also inf, not nan)."""
    at = start
    sign = 1.0
    if at < stop and (text[at] == 45 or text[at] == 43):
        sign = -1.0 if text[at] == 45 else 1.0
        at += 1
    value = 0.0
    digits = 0
    scale = 0
    seen_point = False
    while at < stop:
        byte = text[at]
        if byte == 46 and not seen_point:
            seen_point = True
        elif 48 <= byte <= 57:
            value = value * 10.0 + (byte - 48)
            digits += 1
            if seen_point:
                scale -= 1
        else:
            break
        at += 1
    if digits == 0:
        return False, 0.0
    if at < stop and (text[at] == 101 or text[at] == 69):
        good, exponent = read_int(text, at + 2 if text[at + 1] == 43 else at + 1, stop)
        if not good or exponent > 300 or exponent < -300:
            return False, 0.0
        scale += exponent
        at = stop
    if at < stop:
        return False, 0.0
    # One division or multiplication by an exact power keeps short decimals correctly rounded.
    if scale < 0:
        return True, sign * (value / 10.0**-scale)
    return True, sign * (value * 10.0**scale)


@njit(cache=True, nogil=True)
def same_bytes(a: Bytes, a_start: int, a_stop: int, b: Bytes, b_start: int, b_stop: int) -> bool:
    """Whether two slices hold the same bytes."""
    if a_stop - a_start != b_stop - b_start:
        return False
    for step in range(a_stop - a_start):
        if a[a_start + step] != b[b_start + step]:
            return False
    return True


@njit(cache=True, nogil=True)
def find_byte(text: Bytes, byte: int, start: int, stop: int) -> int:
    """Index of the first such byte, or `stop`."""
    at = start
    while at < stop and text[at] != byte:
        at += 1
    return at


@njit(cache=True, nogil=True)
def upper(byte: int) -> int:
    """The byte of an upper-case ASCII letter."""
    return byte - 32 if 97 <= byte <= 122 else byte


@njit(cache=True, nogil=True)
def hash_bytes(text: Bytes, start: int, stop: int) -> int:
    """FNV-1a of a slice, 32 bits (Fowler, Noll, Vo)."""
    value = np.uint64(2166136261)
    for at in range(start, stop):
        value = ((value ^ np.uint64(text[at])) * np.uint64(16777619)) & np.uint64(0xFFFFFFFF)
    return np.int64(value)

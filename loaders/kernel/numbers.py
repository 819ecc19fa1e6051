"""Places, numbers and short words in bytes.

Text is read eight bytes at a time where that pays, so an array of text must go on for at least
eight bytes after its last line.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.kernel.jit import inlined, inner, load_word, lowest_bit, wide

Bytes = NDArray[np.uint8]

# Typed, as Numba compiles a function anew for each literal it is called with.
TAB, NEWLINE, RETURN, COMMA, DOT, COLON, SEMICOLON, EQUALS = np.frombuffer(
    b"\t\n\r,.:;=", np.uint8
).astype(np.int64)

_ONES = 0x0101010101010101
_HIGHS = -0x7F7F7F7F7F7F7F80  # 0x80 in each byte
_PRIME = -0x61C8864680B583EB  # 2^64 by the golden ratio, as in Fibonacci hashing


def packed(word: bytes) -> int:
    """A word of at most seven bytes as the integer that `pack` reads from text."""
    return int.from_bytes(word, "little")


@inlined
def pack(text: Bytes, start: int, stop: int) -> int:
    """A word of one to seven bytes as an integer, -1 for any other length."""
    length = stop - start
    if length < 1 or length > 7:
        return -1
    return load_word(text, start) & ((1 << (8 * length)) - 1)


@inlined
def find_byte(text: Bytes, byte: int, start: int, stop: int) -> int:
    """Index of the first such byte, or `stop`.

    A byte that equals the wanted one is 0 after XOR; subtracting 1 from each byte borrows into the
    high bit of the first such byte.
    """
    pattern = byte * _ONES
    at = start
    while at < stop:
        word = load_word(text, at) ^ pattern
        hit = (word - _ONES) & ~word & _HIGHS
        if hit != 0:
            return min(at + (lowest_bit(hit) >> 3), stop)
        at += 8
    return stop


@inlined
def is_dot(text: Bytes, start: int, stop: int) -> bool:
    """Whether the bytes are the single dot of a missing value."""
    return stop - start == 1 and text[start] == DOT


@inlined
def read_whole(text: Bytes, start: int, stop: int) -> int:
    """A whole number of 1 to 18 digits; -1 where the bytes are anything else."""
    if stop <= start or stop - start > 18:
        return -1
    value = 0
    for at in range(start, stop):
        digit = wide(text[at]) - 48
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value


@inner
def read_real(text: Bytes, start: int, stop: int) -> tuple[bool, float]:
    """A number as VCF (1.3) writes it: decimal, exponent, INF or NAN in any case."""
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
        if byte == DOT and not seen_point:
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
        return _read_special(text, at, stop, sign) if not seen_point else (False, 0.0)
    if at < stop and (text[at] == 101 or text[at] == 69):
        negative = at + 1 < stop and text[at + 1] == 45
        signed = negative or (at + 1 < stop and text[at + 1] == 43)
        exponent = read_whole(text, at + 2 if signed else at + 1, stop)
        if exponent < 0:
            return False, 0.0
        scale += -min(exponent, 400) if negative else min(exponent, 400)
        at = stop
    # One division or multiplication by an exact power keeps short decimals correctly rounded.
    value = value / 10.0**-scale if scale < 0 else value * 10.0**scale
    return at == stop, sign * value


@inner
def _read_special(text: Bytes, start: int, stop: int, sign: float) -> tuple[bool, float]:
    """INF, INFINITY and NAN."""
    length = stop - start
    if length != 3 and length != 8:
        return False, 0.0
    word = load_word(text, start) & -0x2020202020202021  # upper case
    if length == 8:
        return word == _INFINITY, sign * np.inf
    word &= 0xFFFFFF
    return word == _INF or word == _NAN, np.nan if word == _NAN else sign * np.inf


_INF, _NAN, _INFINITY = packed(b"INF"), packed(b"NAN"), packed(b"INFINITY")


@inlined
def same_bytes(a: Bytes, a_start: int, a_stop: int, b: Bytes, b_start: int, b_stop: int) -> bool:
    """Whether two slices hold the same bytes."""
    if a_stop - a_start != b_stop - b_start:
        return False
    for step in range(a_stop - a_start):
        if a[a_start + step] != b[b_start + step]:
            return False
    return True


@inlined
def upper(byte: int) -> int:
    """The byte of an upper-case ASCII letter."""
    return byte - 32 if 97 <= byte <= 122 else byte


@inlined
def hash_bytes(text: Bytes, start: int, stop: int) -> int:
    """A hash of a slice, eight bytes at a time; `hash_of` is the same in Python."""
    value = stop - start
    at = start
    while at < stop:
        word = load_word(text, at)
        if stop - at < 8:
            word &= (1 << (8 * (stop - at))) - 1
        value = (value ^ word) * _PRIME
        value ^= value >> 29
        at += 8
    return value


def hash_of(word: bytes) -> int:
    """What `hash_bytes` gives for the same bytes."""
    value = len(word)
    for at in range(0, len(word), 8):
        value = _signed((value ^ _signed(int.from_bytes(word[at : at + 8], "little"))) * _PRIME)
        value ^= value >> 29
    return value


def _signed(value: int) -> int:
    """The low 64 bits as a signed integer."""
    return (value + 2**63) % 2**64 - 2**63

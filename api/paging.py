"""Parts of a long answer: a cursor tells where the part before was cut, and of which state.

A base that changed in between is another answer: whoever goes on is told to begin anew.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import orjson

from schemas.errors import BadQuestion, Conflict

_LONGEST: Final = 2000

T = TypeVar("T")


def write_cursor(state: int, place: Any) -> str:
    """A cursor: the state that answers, and where the next part begins.

    >>> read_cursor(write_cursor(7, [100, "A", "G"]), 7)
    [100, 'A', 'G']
    """
    return base64.urlsafe_b64encode(orjson.dumps([state, place])).decode().rstrip("=")


def read_cursor(cursor: str, state: int) -> Any:
    """Where the next part begins.

    Raises:
        BadQuestion: `cursor_malformed`.
        Conflict: `cursor_stale`.
    """
    try:
        padded = cursor[:_LONGEST].encode() + b"=" * (-len(cursor) % 4)
        then, place = orjson.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, TypeError):
        raise BadQuestion("cursor_malformed", "expected `next` of the part before") from None
    if then != state:
        raise Conflict("cursor_stale", "the base changed since the first part; begin anew")
    return place


def read_offset(cursor: str | None, state: int) -> int:
    """Where the next part of an answer begins that is cut by number of rows.

    Raises:
        BadQuestion: `cursor_malformed`.
        Conflict: `cursor_stale`.
    """
    if cursor is None:
        return 0
    place = read_cursor(cursor, state)
    if not isinstance(place, int) or place < 0:
        raise BadQuestion("cursor_malformed", "expected `next` of the part before")
    return place


def cut(rows: Sequence[T], offset: int, limit: int, state: int) -> tuple[list[T], str | None]:
    """One part of rows, and the cursor of the next; None where nothing is left.

    >>> cut("abcde", 0, 2, 1)[0], cut("abcde", 4, 2, 1)
    (['a', 'b'], (['e'], None))
    """
    part = list(rows[offset : offset + limit])
    end = offset + len(part)
    return part, write_cursor(state, end) if end < len(rows) else None

"""Pseudonyms under a key, and the shape of what may be left of a JSON document.

A pseudonym is the HMAC-SHA256 of an id under the hospital's key, cut to 128 bits: the same id gives
the same pseudonym in every format and every run, and nobody without the key can tell which id it
was. What a shape does not name is stripped, whatever it is.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

from loaders.identifying import find_in_text

_DIGITS: Final = 32


class Keyed:
    """Pseudonyms under one key, what was stripped so far, and who was met.

    Attributes:
        stripped: by format and field the number of values taken away; never a value.
        persons: pseudonyms given to persons.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.stripped: Counter[tuple[str, str]] = Counter()
        self.persons: set[str] = set()

    def person(self, person_id: str) -> str:
        """The pseudonym of a person."""
        made = self.other("person", person_id)
        self.persons.add(made)
        return made

    def other(self, what: str, written: str) -> str:
        """The pseudonym of a family, a document or a relative: equal ids of two kinds differ."""
        message = f"{what}\0{written.strip()}".encode()
        return "p" + hmac.new(self._key, message, sha256).hexdigest()[:_DIGITS]

    def strip(self, kind: str, place: str, values: int = 1) -> None:
        """Count values that are taken away."""
        if values:
            self.stripped[kind, place] += values


Leaf = Callable[[Any], Any]
"""What becomes of a value; None strips it."""
Shape = Mapping[str, "Shape | Leaf"]
"""What may be left of an object, by field; of a list each element is shaped."""


def plain(value: Any) -> Any:
    """A value that stays: no object, and no text that names somebody."""
    if isinstance(value, dict) or (isinstance(value, str) and find_in_text(value) is not None):
        return None
    return value


def shaped(node: Any, shape: Shape | Leaf, keyed: Keyed, kind: str, place: str = "") -> Any:
    """A copy of a node with nothing but what its shape names; None where nothing is left.

    Args:
        node: decoded JSON.
        shape: what may be left.
        keyed: counts what is stripped.
        kind: the format, for the count.
        place: of the node, with ``*`` for each index.
    """
    if node is None:
        return None
    if isinstance(node, list):
        parts = [shaped(one, shape, keyed, kind, f"{place}/*") for one in node]
        return [part for part in parts if part is not None] or None
    if callable(shape):
        left = shape(node)
        if left is None:
            keyed.strip(kind, place, count_values(node))
        return left
    if not isinstance(node, dict):
        keyed.strip(kind, place)
        return None
    made = {}
    for name, value in node.items():
        inside = shape.get(name)
        if inside is None:
            keyed.strip(kind, f"{place}/{name}", count_values(value))
            continue
        left = shaped(value, inside, keyed, kind, f"{place}/{name}")
        if left is not None:
            made[name] = left
    return made or None


def count_values(node: Any) -> int:
    """How many values a node holds."""
    if isinstance(node, dict):
        return sum(map(count_values, node.values()))
    if isinstance(node, list):
        return sum(map(count_values, node))
    return int(node is not None)

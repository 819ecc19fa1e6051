"""A clinical document taken field by field, so that what nobody took is known in the end.

Values are counted as they are taken. What is left when a reader has finished is set aside, each
value under the reason of its place.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn

from schemas.clinical_values import FieldTally
from schemas.errors import BatchRefused

_CAMEL: Final = re.compile(r"_([a-z])")
Place = Callable[[str], str]
"""The reason for which a value is set aside, by its place: a pointer with ``*`` for each index."""


class Reading:
    """One document while it is read.

    Args:
        content: decoded.
        path: of the document, for errors.
        renamed: whether names are brought to the camel case of Protocol Buffers' JSON.
        place: of the content in a document that holds more, for errors.
        name: what its places begin with in the tally.

    Raises:
        BatchRefused: `document_malformed`.
    """

    def __init__(
        self, content: Any, path: str, *, renamed: bool = False, place: str = "", name: str = ""
    ) -> None:
        self.path = path
        self._renamed = renamed
        self._place = place
        self._name = name
        self.kept = 0
        self.flags: Counter[str] = Counter()
        try:
            self._content = self._copy(content, place)
        except RecursionError:
            self.refuse(place, "it is nested too deeply")

    def _copy(self, node: Any, pointer: str) -> Any:
        """A copy without nulls."""
        if isinstance(node, list):
            return [self._copy(one, f"{pointer}/{at}") for at, one in enumerate(node)]
        if not isinstance(node, dict):
            return node
        made = {}
        for key, value in node.items():
            name = _CAMEL.sub(lambda found: found[1].upper(), key) if self._renamed else key
            if name in made:
                self.refuse(pointer, f"{name} is written in two ways")
            if value is not None:
                made[name] = self._copy(value, f"{pointer}/{name}")
        return made

    @property
    def content(self) -> Any:
        """The copy, as far as it has not been taken."""
        return self._content

    def root(self) -> Fields:
        """The document itself.

        Raises:
            BatchRefused: `document_malformed`.
        """
        if not isinstance(self._content, dict):
            self.refuse(self._place, "expected an object")
        return Fields(self._content, self._place, self)

    def refuse(self, pointer: str, detail: str) -> NoReturn:
        """Refuse the document: what is wrong, never the value.

        Raises:
            BatchRefused: `document_malformed`.
        """
        raise BatchRefused("document_malformed", detail, f"{self.path}#{pointer}")

    def tally(self, reason: Place) -> FieldTally:
        """What was taken, and what is left, by reason and place."""
        left: dict[str, Counter[str]] = defaultdict(Counter)
        for place in _values(self._content, self._name):
            left[reason(place)][place] += 1
        set_aside = {why: dict(sorted(places.items())) for why, places in sorted(left.items())}
        return FieldTally(self.kept, set_aside, dict(sorted(self.flags.items())))


class Fields:
    """An object of a document; a field is taken once, and is then gone from it."""

    def __init__(self, content: dict[str, Any], pointer: str, reading: Reading) -> None:
        self._content = content
        self._pointer = pointer
        self.reading = reading

    def __contains__(self, name: str) -> bool:
        return name in self._content

    def names(self) -> list[str]:
        """The fields that have not been taken."""
        return list(self._content)

    def peek(self, name: str) -> Any:
        """A value that is looked at and stays, None where there is none."""
        return self._content.get(name)

    def text(self, name: str) -> str | None:
        """A text without the blanks around it, None where there is none or nothing in it."""
        value = self._take(name, str, "a text")
        return value.strip() or None if value is not None else None

    def needed(self, name: str) -> str:
        """A text that must be there.

        Raises:
            BatchRefused: `document_malformed`.
        """
        value = self.text(name)
        if value is None:
            self.refuse(f"expected {name}")
        return value

    def choice(self, name: str, *allowed: str) -> str:
        """One of some words; the first is meant where none is written.

        Raises:
            BatchRefused: `document_malformed`.
        """
        value = self.text(name) or allowed[0]
        if value not in allowed:
            self.refuse(f"{name}: expected one of {', '.join(allowed)}")
        return value

    def flag(self, name: str) -> bool:
        """A truth value, false where there is none."""
        return bool(self._take(name, bool, "true or false"))

    def number(self, name: str) -> int | None:
        """A whole number; Protocol Buffers write those of 64 bits as texts."""
        value = self._take(name, (int, str), "a whole number")
        if value is None:
            return None
        if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,18}", str(value)):
            self.refuse(f"{name}: expected a whole number")
        return int(value)

    def decimal(self, name: str) -> float | None:
        """A number with or without a fraction."""
        value = self._take(name, (int, float), "a number")
        if isinstance(value, bool):
            self.refuse(f"{name}: expected a number")
        return None if value is None else float(value)

    def inside(self, name: str) -> Fields | None:
        """An object within, None where there is none."""
        value = self._content.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.refuse(f"{name}: expected an object")
        return Fields(value, f"{self._pointer}/{name}", self.reading)

    def each(self, name: str) -> Iterator[Fields]:
        """The objects of a list, none where there is no list."""
        values = self._content.get(name, [])
        if not isinstance(values, list):
            self.refuse(f"{name}: expected a list")
        for at, value in enumerate(values):
            if not isinstance(value, dict):
                self.refuse(f"{name}/{at}: expected an object")
            yield Fields(value, f"{self._pointer}/{name}/{at}", self.reading)

    def flagged(self, reason: str) -> None:
        """Note a value that is kept and not understood."""
        self.reading.flags[reason] += 1

    def refuse(self, detail: str) -> NoReturn:
        """Refuse the document for something in this object.

        Raises:
            BatchRefused: `document_malformed`.
        """
        self.reading.refuse(self._pointer, detail)

    def _take(self, name: str, kind: type | tuple[type, ...], expected: str) -> Any:
        value = self._content.get(name)
        if value is None:
            return None
        if not isinstance(value, kind):
            self.refuse(f"{name}: expected {expected}")
        del self._content[name]
        self.reading.kept += 1
        return value


def _values(node: Any, place: str) -> Iterator[str]:
    """The place of each value below a node."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _values(value, f"{place}/{key}")
    elif isinstance(node, list):
        for value in node:
            yield from _values(value, f"{place}/*")
    else:
        yield place

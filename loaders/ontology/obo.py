"""OBO 1.2 and 1.4 text, as in ``hp.obo``: stanzas of ``tag: value`` lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from loaders.ontology.term import Release, Term
from schemas.errors import BadQuestion

_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"\s*([A-Z]*)')
_ESCAPE: Final = re.compile(r"\\(.)")
_LISTS: Final = {
    "alt_id": "alternatives",
    "is_a": "parents",
    "replaced_by": "replaced_by",
    "consider": "consider",
}
"""Tags whose value begins with an id."""


def read_obo(lines: Iterable[str], where: str) -> Release:
    """The terms of an OBO file.

    Args:
        lines: the file's.
        where: the file, for errors.

    Raises:
        BadQuestion: `annotation_malformed`, with the line.
    """
    release = Release(None, {})
    stanza, term = "", None
    for number, line in enumerate(lines, 1):
        if line.startswith("["):
            stanza, term = line.strip(), None
            continue
        tag, colon, value = line.partition(":")
        value = value.strip()
        if not line.strip() or line.startswith("!"):
            continue
        if not colon or not value:
            detail = "expected a tag, a colon and a value"
            raise BadQuestion("annotation_malformed", detail, f"{where}, line {number}")
        if not stanza and tag == "data-version":
            release.version = value
        if stanza != "[Term]":
            continue
        if tag == "id":
            term = Term(value)
            if value in release.terms:
                detail = f"{value} is there twice"
                raise BadQuestion("annotation_malformed", detail, f"{where}, line {number}")
            release.terms[value] = term
        elif term is None:
            detail = f"a term begins with {tag}, expected its id"
            raise BadQuestion("annotation_malformed", detail, f"{where}, line {number}")
        else:
            _take(term, tag, value, f"{where}, line {number}")
    return release


def _take(term: Term, tag: str, value: str, where: str) -> None:
    if tag == "name":
        term.label = _plain(value)
    elif tag in _LISTS:
        # What follows the id are qualifiers and a comment.
        getattr(term, _LISTS[tag]).append(value.split()[0])
    elif tag == "is_obsolete":
        term.obsolete = value.split()[0] == "true"
    elif tag in ("def", "synonym"):
        quoted = _QUOTED.match(value)
        if quoted is None:
            raise BadQuestion("annotation_malformed", f"{tag} holds no quoted text", where)
        text = _plain(quoted[1])
        if tag == "def":
            term.definition = text
        else:
            (term.exact if quoted[2] == "EXACT" else term.other).append(text)


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda found: {"n": "\n", "t": "\t", "W": " "}.get(found[1], found[1]), text)

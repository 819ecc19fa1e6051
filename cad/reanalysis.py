"""The list of what to look at again, whole or of what somebody watches."""

from __future__ import annotations

from cad.annotation.reader import open_annotations
from cad.changes import Document, Key, about, describe, figure_changes, merged, read_since
from cad.changes_clinvar import class_changes
from cad.query.base import open_base
from cad.query.reader import BaseReader
from cad.readers import open_reader
from cad.registry.engine import reading
from cad.registry.watches import WatchRow, list_watches
from cad.warehouse import Warehouse
from cad.watch import gene_places, place_of


def find_changes(
    warehouse: Warehouse, since: str, purpose: str = "care", release: str | None = None
) -> Document:
    """What changed since a release, a commit or the end of a day, of one purpose.

    Args:
        warehouse: the warehouse.
        since: a release, a commit's number, or a date as YYYY-MM-DD.
        purpose: whose consents and cohorts let them count.
        release: up to which release, `since` being one too: by what the two tell, and no more;
            None for the latest base.

    Returns:
        The document that `cad changes` prints.

    Raises:
        BadQuestion: `purpose_unknown`.
        NotFound: `base_missing`, `release_unknown`.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    with open_reader(warehouse, purpose, release) as reader:
        with reading(warehouse.engine) as connection:
            then = read_since(connection, since)
        classes, notes = class_changes(reader, then.commit_no)
        figures: dict[Key, list[Document]] = {}
        if release is not None:
            # Reading releases needs compiled code, which the list of batches does not.
            from cad.releases.changes import released_changes  # noqa: PLC0415

            with open_reader(warehouse, purpose, since) as before:
                figures = released_changes(before, reader)
        elif then.base is not None:
            figures = figure_changes(reader, then)
        else:
            notes.append("there was no base then: no figures to compare with")
        variants, by_indication = describe(reader, merged((figures, classes)))
        return {
            **about(reader, then),
            "variants": variants,
            "by_indication": by_indication,
            "notes": notes,
        }


def fired_watches(warehouse: Warehouse, purpose: str = "care") -> list[Document]:
    """What befell what is watched since the base before the latest one: the night's news.

    Raises:
        NotFound: `base_missing`.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    with open_base(warehouse, purpose) as base:
        with reading(warehouse.engine) as connection:
            held = list_watches(connection, base.pinned_no)
            if not held:
                return []
            then = read_since(connection, str(base.commit_no - 1))
        reader = BaseReader(warehouse, base)
        figures = figure_changes(reader, then) if then.base is not None else {}
        # Classes as they were when the base before was built.
        classes, _ = class_changes(reader, then.base.commit_no if then.base else then.commit_no)
        found = merged((figures, classes))
        return [
            {"watched": one.key, "kind": one.kind, "variants": describe(reader, own)[0]}
            for one in held
            if (own := _of(reader, one, found))
        ]


def _of(
    reader: BaseReader, watch: WatchRow, found: dict[Key, list[Document]]
) -> dict[Key, list[Document]]:
    """The changes that a watch is about."""
    if watch.kind == "variant":
        places = [place_of(watch.key)]
    else:
        annotations = open_annotations(reader.warehouse, reader.base.pinned_no)
        places = gene_places(annotations, [watch.key])
    return {key: changes for key, changes in found.items() if any(_lies_in(key, p) for p in places)}


def _lies_in(key: Key, place: Document) -> bool:
    contig, pos, ref, alt = key
    inside = place["contig"] == contig and place["start"] <= pos <= place["end"]
    return inside and (place.get("ref") in (None, ref)) and (place.get("alt") in (None, alt))

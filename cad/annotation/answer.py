"""Annotations as answers hold them: each source with its version, had it anything or not."""

from __future__ import annotations

from typing import Any

from cad.annotation.reader import AnnotationReader, Record
from cad.query.parse import Variant
from cad.registry.annotations import AnnotationRow
from loaders.annotation.kinds import KINDS

Document = dict[str, Any]


def annotations_of(reader: AnnotationReader, variant: Variant) -> list[Document]:
    """What each source says of a variant; no records where it says nothing.

    Raises:
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    found = reader.at(variant)
    return [
        said_by(source, found.get(source.annotation_no, []))
        for source in reader.sources
        if KINDS[source.kind].key == "variant"
    ]


def said_by(source: AnnotationRow, records: list[Record]) -> Document:
    """The entry of one source."""
    return {
        "source": source.name,
        "kind": source.kind,
        "version": source.version,
        "records": records,
    }

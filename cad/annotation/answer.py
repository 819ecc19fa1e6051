"""Annotations as answers hold them: each source with its version, had it anything or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cad.annotation.reader import AnnotationReader, Record
from cad.registry.annotations import AnnotationRow
from loaders.annotation.kinds import KINDS

if TYPE_CHECKING:
    from cad.query.parse import Region, Variant

Document = dict[str, Any]


def annotations_of(reader: AnnotationReader, variant: Variant) -> list[Document]:
    """What each source says of a variant; no records where it says nothing.

    Raises:
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    return _said(reader, reader.at(variant))


def annotations_between(
    reader: AnnotationReader, region: Region
) -> Callable[[Variant], list[Document]]:
    """What each source says of the variants of a region, as `annotations_of` does of one.

    Raises:
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    found = reader.between(region)

    def of(variant: Variant) -> list[Document]:
        key = variant.pos, variant.ref, variant.alt
        return _said(reader, {number: own.get(key, []) for number, own in found.items()})

    return of


def _said(reader: AnnotationReader, found: Mapping[int, list[Record]]) -> list[Document]:
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

"""What a variant is called elsewhere, and what it does: the part of an answer counting nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from cad.annotation.consequences import consequences_between
from cad.annotation.reader import AnnotationReader
from cad.query.parse import Region, Variant
from cad.query.reader import BaseReader
from loaders.hgvs.names import genomic_name
from loaders.reference import refget_of, registered_sequence
from loaders.vrs import justify

Document = dict[str, Any]

_NO_REFERENCE: Final = "no reference is registered"
_NOT_WHOLE: Final = "the contig's whole sequence is not registered"


def describer(
    reader: BaseReader, annotations: AnnotationReader, region: Region
) -> Callable[[Variant, bool], Document]:
    """What the variants of a region are called and do.

    The function returned takes a variant of the region, and whether the base asked has it.

    Raises:
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    does = consequences_between(annotations, region)

    def of(variant: Variant, is_seen: bool) -> Document:
        return names_of(reader, variant) | does(variant, is_seen)

    return of


def names_of(reader: BaseReader, variant: Variant) -> Document:
    """A variant's g. name, and its VRS identifier or why it has none."""
    reference, contig = reader.reference, variant.contig
    place = variant.pos, variant.ref, variant.alt
    bases = registered_sequence(reference, contig)
    accession = refget_of(reference, contig)
    why = None
    if accession is None:
        why = _NO_REFERENCE if reference is None else _NOT_WHOLE
    return {
        "asked_as": variant.asked_as,
        "hgvs_g": genomic_name(reader.warehouse.assembly, bases, contig, *place),
        "vrs_id": accession and justify(bases.bases, accession, *place).identifier,
        "vrs_missing": why,
    }

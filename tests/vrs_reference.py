"""The reference implementation of VRS over sequences in memory."""

from collections.abc import Mapping
from typing import Any

from ga4gh.core import ga4gh_identify
from ga4gh.vrs import models, normalize
from ga4gh.vrs.dataproxy import _DataProxy


class Held(_DataProxy):
    """The sequences that the reference implementation may read."""

    def __init__(self, sequences: Mapping[str, str]) -> None:
        super().__init__()
        self.sequences = sequences

    def get_sequence(
        self, identifier: str, start: int | None = None, end: int | None = None
    ) -> str:
        return self.sequences[identifier][start:end]

    def get_metadata(self, identifier: str) -> dict[str, Any]:
        return {"length": len(self.sequences[identifier]), "aliases": [identifier]}


def reference_implementation(
    sequence: str, accession: str, pos: int, ref: str, alt: str
) -> dict[str, Any]:
    """The allele as GA4GH's own library justifies and identifies it."""
    location = models.SequenceLocation(
        sequenceReference=models.SequenceReference(refgetAccession=accession),
        start=pos - 1,
        end=pos - 1 + len(ref),
    )
    allele = models.Allele(location=location, state=models.LiteralSequenceExpression(sequence=alt))
    made = normalize(allele, Held({f"ga4gh:{accession}": sequence}))
    made.id = ga4gh_identify(made)
    document: dict[str, Any] = made.model_dump(exclude_none=True)
    for part in (document, document["location"]):
        part.pop("digest", None)
    document["location"].pop("id", None)
    return document

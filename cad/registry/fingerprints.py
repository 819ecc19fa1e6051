"""Rows of fingerprints: what the genotypes tell of a sample's sex and person."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from cad.registry.tables import fingerprint, fingerprint_band, sample

_PARAMETERS: Final = 10_000


@dataclass(frozen=True)
class KnownPrint:
    """The fingerprint of a live sample, and who its sheet says it is."""

    sample_no: int
    person_id: str
    twin_of: str | None
    sketch: bytes


def insert_fingerprints(
    connection: Connection,
    sexes: Mapping[int, str],
    sketches: Mapping[int, bytes],
    bands: Mapping[int, Sequence[int]],
) -> None:
    """Keep what is known of samples, by number."""
    rows = [
        {"sample_no": number, "sex": sexes.get(number), "sketch": sketches.get(number)}
        for number in sorted(sexes.keys() | sketches.keys())
    ]
    own = [
        {"band": band, "sample_no": number}
        for number in sorted(bands)
        for band in sorted(set(bands[number]))
    ]
    for table, some in ((fingerprint, rows), (fingerprint_band, own)):
        if some:
            connection.execute(insert(table), some)


def forget_fingerprints(connection: Connection, batch_no: int) -> None:
    """Delete the fingerprints of a batch's samples: it is being replaced."""
    own = select(sample.c.sample_no).where(sample.c.batch_no == batch_no)
    for table in (fingerprint_band, fingerprint):
        connection.execute(delete(table).where(table.c.sample_no.in_(own)))


def prints_alike(
    connection: Connection, bands: Collection[int], since: int, replaced: int | None
) -> list[KnownPrint]:
    """Live samples that share one of these bands.

    Args:
        connection: an open transaction.
        bands: of the samples that come.
        since: only samples of later commits.
        replaced: number of a batch whose samples are about to be removed.
    """
    found: dict[int, KnownPrint] = {}
    for some in _chunks(bands):
        alike = select(fingerprint_band.c.sample_no).where(fingerprint_band.c.band.in_(some))
        query = (
            select(sample.c.sample_no, sample.c.person_id, sample.c.twin_of, fingerprint.c.sketch)
            .join(fingerprint, fingerprint.c.sample_no == sample.c.sample_no)
            .where(
                sample.c.sample_no.in_(alike),
                sample.c.removed_at.is_(None),
                sample.c.added_at > since,
            )
        )
        if replaced is not None:
            query = query.where(sample.c.batch_no != replaced)
        found |= {row.sample_no: KnownPrint(*row) for row in connection.execute(query)}
    return [found[number] for number in sorted(found)]


def sketches_of(connection: Connection, numbers: Collection[int]) -> dict[int, bytes]:
    """The sketches of some samples, by number, of those that have one."""
    found: dict[int, bytes] = {}
    for some in _chunks(numbers):
        query = select(fingerprint.c.sample_no, fingerprint.c.sketch).where(
            fingerprint.c.sample_no.in_(some), fingerprint.c.sketch.is_not(None)
        )
        found |= {number: bytes(sketch) for number, sketch in connection.execute(query)}
    return found


def _chunks(values: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), _PARAMETERS):
        yield ordered[start : start + _PARAMETERS]

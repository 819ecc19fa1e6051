"""Samples that were pushed before and concern those of a batch: who they are, where they lie."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from cad.build.tracks import read_tracks
from cad.door.arrivals import LOOKED_AT, Holding, Part
from cad.registry.files import LakeFile, lake_files
from cad.registry.samples import buckets_of, live_samples, sample_tracks
from cad.registry.tables import sample
from cad.warehouse import Warehouse

_PARENTS: Final = ("father_id", "mother_id")


@dataclass(frozen=True)
class Stored:
    """One live sample of the warehouse: a germline genome, exome or panel."""

    sample_no: int
    person_id: str
    assay: str
    parents: frozenset[str]
    added_at: int


def stored_samples(
    connection: Connection, persons: Collection[str], replaced: int | None
) -> dict[str, list[Stored]]:
    """The samples of some persons that the door looks at, by person.

    Genomes come first, then exomes, then panels; those of the batch numbered `replaced` are left
    out.
    """
    found: dict[str, list[Stored]] = {}
    for row in live_samples(connection, (), persons):
        if _is_looked_at(row) and row["batch_no"] != replaced:
            parents = frozenset(row[name] for name in _PARENTS if row[name] is not None)
            one = Stored(row["sample_no"], row["person_id"], row["assay"], parents, row["added_at"])
            found.setdefault(one.person_id, []).append(one)
    for samples in found.values():
        samples.sort(key=lambda one: (LOOKED_AT.index(one.assay), -one.sample_no))
    return found


def _is_looked_at(row: Mapping[str, Any]) -> bool:
    return bool(row["material"] == "germline" and row["assay"] in LOOKED_AT and row["has_germline"])


def children_of(connection: Connection, parents: Collection[str]) -> set[str]:
    """Persons with a live sample that names one of these as a parent."""
    found: set[str] = set()
    for name in _PARENTS:
        for some in _chunks(sorted(parents)):
            query = select(sample.c.person_id).where(
                sample.c[name].in_(some), sample.c.removed_at.is_(None)
            )
            found |= set(connection.scalars(query))
    return found


def _chunks(values: list[str], size: int = 10_000) -> Iterable[list[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def stored_holdings(
    connection: Connection, warehouse: Warehouse, commit_no: int, numbers: Collection[int]
) -> dict[int, Holding]:
    """Where the rows of some samples lie at a pinned commit, by number."""
    buckets = buckets_of(connection, numbers)
    parts: dict[str, dict[int, list[Part]]] = {}
    files: dict[str, list[LakeFile]] = {}
    for table in ("calls", "callable", "tracks"):
        files[table] = lake_files(connection, commit_no, table, buckets=set(buckets.values()))
        for file in files[table]:
            of_bucket = parts.setdefault(table, {}).setdefault(file.bucket_no or 0, [])
            of_bucket.append(Part(warehouse.path / file.path, file.spans, warehouse.lake))
    of_sample = sample_tracks(connection, numbers)
    wanted = {number for some in of_sample.values() for number in some}
    paths = [warehouse.lake.local(file.path) for file in files["tracks"]]
    tracks = read_tracks(paths, wanted) if wanted else {}
    return {
        number: Holding(
            number,
            tuple(parts.get("calls", {}).get(bucket, ())),
            tuple(parts.get("callable", {}).get(bucket, ())),
            tuple(tracks[one] for one in of_sample.get(number, ()) if one in tracks),
        )
        for number, bucket in buckets.items()
    }

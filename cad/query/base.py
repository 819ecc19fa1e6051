"""The base of one purpose as one reader sees it: pinned, with its strata and its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from cad.build.people import ALL, ATTRIBUTES, PURPOSES, attributes_of
from cad.lake import Lake
from cad.leases import pin
from cad.registry.bases import BaseRow, latest_base
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.registry.folded import stratum_numbers
from cad.registry.numbers import latest_commit
from cad.warehouse import Warehouse
from schemas.contigs import BIN_SIZE, CONTIG_ORDER
from schemas.errors import BadQuestion, NotFound

BASE_TABLES: Final = ("base_counts", "base_an", "base_depth", "base_index")
ADDED_TABLES: Final = ("added_counts", "added_depth", "added_variants")


class OvertakenError(Exception):
    """A build committed between the pin and the reading of what the registry keeps of a base."""


class Place(NamedTuple):
    """One 10 Mb bin of a contig, from 0."""

    contig: str
    bin: int

    @classmethod
    def of(cls, contig: str, pos: int) -> Place:
        """The bin of a position."""
        return cls(contig, (pos - 1) // BIN_SIZE)


class Stratum(NamedTuple):
    """A stratum with persons: its number in the base's files, and its name."""

    number: int
    name: str

    @property
    def order(self) -> tuple[bool, bool, int, bytes]:
        """Where it stands in answers: `all`, single attributes, conjunctions; values by bytes.

        Numbers depend on the order of arrival, this does not.
        """
        attribute = self.name.partition("=")[0]
        rank = ATTRIBUTES.index(attribute) if attribute in ATTRIBUTES else len(ATTRIBUTES)
        return (self.name != ALL, self.is_conjunction, rank, self.name.encode())

    @property
    def is_conjunction(self) -> bool:
        """Whether it names several attributes."""
        return len(attributes_of(self.name)) > 1


@dataclass(frozen=True)
class Base:
    """The base of one purpose at a pinned commit.

    Attributes:
        purpose: whose consents and cohorts let them count.
        pinned_no: the commit that the reader pinned: the latest of all.
        commit_no: the commit of the build.
        built_at: when that was.
        persons: persons folded.
        variants: variants with a raw count above 0.
        strata: those with persons, `all` first; never empty.
        lake: what brings files to this machine.
        files: by table, contig and bin, what each bin was last written to as a whole; open what
            `path` gives.
        added: likewise the files that builds added since, oldest first: to be summed with those;
            open what `paths_added` gives.
        release: the release that froze it; None for the latest base.
    """

    purpose: str
    pinned_no: int
    commit_no: int
    built_at: datetime
    persons: int
    variants: int
    strata: tuple[Stratum, ...]
    lake: Lake
    files: Mapping[str, Mapping[Place, Path]]
    added: Mapping[str, Mapping[Place, tuple[Path, ...]]] = field(
        default_factory=lambda: {table: {} for table in ADDED_TABLES}
    )
    release: str | None = None

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """The strata's numbers, in their order."""
        return np.array([stratum.number for stratum in self.strata])

    @cached_property
    def platforms(self) -> tuple[str, ...]:
        """The platforms that have persons in this base."""
        prefix = "platform="
        names = (stratum.name for stratum in self.strata)
        return tuple(name[len(prefix) :] for name in names if name.startswith(prefix))

    def path(self, table: str, place: Place) -> Path | None:
        """The file of one bin as it was last written; None where it would hold no row."""
        found = self.files[table].get(place)
        return None if found is None else self.lake.local(found)

    def paths(self, what: Literal["counts", "depth"], place: Place) -> list[Path]:
        """All files of one bin whose rows are to be summed; the first is not always the base's."""
        own = self.path(f"base_{what}", place)
        added = self.paths_added(f"added_{what}", place)
        return [*([] if own is None else [own]), *added]

    def paths_added(self, table: str, place: Place) -> tuple[Path, ...]:
        """The files of one bin that builds added to a table since, oldest first."""
        return tuple(map(self.lake.local, self.added[table].get(place, ())))

    def added_places(self) -> set[Place]:
        """The bins that builds added to since they were last written as a whole."""
        return {place for of_table in self.added.values() for place in of_table}

    def is_added_to(self, place: Place) -> bool:
        """Whether builds added to a bin since it was last written as a whole."""
        return place in self.added["added_counts"] or place in self.added["added_depth"]

    def places(self, table: str) -> list[Place]:
        """The bins of a table, by contig and position."""
        return sorted(self.files[table], key=lambda one: (CONTIG_ORDER[one.contig], one.bin))


def check_purpose(purpose: str) -> None:
    """Refuse a purpose that does not exist.

    Raises:
        BadQuestion: `purpose_unknown`.
    """
    if purpose not in PURPOSES:
        raise BadQuestion("purpose_unknown", f"expected one of {', '.join(PURPOSES)}", purpose)


@contextmanager
def open_base(warehouse: Warehouse, purpose: str) -> Iterator[Base]:
    """Pin the latest base of a purpose; its files stay on disk until the block ends.

    Raises:
        BadQuestion: `purpose_unknown`.
        NotFound: `base_missing`, where nothing was built yet.
        Unavailable: `registry_unusable`.
    """
    check_purpose(purpose)
    while True:
        with pin(warehouse) as commit_no:
            try:
                with reading(warehouse.engine) as connection:
                    base = read_base(connection, warehouse, commit_no, purpose)
            except OvertakenError:
                continue
            yield base
            return


def read_base(connection: Connection, warehouse: Warehouse, commit_no: int, purpose: str) -> Base:
    """Read what the registry keeps of the latest base at a pinned commit.

    Raises:
        NotFound: `base_missing`.
        OvertakenError: that base is no longer the latest, whose strata alone the registry knows.
    """
    row = newest_base(connection, commit_no)
    if row is None or purpose not in row.purposes:
        raise NotFound("base_missing", "build the base first", purpose)
    found: dict[str, dict[Place, tuple[Path, ...]]] = {
        table: {} for table in (*BASE_TABLES, *ADDED_TABLES)
    }
    for file in lake_files(connection, commit_no, found, purpose=purpose):
        if file.contig is not None and file.bin is not None:
            of_table, place = found[file.table], Place(file.contig, file.bin)
            of_table[place] = (*of_table.get(place, ()), warehouse.path / file.path)
    numbers = stratum_numbers(connection, purpose)
    # A base of nobody has no strata; its answers still have a row for everybody.
    numbers.setdefault(ALL, max(numbers.values(), default=0) + 1)
    strata = sorted((Stratum(no, name) for name, no in numbers.items()), key=lambda s: s.order)
    size = row.purposes[purpose]
    return Base(
        purpose=purpose,
        pinned_no=commit_no,
        commit_no=row.commit_no,
        built_at=row.built_at,
        persons=size.persons,
        variants=size.variants,
        strata=tuple(strata),
        lake=warehouse.lake,
        files={
            table: {place: paths[-1] for place, paths in found[table].items()}
            for table in BASE_TABLES
        },
        added={table: found[table] for table in ADDED_TABLES},
    )


def newest_base(connection: Connection, commit_no: int) -> BaseRow | None:
    """The latest build at a pinned commit.

    Raises:
        OvertakenError: there is a later build.
    """
    row = latest_base(connection, commit_no)
    newest = latest_base(connection, latest_commit(connection))
    if (newest.commit_no if newest else None) != (row.commit_no if row else None):
        raise OvertakenError
    return row

"""Answers from a release: what it froze, as it tells it, whatever was pushed or built since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq

from cad.build.people import PURPOSES
from cad.export.figures import Contigs, FiguresBlock
from cad.frequency import allele_count
from cad.index import COUNT_FIELDS, DEPTH_FIELDS
from cad.lake import Lake
from cad.leases import pin
from cad.query.base import BASE_TABLES, Base, Place, Stratum, check_purpose
from cad.query.parse import Region, Variant
from cad.query.reader import BaseReader, Figures
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.registry.numbers import latest_commit
from cad.registry.releases import ReleaseRow, find_release, list_releases
from cad.releases.names import FREQUENCIES, PHENOTYPES, UNDISCLOSED, purpose_of
from cad.releases.table import FrozenTable
from cad.warehouse import Warehouse
from schemas.contigs import RegionClass, stretches
from schemas.errors import NotFound

_HIDDEN_UNSEEN: Final = (
    "ac", "an", "af", "n_het", "n_hom", "n_hemi", "persons", "faf95", "ac_raw", "an_raw",
)  # fmt: skip


class ReleaseReader(BaseReader):
    """Answers from a purpose of a release, as `BaseReader` does from a base.

    Of variants that nobody carried it knows the denominators at their position: outside care those
    of `all` only, for no rule was applied to the others.
    """

    def __init__(self, warehouse: Warehouse, base: Base, table: FrozenTable) -> None:
        super().__init__(warehouse, base)
        self._table = table

    def blocks(self) -> Contigs:
        """All its variants, contig by contig.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        return self._table.contigs()

    def lookup(self, variant: Variant) -> Figures:
        """The figures of a variant, whether the release holds it or not.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        place = Region(variant.contig, variant.pos, variant.pos)
        for found, figures in self.between(place):
            if (found.ref, found.alt) == (variant.ref, variant.alt):
                return figures
        unseen = super().lookup(variant)
        if self.base.purpose in UNDISCLOSED:
            return unseen
        others = np.arange(len(self.base.strata)) > 0
        masks, flags = dict.fromkeys(_HIDDEN_UNSEEN, others), unseen.flags
        withheld = self.withheld(place, 0)
        if "persons" in withheld:
            masks["persons"] = np.ones(len(others), bool)
        if withheld:
            # The call rate is persons over persons.
            flags = np.full(len(flags), np.nan)
        return replace(unseen, masks=masks, flags=flags)

    def withheld(self, region: Region, at: int) -> frozenset[str]:
        """Outside care `all` alone is told of positions, on X and Y without the sexes' numbers.

        On X outside the PARs AN less persons is the number of women; who was assayed, there and on
        Y, is men and women both.
        """
        if self.base.purpose in UNDISCLOSED:
            return frozenset()
        if at:
            return frozenset(DEPTH_FIELDS)
        classes = {
            one.region_class
            for one in stretches(self.warehouse.assembly, region.contig)
            if one.start <= region.end and region.start <= one.end
        }
        if RegionClass.X_SPECIFIC in classes:
            return frozenset({"persons", "assayed"})
        return frozenset({"assayed"} if RegionClass.Y_SPECIFIC in classes else ())

    def between(self, region: Region) -> Iterator[tuple[Variant, Figures]]:
        """The variants of the release in a region, sorted by pos, ref, alt.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        for block in self._table.between(region.contig, region.start, region.end):
            for at, (ref, alt) in enumerate(block.alleles):
                variant = Variant(region.contig, int(block.pos[at]), ref, alt)
                yield variant, self._told(block, at, variant)

    def frozen_blocks(self, contig: str) -> Iterator[FiguresBlock]:
        """What it tells of all variants of a contig, as it is kept.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        return self._table.blocks(contig)

    def frozen_between(self, contig: str, start: int, end: int) -> Iterator[FiguresBlock]:
        """What it tells of the variants of some positions, as it is kept."""
        return self._table.between(contig, start, end)

    def _told(self, block: FiguresBlock, at: int, variant: Variant) -> Figures:
        forms = np.stack([getattr(block, name)[at] for name in ("n_het", "n_hom", "n_hemi")])
        ac, ac_raw = block.ac[at], block.ac_raw[at]
        # Where the forms are hidden ac is told alone; of raw counts it is in any case.
        untold = allele_count(block.contig, *forms) != ac
        forms = np.where(untold, np.stack([ac, np.zeros_like(ac), np.zeros_like(ac)]), forms)
        counts = np.zeros((len(self.base.strata), len(COUNT_FIELDS)), np.int64)
        counts[:, :3], counts[:, 3] = forms.T, ac_raw
        depths = self.depths_at(variant.contig, variant.pos)
        for place, name in enumerate(DEPTH_FIELDS):
            if name != "assayed":
                depths[:, place] = getattr(block, name)[at]
        masks = {name: mask[at] for name, mask in block.masks.items()}
        return Figures(counts, depths, block.flags[at], masks)


@contextmanager
def open_release(warehouse: Warehouse, name: str, purpose: str) -> Iterator[ReleaseReader]:
    """Open a purpose of a release for one reader.

    Raises:
        BadQuestion: `purpose_unknown`.
        NotFound: `release_unknown`.
        Unavailable: `registry_unusable`.
    """
    check_purpose(purpose)
    with pin(warehouse) as commit_no:
        with reading(warehouse.engine) as connection:
            row = find_release(connection, name)
            if row is None:
                raise NotFound("release_unknown", "no release has this name", name)
            own = purpose_of(name, purpose)
            files = {
                table: lake_files(connection, commit_no, table, purpose=own)
                for table in (*BASE_TABLES, FREQUENCIES)
            }
        paths = {file.contig: warehouse.path / file.path for file in files.pop(FREQUENCIES)}
        placed = {
            table: {
                Place(file.contig, file.bin): warehouse.path / file.path
                for file in own_files
                if file.contig is not None and file.bin is not None
            }
            for table, own_files in files.items()
        }
        base = _base(row, purpose, commit_no, warehouse.lake, placed)
        table = FrozenTable(
            {contig: path for contig, path in paths.items() if contig is not None},
            [one.name for one in base.strata],
            warehouse.lake,
        )
        yield ReleaseReader(warehouse, base, table)


def _base(
    row: ReleaseRow, purpose: str, pinned_no: int, lake: Lake, files: Mapping[str, Any]
) -> Base:
    own = row.manifest["purposes"][purpose]
    return Base(
        purpose=purpose,
        pinned_no=pinned_no,
        commit_no=row.commit_no,
        built_at=datetime.fromisoformat(row.manifest["built_at"]),
        persons=own["persons"],
        variants=own["variants"],
        strata=tuple(Stratum(one["number"], one["stratum"]) for one in own["strata"]),
        lake=lake,
        files=files,
        release=row.name,
    )


def list_release_documents(warehouse: Warehouse) -> list[dict[str, Any]]:
    """The releases, in the order in which they were made, without their files.

    Raises:
        Unavailable: `registry_unusable`.
    """
    with reading(warehouse.engine) as connection:
        rows = list_releases(connection)
    return [_brief(row) for row in rows]


def find_release_document(warehouse: Warehouse, name: str) -> dict[str, Any]:
    """What a release holds: commit, thresholds, sources, persons, files with checksums.

    Raises:
        NotFound: `release_unknown`.
        Unavailable: `registry_unusable`.
    """
    with reading(warehouse.engine) as connection:
        row = find_release(connection, name)
    if row is None:
        raise NotFound("release_unknown", "no release has this name", name)
    return {**_brief(row), **row.manifest}


def find_phenotypes(warehouse: Warehouse, name: str, purpose: str) -> dict[str, Any]:
    """How many persons of a release have each feature, and in how many it was excluded.

    Returns:
        `release`, `purpose`, `commit`, `created_at`, `persons`, and `terms`: rows of
        `schemas.releases.RELEASE_PHENOTYPES`, null where a figure is hidden.

    Raises:
        BadQuestion: `purpose_unknown`.
        NotFound: `release_unknown`.
        Unavailable: `registry_unusable`.
    """
    check_purpose(purpose)
    with reading(warehouse.engine) as connection:
        row = find_release(connection, name)
        if row is None:
            raise NotFound("release_unknown", "no release has this name", name)
        commit_no, own = latest_commit(connection), purpose_of(name, purpose)
        files = lake_files(connection, commit_no, PHENOTYPES, purpose=own)
    brief = _brief(row)
    return {
        **{key: brief[key] for key in ("release", "commit", "created_at")},
        "purpose": purpose,
        "persons": brief["persons"][purpose],
        "terms": [
            term
            for path in [warehouse.lake.local(file.path) for file in files]
            for term in pq.read_table(path).to_pylist()
        ],
    }


def _brief(row: ReleaseRow) -> dict[str, Any]:
    purposes = row.manifest["purposes"]
    return {
        "release": row.name,
        "commit": row.commit_no,
        "created_at": row.created_at.isoformat(),
        "withdrawn_since": row.withdrawn_since,
        "persons": {name: purposes[name]["persons"] for name in PURPOSES},
        "variants": {name: purposes[name]["variants"] for name in PURPOSES},
    }

"""What one family contributes to the figures at a variant, so that it can be taken out exactly.

A base tells of sums only. The family's own part is counted from the lake as the build counts it
(DESIGN 5.6): from the calls, callable rows and tracks of the samples by which its members count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import Connection, select

from cad.index import COUNT_FIELDS, DEPTH_FIELDS
from cad.query.base import Base, OvertakenError, newest_base
from cad.query.lake_point import SamplesAtPoint, read_point
from cad.query.parse import Variant
from cad.query.reader import BaseReader, Figures
from cad.registry.engine import reading
from cad.registry.tables import folded, sample, visible
from schemas.contigs import RegionClass, region_class
from schemas.errors import Conflict, NotFound
from schemas.known import PLOIDY, SEXES, passing, raw

_DOSES: Final = {RegionClass.MITOCHONDRIAL: (2, 2, 2, 2)}
"""Which half of a dosage code counts where it is not the ploidy's: on M the two-copy bits."""


@dataclass(frozen=True)
class FamilyShare:
    """A family's part in the answer to one variant.

    Attributes:
        figures: what it contributes, in the order of the base's strata.
        persons: its members in the base.
        emptied: names of the strata that it alone makes up.
    """

    figures: Figures
    persons: int
    emptied: frozenset[str]


@dataclass(frozen=True)
class Member:
    """How one person of a family counts in the base; `strata` are numbers."""

    person_id: str
    sample_no: int
    sex: str
    strata: frozenset[int]


def family_share(reader: BaseReader, variant: Variant, family_id: str) -> FamilyShare:
    """Count a family's contribution at a variant.

    A family is everybody whose sample sheet, in any live batch, names it.

    Raises:
        NotFound: `family_unknown`.
        Conflict: `base_conflict`, where another base replaced the pinned one.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    warehouse, base = reader.warehouse, reader.base
    with reading(warehouse.engine) as connection:
        members = family_members(connection, base, family_id)
        strata = {number for member in members for number in member.strata}
        emptied = _emptied(connection, base.purpose, {one.person_id for one in members}, strata)
        numbers = {member.sample_no for member in members}
        point = read_point(connection, warehouse.lake, variant, numbers)
    figures = _figures(reader, variant, members, point)
    names = {stratum.number: stratum.name for stratum in base.strata}
    return FamilyShare(figures, len(members), frozenset(names[number] for number in emptied))


def family_members(connection: Connection, base: Base, family_id: str) -> list[Member]:
    """Those of a family whom a base counts: everybody whose sheet, in any live batch, names it.

    Raises:
        NotFound: `family_unknown`.
        Conflict: `base_conflict`, where another base replaced the pinned one.
    """
    check_latest(connection, base)
    persons = _persons(connection, base, family_id)
    query = select(folded.c.person_id, folded.c.sample_no, folded.c.sex, folded.c.strata).where(
        folded.c.purpose == base.purpose, folded.c.person_id.in_(persons)
    )
    rows = connection.execute(query)
    return [Member(person, number, sex, frozenset(own)) for person, number, sex, own in rows]


def check_latest(connection: Connection, base: Base) -> None:
    """Refuse a base that was replaced: what is folded is known of the latest one only.

    Raises:
        Conflict: `base_conflict`.
    """
    try:
        row = newest_base(connection, base.commit_no)
    except OvertakenError:
        row = None
    if row is None:
        raise Conflict("base_conflict", "a build replaced the base meanwhile; ask once more")


def _persons(connection: Connection, base: Base, family_id: str) -> set[str]:
    """Everybody whose live or counted sample names the family."""
    live = select(sample.c.person_id).where(
        sample.c.family_id == family_id, visible(sample, base.commit_no)
    )
    counted = (
        select(folded.c.person_id)
        .join(sample, sample.c.sample_no == folded.c.sample_no)
        .where(sample.c.family_id == family_id)
    )
    persons = {*connection.scalars(live), *connection.scalars(counted)}
    if not persons:
        raise NotFound("family_unknown", "no sample names this family")
    return persons


def _emptied(
    connection: Connection, purpose: str, persons: Iterable[str], strata: Iterable[int]
) -> set[int]:
    """Those of some strata in which nobody else is."""
    left = set(strata)
    query = select(folded.c.strata).where(
        folded.c.purpose == purpose, folded.c.person_id.not_in(persons)
    )
    with connection.execute(query.execution_options(yield_per=1000)) as rows:
        for (numbers,) in rows:
            left.difference_update(numbers)
            if not left:
                break
    return left


def _figures(
    reader: BaseReader, variant: Variant, members: Iterable[Member], point: SamplesAtPoint
) -> Figures:
    strata = reader.base.strata
    counts = np.zeros((len(strata), len(COUNT_FIELDS)), np.int64)
    depths = np.zeros((len(strata), len(DEPTH_FIELDS)), np.int64)
    region = region_class(reader.warehouse.assembly, variant.contig, variant.pos)
    for member in members:
        inside = [at for at, stratum in enumerate(strata) if stratum.number in member.strata]
        sex = SEXES.index(member.sex)
        copies = _DOSES.get(region, PLOIDY[region])[sex]
        counts[inside] += _forms(point.dosage.get(member.sample_no, 0), copies)
        depths[inside] += _known(point, member.sample_no, PLOIDY[region][sex])
    return Figures(counts, depths)


def _forms(dosage: int, copies: int) -> list[int]:
    """One call as `COUNT_FIELDS`."""
    forms: list[int] = []
    for count in (passing(dosage, copies), raw(dosage, copies)):
        forms += [copies == 2 and count == 1, copies == 2 and count == 2, copies == 1 == count]
    return forms


def _known(point: SamplesAtPoint, sample_no: int, ploidy: int) -> list[int]:
    """One sample's known alleles as `DEPTH_FIELDS`."""
    track = point.track.get(sample_no)
    code = point.known.get(sample_no, track or 0)
    passed = passing(code, ploidy)
    return [passed, raw(code, ploidy), passed > 0, track is not None]

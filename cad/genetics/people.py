"""Who takes part in an analysis: the persons that the purpose's base counts and that still may.

Consents and cohorts decide before Hail sees a row: a person takes part where the latest base of
the purpose has folded them, and they would be counted alike now. Who withdrew, or opposed, since
the build is left out at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from cad.build.people import desired_people
from cad.build.plan import BuildPlan, PurposePlan
from cad.build.sources import Sources
from cad.registry.bases import BaseRow, latest_base
from cad.registry.folded import folded_rows
from cad.registry.people import cohort_purposes
from cad.registry.samples import Sample, desired_samples, sample_tracks
from cad.registry.tables import sample as sample_table
from cad.warehouse import Warehouse
from schemas.errors import NotFound


@dataclass(frozen=True)
class Participant:
    """One person: the sample that counts, and what its sheet says.

    `father` and `mother` are sample numbers, None where the parent takes no part. `age_years` is
    None where the sheet has none.
    """

    person_id: str
    sample: int
    sex: str
    affected: str
    founder: bool
    father: int | None
    mother: int | None
    age_years: float | None


@dataclass(frozen=True)
class People:
    """The participants, in the order of their samples, and the files that hold their rows."""

    base: BaseRow
    participants: tuple[Participant, ...]
    sources: Sources
    track_sets: Mapping[int, tuple[int, ...]]
    """By sample: its tracks."""


def choose_people(
    connection: Connection,
    warehouse: Warehouse,
    commit_no: int,
    purpose: str,
    among: Collection[str] | None = None,
) -> People:
    """The persons of a purpose at a commit, or those among some.

    Raises:
        NotFound: `base_missing`, `nobody_takes_part`.
    """
    base = latest_base(connection, commit_no)
    if base is None:
        raise NotFound("base_missing", "nothing was built yet")
    samples = desired_samples(connection, commit_no)
    now = desired_people(samples, cohort_purposes(connection), warehouse.config.conjunctions)
    chosen = {
        person: row.sample_no
        for person, row in folded_rows(connection, purpose).items()
        if (among is None or person in among)
        and person in now[purpose]
        and (now[purpose][person].sample_no, now[purpose][person].sex) == (row.sample_no, row.sex)
    }
    if not chosen:
        raise NotFound("nobody_takes_part", f"no person counts for {purpose}")
    own = {one.sample_no: one for one in samples}
    ages = _ages(connection, chosen.values())
    participants = [
        _participant(own[number], chosen, ages.get(number)) for number in sorted(chosen.values())
    ]
    members = {(one.sample, one.sex): Counter({1: 1}) for one in participants}
    plan = BuildPlan(commit_no, None, {purpose: PurposePlan(purpose, members=members)}, 0, 0)
    tracks = sample_tracks(connection, chosen.values())
    return People(
        base,
        tuple(participants),
        Sources.find(connection, warehouse, plan),
        {number: tuple(of) for number, of in tracks.items()},
    )


def _participant(row: Sample, chosen: Mapping[str, int], age: float | None) -> Participant:
    return Participant(
        row.person_id,
        row.sample_no,
        row.sex,
        row.affected,
        row.founder,
        chosen.get(row.father_id or ""),
        chosen.get(row.mother_id or ""),
        age,
    )


def _ages(connection: Connection, numbers: object) -> dict[int, float]:
    query = select(sample_table.c.sample_no, sample_table.c.age_years).where(
        sample_table.c.age_years.is_not(None)
    )
    return {number: age for number, age in connection.execute(query)}

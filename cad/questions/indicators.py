"""How the plan is doing: persons, samples, sequences, delays, yield, routes, lines set aside.

Three different counts: a *person*; a *sample*, one tube of a person; a *sequence*, one row of the
sample sheet of a live batch, for a tube may be sequenced several times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np

from cad.build.people import purposes_of
from cad.query.base import check_purpose
from cad.registry.batches import BatchRow, list_batches
from cad.registry.code_lists import ROUTING, Routes
from cad.registry.engine import reading
from cad.registry.numbers import latest_commit
from cad.registry.people import code_rows, cohort_purposes
from cad.registry.samples import Sample, desired_samples
from cad.registry.sequences import SequenceDays, diagnosed_persons, sequence_days
from cad.warehouse import Warehouse

Document = dict[str, Any]
Dimension = Literal["platform", "indication", "region", "month"]
DIMENSIONS: Final[tuple[Dimension, ...]] = get_args(Dimension)
_OF_BATCHES: Final = ("platform", "month")
"""Lines belong to files of a batch, which may hold samples of many regions and indications."""


@dataclass(frozen=True)
class _Sequence:
    """A sequence, and what is asked of it."""

    sample: Sample
    days: SequenceDays
    is_diagnosed: bool
    on_route: bool | None

    def group(self, by: Dimension) -> str:
        """What it belongs to."""
        if by == "month":
            return f"{self.days.pushed_on:%Y-%m}"
        value: str | None = getattr(self.sample, by)
        return value or "unknown"


def find_indicators(
    warehouse: Warehouse, by: Dimension | None = None, purpose: str = "care"
) -> Document:
    """Counts, delays, yield, off-route share and set-aside share, of all and by one dimension.

    Args:
        warehouse: the warehouse; what was pushed counts, built or not.
        by: platform, pre-indication, region of the prescription, or month of the push.
        purpose: whose consents and cohorts let them count.

    Returns:
        The document that `cad indicators` prints. Delays are in days; yield is the share of
        affected persons with a causative finding; routes are told of where the code list `routing`
        names the region; lines by platform and month only, of whole batches, whoever is in them.

    Raises:
        BadQuestion: `purpose_unknown`.
        Unavailable: `registry_unusable`.
    """
    check_purpose(purpose)
    with reading(warehouse.engine) as connection:
        commit_no = latest_commit(connection)
        cohorts = cohort_purposes(connection)
        days = sequence_days(connection, commit_no)
        diagnosed = diagnosed_persons(connection, commit_no)
        routes = Routes(code_rows(connection, ROUTING))
        sequences = [
            _Sequence(
                one,
                days[one.sample_no],
                one.person_id in diagnosed,
                routes.has(one.region or "", one.platform),
            )
            for one in desired_samples(connection, commit_no)
            if purpose in purposes_of(one, cohorts)
        ]
        batches = list_batches(connection, commit_no)
    document = {"purpose": purpose, "commit": commit_no, "by": by}
    total = _figures(sequences) | _lines(batches)
    groups = _groups(sequences, batches, by) if by is not None else []
    return {**document, "total": total, "groups": groups}


def _groups(
    sequences: Iterable[_Sequence], batches: Iterable[BatchRow], by: Dimension
) -> list[Document]:
    by_group: dict[str, list[_Sequence]] = {}
    for one in sequences:
        by_group.setdefault(one.group(by), []).append(one)
    of_batches: dict[str, list[BatchRow]] = {}
    if by in _OF_BATCHES:
        for batch in batches:
            name = batch.platform if by == "platform" else f"{batch.pushed_at:%Y-%m}"
            of_batches.setdefault(name, []).append(batch)
    return [
        {by: name, **_figures(by_group.get(name, [])), **_lines(of_batches.get(name))}
        for name in sorted(by_group.keys() | of_batches.keys())
    ]


def _figures(sequences: Sequence[_Sequence]) -> Document:
    affected = {one.sample.person_id for one in sequences if one.sample.affected == "1"}
    diagnosed = affected & {one.sample.person_id for one in sequences if one.is_diagnosed}
    routed = [one.on_route for one in sequences if one.on_route is not None]
    off_route = routed.count(False)
    return {
        "persons": len({one.sample.person_id for one in sequences}),
        "samples": len({(one.sample.person_id, one.sample.sample_id) for one in sequences}),
        "sequences": len(sequences),
        "days_from_collection": _delay(
            (one.days.pushed_on - one.days.collected_on).days
            for one in sequences
            if one.days.collected_on is not None
        ),
        "days_from_prescription": _delay(
            (one.days.pushed_on - one.days.prescribed_on).days
            for one in sequences
            if one.days.prescribed_on is not None
        ),
        "affected": len(affected),
        "diagnosed": len(diagnosed),
        "yield": _share(len(diagnosed), len(affected)),
        "routed": len(routed),
        "off_route": off_route,
        "off_route_share": _share(off_route, len(routed)),
    }


def _delay(days: Iterable[int]) -> Document:
    """Of how many sequences both days are known, and the median and the slowest tenth."""
    known = np.fromiter(days, np.int64)
    if not len(known):
        return {"sequences": 0, "median": None, "p90": None}
    median, p90 = np.percentile(known, [50, 90]).tolist()
    return {"sequences": len(known), "median": median, "p90": p90}


def _lines(batches: Sequence[BatchRow] | None) -> Document:
    """Data lines of batches, and those set aside; None where lines belong to no group."""
    if batches is None:
        return {"records": None, "set_aside": None, "set_aside_share": None}
    files = [file for batch in batches for file in batch.receipt["files"]]
    records = sum(file["records"] for file in files)
    set_aside = sum(entry["records"] for file in files for entry in file["set_aside"])
    return {
        "records": records,
        "set_aside": set_aside,
        "set_aside_share": _share(set_aside, records),
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None

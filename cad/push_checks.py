"""What a push checks beside the files: the sheet against the warehouse, and strictness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from cad.registry.code_lists import INDICATION, ROUTING, Routes, plain_name
from cad.registry.people import code_rows, cohort_purposes
from cad.registry.samples import persons_elsewhere
from loaders.intake import Batch
from loaders.jobs import FileResult
from schemas.errors import BatchRefused
from schemas.reasons import REASONS, Kind
from schemas.receipt import ReasonCount
from schemas.sheets import SampleRow

_EXAMPLES: Final = 10
"""Line numbers a warning names at most."""

_NOT_THE_BATCH: Final = frozenset(
    {
        "no_reference",
        "cohort_unlisted",
        "indication_unlisted",
        "region_unlisted",
        "region_off_route",
        "sample_elsewhere",
        "samples_ignored",
    }
)
"""Warnings about what the warehouse holds, which a platform cannot mend."""


def sheet_warnings(
    connection: Connection, batch: Batch, withdrawn: frozenset[str]
) -> tuple[ReasonCount, ...]:
    """What the warehouse knows and the sheet does not, with lines of samples.tsv.

    One entry each for `cohort_unlisted`, `indication_unlisted`, `region_unlisted`,
    `region_off_route`, `sample_elsewhere` and `samples_ignored`, where there is any. Indications
    and regions are held against their code lists where one is loaded.
    """
    listed = cohort_purposes(connection)
    rows = [
        (line, row)
        for line, row in enumerate(batch.samples, start=2)
        if row.person_id not in withdrawn
    ]
    elsewhere = persons_elsewhere(
        connection, batch.manifest.batch_id, [row.sample_id for _, row in rows]
    )
    lines = {
        "cohort_unlisted": [
            line for line, row in rows if row.cohort is not None and row.cohort not in listed
        ],
        **_plan_lines(connection, batch.manifest.platform, rows),
        "sample_elsewhere": [
            line for line, row in rows if elsewhere.get(row.sample_id, set()) - {row.person_id}
        ],
    }
    found = [
        ReasonCount(reason, len(at), tuple(at[:_EXAMPLES])) for reason, at in lines.items() if at
    ]
    ignored = len(batch.samples) - len(rows)
    if ignored:
        # Without lines: a receipt is kept, and must not point at who has withdrawn.
        found.append(ReasonCount("samples_ignored", ignored))
    return tuple(found)


def _plan_lines(
    connection: Connection, platform: str, rows: Sequence[tuple[int, SampleRow]]
) -> dict[str, list[int]]:
    """Lines of indications and regions that the plan's lists have not, and of regions off route."""
    named = {plain_name(row["indication"]) for row in code_rows(connection, INDICATION)}
    routes = Routes(code_rows(connection, ROUTING))
    on_route = {
        line: routes.has(row.region, platform) for line, row in rows if row.region and routes
    }
    return {
        "indication_unlisted": [
            line
            for line, row in rows
            if row.indication and named and plain_name(row.indication) not in named
        ],
        "region_unlisted": [line for line, known in on_route.items() if known is None],
        "region_off_route": [line for line, known in on_route.items() if known is False],
    }


def refuse_blemishes(results: Sequence[FileResult], warnings: Sequence[ReasonCount]) -> None:
    """Refuse a batch for its first defect, or warning that the platform can mend.

    Raises:
        BatchRefused: with that defect's or warning's own reason.
    """
    noted = [(entry, "samples.tsv") for entry in warnings]
    for result in results:
        entries = (*result.receipt.set_aside, *result.receipt.warnings)
        noted += [(entry, result.receipt.path) for entry in entries]
    for entry, place in noted:
        reason = REASONS[entry.reason]
        if reason.kind is Kind.OUT_OF_SCOPE or entry.reason in _NOT_THE_BATCH:
            continue
        raise BatchRefused(
            entry.reason, f"{entry.records} record(s), and the push is strict: {reason.en}", place
        )

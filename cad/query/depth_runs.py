"""How many alleles are known at each position of a region, seen or not: AN as runs of positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cad.deadline import check_deadline
from cad.index import DEPTH_FIELDS
from cad.query.asked import about_base, chosen_strata
from cad.query.base import Place
from cad.query.parse import Region, parse_region
from cad.query.reader import BaseReader
from cad.query.row_groups import groups_within
from loaders.columns import flags, values
from schemas.contigs import BIN_SIZE, PAGE_SIZE
from schemas.errors import BadQuestion, Unavailable
from schemas.tables import BASE_DEPTH

Ints = NDArray[np.integer[Any]]
Longs = NDArray[np.int64]

MAX_POSITIONS: Final = 1_000_000
MAX_RUNS: Final = 1_000_000
"""An answer is held in memory as a whole; for more there is the view `depth` of `cad sql`."""
_BATCH_ROWS: Final = 1_024


class DepthRuns(NamedTuple):
    """Runs of positions with the same figures: first and last position, figures x run.

    They follow one another without gaps; the figures are `DEPTH_FIELDS`.
    """

    start: Longs
    end: Longs
    figures: Longs


def find_depth(reader: BaseReader, text: str, strata: Sequence[str] = ()) -> dict[str, Any]:
    """AN at each position of a region, by stratum.

    Args:
        reader: of the base of a purpose.
        text: the region, at most `MAX_POSITIONS` long.
        strata: only these strata; all where empty.

    Raises:
        BadQuestion: `region_malformed`, also where the answer would be too large.
        NotFound: `stratum_unknown`.
        Unavailable: `lake_file_damaged`.
    """
    region = parse_region(text, reader.warehouse.assembly)
    positions = region.end - region.start + 1
    if positions > MAX_POSITIONS:
        detail = f"found {positions:,} positions, expected at most {MAX_POSITIONS:,}"
        raise BadQuestion("region_malformed", detail, text)
    chosen = chosen_strata(reader.base, strata)
    runs = depth_runs(reader, region, [reader.base.strata[at].number for at in chosen])
    total = sum(len(one.start) for one in runs)
    if total > MAX_RUNS:
        detail = f"found {total:,} runs, expected at most {MAX_RUNS:,}; name fewer strata"
        raise BadQuestion("region_malformed", detail, text)
    names = [reader.base.strata[at].name for at in chosen]
    return {
        "region": str(region),
        **about_base(reader),
        "strata": [
            {"stratum": name, **_told(reader, region, at, one)}
            for name, at, one in zip(names, chosen, runs, strict=True)
        ],
    }


def _told(reader: BaseReader, region: Region, at: int, runs: DepthRuns) -> dict[str, Any]:
    """The runs of a stratum, by its place, without what is withheld; none where all of it is."""
    withheld = reader.withheld(region, at)
    if withheld >= set(DEPTH_FIELDS):
        return {"hidden": True, "runs": []}
    is_told = np.array([name not in withheld for name in DEPTH_FIELDS])
    told = _joined(runs.start, runs.end[-1:], runs.figures * is_told[:, None])
    nothing = dict.fromkeys(withheld)
    return {"hidden": bool(withheld), "runs": [one | nothing for one in _documents(told)]}


def depth_runs(reader: BaseReader, region: Region, numbers: Sequence[int]) -> list[DepthRuns]:
    """The runs of a region for each of some strata, by number.

    Raises:
        Unavailable: `lake_file_damaged`.
    """
    first, last = ((at - 1) // BIN_SIZE for at in (region.start, region.end))
    pages = range((region.start - 1) // PAGE_SIZE, (region.end - 1) // PAGE_SIZE + 1)
    parts = [
        _read_pages(path, pages, numbers)
        for at in range(first, last + 1)
        for path in reader.base.paths("depth", Place(region.contig, at))
    ]
    rows = pa.concat_tables(parts) if parts else BASE_DEPTH.empty_table()
    order = values(rows["stratum"])
    return [_runs(rows.filter(flags(order == number)), region) for number in numbers]


def _read_pages(path: Path, pages: range, numbers: Sequence[int]) -> pa.Table:
    """The rows of some pages and strata; never more than a few of the others at once."""
    try:
        with pq.ParquetFile(path) as file:
            groups = groups_within(file, "page", np.array(pages))
            batches = file.iter_batches(_BATCH_ROWS, row_groups=groups)
            return pa.Table.from_batches(
                (batch.filter(_wanted(batch, pages, numbers)) for batch in batches), BASE_DEPTH
            )
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        raise Unavailable("lake_file_damaged", str(error), path.name) from None


def _wanted(batch: pa.RecordBatch, pages: range, numbers: Sequence[int]) -> Any:
    check_deadline()
    page, stratum = values(batch["page"]), values(batch["stratum"])
    inside = (page >= pages[0]) & (page <= pages[-1])
    return flags(inside & np.isin(stratum, np.array(numbers)))


def _runs(rows: pa.Table, region: Region) -> DepthRuns:
    """The runs of one stratum, of its rows by page; several files may tell of one page."""
    lengths = values(pc.list_value_length(rows["offset"]))
    changes = np.stack([_flat(rows[name]) for name in DEPTH_FIELDS])
    at = np.repeat(values(rows["page"]).astype(np.int64), lengths) * PAGE_SIZE
    at += _flat(rows["offset"])
    if (np.diff(at) <= 0).any():
        at, own = np.unique(at, return_inverse=True)
        summed = np.zeros((len(at), len(DEPTH_FIELDS)), np.int64)
        np.add.at(summed, own, changes.T)
        changes = summed.T
    return runs_of_changes(at // PAGE_SIZE, at % PAGE_SIZE, changes, region)


def runs_of_changes(page: Ints, offset: Ints, changes: Ints, region: Region) -> DepthRuns:
    """The runs of a region, of the changes of one stratum.

    Args:
        page: the page of each change.
        offset: where it is in the page; both ascending.
        changes: `DEPTH_FIELDS` x change; a page's figures start from 0.
        region: which positions.
    """
    start = page.astype(np.int64) * PAGE_SIZE + offset + 1
    sums = np.cumsum(changes, axis=1, dtype=np.int64)
    # A page starts from 0, whatever the one before it came to.
    heads = np.flatnonzero(np.diff(page, prepend=-1))
    before = np.concatenate([np.zeros((len(DEPTH_FIELDS), 1), np.int64), sums], axis=1)[:, heads]
    figures = sums - np.repeat(before, np.diff(np.append(heads, len(page))), axis=1)
    borders = np.arange((region.start - 1) // PAGE_SIZE, (region.end - 1) // PAGE_SIZE + 1)
    steps = np.sort(np.concatenate([start, borders * PAGE_SIZE + 1]), kind="stable")
    steps = steps[np.diff(steps, prepend=-1) > 0]
    table = np.zeros((len(DEPTH_FIELDS), len(steps)), np.int64)
    table[:, np.searchsorted(steps, start)] = figures
    lower = int(np.searchsorted(steps, region.start, side="right")) - 1
    upper = int(np.searchsorted(steps, region.end, side="right"))
    steps, table = steps[lower:upper], table[:, lower:upper]
    steps[0] = region.start
    return _joined(steps, np.array([region.end]), table)


def _joined(start: Longs, end: Longs, figures: Longs) -> DepthRuns:
    """Runs that begin at some positions, the last of them up to `end`; like ones as one."""
    differs = np.append(True, np.any(np.diff(figures, axis=1) != 0, axis=0))
    begins = start[differs]
    return DepthRuns(begins, np.concatenate([begins[1:] - 1, end]), figures[:, differs])


def _flat(column: pa.ChunkedArray[Any]) -> Longs:
    return values(pc.list_flatten(column)).astype(np.int64)


def _documents(runs: DepthRuns) -> Iterator[dict[str, int | None]]:
    names = ("start", "end", *DEPTH_FIELDS)
    columns = (runs.start.tolist(), runs.end.tolist(), *runs.figures.tolist())
    return (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))

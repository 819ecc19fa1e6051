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

from cad.index import DEPTH_FIELDS
from cad.query.asked import about_base, chosen_strata
from cad.query.base import Place
from cad.query.parse import Region, parse_region
from cad.query.reader import BaseReader
from schemas.contigs import BIN_SIZE, PAGE_SIZE
from schemas.errors import BadQuestion, Unavailable
from schemas.tables import BASE_DEPTH

Longs = NDArray[np.int64]

MAX_POSITIONS: Final = 1_000_000
MAX_RUNS: Final = 1_000_000
"""An answer is held in memory as a whole; for more there is the view `depth` of `cad sql`."""


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
            {"stratum": name, "runs": list(_documents(one))}
            for name, one in zip(names, runs, strict=True)
        ],
    }


def depth_runs(reader: BaseReader, region: Region, numbers: Sequence[int]) -> list[DepthRuns]:
    """The runs of a region for each of some strata, by number.

    Raises:
        Unavailable: `lake_file_damaged`.
    """
    first, last = ((at - 1) // BIN_SIZE for at in (region.start, region.end))
    pages = range((region.start - 1) // PAGE_SIZE, (region.end - 1) // PAGE_SIZE + 1)
    paths = (
        reader.base.path("base_depth", Place(region.contig, b)) for b in range(first, last + 1)
    )
    parts = [_read_pages(path, pages, numbers) for path in paths if path is not None]
    rows = pa.concat_tables(parts) if parts else BASE_DEPTH.empty_table()
    # Bins follow one another, and so do pages within one: each stratum's rows are in order.
    order = rows["stratum"].to_numpy()
    return [_runs(rows.take(np.flatnonzero(order == number)), pages, region) for number in numbers]


def _read_pages(path: Path, pages: range, numbers: Sequence[int]) -> pa.Table:
    wanted = (
        (pc.field("page") >= pages[0])
        & (pc.field("page") <= pages[-1])
        & pc.field("stratum").isin(list(numbers))
    )
    try:
        return pq.read_table(path, schema=BASE_DEPTH, filters=wanted)
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        raise Unavailable("lake_file_damaged", str(error), path.name) from None


def _runs(rows: pa.Table, pages: range, region: Region) -> DepthRuns:
    """The runs of one stratum, of its rows by page."""
    start, figures = _changes(rows)
    # A page starts from 0, whatever the one before it came to.
    steps = np.union1d(start, np.array(pages, np.int64) * PAGE_SIZE + 1)
    values = np.zeros((len(DEPTH_FIELDS), len(steps)), np.int64)
    values[:, np.searchsorted(steps, start)] = figures
    lower = int(np.searchsorted(steps, region.start, side="right")) - 1
    upper = int(np.searchsorted(steps, region.end, side="right"))
    steps, values = steps[lower:upper], values[:, lower:upper]
    steps[0] = region.start
    changes = np.append(True, np.any(np.diff(values, axis=1) != 0, axis=0))
    begins = steps[changes]
    return DepthRuns(begins, np.append(begins[1:] - 1, region.end), values[:, changes])


def _changes(rows: pa.Table) -> tuple[Longs, Longs]:
    """Where the figures change, and what they are from there on: figures x change."""
    lengths = pc.list_value_length(rows["offset"]).to_numpy().astype(np.int64)
    pages = np.repeat(rows["page"].to_numpy().astype(np.int64), lengths)
    start = pages * PAGE_SIZE + _flat(rows["offset"]) + 1
    sums = np.cumsum(np.stack([_flat(rows[name]) for name in DEPTH_FIELDS]), axis=1)
    heads = np.cumsum(lengths) - lengths
    before = np.concatenate([np.zeros((len(DEPTH_FIELDS), 1), np.int64), sums], axis=1)[:, heads]
    return start, sums - np.repeat(before, lengths, axis=1)


def _flat(column: pa.ChunkedArray[Any]) -> Longs:
    return pc.list_flatten(column).to_numpy().astype(np.int64)


def _documents(runs: DepthRuns) -> Iterator[dict[str, int]]:
    names = ("start", "end", *DEPTH_FIELDS)
    columns = (runs.start.tolist(), runs.end.tolist(), *runs.figures.tolist())
    return (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))

"""AN by position: against a slow decoding of the base, the SQL view, and by hand."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from cad.query import BaseReader, open_base
from cad.query.depth_runs import MAX_POSITIONS, find_depth
from cad.sql_access import open_sql
from cad.warehouse import Warehouse
from schemas.contigs import contig_length
from schemas.errors import BadQuestion, NotFound
from tests.base.reading import PARTS, Depth
from tests.cli import cad, cad_json
from tests.pushed import family
from tests.queried import PURPOSES, Queried, built, queried

Figures = tuple[int, ...]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queried]:
    with queried(tmp_path_factory.mktemp("depth"), seed=3) as found:
        yield found


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("trio")
    with built(folder / "warehouse", [family(folder / "batch").path], None) as warehouse:
        yield warehouse


def ask(warehouse: Warehouse, region: str, purpose: str = "care", *strata: str) -> dict[str, Any]:
    with open_base(warehouse, purpose) as base:
        return find_depth(BaseReader(warehouse, base), region, strata)


def by_position(runs: list[dict[str, int]], start: int, end: int) -> list[Figures]:
    """The figures at each position; checks that the runs follow one another and differ."""
    assert (runs[0]["start"], runs[-1]["end"]) == (start, end)
    found: list[Figures] = []
    for run, after in zip(runs, [*runs[1:], None], strict=True):
        figures = tuple(run[part] for part in PARTS)
        found += [figures] * (run["end"] - run["start"] + 1)
        if after is not None:
            assert after["start"] == run["end"] + 1
            assert figures != tuple(after[part] for part in PARTS)
    return found


def regions(cohort: Queried) -> list[tuple[str, int, int]]:
    """Stretches around where anything is known, some over pages and past the end of an assay."""
    rng = Random(7)
    places = sorted(cohort.scans["care"].depth)
    chosen = [rng.choice(places) for _ in range(12)]
    found = [
        (name, max(1, pos - 90), min(pos + rng.randint(0, 400), contig_length("GRCh38", name)))
        for name, pos in chosen
    ]
    contig, pos = next(place for place in places if place[0] == "22")
    return [*found, (contig, max(1, pos - 20_000), pos + 20_000), ("21", 1, 5), ("M", 1, 16_569)]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_runs_are_exact_at_every_position_of_every_stratum(cohort: Queried, purpose: str) -> None:
    depth = Depth.read(cohort.warehouse, purpose)
    seen = 0
    for contig, start, end in regions(cohort):
        answer = ask(cohort.warehouse, f"{contig}:{start}-{end}", purpose)
        assert {one["stratum"] for one in answer["strata"]} == set(depth.numbers) | {"all"}
        for one in answer["strata"]:
            found = by_position(one["runs"], start, end)
            assert found == depth.at(one["stratum"], contig, range(start, end + 1))
            seen += sum(any(figures) for figures in found)
    assert purpose != "care" or seen > 1000


def test_the_view_says_the_same(cohort: Queried) -> None:
    with open_sql(cohort.warehouse) as access:
        for contig, start, end in regions(cohort):
            within = f'contig = \'{contig}\' AND "start" <= {end} AND "end" >= {start}'
            rows = access.ask(f"FROM depth WHERE {within}").rows.to_pylist()
            told: dict[str, dict[int, Figures]] = {}
            for row in rows:
                positions = told.setdefault(row["stratum"], {})
                for pos in range(max(start, row["start"]), min(end, row["end"]) + 1):
                    assert pos not in positions
                    positions[pos] = tuple(row[part] for part in PARTS)
            for one in ask(cohort.warehouse, f"{contig}:{start}-{end}")["strata"]:
                found = dict(enumerate(by_position(one["runs"], start, end), start=start))
                known = {pos: figures for pos, figures in found.items() if any(figures)}
                assert known == told.get(one["stratum"], {})


def test_by_hand(trio: Warehouse) -> None:
    answer = ask(trio, "chr22:90-210", "care", "founder=1", "all")
    assert list(answer) == [
        "region", "assembly", "purpose", "commit", "release", "built_at", "strata",
    ]  # fmt: skip
    assert (answer["region"], answer["commit"], answer["release"]) == ("22:90-210", 2, None)
    # The mother's own BED covers 1 to 1 000, those of the other two 100 to 200.
    mother = {"an": 2, "an_raw": 2, "persons": 1, "assayed": 1}
    everybody = {"an": 6, "an_raw": 6, "persons": 3, "assayed": 3}
    founders = {"an": 4, "an_raw": 4, "persons": 2, "assayed": 2}
    spans = [{"start": 90, "end": 99}, {"start": 100, "end": 200}, {"start": 201, "end": 210}]
    expected = {"all": (mother, everybody, mother), "founder=1": (mother, founders, mother)}
    assert answer["strata"] == [
        {
            "stratum": name,
            "hidden": False,
            "runs": [a | b for a, b in zip(spans, figures, strict=True)],
        }
        for name, figures in expected.items()
    ]


def test_where_nobody_looked_is_one_run_of_zeros(trio: Warehouse) -> None:
    answer = ask(trio, "22:20000000-20000100")
    nothing = {"start": 20_000_000, "end": 20_000_100, **dict.fromkeys(PARTS, 0)}
    assert {"stratum": "all", "hidden": False, "runs": [nothing]} in answer["strata"]
    answer = ask(trio, "22:150-150", "industry")
    assert [one["stratum"] for one in answer["strata"]] == ["all"]
    assert answer["strata"][0]["runs"][0]["an"] == 0


def test_a_question_that_cannot_be_answered(trio: Warehouse) -> None:
    with pytest.raises(NotFound, match="stratum_unknown"):
        ask(trio, "22:1-10", "care", "sex=YY")
    assert ask(trio, f"22:1-{MAX_POSITIONS}", "care", "all")["strata"][0]["runs"]
    with pytest.raises(BadQuestion, match=r"1,000,001 positions, expected at most 1,000,000"):
        ask(trio, f"22:1-{MAX_POSITIONS + 1}")
    with pytest.raises(BadQuestion, match="region_malformed"):
        ask(trio, "22:10-1")


def test_more_runs_than_an_answer_holds(trio: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cad.query.depth_runs.MAX_RUNS", 3)
    assert len(ask(trio, "22:90-210", "care", "all")["strata"][0]["runs"]) == 3
    with pytest.raises(BadQuestion, match="name fewer strata"):
        ask(trio, "22:90-210")


def test_the_command(trio: Warehouse) -> None:
    words = ("depth", "22:90-210", "-w", trio.path, "--stratum", "all")
    assert cad_json(*words) == ask(trio, "22:90-210", "care", "all")
    shown = cad(*words).stdout.splitlines()
    assert [line.split() for line in shown[2:]] == [
        ["all", "90", "99", "2", "2", "1", "1"],
        ["all", "100", "200", "6", "6", "3", "3"],
        ["all", "201", "210", "2", "2", "1", "1"],
    ]
    # Without a name people are shown everybody, a document holds every stratum.
    assert cad("depth", "22:90-210", "-w", trio.path).stdout.splitlines() == shown
    assert len(cad_json("depth", "22:90-210", "-w", trio.path)["strata"]) > 10
    refused = cad_json("depth", "22:1-2000000", "-w", trio.path, code=1)
    assert (refused["error"], refused["reason"]) == ("BadQuestion", "region_malformed")

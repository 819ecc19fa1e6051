"""What `compare` prints, and when it fails: above all where two sides count differently."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.compare import bound_rows, compare_rows, disagreements, missed_goals
from benchmarks.counts_file import Digest
from benchmarks.ratios import BOUNDS
from benchmarks.results import Result, read_results, write_results

COUNTS = Digest(lines=2, ac=5, an=40, sha256="a" * 64)


def result(side: str, task: str = "singles", **changes: object) -> Result:
    """What one side gave; CAD at half the peer's CPU."""
    made = Result(
        run="2026-11-20T12:00:00",
        size="small",
        task=task,
        side=side,
        tool=f"{side.split()[0]} 1.0",
        repeats=3,
        cpu_s=1.5 if side.startswith("cad") else 3.0,
        cpu_all=(1.5, 1.4, 1.6),
        startup_s=0.5,
        wall_s=2.0,
        peak_rss=100 * 2**20,
        figures={"calls_bytes": 700, "carried": 100},
        group="all",
        counts=COUNTS,
        git="0123456789ab",
        versions={"python": "3.11.7"},
        machine={"cores": 2, "memory": 2**33, "processor": "P", "system": "Linux"},
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def both(**changes: object) -> list[Result]:
    """CAD and its peer; the changes are the peer's."""
    return [result("cad"), result("bcftools merge", **changes)]


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    return tmp_path / "results.jsonl"


def test_results_are_read_as_they_were_written(lines: Path) -> None:
    write_results(lines, both())
    assert read_results(lines) == both()
    assert len(lines.read_text().splitlines()) == 2


def test_a_line_of_something_else_is_not_read(lines: Path) -> None:
    lines.write_text('{"run": "x"}\n')
    with pytest.raises(ValueError, match="not a line of benchmark results"):
        read_results(lines)


def test_the_table_has_a_row_for_each_ratio_with_both_sides(lines: Path) -> None:
    write_results(lines, both())
    printed = CliRunner().invoke(app, ["compare", str(lines)])
    assert printed.exit_code == 0
    row = "| single-sample VCFs into the store | CPU-s | 1.5 | 0.5 | bcftools merge | 3 | 0.5x |"
    assert row in printed.stdout
    assert [one.ratio.task for one in compare_rows(both())] == ["singles", "singles"]
    assert "joint VCF" not in printed.stdout


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param({"ac": 6}, id="one allele more"),
        pytest.param({"an": 38}, id="one person less"),
        pytest.param({"lines": 3}, id="one variant more"),
        pytest.param({"sha256": "b" * 64}, id="equal sums of other counts"),
    ],
)
def test_compare_fails_where_two_sides_count_differently(
    lines: Path, planted: dict[str, object]
) -> None:
    write_results(lines, both(counts=replace(COUNTS, **planted)))  # type: ignore[arg-type]
    printed = CliRunner().invoke(app, ["compare", str(lines)])
    assert printed.exit_code == 1
    assert "cad and bcftools merge count differently" in printed.stderr


def test_sides_of_different_groups_or_runs_need_not_agree() -> None:
    other = replace(COUNTS, ac=9)
    assert disagreements(both(counts=other, group="larger cohort")) == []
    assert disagreements(both(counts=other, run="2026-11-21T12:00:00")) == []


def test_compare_fails_where_nothing_confirms_a_count(lines: Path) -> None:
    write_results(lines, both()[:1])
    printed = CliRunner().invoke(app, ["compare", str(lines)])
    assert printed.exit_code == 1
    assert "singles: one side alone" in printed.stderr


def test_a_missed_goal_fails_only_where_asked(lines: Path) -> None:
    slower = both(cpu_s=1.6)
    write_results(lines, slower)
    assert missed_goals(compare_rows(slower)) == [
        "singles: single-sample VCFs into the store: 0.938x bcftools merge, goal 0.8x"
    ]
    assert CliRunner().invoke(app, ["compare", str(lines)]).exit_code == 0
    assert CliRunner().invoke(app, ["compare", str(lines), "--strict"]).exit_code == 1


def test_compare_fails_without_results(lines: Path) -> None:
    lines.write_text("")
    assert CliRunner().invoke(app, ["compare", str(lines)]).exit_code == 1
    assert CliRunner().invoke(app, ["compare", str(lines) + ".absent"]).exit_code == 1


def test_a_figure_with_a_goal_of_its_own_is_judged(lines: Path) -> None:
    figures = dict.fromkeys((bound.name for bound in BOUNDS), 0.0)
    sides = [
        result("cad serve", "service", figures=figures),
        result("pysam tabix", "service"),
    ]
    assert missed_goals([], bound_rows(sides)) == []
    failed = [replace(sides[0], figures={**figures, "errors": 1.0}), sides[1]]
    write_results(lines, failed)
    printed = CliRunner().invoke(app, ["compare", str(lines), "--strict"])
    assert printed.exit_code == 1
    row = "requests without an answer | requests | 1 | <= 0 |"
    assert row in printed.stdout
    assert "requests without an answer: 1 requests, goal 0" in printed.stderr

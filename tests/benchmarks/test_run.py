"""Measuring: what a command used, and a run from data to the table with a disagreement planted."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.cli import app
from benchmarks.folders import Data
from benchmarks.generate import generate
from benchmarks.measure import CommandFailedError, measure, run
from benchmarks.results import write_results
from benchmarks.run import Plan, run_tasks
from benchmarks.sizes import SIZES
from benchmarks.task import Side, Task
from benchmarks.tasks import TASKS
from tests.peers import tool

_TINY = SIZES["tiny"]


def test_the_whole_process_tree_is_measured() -> None:
    child = "x = bytearray(64 * 2**20); [n * n for n in range(3_000_000)]"
    parent = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    )
    alone, _ = measure([sys.executable, "-c", "print('only started')"])
    usage, _ = measure([sys.executable, "-c", parent])
    assert usage.cpu_s > alone.cpu_s
    assert usage.peak_rss > 64 * 2**20 > alone.peak_rss
    assert usage.wall_s > 0
    both = usage + alone
    assert both.cpu_s == usage.cpu_s + alone.cpu_s
    assert both.peak_rss == usage.peak_rss


def test_what_is_printed_is_returned_and_failure_told() -> None:
    assert measure([sys.executable, "-c", "print('done')"])[1] == "done\n"
    with pytest.raises(CommandFailedError, match="told why"):
        measure([sys.executable, "-c", "raise SystemExit('told why')"])


def test_settings_of_the_environment_are_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAD_THREADS", "1")
    assert (
        run([sys.executable, "-c", "import os; print(os.environ.get('CAD_THREADS'))"]) == "None\n"
    )


def _side(name: str, line: str, order: list[str]) -> Side:
    def count(_: Path, out: Path) -> None:
        out.write_text(line)

    def prepare(folder: Path) -> None:
        assert list(folder.iterdir()) == []
        order.append(name)

    return Side(
        name,
        "pysam",
        prepare=prepare,
        commands=lambda folder: [["cp", "/dev/null", folder / "made"]],
        figures=lambda folder, _: {"made": float((folder / "made").exists())},
        count=count,
    )


@pytest.mark.parametrize(("peer_ac", "exit_code"), [(3, 0), (4, 1)])
def test_a_planted_disagreement_fails_compare(
    tmp_path: Path, peer_ac: int, exit_code: int, caplog: pytest.LogCaptureFixture
) -> None:
    order: list[str] = []
    sides = [
        _side("cad", "5\tA\tG\tall\t3\t12\n", order),
        _side("peer", f"5\tA\tG\tall\t{peer_ac}\t12\n", order),
    ]
    task = Task("planted", "who is right", lambda _data, _shared: sides)
    results = run_tasks(Plan(tmp_path, _TINY, repeats=3), [task])
    assert order == ["cad", "peer"] * 3, "the sides take turns"
    assert [one.repeats for one in results] == [3, 3]
    assert results[0].figures == {"made": 1.0}
    write_results(tmp_path / "results.jsonl", results)
    compared = CliRunner().invoke(app, ["compare", "--work", str(tmp_path)])
    assert compared.exit_code == exit_code
    assert ("cad, peer count differently" in caplog.text) == bool(exit_code)
    assert not (tmp_path / "tiny" / "runs" / "planted").exists()


def test_a_side_over_budget_is_measured_once(tmp_path: Path) -> None:
    order: list[str] = []
    task = Task("once", "", lambda _data, _shared: [_side("cad", "5\tA\tG\tall\t3\t12\n", order)])
    run_tasks(Plan(tmp_path, _TINY, repeats=3, budget=0.0), [task])
    assert order == ["cad"]


def test_an_unknown_task_is_misuse_and_absent_data_refused(tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["run", "sinlges", "--work", str(tmp_path)]).exit_code == 2
    absent = runner.invoke(app, ["run", "joint", "--size", "tiny", "--work", str(tmp_path)])
    assert absent.exit_code == 1
    assert "run `generate` first" in absent.stderr


@pytest.mark.slow
def test_cad_and_its_peers_count_a_joint_vcf_alike(tmp_path: Path) -> None:
    for peer in ("plink2", "bcftools"):
        tool(peer)
    generate(tmp_path, _TINY)
    results = run_tasks(Plan(tmp_path, _TINY, repeats=1), [TASKS["joint"]])
    cad, *peers = results
    assert len(peers) == 2
    assert all(peer.counts == cad.counts for peer in peers)
    assert cad.counts.lines > 100
    assert cad.figures["carried"] == Data.of(tmp_path, _TINY).made("joint")["carried"]
    write_results(tmp_path / "results.jsonl", results)
    assert CliRunner().invoke(app, ["compare", "--work", str(tmp_path)]).exit_code == 0

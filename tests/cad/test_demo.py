"""The demo end to end on the smallest cohort, and that its check notices what is wrong."""

import io
import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from cad.cli.show_variant import state_sentence
from cad.demo.check import Agreement, compare_counts, compare_receipts, read_base
from cad.demo.folder import MARK, is_demo, prepare_folder
from cad.demo.nights import push_refused
from cad.demo.run import DemoReport, run_demo
from cad.demo.simulate import MIN_TRIOS, MIN_UNRELATED, DemoCohort, simulate_cohort
from cad.demo.truth import QUANTITIES
from cad.push import push_batch
from cad.registry.batches import find_batch
from cad.registry.engine import reading
from cad.status import read_status
from cad.warehouse import Warehouse
from schemas.errors import Conflict


@pytest.fixture(scope="module")
def told() -> io.StringIO:
    """Give what the demo's story is written to."""
    return io.StringIO()


@pytest.fixture(scope="module")
def operators(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an empty folder that the operator's own registry and key are to be made in."""
    return tmp_path_factory.mktemp("national")


@pytest.fixture(scope="module")
def report(
    tmp_path_factory: pytest.TempPathFactory, told: io.StringIO, operators: Path
) -> DemoReport:
    """Give a small demo that ran where the environment speaks of another warehouse."""
    folder = tmp_path_factory.mktemp("demo") / "made"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CAD_REGISTRY_URL", f"sqlite:///{operators / 'national.sqlite'}")
        environment.setenv("CAD_KEY_FILE", str(operators / "national.key"))
        environment.setenv("CAD_INIT__THRESHOLDS__MIN_GQ", "99")
        return run_demo(folder, small=True, console=Console(file=told, width=200))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> DemoCohort:
    """Give the same cohort once more; equal seeds give equal truths."""
    out = tmp_path_factory.mktemp("cohort")
    return simulate_cohort(out, trios=MIN_TRIOS, unrelated=MIN_UNRELATED)


@pytest.fixture(scope="module")
def truth(cohort: DemoCohort) -> pl.DataFrame:
    """Give the counts to expect after the last night."""
    return cohort.truth_rows(3)


@pytest.fixture(scope="module")
def base(report: DemoReport) -> pl.DataFrame:
    """Give the demo's final base as it lies on disk."""
    with Warehouse.open(report.warehouse) as warehouse:
        return read_base(warehouse)


def test_everything_agrees(report: DemoReport, cohort: DemoCohort) -> None:
    assert report.is_right
    rows = sum(len(cohort.truth_rows(night)) for night in (1, 2, 3))
    assert report.counts.checked == report.counts.agreed == rows * len(QUANTITIES)
    assert [len(push.receipts) for push in report.pushes] == [len(n) for n in cohort.nights]
    assert report.lines.is_full


def test_the_refused_batch_leaves_nothing(report: DemoReport, told: io.StringIO) -> None:
    error = report.refusal.error
    assert error is not None
    assert error.reason == "bgzf_truncated"
    assert report.refusal.is_untouched
    assert "refused: bgzf_truncated" in told.getvalue()
    assert report.repush.status == "unchanged"


def test_the_story_gives_the_figures(report: DemoReport, told: io.StringIO) -> None:
    text = told.getvalue()
    for night in report.nights:
        assert f"{night.counts.agreed:,} of {night.counts.checked:,} counts agree" in text
    for push in report.pushes:
        for receipt in push.receipts:
            assert receipt.batch_id in text


def test_every_answer_is_right(
    report: DemoReport, truth: pl.DataFrame, cohort: DemoCohort, told: io.StringIO
) -> None:
    assert report.answers.is_right
    assert report.answers.counts.checked == len(truth) * len(QUANTITIES)
    shown = [one.asked.variant for one in report.answers.shown]
    assert shown == [one.variant for one in cohort.notable()]
    states = {one.document["state"] for one in report.answers.shown}
    assert states == {"seen", "callable_not_seen", "not_assayed"}
    for one in report.answers.shown:
        assert state_sentence(one.document) in told.getvalue()


def test_what_was_planted_is_found(
    report: DemoReport, cohort: DemoCohort, told: io.StringIO
) -> None:
    planted = report.planted
    assert planted.is_right
    assert planted.counts.checked > 100
    assert planted.gene["genes"][0]["symbol"] == cohort.effects_of[cohort.causal[0]][0]
    assert "the planted modifier comes first" in told.getvalue()
    # No scores of missense variants are loaded.
    assert planted.burden["rules"]["masks"] == ["lof"]
    assert planted.burden["tests"][0]["firth"]["p"] < 0.05
    assert not replace(report, planted=replace(planted, finds_gene=False)).is_right


def test_a_wrong_answer_is_noticed(report: DemoReport) -> None:
    first = report.answers.shown[0]
    row = {**first.document["frequencies"][0], "an": 1}
    for wrong in ({"state": "not_assayed"}, {"frequencies": [row]}):
        spoilt = replace(first, document={**first.document, **wrong})
        answers = replace(report.answers, shown=(spoilt,))
        assert not spoilt.is_right
        assert not replace(report, answers=answers).is_right


def test_the_sites_vcf_is_right(report: DemoReport, truth: pl.DataFrame) -> None:
    exported = report.export
    carried = truth.filter(purpose="care", stratum="all").filter(pl.col("ac") > 0)
    assert exported.exported.variants == len(carried)
    assert exported.counts.is_full
    assert exported.counts.checked == 6 * len(carried)
    assert (report.folder / "sites.vcf.gz.tbi").exists()
    spoilt = replace(exported, counts=Agreement(2, 1))
    assert not replace(report, export=spoilt).is_right


def test_the_report_is_a_json_document(report: DemoReport) -> None:
    document = json.loads(json.dumps(report.to_json()))
    assert document["is_right"] is True
    assert document["counts"]["checked"] == report.counts.checked
    assert document["refusal"]["error"]["reason"] == "bgzf_truncated"


def test_the_commands_it_prints_name_the_batches_it_pushed(
    report: DemoReport, cohort: DemoCohort
) -> None:
    for number, night in enumerate(cohort.nights, start=1):
        found = (report.folder / "batches" / f"night{number}").glob("*-00?")
        assert sorted(path.name for path in found) == sorted(path.name for path in night)


# The check notices.


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_one_wrong_count_is_noticed(base: pl.DataFrame, truth: pl.DataFrame, quantity: str) -> None:
    place = pl.int_range(pl.len()) == len(base) // 2
    planted = base.with_columns(pl.col(quantity) + place.cast(pl.Int64))
    found = compare_counts(planted, truth)
    assert found.checked - found.agreed == 1
    assert not found.is_full
    assert f": {quantity} is " in found.examples[0]


def test_a_missing_row_and_a_row_too_many_are_noticed(
    base: pl.DataFrame, truth: pl.DataFrame
) -> None:
    missing = compare_counts(base.head(-1), truth)
    invented = base.tail(1).with_columns(alt=pl.lit("TTTTT"))
    extra = compare_counts(pl.concat([base, invented]), truth)
    assert missing.checked - missing.agreed == len(QUANTITIES)
    assert extra.checked - extra.agreed == len(QUANTITIES)
    assert extra.checked == missing.checked + len(QUANTITIES)


def test_nothing_checked_is_not_right() -> None:
    assert not Agreement().is_full


def test_a_wrong_count_makes_the_report_wrong(report: DemoReport) -> None:
    night = report.nights[-1]
    spoilt = replace(night, counts=replace(night.counts, agreed=night.counts.agreed - 1))
    assert not replace(report, nights=(*report.nights[:-1], spoilt)).is_right


def test_a_wrong_receipt_is_noticed(report: DemoReport, cohort: DemoCohort) -> None:
    receipt = report.pushes[0].receipts[0]
    expected = cohort.receipts[receipt.batch_id]
    assert compare_receipts(receipt, expected).is_full
    file = receipt.files[0]
    wrong = replace(receipt, files=(replace(file, loaded=file.loaded + 1), *receipt.files[1:]))
    found = compare_receipts(wrong, expected)
    assert found.checked - found.agreed == 1
    assert "loaded is" in found.examples[0]


def test_an_accepted_bad_batch_is_noticed(
    tmp_path: Path, report: DemoReport, cohort: DemoCohort
) -> None:
    whole = next(path for path in cohort.nights[2] if path.name == cohort.bad_batch.name[:-4])
    with Warehouse.create(tmp_path / "w", "GRCh38", cohort.reference) as warehouse:
        refusal = push_refused(warehouse, replace(cohort, bad_batch=whole))
        assert read_status(warehouse).batches == 1
    assert not refusal.is_right
    assert not replace(report, refusal=refusal).is_right


# The folder.


def test_the_warehouse_is_marked_and_a_real_one_is_not(tmp_path: Path, report: DemoReport) -> None:
    assert is_demo(report.warehouse)
    Warehouse.create(tmp_path / "real", "GRCh38").close()
    assert not is_demo(tmp_path / "real")
    assert not is_demo(tmp_path)


def test_a_folder_that_no_demo_made_is_kept(tmp_path: Path) -> None:
    (tmp_path / "theirs.txt").write_text("kept")
    with pytest.raises(Conflict, match="output_exists"):
        run_demo(tmp_path, small=True, console=Console(file=io.StringIO()))
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.txt"]


def test_a_real_warehouse_is_kept(tmp_path: Path) -> None:
    Warehouse.create(tmp_path / "real", "GRCh38").close()
    with pytest.raises(Conflict, match="output_exists"):
        prepare_folder(tmp_path / "real")
    Warehouse.open(tmp_path / "real").close()


def test_a_file_in_the_way_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(Conflict, match="output_exists"):
        prepare_folder(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"


def test_a_demos_own_folder_is_made_anew(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "demo")
    (tmp_path / "demo" / "batches").mkdir()
    (tmp_path / "demo" / "batches" / "old.txt").write_text("gone")
    prepare_folder(tmp_path / "demo")
    assert [path.name for path in (tmp_path / "demo").iterdir()] == [MARK]


def test_the_operators_registry_and_key_are_left_alone(report: DemoReport, operators: Path) -> None:
    assert report.is_right
    assert list(operators.iterdir()) == []
    assert (report.folder / "warehouse" / "registry.sqlite").exists()


def test_a_batch_of_the_demo_can_be_pushed_again(report: DemoReport, cohort: DemoCohort) -> None:
    with Warehouse.open(report.warehouse) as warehouse:
        receipt = push_batch(warehouse, cohort.nights[2][-1])
        with reading(warehouse.engine) as connection:
            row = find_batch(connection, receipt.batch_id)
    assert receipt.status == "unchanged"
    assert row is not None

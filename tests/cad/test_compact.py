"""Compaction changes no answer, and survives a kill at any step."""

import os
from pathlib import Path

import pytest

from cad.build.run import build_base
from cad.compact import BUCKET_PERSONS, compact
from cad.corrections import update_samples
from cad.faults import EXIT_CODE, all_steps
from cad.push import push_batch
from cad.query import BaseReader, find_region, open_base
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.registry.numbers import latest_commit
from cad.registry.samples import desired_samples
from cad.sql_access import open_sql
from cad.sweep import sweep
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from tests.base.reading import assert_same_base, base_frame
from tests.batch_dir import BatchDir, vcf
from tests.crash import run
from tests.pushed import contents, family
from tests.twin.cohorts import Shape, random_batch_dirs


def test_rows_stay_and_files_become_few(warehouse: Warehouse, tmp_path: Path) -> None:
    for night in ("NIGHT-1", "NIGHT-2", "NIGHT-3"):
        push_batch(warehouse, family(tmp_path / night, night).path)
    before = contents(warehouse)
    report = compact(warehouse)
    assert (report.samples, report.buckets) == (9, 1)
    assert contents(warehouse) == before
    with reading(warehouse.engine) as connection:
        files = lake_files(connection, latest_commit(connection), "calls")
    assert [(file.contig, file.bin) for file in files] == [("22", 0)]
    assert compact(warehouse).samples == 0
    sweep(warehouse)
    assert contents(warehouse) == before


def test_batch_within_one_bin_is_compacted_too(warehouse: Warehouse, tmp_path: Path) -> None:
    made = BatchDir(tmp_path / "b")
    made.add("one.vcf", vcf("S", lines=("chr22 100 . A G . PASS . GT 0/1",)))
    made.sheet("sample_id|person_id|sex", "S|P-1|XX")
    made.write()
    push_batch(warehouse, made.path)
    assert compact(warehouse).samples == 1


def test_no_bucket_holds_more_persons_than_allowed(
    sqlite_warehouse: Warehouse, tmp_path: Path
) -> None:
    names = [f"S{number:03}" for number in range(BUCKET_PERSONS + 44)]
    genotypes = " ".join(["0/1", "0/0", "1/1"] * 100)
    made = BatchDir(tmp_path / "b")
    made.add("all.vcf", vcf(*names, lines=(f"chr22 100 . A G . PASS . GT {genotypes}",)))
    made.sheet("sample_id|person_id|sex", *(f"{name}|P-{name}|XX" for name in names))
    made.write()
    push_batch(sqlite_warehouse, made.path)
    assert compact(sqlite_warehouse).buckets == 2
    with reading(sqlite_warehouse.engine) as connection:
        samples = desired_samples(connection, latest_commit(connection))
    sizes = [sum(one.bucket_no == number for one in samples) for number in (2, 3)]
    assert sizes == [BUCKET_PERSONS, 44]


@pytest.mark.parametrize("seed", [3, 11])
def test_builds_before_and_after_agree(seed: int, tmp_path: Path) -> None:
    shape = Shape(callabilities=("bed", "sites", "blocks"))
    cohort = random_batch_dirs(seed, tmp_path / "batches", shape)
    with (
        Warehouse.create(tmp_path / "plain", "GRCh38", cohort.reference) as plain,
        Warehouse.create(tmp_path / "compacted", "GRCh38", cohort.reference) as compacted,
    ):
        for directory in cohort.batches:
            for warehouse in (plain, compacted):
                push_batch(warehouse, directory)
            compact(compacted)
            sweep(compacted)
            build_base(compacted)
        build_base(plain)
        assert_same_base(base_frame(compacted), base_frame(plain))


class Stop(Exception):  # noqa: N818 - no error
    """Ends a compaction after its first bucket."""


def stop(_done: int, _total: int) -> None:
    raise Stop


def five_persons(folder: Path) -> Path:
    """One file of five, with variants on 22 and on M, and a place where nothing is known."""
    made = BatchDir(folder)
    names = [f"S{number}" for number in range(5)]
    lines = (
        "chr22 100 . A G . PASS . GT 0/1 1/1 0/0 ./. 0/1",
        "chrM 100 . A G . PASS . GT 1 0 1 1 1",
    )
    text = vcf(*names, lines=lines)
    made.add("all.vcf", text.replace(b"##contig", b"##contig=<ID=chrM,length=16569>\n##contig", 1))
    made.sheet("sample_id|person_id|sex", *(f"{name}|P-{name}|XX" for name in names))
    return made.write()


def test_rows_left_behind_by_a_compaction_cut_short_count_once(
    sqlite_warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = sqlite_warehouse
    monkeypatch.setattr("cad.compact.BUCKET_PERSONS", 2)
    push_batch(warehouse, five_persons(tmp_path / "b"))
    build_base(warehouse)
    before = base_frame(warehouse)
    with pytest.raises(Stop):
        compact(warehouse, stop)
    with open_base(warehouse, "care") as base:
        (on_m,) = find_region(BaseReader(warehouse, base), "M:100-100", ["all"])["variants"]
    assert sum(on_m["vaf_histogram"]) == 4
    with open_sql(warehouse, "care") as database:
        counted = database.ask("SELECT count(*) AS n, count(DISTINCT sample) AS s FROM calls")
    assert counted.rows.to_pylist() == [{"n": 7, "s": 5}]
    table = tmp_path / "sex.tsv"
    for sex in ("XY", "XX"):
        rows = (f"P-S{number}\t{sex}\n" for number in range(5))
        table.write_text("person_id\tsex\n" + "".join(rows))
        update_samples(warehouse, table)
        build_base(warehouse)
    assert_same_base(base_frame(warehouse), before)
    monkeypatch.undo()
    compact(warehouse)
    for number in range(5):
        withdraw(warehouse, f"P-S{number}")
    build_base(warehouse)
    assert base_frame(warehouse).is_empty()


def test_rows_left_behind_are_not_compacted_again(
    sqlite_warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = sqlite_warehouse
    push_batch(warehouse, five_persons(tmp_path / "b"))
    before = contents(warehouse)
    monkeypatch.setattr("cad.compact.BUCKET_PERSONS", 2)
    with pytest.raises(Stop):
        compact(warehouse, stop)
    # Two persons are moved, three are left: now all of them are put together.
    monkeypatch.undo()
    assert compact(warehouse).samples == 5
    assert contents(warehouse) == before


def test_persons_who_withdraw_between_compactions_are_subtracted_once(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    push_batch(warehouse, family(tmp_path / "NIGHT-1", "NIGHT-1").path)
    build_base(warehouse)
    # The child's rows stay where they were, for the base still counts them.
    withdraw(warehouse, "P-CHILD")
    compact(warehouse)
    withdraw(warehouse, "P-MOTHER")
    withdraw(warehouse, "P-FATHER")
    build_base(warehouse)
    assert base_frame(warehouse).is_empty()


def compact_at(path: Path, fault: str) -> None:
    """Compact, ending where `fault` says (`cad.faults`)."""
    os.environ["CAD_FAULT"] = fault
    with Warehouse.open(path) as warehouse:
        compact(warehouse)


@pytest.mark.parametrize("step", all_steps("compact"))
def test_kill_at_any_step_loses_nothing(
    step: str, sqlite_warehouse: Warehouse, tmp_path: Path
) -> None:
    for night in ("NIGHT-1", "NIGHT-2"):
        push_batch(sqlite_warehouse, family(tmp_path / night, night).path)
    before = contents(sqlite_warehouse)
    assert run(compact_at, sqlite_warehouse.path, step) == EXIT_CODE
    assert contents(sqlite_warehouse) == before
    compact(sqlite_warehouse)
    assert contents(sqlite_warehouse) == before

"""A corrected warehouse is one that was loaded right the first time."""

import csv
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert, select

from cad.build.run import build_base
from cad.compact import compact
from cad.corrections import update_samples
from cad.leases import pin
from cad.push import push_batch
from cad.registry.engine import reading, writing
from cad.registry.numbers import latest_commit
from cad.registry.people import keyed_hash
from cad.registry.samples import desired_samples
from cad.registry.tables import commit, sample, sample_past, tombstone
from cad.settings import Settings
from cad.sweep import sweep
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from schemas.errors import BatchRefused, CadError, NotFound
from tests.base.reading import assert_same_base, base_frame, lake_table, strata
from tests.pushed import every_value
from tests.twin.batch import PURPOSES
from tests.twin.cohorts import Shape, random_batch_dirs
from tests.twin.tiny import tiny_batch

SHEET = """
sample_id person_id sex father_id mother_id affected indication region    cohort
c         C         XY  F         M         1        cardio     FR-IDF    -
f         F         XY  -         -         0        cardio     FR-IDF    -
m         M         XX  -         -         unknown  cardio     FR-ARA    -
u         U         XX  -         -         0        -          -         POPGEN
"""
LINES = [
    "c f m u",
    "22 100 A G PASS . GT:DP:GQ 0/1:30:50 0/1:30:50 0/0:30:50 1/1:30:50",
    "22 101 A G PASS . GT:DP:GQ ./.:30:50 0/1:9:50 0/0:30:50 0/0:30:50",
    "X 5000000 A G PASS . GT:DP:GQ 1:30:50 0/0:30:50 0/1:30:50 1/1:7:50",
    "X 5000010 A G PASS . GT:DP:GQ 1/1:7:50 0/1:30:50 0/1:30:50 0/1:30:50",
    "Y 5000000 A G PASS . GT:DP:GQ 1/1:30:50 0/1:30:50 1/1:30:50 1/1:30:50",
    "M 100 A G PASS . GT:DP:AF 1:200:0.99 1:200:0.5 0:200:0.01 1:50:0.99",
]
BED = {"a.vcf": {"callability": "bed", "callable_bed": "wgs.bed"}}


def trio(folder: Path, sheet: str = SHEET) -> Path:
    """Three of a family and one alone, called on 22, X, Y and M."""
    made = tiny_batch(folder, sheet, {"a.vcf": LINES}, BED)
    spans = ("22\t0\t999", "X\t4999000\t5001000", "Y\t4999000\t5001000", "M\t0\t999")
    (folder / "wgs.bed").write_text("".join(f"chr{span}\n" for span in spans))
    return made


def table(folder: Path, *rows: str, name: str = "fix.tsv") -> Path:
    """A table of corrections; blanks for tabs, ``-`` for an empty cell."""
    path = folder / name
    cells = (["" if cell == "-" else cell for cell in row.split(" ")] for row in rows)
    path.write_text("".join("\t".join(row) + "\n" for row in cells))
    return path


@contextmanager
def built(folder: Path, *batches: Path) -> Iterator[Warehouse]:
    """A warehouse of these batches, built."""
    with Warehouse.create(folder, "GRCh38", settings=Settings(threads=2)) as made:
        for batch in batches:
            push_batch(made, batch)
        build_base(made)
        yield made


def depth_rows(warehouse: Warehouse) -> set[tuple[Any, ...]]:
    """All depth of all bases, strata by name."""
    found = set()
    for purpose in PURPOSES:
        names = {number: name for name, number in strata(warehouse, purpose).items()}
        for row in lake_table(warehouse, "base_depth", purpose).to_pylist():
            named = {**row, "purpose": purpose, "stratum": names[row["stratum"]]}
            found.add(json.dumps(named, sort_keys=True))
    return found


def assert_equal(found: Warehouse, expected: Warehouse) -> None:
    assert_same_base(base_frame(found), base_frame(expected))
    assert depth_rows(found) == depth_rows(expected)


def refused(warehouse: Warehouse, file: Path) -> CadError:
    """The error of a table, after which nothing has changed."""
    before = every_value(warehouse)
    with pytest.raises(CadError) as caught:
        update_samples(warehouse, file)
    assert every_value(warehouse).split("\nsession:")[0] == before.split("\nsession:")[0]
    return caught.value


def sheet(warehouse: Warehouse, sample_id: str) -> dict[str, Any]:
    """The registry's row of a sample."""
    with reading(warehouse.engine) as connection:
        query = select(sample).where(sample.c.sample_id == sample_id)
        return dict(connection.execute(query).mappings().one())


@pytest.mark.parametrize(
    ("wrong", "fix"),
    [
        (("c         C         XY", "c C XX"), ("sample_id sex", "c XY")),
        (("u         U         XX", "u U XY"), ("person_id sex", "U XX")),
        (("m         M         XX", "m M unknown"), ("person_id sex", "M XX")),
        (("1        cardio", "0 leuco"), ("sample_id affected indication", "c 1 cardio")),
        (("XY  F         M", "XY - -"), ("person_id father_id mother_id", "C F M")),
        (("XY  -         -         0", "XY X Y 0"), ("person_id father_id mother_id", "F . .")),
        (("POPGEN", "pilot"), ("sample_id cohort region", "u POPGEN .")),
        (("cardio     FR-ARA", "- FR-IDF"), ("sample_id region indication", "m FR-ARA cardio")),
        (("m         M         XX  -         -         unknown", "m M XX - - 1"),
         ("sample_id affected", "m .")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_built_before", [True, False])
def test_corrected_equals_loaded_right(
    tmp_path: Path, wrong: tuple[str, str], fix: tuple[str, ...], is_built_before: bool
) -> None:
    assert wrong[0] in SHEET
    first = trio(tmp_path / "N1", SHEET.replace(*wrong))
    shutil.copytree(trio(tmp_path / "right" / "N1"), tmp_path / "again" / "N1")
    with (
        built(tmp_path / "expected", tmp_path / "again" / "N1") as expected,
        Warehouse.create(tmp_path / "found", "GRCh38", settings=Settings(threads=2)) as found,
    ):
        push_batch(found, first)
        if is_built_before:
            build_base(found)
            with pytest.raises(AssertionError):
                assert_equal(found, expected)
        report = update_samples(found, table(tmp_path, *fix))
        assert (report.status, report.samples) == ("accepted", 1)
        build_base(found)
        assert_equal(found, expected)


_ATTRIBUTES = ("sex", "affected", "indication", "region", "cohort", "father_id", "mother_id",
               "collected_on", "assay", "material")  # fmt: skip


def scrambled(batch: Path, out: Path, rng: Random) -> tuple[Path, list[list[str]]]:
    """A copy of a batch whose sheet is wrong in many cells, and the rows that put it right."""
    shutil.copytree(batch, out)
    with (batch / "samples.tsv").open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    fixes = []
    sexes = {row["person_id"]: rng.choice(["XX", "XY", "unknown"]) for row in rows}
    wrong = []
    for row in rows:
        named = [name for name in _ATTRIBUTES if name in row]
        fixes.append([row["sample_id"], batch.name] + [row[name] or "." for name in named])
        lies = {
            "sex": sexes[row["person_id"]],
            "affected": rng.choice(["0", "1"]),
            "indication": rng.choice(["", "other"]),
            "region": rng.choice(["", "FR-974"]),
            "cohort": rng.choice(["", "POPGEN"]),
            "father_id": "",
            "mother_id": "P9",
            "collected_on": rng.choice(["", "2020-02-02"]),
            "assay": rng.choice(["WGS", "WES"]),
            "material": rng.choice(["germline", "tumour"]),
        }
        wrong.append({**row, **{name: lies[name] for name in named}})
    with (out / "samples.tsv").open("w", newline="") as target:
        names = list(rows[0])
        target.write("\t".join(names) + "\n")
        target.writelines("\t".join(row[name] for name in names) + "\n" for row in wrong)
    manifest = json.loads((out / "manifest.json").read_text())
    if "samples.tsv" in manifest.get("checksums", {}):
        digest = hashlib.sha256((out / "samples.tsv").read_bytes()).hexdigest()
        manifest["checksums"]["samples.tsv"] = digest
        (out / "manifest.json").write_text(json.dumps(manifest))
    named = [name for name in _ATTRIBUTES if name in rows[0]]
    return out, [["sample_id", "batch_id", *named], *fixes]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_cohort_corrected_equals_the_cohort_loaded_right(tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    shape = Shape(batches=3, callabilities=("bed", "sites", "blocks"))
    cohort = random_batch_dirs(seed, tmp_path / "cohort", shape)
    with (
        built(tmp_path / "expected", *cohort.batches) as expected,
        Warehouse.create(tmp_path / "found", "GRCh38", settings=Settings(threads=2)) as found,
    ):
        tables = []
        for batch in cohort.batches:
            wrong, rows = scrambled(batch, tmp_path / "wrong" / batch.name, rng)
            push_batch(found, wrong)
            file = tmp_path / f"{batch.name}.tsv"
            file.write_text("".join("\t".join(row) + "\n" for row in rows))
            tables.append(file)
        build_base(found)
        rng.shuffle(tables)
        for file in tables:
            assert update_samples(found, file).status == "accepted"
            if rng.random() < 0.5:
                build_base(found)
            if rng.random() < 0.5:
                compact(found)
        build_base(found)
        assert_equal(found, expected)


class TestUnchanged:
    def test_rows_that_say_what_is_there_make_no_commit(
        self, warehouse: Warehouse, tmp_path: Path
    ) -> None:
        push_batch(warehouse, trio(tmp_path / "N1"))
        file = table(tmp_path, "person_id sex affected indication", "C XY 1 -", "M XX . cardio")
        report = update_samples(warehouse, file)
        assert report.to_json() == {"commit": 1, "status": "unchanged", "samples": 0}

    def test_a_table_twice_is_one_commit(self, warehouse: Warehouse, tmp_path: Path) -> None:
        push_batch(warehouse, trio(tmp_path / "N1"))
        file = table(tmp_path, "sample_id affected", "u 1", "m 0")
        first, second = update_samples(warehouse, file), update_samples(warehouse, file)
        assert first.to_json() == {"commit": 2, "status": "accepted", "samples": 2}
        assert second.to_json() == {"commit": 2, "status": "unchanged", "samples": 0}
        with reading(warehouse.engine) as connection:
            assert list(connection.scalars(select(commit.c.kind))) == ["push", "correct"]

    def test_an_empty_cell_leaves_the_value(self, warehouse: Warehouse, tmp_path: Path) -> None:
        push_batch(warehouse, trio(tmp_path / "N1"))
        file = table(tmp_path, "sample_id sex indication region", "c - leuco -", "f - - .")
        assert update_samples(warehouse, file).samples == 2
        child, father = sheet(warehouse, "c"), sheet(warehouse, "f")
        assert [child[name] for name in ("sex", "indication", "region")] == [
            "XY", "leuco", "FR-IDF",
        ]  # fmt: skip
        assert [father[name] for name in ("sex", "indication", "region")] == ["XY", "cardio", None]


class TestRefused:
    @pytest.mark.parametrize(
        ("rows", "reason", "where"),
        [
            (("sample_id sex", "c male"), "sheet_value", "fix.tsv, line 2, column sex"),
            (("sample_id sex", "c ."), "sheet_value", "fix.tsv, line 2, column sex"),
            (("sample_id father_id", "c 0"), "sheet_value", "fix.tsv, line 2, column father_id"),
            (("sample_id gender", "c XX"), "sheet_unknown_column", "fix.tsv, line 1"),
            (("sample_id callable_bed", "c a.bed"), "sheet_unknown_column", "fix.tsv, line 1"),
            (("sex indication", "XX cardio"), "sheet_missing_column", "fix.tsv, line 1"),
            (("sample_id batch_id", "c N1"), "sheet_missing_column", "fix.tsv, line 1"),
            (("sample_id sex",), "sheet_malformed", "fix.tsv"),
            (("sample_id person_id sex", "- - XX"), "sheet_value", "fix.tsv, line 2"),
            (("sample_id sex", "c XX", "x XX"), "sample_unknown", "fix.tsv, line 3"),
            (("sample_id batch_id sex", "c N2 XX"), "sample_unknown", "fix.tsv, line 2"),
            (("sample_id person_id sex", "c M XX"), "sample_unknown", "fix.tsv, line 2"),
            (("person_id sex", "C XX", "NOBODY XX"), "person_unknown", "fix.tsv, line 3"),
            (("person_id mother_id", "C C"), "person_conflict", "fix.tsv, line 2"),
            (("person_id twin_of", "C C"), "person_conflict", "fix.tsv, line 2"),
            (("person_id sex", "C XX", "C XY"), "correction_conflict", "fix.tsv, line 3"),
            (("sample_id collected_on", "c 2026-02-30"), "sheet_value",
             "fix.tsv, line 2, column collected_on"),
        ],
    )  # fmt: skip
    def test_the_whole_table_for_one_row(
        self, warehouse: Warehouse, tmp_path: Path, rows: tuple[str, ...], reason: str, where: str
    ) -> None:
        push_batch(warehouse, trio(tmp_path / "N1"))
        error = refused(warehouse, table(tmp_path, *rows))
        assert (error.reason, error.where) == (reason, where)

    def test_a_name_in_free_text(self, warehouse: Warehouse, tmp_path: Path) -> None:
        push_batch(warehouse, trio(tmp_path / "N1"))
        file = tmp_path / "fix.tsv"
        file.write_text("sample_id\tindication\nc\tpatient né le 12/03/1987\n")
        assert refused(warehouse, file).reason == "identifying_data"

    def test_a_sample_id_of_several_batches(self, warehouse: Warehouse, tmp_path: Path) -> None:
        push_batch(warehouse, trio(tmp_path / "N1"))
        push_batch(warehouse, trio(tmp_path / "N2"))
        error = refused(warehouse, table(tmp_path, "sample_id sex", "c XX"))
        assert error.reason == "sample_ambiguous"
        report = update_samples(warehouse, table(tmp_path, "sample_id batch_id affected", "c N2 0"))
        assert report.samples == 1
        # Another person of that id is no ambiguity where the person is named.
        assert update_samples(warehouse, table(tmp_path, "person_id sex", "C XX")).samples == 2

    def test_samples_of_a_person_that_would_contradict_each_other(
        self, warehouse: Warehouse, tmp_path: Path
    ) -> None:
        two = "sample_id person_id sex\na P XX\nb P XX"
        lines = ["a b", "22 100 A G PASS . GT 0/1 0/1"]
        push_batch(warehouse, tiny_batch(tmp_path / "N1", two, {"a.vcf": lines}))
        error = refused(warehouse, table(tmp_path, "sample_id sex", "b XY"))
        assert (error.reason, error.where) == ("person_conflict", "fix.tsv, line 2")
        error = refused(warehouse, table(tmp_path, "sample_id sex", "a XY"))
        assert (error.reason, error.where) == ("person_conflict", "fix.tsv, line 2")
        assert update_samples(warehouse, table(tmp_path, "person_id sex", "P XY")).samples == 2

    def test_a_file_that_is_not_there(self, warehouse: Warehouse, tmp_path: Path) -> None:
        with pytest.raises(BatchRefused, match="file_missing"):
            update_samples(warehouse, tmp_path / "none.tsv")

    def test_messages_name_nobody(self, warehouse: Warehouse, tmp_path: Path) -> None:
        push_batch(warehouse, trio(tmp_path / "N1"))
        with pytest.raises(NotFound) as caught:
            update_samples(warehouse, table(tmp_path, "person_id sex", "SECRET-7 XX"))
        assert "SECRET-7" not in str(caught.value.to_json())


class TestWithdrawn:
    def leave(self, warehouse: Warehouse, person: str) -> None:
        with writing(warehouse.engine) as connection:
            digest = keyed_hash(warehouse.key, person)
            connection.execute(insert(tombstone).values(keyed_hash=digest))

    def test_parent_who_withdrew_is_declared_but_not_named(
        self, warehouse: Warehouse, tmp_path: Path
    ) -> None:
        push_batch(warehouse, trio(tmp_path / "N1"))
        self.leave(warehouse, "GONE")
        update_samples(warehouse, table(tmp_path, "person_id mother_id", "F GONE"))
        father = sheet(warehouse, "f")
        assert (father["mother_id"], father["founder"]) == (None, False)
        assert "GONE" not in every_value(warehouse)

    def test_taking_one_parent_away_must_not_bury_one_who_withdrew(
        self, warehouse: Warehouse, tmp_path: Path
    ) -> None:
        push_batch(warehouse, trio(tmp_path / "N1"))
        withdraw(warehouse, "M")
        error = refused(warehouse, table(tmp_path, "person_id father_id", "C ."))
        assert error.reason == "sheet_value"
        update_samples(warehouse, table(tmp_path, "person_id father_id mother_id", "C . ."))
        assert sheet(warehouse, "c")["founder"] is True

    def test_one_parent_may_go_where_nobody_withdrew(
        self, warehouse: Warehouse, tmp_path: Path
    ) -> None:
        push_batch(warehouse, trio(tmp_path / "N1"))
        update_samples(warehouse, table(tmp_path, "person_id father_id", "C ."))
        assert sheet(warehouse, "c")["founder"] is False
        update_samples(warehouse, table(tmp_path, "person_id mother_id", "C ."))
        assert sheet(warehouse, "c")["founder"] is True

    def test_what_samples_were_names_nobody_who_withdraws(
        self, warehouse: Warehouse, tmp_path: Path
    ) -> None:
        two = "sample_id person_id sex\nleaver LEAVER XX\nstays STAYS XX"
        lines = ["leaver stays", "22 100 A G PASS . GT 0/1 0/1"]
        push_batch(warehouse, tiny_batch(tmp_path / "N1", two, {"a.vcf": lines}))
        columns = "sample_id normal_of mother_id twin_of"
        update_samples(warehouse, table(tmp_path, columns, "stays leaver LEAVER LEAVER"))
        update_samples(warehouse, table(tmp_path, columns, "stays . OTHER ."))
        with reading(warehouse.engine) as connection:
            assert "LEAVER" in set(connection.scalars(select(sample_past.c.mother_id)))
        withdraw(warehouse, "LEAVER")
        build_base(warehouse)
        assert "leaver" not in every_value(warehouse).lower()


class TestReaders:
    def test_a_pinned_reader_sees_what_was(self, warehouse: Warehouse, tmp_path: Path) -> None:
        def sexes(commit_no: int) -> dict[str, str]:
            with reading(warehouse.engine) as connection:
                return {one.sample_id: one.sex for one in desired_samples(connection, commit_no)}

        push_batch(warehouse, trio(tmp_path / "N1"))
        with pin(warehouse) as pinned:
            before = sexes(pinned)
            for sex in ("XX", "other"):
                update_samples(warehouse, table(tmp_path, "sample_id sex", f"c {sex}"))
            assert [sexes(number)["c"] for number in (1, 2, 3)] == ["XY", "XX", "other"]
            sweep(warehouse)
            assert sexes(pinned) == before
        sweep(warehouse)
        with reading(warehouse.engine) as connection:
            assert connection.execute(select(sample_past)).all() == []
            assert latest_commit(connection) == 3
        assert sexes(3)["c"] == "other"

    def test_only_the_samples_that_changed_are_counted_anew(
        self, sqlite_warehouse: Warehouse, tmp_path: Path
    ) -> None:
        push_batch(sqlite_warehouse, trio(tmp_path / "N1"))
        other = "sample_id person_id sex\nz Z XX"
        lines = ["z", "22 100 A G PASS . GT 0/1"]
        push_batch(sqlite_warehouse, tiny_batch(tmp_path / "N2", other, {"a.vcf": lines}))
        build_base(sqlite_warehouse)
        update_samples(sqlite_warehouse, table(tmp_path, "sample_id sex", "z XY"))
        report = build_base(sqlite_warehouse)
        assert (report.persons_added, report.persons_removed) == (0, 0)
        assert len({path.split("/")[1] for path in report.files_read}) == 1

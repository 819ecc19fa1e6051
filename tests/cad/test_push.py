"""A batch is pushed whole or not at all, once, by whoever and however often."""

import hashlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from cad.push import push_batch
from cad.receipt import Receipt
from cad.registry.batches import find_batch
from cad.registry.engine import reading, writing
from cad.registry.numbers import latest_commit
from cad.registry.samples import Sample, desired_samples, sample_tracks
from cad.registry.tables import code_list, phenotype, sample, track
from cad.settings import Settings, WarehouseConfig
from cad.warehouse import Warehouse
from loaders.jobs import Thresholds
from schemas.errors import BatchRefused, CadError, Conflict
from tests.batch_dir import BatchDir, vcf
from tests.pushed import (
    assert_swept_clean,
    assert_whole,
    batch_ids,
    change,
    contents,
    every_value,
    family,
)
from tests.staged import on_disk


@pytest.fixture
def made(tmp_path: Path) -> BatchDir:
    """The trio's batch."""
    return family(tmp_path / "batch")


def refused(push: Callable[[], object]) -> CadError:
    with pytest.raises(CadError) as caught:
        push()
    return caught.value


def samples_of(warehouse: Warehouse) -> list[Sample]:
    with reading(warehouse.engine) as connection:
        return desired_samples(connection, latest_commit(connection))


class TestAccepted:
    def test_receipt_is_the_contract_s(self, warehouse: Warehouse, made: BatchDir) -> None:
        receipt = push_batch(warehouse, made.path)
        nothing: list[Any] = []
        assert receipt.to_json() == {
            "batch_id": "NIGHT-1",
            "commit": 1,
            "status": "accepted",
            "samples": 3,
            "samples_ignored": 0,
            "files": [
                {"path": "trio.vcf", "records": 2, "loaded": 2, "reference": 0,
                 "set_aside": nothing, "warnings": nothing,
                 "alleles": {"loaded": 3, "not_carried": 0, "set_aside": 0}},
                {"path": "x.vcf", "records": 1, "loaded": 0, "reference": 1,
                 "set_aside": nothing,
                 "warnings": [{"reason": "sites_single_sample", "records": 1, "examples": []}],
                 "alleles": {"loaded": 0, "not_carried": 1, "set_aside": 0}},
            ],
            "documents": [
                {"path": "phenotypes.tsv", "kind": "phenotypes", "documents": 1, "persons": 2,
                 "records": 6, "kept": 6, "set_aside": nothing, "flags": nothing,
                 "rows": {"phenotype": 2}},
            ],
            "warnings": nothing,
        }  # fmt: skip
        with reading(warehouse.engine) as connection:
            row = find_batch(connection, "NIGHT-1")
        assert row is not None
        assert Receipt.from_json(row.receipt, "accepted") == receipt
        assert (row.platform, row.pipeline_name, row.pipeline_version) == (
            "SEQOIA",
            "gatk",
            "4.6.1",
        )

    def test_rows_lie_in_the_lake(self, warehouse: Warehouse, made: BatchDir) -> None:
        push_batch(warehouse, made.path)
        found = contents(warehouse)
        assert [row[1:6] for row in found["calls"]] == [
            ("CHILD", "22", 150, "C", "G"),
            ("CHILD", "22", 150, "C", "T"),
            ("FATHER", "22", 100, "A", "G"),
            ("MOTHER", "22", 100, "A", "G"),
        ]
        assert found["callable"] == []
        assert [row[1:5] for row in found["tracks"]] == [
            ("CHILD", "22", 100, 200),
            ("FATHER", "22", 100, 200),
            ("FATHER", "X", 90000000, 90000000),
            ("MOTHER", "22", 1, 1000),
        ]
        assert_whole(warehouse)
        assert_swept_clean(warehouse)

    def test_sheets_lie_in_the_registry(self, warehouse: Warehouse, made: BatchDir) -> None:
        push_batch(warehouse, made.path)
        mother, father, child = samples_of(warehouse)
        assert child == Sample(
            sample_no=3, sample_id="CHILD", person_id="P-CHILD", sex="XX", material="germline",
            assay="WGS", family_id="F1", father_id="P-FATHER", mother_id="P-MOTHER", founder=False,
            twin_of=None, affected="1", proband=None, indication=None, region=None, hospital=None,
            cohort=None, collected_on=None, has_germline=True, has_mitochondrial=False, batch_no=1,
            batch_id="NIGHT-1", platform="SEQOIA", pipeline="gatk 4.6.1", bucket_no=1,
            consents={"research": "given"},
        )  # fmt: skip
        assert [(one.sample_no, one.founder, one.consents) for one in (mother, father)] == [
            (1, True, {}),
            (2, True, {}),
        ]
        with reading(warehouse.engine) as connection:
            codes = connection.execute(select(phenotype.c.person_id, phenotype.c.code))
            assert sorted(codes) == [("P-CHILD", "HP:0001250"), ("P-MOTHER", "HP:0001263")]
            assert sample_tracks(connection, [1, 2, 3]) == {1: [1], 2: [2], 3: [3]}

    def test_every_column_of_the_sheet_is_kept(
        self, sqlite_warehouse: Warehouse, tmp_path: Path
    ) -> None:
        batch = BatchDir(tmp_path / "b")
        batch.add("one.vcf", vcf("S"))
        said = {
            "sample_id": "S", "person_id": "P", "sex": "other", "material": "cfdna", "assay": "WES",
            "family_id": "F", "father_id": "PF", "mother_id": "PM", "twin_of": "PT",
            "affected": "0", "proband": "1", "indication": "epilepsy", "region": "Bretagne",
            "hospital": "H", "cohort": "C", "normal_of": "T", "ffpe": "0", "age_years": "3.5",
            "collected_on": "2026-01-02", "prescribed_on": "2025-12-31",
        }  # fmt: skip
        batch.sheet("|".join(said), "|".join(said.values()))
        push_batch(sqlite_warehouse, batch.write())
        with reading(sqlite_warehouse.engine) as connection:
            row = dict(connection.execute(select(sample)).mappings().one())
        typed = {"proband": True, "ffpe": False, "age_years": 3.5}
        days = {"collected_on": date(2026, 1, 2), "prescribed_on": date(2025, 12, 31)}
        assert {name: row[name] for name in said} == {**said, **typed, **days}

    def test_mitochondrial_file_is_told_apart(
        self, sqlite_warehouse: Warehouse, tmp_path: Path
    ) -> None:
        batch = BatchDir(tmp_path / "b")
        mito = vcf("S1", "S2").replace(b"chr22,length=50818468", b"chrM,length=16569")
        batch.add("m.vcf", mito, kind="mitochondrial", callability="blocks")
        batch.add("n.vcf", vcf("S1"), callability="blocks", contigs=["chr22", "chrM"])
        batch.sheet("sample_id|person_id|sex", "S1|P1|XX", "S2|P2|XY")
        push_batch(sqlite_warehouse, batch.write())

        found = {
            one.sample_id: (one.has_germline, one.has_mitochondrial)
            for one in samples_of(sqlite_warehouse)
        }
        assert found == {"S1": (True, True), "S2": (False, True)}
        tracks = [row[1:5] for row in contents(sqlite_warehouse)["tracks"]]
        assert tracks == [("S1", "22", 1, 50818468), ("S1", "M", 1, 16569), ("S2", "M", 1, 16569)]
        with reading(sqlite_warehouse.engine) as connection:
            assert list(connection.scalars(select(track.c.kind))) == ["contigs", "contigs"]

    def test_thresholds_and_reference_are_the_warehouse_s(self, tmp_path: Path) -> None:
        fasta = tmp_path / "r.fa"
        fasta.write_text(">chr22:91-110\nACGTACGTAAAAAAAACGTA\n")
        batch = BatchDir(tmp_path / "b")
        line = "chr22 106 . A AA . PASS . GT:GQ 0/1:25"
        batch.add("s.vcf", vcf("S", lines=(line,)))
        batch.sheet("sample_id|person_id|sex", "S|P|XX")
        batch.write()
        dosages = []
        for limit in (20, 30):
            settings = Settings(init=WarehouseConfig(thresholds=Thresholds(min_gq=limit)))
            path = tmp_path / f"w{limit}"
            with Warehouse.create(path, "GRCh38", fasta, settings=settings) as warehouse:
                push_batch(warehouse, batch.path)
                [call] = contents(warehouse)["calls"]
            assert call[2:6] == ("22", 98, "T", "TA")
            dosages.append(call[6])
        assert dosages == [0b00_01_01, 0b00_01_00]

    def test_progress_ends_at_the_whole(self, sqlite_warehouse: Warehouse, made: BatchDir) -> None:
        told: list[tuple[int, int]] = []
        push_batch(sqlite_warehouse, made.path, progress=lambda *now: told.append(now))
        total = sum((made.path / name).stat().st_size for name in ("trio.vcf", "x.vcf"))
        assert told[-1] == (total, total)
        assert [done for done, _ in told] == sorted(done for done, _ in told)


class TestRefused:
    def test_nothing_is_kept(self, warehouse: Warehouse, made: BatchDir) -> None:
        late = (made.path / "x.vcf").read_bytes() + b"chr22\tnowhere\t.\tA\tC\t.\t.\t.\tGT\t0/0\n"
        made.put("x.vcf", late)
        made.manifest["files"][1]["sha256"] = hashlib.sha256(late).hexdigest()
        made.write()
        error = refused(lambda: push_batch(warehouse, made.path))
        assert (type(error), error.reason) == (BatchRefused, "pos_unusable")
        assert (on_disk(warehouse), batch_ids(warehouse)) == ([], [])
        assert "P-CHILD" not in every_value(warehouse)

    def test_other_assembly(self, sqlite_warehouse: Warehouse, made: BatchDir) -> None:
        made.write({"assembly": "GRCh37"})
        error = refused(lambda: push_batch(sqlite_warehouse, made.path))
        assert error.reason == "assembly_mismatch"

    def test_declared_records(self, sqlite_warehouse: Warehouse, made: BatchDir) -> None:
        made.manifest["files"][0]["records"] = 3
        made.write()
        error = refused(lambda: push_batch(sqlite_warehouse, made.path))
        assert (error.reason, error.where) == ("records_mismatch", "trio.vcf")
        assert on_disk(sqlite_warehouse) == []

    def test_overlap_that_only_the_records_show(
        self, sqlite_warehouse: Warehouse, made: BatchDir
    ) -> None:
        again = vcf("FATHER", lines=("chr22 300 . A G . PASS . GT 0/1",))
        made.add("again.vcf", again)
        made.write()
        error = refused(lambda: push_batch(sqlite_warehouse, made.path))
        assert error.reason == "sample_overlap"
        assert on_disk(sqlite_warehouse) == []

    def test_key_that_is_gone(self, sqlite_warehouse: Warehouse, made: BatchDir) -> None:
        """Without it a withdrawn person would come back unnoticed."""
        sqlite_warehouse.path.with_name("warehouse.key").unlink()
        error = refused(lambda: push_batch(sqlite_warehouse, made.path))
        assert error.reason == "key_unusable"


class TestStrict:
    def test_clean_batch_passes(self, sqlite_warehouse: Warehouse, tmp_path: Path) -> None:
        batch = BatchDir(tmp_path / "b")
        batch.add("s.vcf", vcf("S1", "S2", lines=("chrUn 9 . A G . PASS . GT 0/1 0/0",)))
        batch.sheet("sample_id|person_id|sex|cohort", "S1|P1|XX|NEW", "S2|P2|XX|")
        receipt = push_batch(sqlite_warehouse, batch.write(), strict=True)
        assert [entry.reason for entry in receipt.warnings] == ["cohort_unlisted"]

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("chr22 9 . A G . PASS . GT 0/2 0/0", "gt_index"),
            ("chr22 9 . A G . PASS . GT:AD 0/1:1,2,3 0/0:5,0", "format_array_length"),
        ],
    )
    def test_blemish_refuses_only_where_strict(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, line: str, reason: str
    ) -> None:
        batch = BatchDir(tmp_path / "b")
        batch.add("s.vcf", vcf("S1", "S2", lines=(line,)))
        batch.sheet("sample_id|person_id|sex", "S1|P1|XX", "S2|P2|XX")
        batch.write()
        error = refused(lambda: push_batch(sqlite_warehouse, batch.path, strict=True))
        assert (type(error), error.reason, error.where) == (BatchRefused, reason, "s.vcf")
        assert on_disk(sqlite_warehouse) == []
        push_batch(sqlite_warehouse, batch.path)


class TestAgain:
    def test_same_bytes_change_nothing(self, warehouse: Warehouse, made: BatchDir) -> None:
        first = push_batch(warehouse, made.path)
        push_batch(warehouse, family(made.path.with_name("other"), "NIGHT-2").path)
        before = (on_disk(warehouse), every_value(warehouse))
        for replace in (False, True):
            again = push_batch(warehouse, made.path, replace=replace)
            assert again.to_json() == {**first.to_json(), "status": "unchanged"}
        assert (on_disk(warehouse), every_value(warehouse)) == before

    @pytest.mark.parametrize(
        "name", ["manifest", "samples.tsv", "consents.tsv", "phenotypes.tsv", "wgs.bed", "x.vcf"]
    )
    def test_other_bytes_are_refused(
        self, sqlite_warehouse: Warehouse, made: BatchDir, name: str
    ) -> None:
        push_batch(sqlite_warehouse, made.path)
        before = (on_disk(sqlite_warehouse), every_value(sqlite_warehouse))
        change(made, name)
        error = refused(lambda: push_batch(sqlite_warehouse, made.path))
        assert (type(error), error.reason) == (Conflict, "batch_conflict")
        assert (on_disk(sqlite_warehouse), every_value(sqlite_warehouse)) == before

    def test_order_of_files_is_no_content(
        self, sqlite_warehouse: Warehouse, made: BatchDir
    ) -> None:
        push_batch(sqlite_warehouse, made.path)
        made.manifest["files"].reverse()
        made.write()
        assert push_batch(sqlite_warehouse, made.path).status == "unchanged"


class TestWarnings:
    def test_same_sample_id_under_another_person(
        self, warehouse: Warehouse, made: BatchDir
    ) -> None:
        push_batch(warehouse, made.path)
        other = family(made.path.with_name("other"), "NIGHT-2")
        sheet = (other.path / "samples.tsv").read_bytes()
        other.put("samples.tsv", sheet.replace(b"CHILD\tP-CHILD", b"CHILD\tP-OTHER"))
        other.put("consents.tsv", b"person_id\tscope\tstatus\tsigned_on\n")
        other.put("phenotypes.tsv", b"person_id\tsystem\tcode\n")
        receipt = push_batch(warehouse, other.write())
        assert [entry.to_json() for entry in receipt.warnings] == [
            {"reason": "sample_elsewhere", "records": 1, "examples": [4]}
        ]

    def test_cohort_in_no_code_list(self, warehouse: Warehouse, tmp_path: Path) -> None:
        cohorts = [{"cohort": "PILOT", "purposes": ["research"]}]
        listed = {"name": "cohort", "version": "1", "valid_from": date(2020, 1, 1), "rows": cohorts}
        with writing(warehouse.engine) as connection:
            connection.execute(insert(code_list).values(listed))
        batch = BatchDir(tmp_path / "b")
        batch.add("s.vcf", vcf("S1", "S2", "S3"))
        batch.sheet("sample_id|person_id|sex|cohort", "S1|P1|XX|", "S2|P2|XX|PILOT", "S3|P3|XX|NEW")
        receipt = push_batch(warehouse, batch.write())
        assert [entry.to_json() for entry in receipt.warnings] == [
            {"reason": "cohort_unlisted", "records": 1, "examples": [4]}
        ]


class TestOvertaken:
    """Somebody pushes the same batch between this push's reading and its commit."""

    def meanwhile(self, warehouse: Warehouse, path: Path) -> Callable[[int, int], None]:
        left = [path]

        def push(*_: int) -> None:
            while left:
                push_batch(warehouse, left.pop())

        return push

    def test_by_the_same_bytes(self, warehouse: Warehouse, made: BatchDir) -> None:
        receipt = push_batch(warehouse, made.path, progress=self.meanwhile(warehouse, made.path))
        assert (receipt.status, receipt.commit) == ("unchanged", 1)
        assert len(contents(warehouse)["calls"]) == 4
        assert_swept_clean(warehouse)

    def test_by_other_bytes(self, warehouse: Warehouse, made: BatchDir) -> None:
        other = family(made.path.with_name("other"))
        change(other, "samples.tsv")
        meanwhile = self.meanwhile(warehouse, other.path)
        error = refused(lambda: push_batch(warehouse, made.path, progress=meanwhile))
        assert error.reason == "batch_conflict"
        assert_swept_clean(warehouse)

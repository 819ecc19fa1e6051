"""Withdrawal is the exact inverse of load, and leaves nothing of the person."""

import json
import sqlite3
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cad.build.run import build_base
from cad.clinical.push import push_clinical
from cad.compact import compact
from cad.leases import pin
from cad.push import push_batch
from cad.registry.batches import list_batches
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.registry.numbers import latest_commit
from cad.registry.tables import sample
from cad.settings import Settings
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from schemas.errors import Conflict
from tests.base.reading import assert_same_base, base_frame
from tests.cad.clinical_dir import put
from tests.pushed import family
from tests.twin.cohorts import Shape, random_batch_dirs

MOTHER_AS_FHIR = {
    "resourceType": "Bundle",
    "id": "bundle-of-MOTHER",
    "type": "collection",
    "entry": [{"resource": {"resourceType": "Patient", "id": "P-MOTHER", "gender": "female"}}],
}


def every_byte(folder: Path) -> bytes:
    """Names and bytes of all files below a folder."""
    return b"\0".join(
        str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )


@pytest.fixture
def trio(tmp_path: Path) -> Path:
    return family(tmp_path / "batch").path


def test_person_is_hidden_then_subtracted_then_erased(warehouse: Warehouse, trio: Path) -> None:
    push_batch(warehouse, trio)
    before = build_base(warehouse)
    withdraw(warehouse, "P-MOTHER")
    after = build_base(warehouse)
    assert (before.purposes["care"].persons, after.purposes["care"].persons) == (3, 2)
    assert after.persons_removed == 1
    with reading(warehouse.engine) as connection:
        rows = connection.execute(sample.select()).mappings().all()
    assert {row["person_id"] for row in rows} == {"P-FATHER", "P-CHILD"}
    child = next(row for row in rows if row["person_id"] == "P-CHILD")
    assert child["mother_id"] is None
    assert child["father_id"] == "P-FATHER"
    assert not child["founder"]


@pytest.mark.parametrize("built_before", [True, False])
def test_no_byte_names_the_person(tmp_path: Path, trio: Path, built_before: bool) -> None:
    own = {"id": "packet-of-MOTHER", "subject": {"id": "P-MOTHER", "sex": "FEMALE"}}
    put(trio, {"phenopackets/P-MOTHER.json": own, "fhir/MOTHER.json": MOTHER_AS_FHIR})
    delivered = {
        "MOTHER/all.json": {**own, "id": "MOTHER-2"},
        "trio.ped": ["F1 P-CHILD P-FATHER P-MOTHER 2 2", "F1 P-MOTHER 0 0 2 1"],
        "consents.tsv": [
            "person_id scope status signed_on", "P-MOTHER research given 2026-01-05",
            "P-FATHER research given 2026-01-05",
        ],
    }  # fmt: skip
    with Warehouse.create(tmp_path / "warehouse", "GRCh38") as warehouse:
        push_batch(warehouse, trio)
        push_clinical(warehouse, put(tmp_path / "documents", delivered))
        if built_before:
            build_base(warehouse)
        assert b"P-MOTHER" in every_byte(warehouse.path)
        withdraw(warehouse, "P-MOTHER")
        build_base(warehouse)
        found = every_byte(warehouse.path)
    assert b"P-MOTHER" not in found
    assert b"MOTHER" not in found
    assert b"P-FATHER" in found
    with Warehouse.open(tmp_path / "warehouse") as warehouse:
        again = push_clinical(warehouse, tmp_path / "documents")
        assert (again.status, again.persons, again.persons_ignored) == ("unchanged", 2, 1)
        assert b"MOTHER" not in every_byte(warehouse.path)


def test_file_named_after_the_sample_loses_its_name_in_the_receipt(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    made = family(tmp_path / "batch")
    (made.path / "x.vcf").rename(made.path / "FATHER.vcf")
    manifest = json.loads((made.path / "manifest.json").read_text())
    entry = next(file for file in manifest["files"] if file["path"] == "x.vcf")
    entry["path"] = "FATHER.vcf"
    (made.path / "manifest.json").write_text(json.dumps(manifest))
    push_batch(warehouse, made.path)
    withdraw(warehouse, "P-FATHER")
    build_base(warehouse)
    with reading(warehouse.engine) as connection:
        receipt = list_batches(connection, latest_commit(connection))[0].receipt
    assert {file["path"] for file in receipt["files"]} == {"trio.vcf", "file 1"}


def test_later_push_drops_the_column(warehouse: Warehouse, trio: Path, tmp_path: Path) -> None:
    withdraw(warehouse, "P-MOTHER")
    receipt = push_batch(warehouse, trio)
    assert (receipt.samples, receipt.samples_ignored) == (2, 1)
    withdraw(warehouse, "P-MOTHER")
    build_base(warehouse)
    again = push_batch(warehouse, family(tmp_path / "again", "NIGHT-2").path)
    assert again.samples_ignored == 1


def test_readers_pin_ends(warehouse: Warehouse, trio: Path) -> None:
    def read_while_erasing() -> None:
        with pin(warehouse) as commit_no:
            with reading(warehouse.engine) as connection:
                files = lake_files(connection, commit_no, "calls")
            build_base(warehouse)
            for file in files:
                (warehouse.path / file.path).read_bytes()

    push_batch(warehouse, trio)
    build_base(warehouse)
    withdraw(warehouse, "P-MOTHER")
    with pytest.raises(Conflict, match="snapshot_erased"):
        read_while_erasing()


def test_interrupted_scrub_is_done_by_the_next_build(tmp_path: Path, trio: Path) -> None:
    with Warehouse.create(
        tmp_path / "warehouse", "GRCh38", settings=Settings(busy_seconds=1)
    ) as warehouse:
        push_batch(warehouse, trio)
        withdraw(warehouse, "P-MOTHER")
        reader = sqlite3.connect(warehouse.path / "registry.sqlite", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sample").fetchone()
        # Another reader holds the log open: what was deleted cannot be scrubbed yet.
        build_base(warehouse)
        reader.execute("COMMIT")
        reader.close()
        build_base(warehouse)
        assert b"P-MOTHER" not in every_byte(warehouse.path)


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32 - 1))
# Samples of a bucket are counted at last after others of it were withdrawn and they moved away.
@example(seed=66)
@example(seed=96)
def test_base_equals_one_that_never_saw_them(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    random = Random(seed)
    folder = tmp_path_factory.mktemp("withdraw")
    shape = Shape(callabilities=("bed", "sites", "blocks"))
    cohort = random_batch_dirs(seed, folder / "batches", shape)
    gone = random.sample(cohort.persons, random.randint(1, 2))
    with (
        Warehouse.create(folder / "saw", "GRCh38", cohort.reference) as saw,
        Warehouse.create(folder / "never", "GRCh38", cohort.reference) as never,
    ):
        for person in gone:
            withdraw(never, person)
        withdrawn_after = random.randint(1, len(cohort.batches))
        for place, directory in enumerate(cohort.batches, 1):
            push_batch(saw, directory)
            push_batch(never, directory)
            if random.random() < 0.5:
                build_base(saw)
            if random.random() < 0.4:
                compact(saw)
            if place == withdrawn_after:
                for person in gone:
                    withdraw(saw, person)
        build_base(saw)
        build_base(never)
        assert_same_base(base_frame(saw), base_frame(never))
        with reading(saw.engine) as connection:
            persons = set(connection.scalars(sample.select().with_only_columns(sample.c.person_id)))
        assert not persons & set(gone)

"""A warehouse whose files lie in an object store: the same base and answers, from any machine."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import ByteSize

from cad.build.folding import fold_base
from cad.build.run import build_base
from cad.commit import open_session
from cad.faults import EXIT_CODE
from cad.fetched import batch_directory
from cad.lake import Lake
from cad.push import push_batch
from cad.query.base import open_base
from cad.query.parse import Variant
from cad.query.reader import BaseReader
from cad.registry.engine import reading
from cad.registry.files import registered_paths
from cad.settings import Settings
from cad.sql_access import open_sql
from cad.sweep import sweep
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from schemas.errors import BadQuestion, BatchRefused, Conflict, Unavailable
from tests import crash
from tests.base.engines import assert_one_base
from tests.base.nights import ANY_SHARE
from tests.cad.examples import lay_out, run_examples
from tests.cli import cad, cad_json
from tests.object_store import make_bucket, object_store, stored
from tests.pushed import family
from tests.staged import adding, commit_file, expire_all, on_disk, seen, stage
from tests.twin.cohorts import Shape, random_batch_dirs

PREFIX = "national/lake/"


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with object_store() as client:
        yield client


@pytest.fixture
def bucket(client: Any, request: pytest.FixtureRequest) -> str:
    """The URL of an empty bucket."""
    return make_bucket(
        client, request.node.name.replace("_", "-").replace("[", "-").strip("]")[:60]
    )


@dataclass(frozen=True)
class Pair:
    """The same cohort in a warehouse with its lake in a bucket, and in one without.

    Later builds are kept beside the bins of the first one.
    """

    stored: Warehouse
    plain: Warehouse


@pytest.fixture(scope="module")
def pair(client: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    url = f"{make_bucket(client, 'pair')}/{PREFIX}"
    cohort = random_batch_dirs(3, folder / "cohort", Shape(persons=9, batches=2))
    # Persons of its own, so that a build takes nobody out and keeps what they add beside the bins.
    last = family(folder / "last").path
    settings = Settings(threads=2, added_share=ANY_SHARE)
    with ExitStack() as opened:
        both = [
            opened.enter_context(
                Warehouse.create(
                    folder / name, "GRCh38", cohort.reference, settings=settings, lake_url=lake
                )
            )
            for name, lake in (("stored", url), ("plain", None))
        ]  # fmt: skip
        for warehouse in both:
            for batch in (*cohort.batches, last):
                push_batch(warehouse, batch)
                build_base(warehouse)
        yield Pair(*both)


def elsewhere(warehouse: Warehouse, folder: Path, **settings: Any) -> Warehouse:
    """The warehouse as another machine opens it, which has its description, key and reference."""
    folder.mkdir()
    shutil.copy(warehouse.path / "warehouse.json", folder)
    if warehouse.reference is not None:
        shutil.copytree(warehouse.reference, folder / "reference")
    registry = f"sqlite:///{warehouse.path / 'registry.sqlite'}"
    key = warehouse.path.with_name(warehouse.path.name + ".key")
    own = Settings(threads=2, registry_url=registry, key_file=key, **settings)
    return Warehouse.open(folder, own)


def copies(warehouse: Warehouse) -> set[str]:
    """Paths in the warehouse of the files that lie on this machine."""
    files = (file for file in warehouse.lake.folder.rglob("*") if file.is_file())
    return {file.relative_to(warehouse.path).as_posix() for file in files}


def registered(warehouse: Warehouse) -> set[str]:
    with reading(warehouse.engine) as connection:
        return registered_paths(connection)


FREQUENCIES = """
    SELECT contig, pos, ref, alt, stratum, ac, an, persons FROM frequencies ORDER BY ALL
"""


def frequencies(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Every figure of care, by SQL."""
    with open_sql(warehouse, "care") as access:
        rows: list[dict[str, Any]] = access.ask(FREQUENCIES).rows.to_pylist()
        return rows


class TestLake:
    def test_every_registered_file_lies_in_the_store(self, pair: Pair, client: Any) -> None:
        found = stored(client, "pair", PREFIX)
        assert {f"lake/{name}" for name in found} == registered(pair.stored) == copies(pair.stored)
        for name, data in found.items():
            assert (pair.stored.lake.folder / name).read_bytes() == data

    def test_base_is_that_of_a_warehouse_in_a_folder(self, pair: Pair) -> None:
        assert assert_one_base(pair.stored, pair.plain) > 100

    def test_another_machine_gets_what_it_is_asked_for(self, pair: Pair, tmp_path: Path) -> None:
        with elsewhere(pair.stored, tmp_path / "other") as other:
            assert copies(other) == set()
            rows = frequencies(pair.plain)
            asked = {(row["contig"], row["pos"], row["ref"], row["alt"]) for row in rows}
            with open_base(pair.plain, "care") as base, open_base(other, "care") as same:
                assert same.added["added_counts"]
                assert same.added["added_depth"]
                here, there = BaseReader(pair.plain, base), BaseReader(other, same)
                for key in sorted(asked):
                    expected, found = (one.lookup(Variant(*key)) for one in (here, there))
                    assert (found.counts == expected.counts).all()
                    assert (found.depths == expected.depths).all()
            # Nothing was read of the persons themselves.
            got = {Path(path).name for path in copies(other)}
            assert got
            assert not got & {"calls.parquet", "callable.parquet", "tracks.parquet"}

    def test_sql_reads_from_the_store_without_a_copy(self, pair: Pair, tmp_path: Path) -> None:
        with elsewhere(pair.stored, tmp_path / "other") as other:
            found = frequencies(other)
            assert found == frequencies(pair.plain)
            assert len(found) > 100
            # Only bins to which builds added are written anew here; folded, none is.
            assert copies(other) < registered(other)
            assert {path for path in copies(other) if path.endswith("/calls.parquet")} == set()
            fold_base(other)
        with elsewhere(pair.stored, tmp_path / "third") as other:
            assert frequencies(other) == found
            assert copies(other) == set()
            with open_sql(other, "care") as access, pytest.raises(BadQuestion, match="disabled"):
                access.ask(f"FROM read_parquet('s3://pair/{PREFIX}1/calls.parquet')")

    def test_build_on_another_machine_goes_on(self, pair: Pair, tmp_path: Path) -> None:
        """What one machine pushed another builds, of which the first one reads."""
        with elsewhere(pair.stored, tmp_path / "other") as other:
            before = copies(pair.stored)
            for warehouse in (other, pair.plain):
                build_base(warehouse, recount=True)
            assert copies(other) - before
            assert_one_base(pair.stored, pair.plain)
            sweep(other)
            sweep(pair.stored)
            assert copies(pair.stored) <= registered(other)


def test_every_command_brings_what_it_reads(
    client: Any, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No copy is left from one command to the next, and what builds add is kept beside the bins."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAD_ADDED_SHARE", str(ANY_SHARE))
    lay_out(tmp_path)

    def delete_copies() -> None:
        for folder in Path("national/lake").glob("*"):
            shutil.rmtree(folder)

    run_examples(delete_copies, ["--lake", bucket])


class TestErasure:
    def test_withdrawn_person_leaves_the_store_and_every_copy(
        self, client: Any, bucket: str, tmp_path: Path
    ) -> None:
        batch = family(tmp_path / "batch")
        with Warehouse.create(tmp_path / "own", "GRCh38", lake_url=bucket) as warehouse:
            push_batch(warehouse, batch.path)
            build_base(warehouse)
            with elsewhere(warehouse, tmp_path / "other") as other:
                for path in registered(warehouse):
                    other.lake.local(path)
                before = copies(other)
                assert before == registered(warehouse)
                withdraw(warehouse, "P-MOTHER")
                build_base(warehouse)
                left = registered(warehouse)
                assert before - left
                assert {f"lake/{name}" for name in stored(client, bucket[5:])} == left
                assert copies(warehouse) == left
                sweep(other)
                assert copies(other) == before & left


class TestWriters:
    @pytest.fixture
    def warehouse(self, bucket: str, tmp_path: Path) -> Iterator[Warehouse]:
        with Warehouse.create(tmp_path / "own", "GRCh38", lake_url=bucket) as made:
            yield made

    @pytest.mark.parametrize("step", ["moved", "locked", "applied"])
    def test_what_a_dead_writer_put_there_goes(
        self, warehouse: Warehouse, client: Any, bucket: str, step: str
    ) -> None:
        commit_file(warehouse, "kept")
        store = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        writer = crash.commit_one, warehouse.path, "push", f"push:{step}"
        assert crash.run(crash.in_environment, store, *writer) == EXIT_CODE
        assert set(stored(client, bucket[5:])) == {"1/kept", "2/a"}
        assert sweep(warehouse).folders_deleted == 0
        expire_all(warehouse)
        assert sweep(warehouse).folders_deleted == 1
        assert set(stored(client, bucket[5:])) == {"1/kept"}
        assert on_disk(warehouse) == ["lake/1", "lake/1/kept"]

    def test_store_that_fails_half_way_leaves_the_warehouse_as_it_was(
        self, warehouse: Warehouse, client: Any, bucket: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        commit_file(warehouse, "kept")
        store = warehouse.lake.store
        assert store is not None
        put = store.filesystem.put_file

        def fail_at_second(here: str, there: str) -> None:
            if there.endswith("b"):
                raise OSError("the connection was cut")
            put(here, there)

        monkeypatch.setattr(store.filesystem, "put_file", fail_at_second)
        with open_session(warehouse, "push") as writer:
            files = [stage(writer, "a"), stage(writer, "b")]
            with pytest.raises(Unavailable, match="store_unusable.*cut"):
                writer.commit(adding(writer, *files), files)
        assert seen(warehouse) == ["kept"]
        assert set(stored(client, bucket[5:])) == {"1/kept"}
        assert on_disk(warehouse) == ["lake/1", "lake/1/kept"]

    def test_object_lost_before_the_commit_refuses_it(
        self, warehouse: Warehouse, client: Any, bucket: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = Lake.place

        def place_and_lose(lake: Lake, session: int, *rest: Any) -> None:
            place(lake, session, *rest)
            client.delete_object(Bucket=bucket[5:], Key=f"{session}/a")

        monkeypatch.setattr(Lake, "place", place_and_lose)
        with open_session(warehouse, "push") as writer:
            file = stage(writer, "a")
            with pytest.raises(Conflict, match="staged_file_lost"):
                writer.commit(adding(writer, file), [file])
        assert (seen(warehouse), on_disk(warehouse)) == ([], [])

    def test_what_is_not_ours_stays_in_the_store(
        self, warehouse: Warehouse, client: Any, bucket: str
    ) -> None:
        for name in ("README", "77/a", "notes/b"):
            client.put_object(Bucket=bucket[5:], Key=name, Body=b"an operator's")
        sweep(warehouse)
        assert set(stored(client, bucket[5:])) == {"README", "77/a", "notes/b"}

    def test_file_gone_from_the_store_is_told(
        self, warehouse: Warehouse, client: Any, bucket: str, tmp_path: Path
    ) -> None:
        commit_file(warehouse, "a")
        client.delete_object(Bucket=bucket[5:], Key="1/a")
        with elsewhere(warehouse, tmp_path / "other") as other:
            with pytest.raises(FileNotFoundError):
                other.lake.local("lake/1/a")
            assert copies(other) == set()


class TestCache:
    def test_copies_unused_the_longest_go_first_and_none_of_the_day(
        self, bucket: str, tmp_path: Path
    ) -> None:
        own = Settings(cache_bytes=ByteSize(10))
        with Warehouse.create(
            tmp_path / "own", "GRCh38", settings=own, lake_url=bucket
        ) as warehouse:
            for number, name in enumerate("abcde", start=1):
                commit_file(warehouse, name)
                used = time.time() - 86_400 * (10 - number)
                os.utime(warehouse.lake.folder / str(number) / name, (used, used))
            warehouse.lake.local("lake/1/a")
            assert sweep(warehouse).bytes_freed == 3 * len(b"rows")
            assert copies(warehouse) == {"lake/1/a", "lake/5/e"}
            assert warehouse.lake.local("lake/2/b").read_bytes() == b"rows"
            assert sweep(warehouse).bytes_freed == len(b"rows")
            assert copies(warehouse) == {"lake/1/a", "lake/2/b"}
            assert seen(warehouse) == list("abcde")

    def test_a_file_that_is_arriving_is_left_alone_and_one_that_never_came_is_not(
        self, bucket: str, tmp_path: Path
    ) -> None:
        with Warehouse.create(tmp_path / "own", "GRCh38", lake_url=bucket) as warehouse:
            commit_file(warehouse, "a")
            partial = warehouse.lake.folder / "1" / "b.0123.part"
            partial.write_bytes(b"ro")
            assert sweep(warehouse).files_deleted == 0
            assert partial.exists()
            began = time.time() - 7_200
            os.utime(partial, (began, began))
            assert sweep(warehouse).files_deleted == 1
            assert copies(warehouse) == {"lake/1/a"}


class TestInit:
    def test_command_makes_one_and_tells_where_it_lies(self, bucket: str, tmp_path: Path) -> None:
        url = f"{bucket}/national"
        made = cad_json("init", "-w", tmp_path / "own", "--assembly", "GRCh38", "--lake", url)
        assert made["lake"] == url
        status = cad_json("status", "-w", tmp_path / "own")
        assert (status["samples"], status["lake"]["url"]) == (0, url)

    def test_versioned_bucket_is_refused(self, client: Any, bucket: str, tmp_path: Path) -> None:
        versions = {"Status": "Enabled"}
        client.put_bucket_versioning(Bucket=bucket[5:], VersioningConfiguration=versions)
        with pytest.raises(Unavailable, match="store_versioned"):
            Warehouse.create(tmp_path / "own", "GRCh38", lake_url=bucket)
        assert not (tmp_path / "own").exists()

    def test_place_with_files_is_refused(self, client: Any, bucket: str, tmp_path: Path) -> None:
        client.put_object(Bucket=bucket[5:], Key="national/1/a", Body=b"rows")
        with pytest.raises(Conflict, match="warehouse_exists"):
            Warehouse.create(tmp_path / "own", "GRCh38", lake_url=f"{bucket}/national")
        Warehouse.create(tmp_path / "own", "GRCh38", lake_url=f"{bucket}/other").close()

    @pytest.mark.parametrize("url", ["s3://no-such-bucket/lake", "nowhere://a/b", "gs://a/b"])
    def test_store_that_cannot_be_reached_is_told(
        self, client: Any, url: str, tmp_path: Path
    ) -> None:
        said = cad("init", "-w", tmp_path / "own", "--assembly", "GRCh38", "--lake", url)
        assert said.exit_code == 1
        assert "store_unusable" in said.stderr or "extra_missing" in said.stderr
        assert not (tmp_path / "own").exists()


class TestBatch:
    @pytest.fixture
    def warehouse(self, tmp_path: Path) -> Iterator[Warehouse]:
        with Warehouse.create(tmp_path / "own", "GRCh38") as made:
            yield made

    def upload(self, client: Any, bucket: str, directory: Path) -> str:
        for file in directory.rglob("*"):
            if file.is_file():
                name = f"nightly/{directory.name}/{file.relative_to(directory).as_posix()}"
                client.upload_file(str(file), bucket[5:], name)
        return f"{bucket}/nightly/{directory.name}"

    def test_receipt_is_that_of_the_directory(
        self, client: Any, bucket: str, tmp_path: Path, warehouse: Warehouse
    ) -> None:
        batch = family(tmp_path / "batch").path
        url = self.upload(client, bucket, batch)
        pushed = cad_json("push", url, "-w", warehouse.path)
        assert pushed["samples"] == 3
        assert cad_json("push", batch, "-w", warehouse.path)["status"] == "unchanged"
        assert list(warehouse.staging.iterdir()) == []

    def test_refused_one_is_named_and_leaves_nothing(
        self, client: Any, bucket: str, tmp_path: Path, warehouse: Warehouse
    ) -> None:
        batch = family(tmp_path / "batch")
        (batch.path / "x.vcf").write_bytes(b"not what the manifest says")
        url = self.upload(client, bucket, batch.path)
        refused = cad_json("push", url, "-w", warehouse.path, code=1)
        assert (refused["batch_id"], refused["error"]) == ("NIGHT-1", "BatchRefused")
        assert on_disk(warehouse) == []
        missing = cad_json("push", f"{bucket}/nothing", "-w", warehouse.path, code=1)
        assert (
            missing["reason"]
            == cad_json("push", tmp_path / "no", "-w", warehouse.path, code=1)["reason"]
        )

    def test_name_that_leads_out_of_the_folder_is_refused(
        self, client: Any, bucket: str, warehouse: Warehouse
    ) -> None:
        client.put_object(Bucket=bucket[5:], Key="night/../../../evil", Body=b"x")
        with (
            pytest.raises(BatchRefused, match="path_not_allowed"),
            batch_directory(warehouse, f"{bucket}/night"),
        ):
            pass

"""The registry's tables and queries, on SQLite and on PostgreSQL."""

import json
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import URL, Connection, insert, inspect, make_url, select, text
from sqlalchemy.exc import StatementError

from cad.registry.bases import PurposeSize, check_parent, insert_base, latest_base
from cad.registry.batches import insert_consents
from cad.registry.engine import (
    filesystem_of,
    reading,
    refuse_network_filesystem,
    registry_now,
    registry_url,
    without_password,
    writing,
)
from cad.registry.files import LakeFile, add_files, lake_files, remove_files, single_place
from cad.registry.migrate import REVISION, alembic_config, check_version
from cad.registry.numbers import latest_commit, take
from cad.registry.people import (
    code_rows,
    cohort_purposes,
    keyed_hash,
    resolved_consents,
    withdrawn_persons,
)
from cad.registry.tables import code_list, metadata, session, tombstone
from cad.settings import Settings
from cad.warehouse import Warehouse, default_key_file
from loaders.jobs import Span, WrittenFile
from schemas.errors import CadError, Conflict, NotFound, Unavailable


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[Connection]:
    """A write transaction on each kind of registry."""
    with writing(warehouse.engine) as opened:
        yield opened


def refusal(error: pytest.ExceptionInfo[CadError]) -> str:
    return error.value.reason


class TestSchema:
    def test_migrations_make_the_tables_of_the_code(self, connection: Connection) -> None:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []

    def test_revision_is_the_latest(self, connection: Connection) -> None:
        script = ScriptDirectory.from_config(alembic_config(connection))
        assert script.get_current_head() == REVISION

    def test_downgrade_leaves_nothing_and_upgrade_comes_back(self, connection: Connection) -> None:
        config = alembic_config(connection)
        command.downgrade(config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(config, "head")
        assert set(metadata.tables) < set(inspect(connection).get_table_names())

    def test_other_version_is_refused(self, warehouse: Warehouse) -> None:
        with writing(warehouse.engine) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        with pytest.raises(Unavailable) as caught:
            Warehouse.open(warehouse.path)
        assert refusal(caught) == "registry_version"

    def test_empty_database_is_refused(self, warehouse: Warehouse) -> None:
        with writing(warehouse.engine) as connection:
            connection.execute(text("DROP TABLE alembic_version"))
        with reading(warehouse.engine) as connection, pytest.raises(Unavailable) as caught:
            check_version(connection)
        assert refusal(caught) == "registry_version"

    def test_every_table_says_its_grain(self) -> None:
        assert [table.name for table in metadata.sorted_tables if not table.comment] == []


class TestPlace:
    def test_directory_can_move(self, tmp_path: Path) -> None:
        made = Warehouse.create(tmp_path / "one", "GRCh38")
        made.close()
        (tmp_path / "one").rename(tmp_path / "two")
        default_key_file(tmp_path / "one").rename(default_key_file(tmp_path / "two"))
        with Warehouse.open(tmp_path / "two") as moved:
            assert moved.warehouse_id == made.warehouse_id
            assert len(moved.key) == 32

    def test_description_names_the_registry_without_password(self, warehouse: Warehouse) -> None:
        described = json.loads((warehouse.path / "warehouse.json").read_text())
        assert described["assembly"] == "GRCh38"
        assert described["registry"].startswith(
            ("sqlite:///registry.sqlite", "postgresql+psycopg://")
        )
        assert make_url(described["registry"]).password is None

    def test_password_comes_from_the_settings(
        self, warehouse: Warehouse, registry_url: str | None
    ) -> None:
        if registry_url is None:
            pytest.skip("SQLite has no password")
        (warehouse.path / "warehouse.json").write_text(
            (warehouse.path / "warehouse.json").read_text().replace("postgres@", "nobody@")
        )
        settings = Settings(registry_url=SecretStr(registry_url))
        with Warehouse.open(warehouse.path, settings) as opened:
            assert opened.warehouse_id == warehouse.warehouse_id

    def test_registry_of_another_warehouse_is_refused(
        self, warehouse: Warehouse, tmp_path: Path
    ) -> None:
        url = warehouse.engine.url.render_as_string(hide_password=False)
        Warehouse.create(tmp_path / "other", "GRCh38").close()
        with pytest.raises(Unavailable) as caught:
            Warehouse.open(tmp_path / "other", Settings(registry_url=SecretStr(url)))
        assert refusal(caught) == "registry_unusable"

    def test_second_warehouse_is_refused_in_directory_and_registry(
        self, warehouse: Warehouse, tmp_path: Path
    ) -> None:
        url = warehouse.engine.url.render_as_string(hide_password=False)
        for path, registry in ((warehouse.path, None), (tmp_path / "other", url)):
            with pytest.raises(Conflict) as caught:
                Warehouse.create(path, "GRCh38", registry_url=registry)
            assert refusal(caught) == "warehouse_exists"
        with pytest.raises(NotFound):
            Warehouse.open(tmp_path / "other")

    def test_missing_warehouse_and_registry(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound) as missing:
            Warehouse.open(tmp_path / "none")
        assert refusal(missing) == "warehouse_missing"
        Warehouse.create(tmp_path / "w", "GRCh38").close()
        (tmp_path / "w" / "registry.sqlite").unlink()
        with pytest.raises(Unavailable) as gone:
            Warehouse.open(tmp_path / "w")
        assert refusal(gone) == "registry_unusable"
        assert not (tmp_path / "w" / "registry.sqlite").exists()

    def test_unreachable_server_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(Unavailable) as caught:
            Warehouse.create(
                tmp_path / "w", "GRCh38", registry_url=f"postgresql:///cad?host={tmp_path}"
            )
        assert refusal(caught) == "registry_unusable"

    @pytest.mark.parametrize(
        "written", ["mysql://h/db", "no url", "sqlite://", "sqlite:///:memory:"]
    )
    def test_other_databases_are_refused(self, written: str) -> None:
        with pytest.raises(Unavailable) as caught:
            registry_url_of(written)
        assert refusal(caught) == "registry_unusable"

    def test_passwords_are_taken_out(self) -> None:
        for written in ("postgres://u:p@h:5/d", "postgresql://u@h:5/d?password=p"):
            assert without_password(registry_url_of(written)) == "postgresql+psycopg://u@h:5/d"

    def test_files_of_persons_are_private(self, sqlite_warehouse: Warehouse) -> None:
        for file in (
            default_key_file(sqlite_warehouse.path),
            sqlite_warehouse.path / "registry.sqlite",
        ):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_key_is_made_once(self, tmp_path: Path) -> None:
        key_file = tmp_path / "shared.key"
        settings = Settings(key_file=key_file)
        keys = set()
        for name in ("a", "b"):
            with Warehouse.create(tmp_path / name, "GRCh38", settings=settings) as made:
                keys.add(made.key)
        assert len(keys) == 1
        assert not default_key_file(tmp_path / "a").exists()

    def test_bad_key_is_refused(self, sqlite_warehouse: Warehouse) -> None:
        file = default_key_file(sqlite_warehouse.path)
        for spoil in (lambda: file.write_bytes(b"short"), file.unlink):
            spoil()
            with pytest.raises(Unavailable) as caught:
                _ = sqlite_warehouse.key
            assert refusal(caught) == "key_unusable"

    def test_reference_is_registered(self, tmp_path: Path) -> None:
        fasta = tmp_path / "r.fa"
        fasta.write_text(">chr22\nACGT\n")
        with Warehouse.create(tmp_path / "w", "GRCh38", fasta) as made:
            assert made.reference == tmp_path / "w" / "reference"
            assert made.reference.is_dir()
        with Warehouse.create(tmp_path / "bare", "GRCh38") as bare:
            assert bare.reference is None


def registry_url_of(written: str) -> URL:
    return registry_url(written, Path("/w"))


class TestFilesystem:
    MOUNTS = (
        "/dev/sda1 / ext4 rw 0 0\nnas:/x /data nfs4 rw 0 0\n"
        "/dev/sdb1 /data/local xfs rw 0 0\nnas:/y /my\\040share cifs rw 0 0"
    )

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("/home/w", "ext4"),
            ("/data/w", "nfs4"),
            ("/data", "nfs4"),
            ("/database/w", "ext4"),
            ("/data/local/w", "xfs"),
            ("/my share/w", "cifs"),
        ],
    )
    def test_innermost_mount_decides(self, path: str, kind: str) -> None:
        assert filesystem_of(Path(path), self.MOUNTS) == kind

    def test_network_filesystem_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(Unavailable) as caught:
            refuse_network_filesystem(tmp_path, f"nas:/x {tmp_path} nfs rw 0 0")
        assert refusal(caught) == "network_filesystem"

    def test_link_to_a_network_filesystem_is_followed(self, tmp_path: Path) -> None:
        (tmp_path / "nas").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "nas")
        with pytest.raises(Unavailable):
            refuse_network_filesystem(tmp_path / "link", f"nas:/x {tmp_path}/nas nfs rw 0 0")

    def test_this_machine_s_mounts_are_read(self, tmp_path: Path) -> None:
        assert filesystem_of(tmp_path, Path("/proc/mounts").read_text()) != "unknown"


class TestSqlite:
    @pytest.mark.parametrize(
        ("pragma", "value"),
        [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1)],
    )
    def test_loses_nothing(self, sqlite_warehouse: Warehouse, pragma: str, value: object) -> None:
        with reading(sqlite_warehouse.engine) as connection:
            assert connection.scalar(text(f"PRAGMA {pragma}")) == value

    def test_writers_wait_from_the_beginning(self, tmp_path: Path) -> None:
        settings = Settings(busy_seconds=1)
        with Warehouse.create(tmp_path / "w", "GRCh38", settings=settings) as made:
            with writing(made.engine), pytest.raises(Unavailable) as caught, writing(made.engine):
                pytest.fail("two writers at once")
            assert refusal(caught) == "registry_unusable"


class TestClock:
    def test_times_are_utc_whatever_the_zone(self, warehouse: Warehouse) -> None:
        east = timezone(timedelta(hours=9))
        moment = datetime(2026, 11, 20, 8, 30, 0, 250_000, tzinfo=east)
        with writing(warehouse.engine) as connection:
            connection.execute(
                insert(session).values(
                    session_no=1, kind="push", state="open", opened_at=moment, expires_at=moment
                )
            )
        with reading(warehouse.engine) as connection:
            found = connection.scalar(select(session.c.opened_at))
        assert found == datetime(2026, 11, 19, 23, 30, 0, 250_000, tzinfo=UTC)
        assert found.tzinfo == UTC

    def test_moment_without_zone_is_refused(self, connection: Connection) -> None:
        with pytest.raises(StatementError, match="time zone"):
            connection.execute(select(session).where(session.c.opened_at < datetime(2026, 1, 1)))

    def test_clock_moves_on_within_a_transaction(self, connection: Connection) -> None:
        first = registry_now(connection)
        assert first.tzinfo == UTC
        assert registry_now(connection) >= first


class TestNumbers:
    def test_each_kind_counts_on_its_own(self, connection: Connection) -> None:
        assert [
            take(connection, "sample", 5),
            take(connection, "sample"),
            take(connection, "track"),
        ] == [1, 6, 1]

    def test_nothing_is_committed_at_first(self, connection: Connection) -> None:
        assert latest_commit(connection) == 0


def written(name: str, *spans: Span, table: str = "calls") -> tuple[WrittenFile, str]:
    rows = sum(span.rows for span in spans)
    return WrittenFile(table, Path(name), rows, 10, "ab" * 32, spans), f"lake/1/{name}"


class TestFiles:
    @pytest.fixture
    def files(self, connection: Connection) -> Connection:
        add_files(
            connection,
            3,
            [
                written("a", Span("21", 5, 90, 4), Span("22", 100, 10_000_001, 7)),
                written("b", Span("22", 20_000_000, 20_000_000, 1)),
                written("t", Span("22", 1, 50_000_000, 1), table="tracks"),
            ],
        )
        add_files(
            connection, 4, [written("c", Span("22", 1, 2, 3), table="base_an")], purpose="care"
        )
        remove_files(connection, 5, [1])
        return connection

    def names(self, found: list[LakeFile]) -> list[str]:
        return [file.path for file in found]

    def test_file_is_seen_from_its_commit_until_it_is_removed(self, files: Connection) -> None:
        seen = {
            commit: self.names(lake_files(files, commit, "calls")) for commit in (2, 3, 4, 5, 9)
        }
        both, second = ["lake/1/a", "lake/1/b"], ["lake/1/b"]
        assert seen == {2: [], 3: both, 4: both, 5: second, 9: second}

    def test_file_comes_back_as_it_was_written(self, files: Connection) -> None:
        [first, _] = lake_files(files, 3, "calls")
        assert first == LakeFile(
            file_no=1, table="calls", purpose=None, bucket_no=None, contig=None, bin=None, rows=11,
            bytes=10, sha256="ab" * 32, path="lake/1/a",
            spans=(Span("21", 5, 90, 4), Span("22", 100, 10_000_001, 7)),
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("contig", "span", "names"),
        [
            ("21", None, ["a"]),
            ("22", None, ["a", "b"]),
            ("1", None, []),
            ("22", (1, 99), []),
            ("22", (1, 100), ["a"]),
            ("22", (10_000_001, 19_999_999), ["a"]),
            ("22", (10_000_002, 19_999_999), []),
            ("22", (20_000_000, 20_000_000), ["b"]),
        ],
    )
    def test_place_picks_the_files(
        self, files: Connection, contig: str, span: tuple[int, int] | None, names: list[str]
    ) -> None:
        found = lake_files(files, 3, "calls", contig=contig, span=span)
        assert self.names(found) == [f"lake/1/{name}" for name in names]
        assert {one.contig for file in found for one in file.spans} <= {contig}

    def test_purposes_are_kept_apart(self, files: Connection) -> None:
        assert lake_files(files, 4, "base_an") == []
        assert lake_files(files, 4, "base_an", purpose="research") == []
        assert self.names(lake_files(files, 4, "base_an", purpose="care")) == ["lake/1/c"]

    @pytest.mark.parametrize(
        ("span", "place"),
        [
            (Span("22", 1, 10_000_000, 1), ("22", 0)),
            (Span("22", 10_000_001, 10_000_001, 1), ("22", 1)),
            (Span("22", 10_000_000, 10_000_001, 1), ("22", None)),
        ],
    )
    def test_bins_are_ten_megabases(self, span: Span, place: tuple[str, int | None]) -> None:
        assert single_place([span]) == place


class TestPeople:
    def decide(self, connection: Connection, commit: int, *decisions: tuple[str, str, int]) -> None:
        rows = [
            {"person_id": "P", "scope": scope, "status": status, "text_version": None,
             "signed_on": date(2026, 1, day)}
            for scope, status, day in decisions
        ]  # fmt: skip
        insert_consents(connection, commit, None, rows)

    def test_latest_decision_holds(self, connection: Connection) -> None:
        self.decide(connection, 1, ("research", "refused", 3), ("research", "given", 9))
        self.decide(connection, 1, ("industry", "given", 3), ("care", "opposed", 2))
        expected = {"P": {"research": "given", "industry": "given", "care": "opposed"}}
        assert resolved_consents(connection, 1) == expected

    @pytest.mark.parametrize(
        ("one", "other", "holds"),
        [
            ("given", "opposed", "opposed"),
            ("opposed", "refused", "refused"),
            ("refused", "withdrawn", "withdrawn"),
            ("withdrawn", "given", "withdrawn"),
        ],
    )
    def test_more_restrictive_holds_on_a_tie(
        self, connection: Connection, one: str, other: str, holds: str
    ) -> None:
        for order in ((one, other), (other, one)):
            self.decide(connection, 1, *(("care", status, 4) for status in order))
            assert resolved_consents(connection, 1) == {"P": {"care": holds}}

    def test_consent_is_that_of_the_commit(self, connection: Connection) -> None:
        self.decide(connection, 1, ("research", "given", 1))
        self.decide(connection, 2, ("research", "withdrawn", 2))
        found = [resolved_consents(connection, commit) for commit in (0, 1, 2)]
        assert found == [{}, {"P": {"research": "given"}}, {"P": {"research": "withdrawn"}}]

    def test_withdrawn_persons_are_known_by_hash(self, connection: Connection) -> None:
        key = bytes(32)
        connection.execute(insert(tombstone).values(keyed_hash=keyed_hash(key, "P1")))
        assert withdrawn_persons(connection, key, ["P1", "P2"]) == {"P1"}
        assert withdrawn_persons(connection, b"other" * 8, ["P1", "P2"]) == frozenset()
        # HMAC-SHA256 of "P1" under 32 zero bytes, from `openssl dgst -sha256 -mac HMAC`.
        assert keyed_hash(key, "P1") == (
            "2f0ae8bf10c322785c847fa649cf7c2b4538b81d438e9e8d113289e45b279415"
        )

    def test_code_list_is_that_of_the_day(self, connection: Connection) -> None:
        for version, day, purposes in (("1", 1, ["care"]), ("2", 10, ["research"])):
            connection.execute(
                insert(code_list).values(
                    name="cohort", version=version, valid_from=date(2026, 1, day),
                    rows=[{"cohort": "PILOT", "purposes": purposes}],
                )
            )  # fmt: skip
        found = [code_rows(connection, "cohort", date(2026, 1, day)) for day in (9, 10)]
        assert [[row["purposes"] for row in rows] for rows in found] == [[["care"]], [["research"]]]
        assert code_rows(connection, "cohort", date(2025, 1, 1)) == []
        assert code_rows(connection, "regions") == []
        assert cohort_purposes(connection) == {"PILOT": frozenset({"research"})}


class TestBases:
    def test_one_of_two_builds_upon_a_base_wins(self, connection: Connection) -> None:
        sizes = {"care": PurposeSize(3, 40), "research": PurposeSize(1, 10)}
        check_parent(connection, 5, None)
        insert_base(connection, 5, None, "duckdb", 0.5, sizes)

        with pytest.raises(Conflict) as caught:
            check_parent(connection, 6, None)
        assert refusal(caught) == "base_conflict"
        check_parent(connection, 6, 5)
        insert_base(connection, 6, 5, "hail", 1.5, {})

        assert latest_base(connection, 4) is None
        first = latest_base(connection, 5)
        assert first is not None
        assert (first.commit_no, first.parent_commit, first.engine) == (5, None, "duckdb")
        assert (first.seconds, first.purposes) == (0.5, sizes)
        latest = latest_base(connection, 99)
        assert latest is not None
        assert (latest.commit_no, latest.parent_commit, latest.purposes) == (6, 5, {})

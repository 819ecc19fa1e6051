"""The registry's tables and queries, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, inspect, select, text
from sqlalchemy.exc import StatementError

from cad.registry.bases import PurposeSize, check_parent, insert_base, latest_base
from cad.registry.batches import insert_consents
from cad.registry.engine import (
    reading,
    registry_now,
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
from cad.warehouse import Warehouse
from loaders.jobs import Span, WrittenFile
from schemas.errors import CadError, Conflict, Unavailable


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
        with pytest.raises(Unavailable, match="run `cad upgrade`") as caught:
            Warehouse.open(warehouse.path)
        assert refusal(caught) == "registry_version"

    def test_older_version_is_brought_up(self, warehouse: Warehouse) -> None:
        with writing(warehouse.engine) as connection:
            command.downgrade(alembic_config(connection), "0002")
        with pytest.raises(Unavailable, match="version 0002"):
            Warehouse.open(warehouse.path)
        assert Warehouse.upgrade(warehouse.path) == "0002"
        assert Warehouse.upgrade(warehouse.path) == REVISION
        with Warehouse.open(warehouse.path) as opened, reading(opened.engine) as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []

    def test_later_version_is_left_alone(self, warehouse: Warehouse) -> None:
        with writing(warehouse.engine) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(Unavailable) as caught:
            Warehouse.upgrade(warehouse.path)
        assert refusal(caught) == "registry_version"

    def test_empty_database_is_refused(self, warehouse: Warehouse) -> None:
        with writing(warehouse.engine) as connection:
            connection.execute(text("DROP TABLE alembic_version"))
        with reading(warehouse.engine) as connection, pytest.raises(Unavailable) as caught:
            check_version(connection)
        assert refusal(caught) == "registry_version"

    def test_every_table_says_its_grain(self) -> None:
        assert [table.name for table in metadata.sorted_tables if not table.comment] == []


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

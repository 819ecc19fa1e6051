"""Making, opening and moving a warehouse, and where its registry may lie."""

import json
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import URL, make_url, text

from cad.registry.engine import (
    filesystem_of,
    reading,
    refuse_network_filesystem,
    registry_url,
    without_password,
    writing,
)
from cad.settings import Settings
from cad.warehouse import Warehouse, default_key_file
from schemas.errors import CadError, Conflict, NotFound, Unavailable


def refusal(error: pytest.ExceptionInfo[CadError]) -> str:
    return error.value.reason


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

"""A warehouse on disk: where its parts lie, how one is made and how one is opened.

<warehouse>/
  warehouse.json      format, id, assembly, registry (its URL without a password), and the lake's
                      URL where it lies in an object store
  registry.sqlite     the registry, where it is not on PostgreSQL
  lake/<session>/     Parquet files, one folder for each writer that committed (`cad.lake`)
  staging/<session>/  what writers are writing
  reference/          the registered reference, where there is one
<warehouse>.key       the key under which withdrawn persons are remembered, beside the warehouse
"""

from __future__ import annotations

import json
import os
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from sqlalchemy import URL, Engine, insert, select

from cad.extras import import_part
from cad.lake import Lake
from cad.registry.engine import (
    make_private,
    open_engine,
    reading,
    registry_now,
    registry_url,
    without_password,
    writing,
)
from cad.registry.migrate import bring_up, check_version, upgrade
from cad.registry.numbers import create_head
from cad.registry.tables import warehouse as warehouse_table
from cad.settings import Settings, WarehouseConfig
from loaders.reference import import_reference
from schemas.contigs import ASSEMBLIES, Assembly
from schemas.errors import Conflict, NotFound, Unavailable

if TYPE_CHECKING:
    from cad.store import Store

FORMAT: Final = "cad-warehouse/1"
DESCRIPTION: Final = "warehouse.json"
SQLITE_NAME: Final = "registry.sqlite"
KEY_BYTES: Final = 32
_FOLDERS: Final = ("lake", "staging")


@dataclass(frozen=True)
class Warehouse:
    """An open warehouse; leave its block, or call `close`, to let go of the registry.

    Attributes:
        path: the directory, absolute.
        warehouse_id: given when it was made; directory and registry agree on it.
        assembly: the assembly of everything in it.
        config: what it was made with.
        has_reference: whether a reference is registered.
        engine: the registry.
        settings: the process's settings.
        lake: the committed files.
    """

    path: Path
    warehouse_id: str
    assembly: Assembly
    config: WarehouseConfig
    has_reference: bool
    engine: Engine
    settings: Settings
    lake: Lake

    @classmethod
    def create(
        cls,
        path: Path,
        assembly: Assembly,
        reference: Path | None = None,
        registry_url: str | None = None,
        settings: Settings | None = None,
        lake_url: str | None = None,
    ) -> Warehouse:
        """Make a warehouse in a directory that is absent or empty, and open it.

        Args:
            path: the directory.
            assembly: the assembly of every batch it will take.
            reference: a FASTA with some or all contigs of the assembly, to left-align against.
            registry_url: an empty SQLite or PostgreSQL database; a file in the directory where
                unset.
            settings: read from the environment where unset.
            lake_url: an empty place in an object store for the committed files; the directory where
                unset.

        Raises:
            Conflict: `warehouse_exists`, in the directory, the registry or the store.
            Unavailable: `network_filesystem`, `registry_unusable`, `reference_malformed`,
                `key_unusable`, `store_unusable`, `store_versioned`, `extra_missing`.
        """
        settings = settings or Settings()
        folder = path.absolute()
        if lake_url is not None:
            _check_store(lake_url)
        url = _chosen_registry(folder, registry_url, settings)
        _make_folders(folder)
        registered = (
            import_reference(reference, assembly, folder / "reference") if reference else None
        )
        _make_key(settings.key_file or default_key_file(folder))
        description = {
            "format": FORMAT,
            "warehouse_id": str(uuid.uuid4()),
            "assembly": assembly,
            "registry": _written_registry(url, folder),
            **({} if lake_url is None else {"lake": lake_url}),
        }
        make_private(url)
        engine = open_engine(url, settings.busy_seconds)
        try:
            _create_registry(engine, description, settings.init, registered)
        finally:
            engine.dispose()
        # The description comes last: a directory without one is no warehouse yet.
        _write_whole(folder / DESCRIPTION, json.dumps(description, indent=1).encode(), 0o644)
        return cls.open(folder, settings)

    @classmethod
    def open(cls, path: Path, settings: Settings | None = None) -> Warehouse:
        """Open the warehouse in a directory.

        Raises:
            NotFound: `warehouse_missing`.
            Unavailable: `registry_unusable`, `registry_version`, `network_filesystem`,
                `store_unusable`, `extra_missing`.
        """
        settings = settings or Settings()
        folder = path.absolute()
        description = _read_description(folder)
        store = _open_store(description["lake"]) if "lake" in description else None
        engine = _open_registry(folder, description, settings)
        try:
            row = _read_row(engine)
            if row["warehouse_id"] != description["warehouse_id"]:
                raise Unavailable("registry_unusable", "the registry is another warehouse's")
        except BaseException:
            engine.dispose()
            raise
        if store is not None:
            # Another machine than the one where it was made has only what it was given.
            for name in _FOLDERS:
                (folder / name).mkdir(mode=0o750, exist_ok=True)
        config = WarehouseConfig.model_validate(
            {name: row[name] for name in settings.init.to_row()}
        )
        return cls(
            path=folder,
            warehouse_id=row["warehouse_id"],
            assembly=row["assembly"],
            config=config,
            has_reference=row["reference"] is not None,
            engine=engine,
            settings=settings,
            lake=Lake(folder, store),
        )

    @staticmethod
    def upgrade(path: Path, settings: Settings | None = None) -> str:
        """Bring the registry of a warehouse to the version of this code, in one transaction.

        Returns:
            The version it was of.

        Raises:
            NotFound: `warehouse_missing`.
            Unavailable: `registry_version` where it is of a later version, `registry_unusable`,
                `network_filesystem`.
        """
        folder = path.absolute()
        engine = _open_registry(folder, _read_description(folder), settings or Settings())
        try:
            with writing(engine) as connection:
                return bring_up(connection)
        finally:
            engine.dispose()

    @property
    def staging(self) -> Path:
        """Folder of the files that are being written."""
        return self.path / "staging"

    @property
    def reference(self) -> Path | None:
        """Folder of the registered reference, or None."""
        return self.path / "reference" if self.has_reference else None

    @property
    def key(self) -> bytes:
        """The key under which withdrawn persons are remembered, read anew.

        Raises:
            Unavailable: `key_unusable`.
        """
        file = self.settings.key_file or default_key_file(self.path)
        try:
            key = file.read_bytes()
        except OSError:
            raise Unavailable("key_unusable", "the key file cannot be read", file.name) from None
        if len(key) != KEY_BYTES:
            raise Unavailable("key_unusable", f"expected {KEY_BYTES} bytes", file.name)
        return key

    def close(self) -> None:
        """Let go of the registry's connections."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def default_key_file(folder: Path) -> Path:
    """Where a warehouse's key lies unless CAD_KEY_FILE says otherwise.

    >>> str(default_key_file(Path("/srv/national")))
    '/srv/national.key'
    """
    return folder.with_name(folder.name + ".key")


def _chosen_registry(folder: Path, written: str | None, settings: Settings) -> URL:
    if written is None and settings.registry_url is not None:
        written = settings.registry_url.get_secret_value()
    if written is None:
        return registry_url(f"sqlite:///{SQLITE_NAME}", folder)
    return registry_url(written, Path.cwd())


def _written_registry(url: URL, folder: Path) -> str:
    """The URL for warehouse.json; relative where the file lies within, so that it may move."""
    if url.get_backend_name() == "sqlite" and Path(url.database or "").parent == folder:
        return f"sqlite:///{Path(url.database or '').name}"
    return without_password(url)


def _open_store(url: str) -> Store:
    # What reaches a store comes with an extra, and takes a while to import.
    store: Store = import_part("cad.store").Store.open(url)
    return store


def _check_store(url: str) -> None:
    store = _open_store(url)
    if store.keeps_versions():
        detail = "expected one without versions, which would keep what withdrawn persons left"
        raise Unavailable("store_versioned", detail, url)
    if store.sizes():
        raise Conflict("warehouse_exists", "expected no files below the URL", url)


def _make_folders(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict("warehouse_exists", "expected an absent or empty directory", folder.name)
    folder.mkdir(parents=True, exist_ok=True)
    for name in _FOLDERS:
        (folder / name).mkdir(mode=0o750)


def _make_key(file: Path) -> None:
    """Make the key, or keep the one that is there: it may be another warehouse's too."""
    if file.exists():
        if file.stat().st_size != KEY_BYTES:
            raise Unavailable("key_unusable", f"expected {KEY_BYTES} bytes", file.name)
        return
    _write_whole(file, secrets.token_bytes(KEY_BYTES), 0o600)


def _write_whole(file: Path, content: bytes, mode: int) -> None:
    """Write a file so that it is there whole or not at all, after a crash too."""
    partial = file.with_name(file.name + ".part")
    handle = os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(handle)
    partial.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read_description(folder: Path) -> dict[str, str]:
    try:
        description: dict[str, str] = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound("warehouse_missing", f"no {DESCRIPTION} here", folder.name) from None
    if description.get("format") != FORMAT or description.get("assembly") not in ASSEMBLIES:
        raise NotFound("warehouse_missing", f"{DESCRIPTION} is not {FORMAT}", folder.name)
    return description


def _open_registry(folder: Path, description: dict[str, str], settings: Settings) -> Engine:
    secret = settings.registry_url
    written = secret.get_secret_value() if secret else description["registry"]
    url = registry_url(written, folder)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        raise Unavailable("registry_unusable", "the registry's file is gone", DESCRIPTION)
    return open_engine(url, settings.busy_seconds)


def _read_row(engine: Engine) -> dict[str, Any]:
    with reading(engine) as connection:
        check_version(connection)
        return dict(connection.execute(select(warehouse_table)).mappings().one())


def _create_registry(
    engine: Engine,
    description: dict[str, str],
    config: WarehouseConfig,
    reference: dict[str, object] | None,
) -> None:
    with writing(engine) as connection:
        upgrade(connection)
        if connection.scalar(select(warehouse_table.c.one)) is not None:
            raise Conflict("warehouse_exists", "the registry holds another warehouse")
        create_head(connection)
        connection.execute(
            insert(warehouse_table).values(
                one=1,
                warehouse_id=description["warehouse_id"],
                assembly=description["assembly"],
                reference=reference,
                created_at=registry_now(connection),
                **config.to_row(),
            )
        )

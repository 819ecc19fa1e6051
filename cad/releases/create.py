"""Making a release: the base of each purpose frozen in files that never change.

1. A session is opened and the latest commit pinned, of which the bases are read.
2. Outside care small figures are hidden, of research and industry alike, and what a release
   before hid stays hidden, or would be told by it and this one together (`cad.releases.decide`).
3. Each purpose becomes Parquet, a sites VCF with its index, and a table of phenotypes; the
   denominators of all positions are the base's own files under a second name.
4. One commit records the files and the manifest; a crash before it leaves nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from sqlalchemy import Connection

from cad.build.folding import fold_base
from cad.build.people import PURPOSES
from cad.commit import Session, open_session
from cad.disclosure import Layout
from cad.faults import reach
from cad.leases import pin
from cad.query.base import Base, OvertakenError, read_base
from cad.registry.annotations import sources_at
from cad.registry.engine import reading
from cad.registry.files import LakeFile, lake_files
from cad.registry.people import withdrawn_persons
from cad.registry.releases import find_release, insert_release, list_releases
from cad.releases.names import FREQUENCIES, UNDISCLOSED, purpose_of
from cad.releases.people import counted_people
from cad.releases.phenotypes import write_phenotypes
from cad.releases.read import ReleaseReader, find_release_document, open_release
from cad.releases.write import Frozen, freeze
from cad.warehouse import Warehouse
from loaders.jobs import WrittenFile
from loaders.lake_writer import file_sha256
from schemas.errors import BadQuestion, Conflict

log = logging.getLogger(__name__)

FORMAT: Final = "cad-release/1"
DISCLOSURE: Final = "cad-disclosure/1"
"""Version of the rules of `cad.disclosure` by which figures are hidden."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
Tick = Callable[[int, int], None]


@dataclass(frozen=True)
class _Bases:
    """The bases of all purposes at a pinned commit, and whom they count."""

    commit_no: int
    of: Mapping[str, Base]
    depth: Mapping[str, list[LakeFile]]
    persons: Mapping[str, Collection[str]]
    sources: list[dict[str, Any]]
    earlier: list[str]


def create_release(warehouse: Warehouse, name: str) -> dict[str, Any]:
    """Freeze the latest base of each purpose under a name; returns what `cad release show` prints.

    Raises:
        BadQuestion: `release_malformed`, the name.
        NotFound: `base_missing`.
        Conflict: `release_exists`; `release_stale`, where the base counts persons who may no longer
            count; `field_name_collision`; `session_expired`; `snapshot_erased`.
        Unavailable: `lake_file_damaged`, `registry_unusable`, `key_unusable`.
    """
    started = perf_counter()
    if not _NAME.fullmatch(name):
        raise BadQuestion("release_malformed", "a name is of letters, digits and -_.", name)
    with reading(warehouse.engine) as connection:
        _check_free(connection, name)
    key = warehouse.key
    with open_session(warehouse, "release") as session, _pinned(warehouse) as bases:
        written = _write(warehouse, session, name, bases)
        manifest = _manifest(warehouse, session, bases, written)
        files = [*written, *_write_texts(session, manifest)]
        # The same person may count for several purposes.
        counted = {person for persons in bases.persons.values() for person in persons}

        def apply(connection: Connection, commit_no: int) -> None:
            _check_free(connection, name)
            gone = withdrawn_persons(connection, key, counted)
            if gone:
                raise Conflict("release_stale", "somebody withdrew meanwhile; build, then again")
            for purpose in (*PURPOSES, None):
                own = [file for file in files if _purpose_in(session, file) == purpose]
                of = name if purpose is None else purpose_of(name, purpose)
                session.add_files(connection, commit_no, own, purpose=of)
            base_commit = bases.of[PURPOSES[0]].commit_no
            insert_release(connection, name, base_commit, manifest, counted, 0)

        session.commit(apply, files)
    _warn_of_few(warehouse, name, manifest)
    log.info("released %s in %.2f s", name, perf_counter() - started)
    return find_release_document(warehouse, name)


def _warn_of_few(warehouse: Warehouse, name: str, manifest: Mapping[str, Any]) -> None:
    """Tell the steward where the figures of `all`, which are never hidden, tell of few persons."""
    small = manifest["small_count"]
    with reading(warehouse.engine) as connection:
        earlier = [one for one in list_releases(connection) if one.name != name]
    for one in earlier:
        for purpose, own in manifest["purposes"].items():
            more = own["persons"] - one.manifest["purposes"][purpose]["persons"]
            if purpose not in UNDISCLOSED and 0 < abs(more) < small:
                log.warning(
                    "release %s counts %+d for %s beside %s: what `all` differs by is of so few",
                    name, more, purpose, one.name,
                )  # fmt: skip


def _check_free(connection: Connection, name: str) -> None:
    if find_release(connection, name) is not None:
        raise Conflict("release_exists", "a release never changes; choose another name", name)


@contextmanager
def _pinned(warehouse: Warehouse) -> Iterator[_Bases]:
    """Pin the latest commit and read its bases, with nothing beside their bins."""
    while True:
        fold_base(warehouse)
        with pin(warehouse) as commit_no:
            try:
                with reading(warehouse.engine) as connection:
                    bases = _read(connection, warehouse, commit_no)
            except OvertakenError:
                continue
            # A build may have added to them meanwhile.
            if any(base.added_places() for base in bases.of.values()):
                continue
            yield bases
            return


def _read(connection: Connection, warehouse: Warehouse, commit_no: int) -> _Bases:
    earlier = list_releases(connection)
    return _Bases(
        commit_no,
        {purpose: read_base(connection, warehouse, commit_no, purpose) for purpose in PURPOSES},
        {
            purpose: lake_files(connection, commit_no, "base_depth", purpose=purpose)
            for purpose in PURPOSES
        },
        counted_people(connection, warehouse, commit_no),
        [
            {"source": one.name, "version": one.version, "sha256": one.sha256}
            for one in sources_at(connection, commit_no)
        ],
        [one.name for one in earlier],
    )


def _write(
    warehouse: Warehouse, session: Session, name: str, bases: _Bases
) -> dict[WrittenFile, str]:
    """Write all files; gives what each holds."""
    frozen = _frozen_bases(warehouse, bases, name)
    found: dict[WrittenFile, str] = {}
    with _before(warehouse, bases.earlier) as before:
        groups = [{one: frozen[one]} for one in UNDISCLOSED]
        groups.append({one: base for one, base in frozen.items() if one not in UNDISCLOSED})
        for group in groups:
            hides = not group.keys() & set(UNDISCLOSED)
            rules = Frozen(warehouse, group, before if hides else [], hides)
            found |= dict.fromkeys(freeze(rules, session.staging), "frequencies")
            reach("release:purpose_written")
    for purpose in frozen:
        own = bases.depth[purpose]
        found |= dict.fromkeys(_link(warehouse, session, purpose, own), "denominators")
    phenotypes = write_phenotypes(
        warehouse, session.staging, bases.commit_no, bases.persons, bases.earlier
    )
    found |= dict.fromkeys(phenotypes, "phenotypes")
    return found


def _frozen_bases(warehouse: Warehouse, bases: _Bases, name: str) -> dict[str, Base]:
    """The bases as the release tells them: outside care without strata that repeat others."""
    found = {}
    for purpose, base in bases.of.items():
        kept = base.strata
        if purpose not in UNDISCLOSED:
            told = set(Layout.of([one.name for one in base.strata]).names)
            kept = tuple(one for one in base.strata if one.name in told)
        found[purpose] = replace(base, strata=kept, release=name)
    return found


@contextmanager
def _before(warehouse: Warehouse, names: Sequence[str]) -> Iterator[list[dict[str, ReleaseReader]]]:
    """Readers of what each release before tells outside care, by purpose."""
    purposes = [one for one in PURPOSES if one not in UNDISCLOSED]
    with ExitStack() as stack:
        yield [
            {one: stack.enter_context(open_release(warehouse, name, one)) for one in purposes}
            for name in names
        ]


def _link(
    warehouse: Warehouse, session: Session, purpose: str, files: list[LakeFile]
) -> Iterator[WrittenFile]:
    """Give the base's files of denominators a second name, so that they outlive the base."""
    folder = session.staging / purpose / "denominators"
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        path = folder / f"{file.contig}-{file.bin}-{file.file_no}.parquet"
        try:
            os.link(warehouse.lake.local(file.path), path)
        except FileNotFoundError:
            raise
        except OSError:
            shutil.copyfile(warehouse.lake.local(file.path), path)
        yield WrittenFile(file.table, path, file.rows, file.bytes, file.sha256, file.spans)


def _manifest(
    warehouse: Warehouse, session: Session, bases: _Bases, written: Mapping[WrittenFile, str]
) -> dict[str, Any]:
    of = {
        purpose: _about(base, [one for one in written if _purpose_in(session, one) == purpose])
        for purpose, base in _frozen_bases(warehouse, bases, "").items()
    }
    published = [
        {
            "path": session.lake_path(file),
            "purpose": _purpose_in(session, file),
            "holds": holds,
            "rows": file.rows,
            "bytes": file.bytes,
            "sha256": file.sha256,
        }
        for file, holds in written.items()
        if holds != "denominators"
    ]
    return {
        "format": FORMAT,
        "warehouse_id": warehouse.warehouse_id,
        "assembly": warehouse.assembly,
        "program": version("cad-warehouse"),
        "built_at": bases.of[PURPOSES[0]].built_at.isoformat(),
        "rules_version": warehouse.config.rules_version,
        "thresholds": asdict(warehouse.config.thresholds),
        "small_count": warehouse.config.small_count,
        "disclosure": DISCLOSURE,
        "undisclosed": list(UNDISCLOSED),
        "after": bases.earlier[-1] if bases.earlier else None,
        "sources": bases.sources,
        "purposes": of,
        "files": published,
    }


def _about(base: Base, files: Collection[WrittenFile]) -> dict[str, Any]:
    return {
        "persons": base.persons,
        "variants": base.variants,
        "strata": [{"number": one.number, "stratum": one.name} for one in base.strata],
        "rows": sum(file.rows for file in files if file.table == FREQUENCIES),
    }


def _write_texts(session: Session, manifest: Mapping[str, Any]) -> Iterator[WrittenFile]:
    """Write the manifest and the checksums of all files that are given away."""
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    (session.staging / "manifest.json").write_text(text, encoding="utf-8")
    sums = [(hashlib.sha256(text.encode()).hexdigest(), "manifest.json")]
    sums += [(one["sha256"], "/".join(Path(one["path"]).parts[2:])) for one in manifest["files"]]
    lines = "".join(f"{digest}  {path}\n" for digest, path in sorted(sums, key=lambda s: s[1]))
    (session.staging / "SHA256SUMS").write_text(lines, encoding="utf-8")
    for name in ("manifest.json", "SHA256SUMS"):
        path = session.staging / name
        yield WrittenFile("release_text", path, 0, path.stat().st_size, file_sha256(path), ())


def _purpose_in(session: Session, file: WrittenFile) -> str | None:
    """The purpose that a file is for, by its folder; None where it is for all."""
    first = file.path.relative_to(session.staging).parts[0]
    return first if first in PURPOSES else None

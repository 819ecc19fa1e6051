"""What a warehouse holds after pushes, as plain values, and whether it is whole."""

import hashlib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import select

from cad.registry.batches import list_batches
from cad.registry.engine import reading
from cad.registry.files import lake_files, registered_paths
from cad.registry.numbers import latest_commit
from cad.registry.samples import desired_samples, sample_tracks
from cad.registry.tables import metadata
from cad.sweep import sweep
from cad.warehouse import Warehouse
from schemas.lake import LAKE_TABLES
from tests.batch_dir import BatchDir, vcf
from tests.staged import expire_all

Row = tuple[Any, ...]


def family(path: Path, batch_id: str = "NIGHT-1") -> BatchDir:
    """A trio in a `bed` file, its father alone in a `sites` file: four calls, three tracks."""
    made = BatchDir(path)
    made.manifest["batch_id"] = batch_id
    made.put("wgs.bed", b"chr1\t0\t500\nchr22\t99\t200\n")
    made.put("own.bed", b"chr22\t0\t1000\n")
    lines = ("chr22 100 . A G . PASS . GT 0/1 1/1 0/0", "chr22 150 . C T,G . PASS . GT 0/0 0/0 1/2")
    trio = vcf("MOTHER", "FATHER", "CHILD", lines=lines)
    made.add("trio.vcf", trio, callability="bed", callable_bed="wgs.bed", contigs=["chr22"])
    more = vcf("FATHER", lines=("chrX 90000000 . G A . PASS . GT 0/0",))
    made.add("x.vcf", more.replace(b"chr22,length=50818468", b"chrX,length=156040895"))
    made.sheet(
        "sample_id|person_id|sex|family_id|father_id|mother_id|affected|callable_bed",
        "MOTHER|P-MOTHER|XX|F1||||own.bed",
        "FATHER|P-FATHER|XY|F1||||",
        "CHILD|P-CHILD|XX|F1|P-FATHER|P-MOTHER|1|",
    )
    consent = ("person_id|scope|status|signed_on", "P-CHILD|research|given|2026-01-05")
    made.sheet(*consent, name="consents.tsv")
    made.sheet(
        "person_id|system|code", "P-CHILD|HPO|HP:0001250", "P-MOTHER|HPO|HP:0001263",
        name="phenotypes.tsv",
    )  # fmt: skip
    made.write()
    return made


def contents(warehouse: Warehouse, commit_no: int | None = None) -> dict[str, list[Row]]:
    """Every row of the lake at a commit, with batch and sample ids in place of numbers, sorted."""
    with reading(warehouse.engine) as connection:
        commit_no = latest_commit(connection) if commit_no is None else commit_no
        samples = {row.sample_no: row for row in desired_samples(connection, commit_no)}
        tracks = sample_tracks(connection, list(samples))
        paths = {
            table: [file.path for file in lake_files(connection, commit_no, table)]
            for table in ("calls", "callable", "tracks")
        }
    of_track: dict[int, list[int]] = {}
    for number, owned in tracks.items():
        for track in owned:
            of_track.setdefault(track, []).append(number)
    found: dict[str, list[Row]] = {}
    for table, files in paths.items():
        rows = [row for path in files for row in pq.read_table(warehouse.path / path).to_pylist()]
        named = []
        for row in rows:
            numbers = of_track[row.pop("track")] if table == "tracks" else [row.pop("sample")]
            for number in numbers:
                if number in samples:
                    owner = samples[number]
                    named.append((owner.batch_id, owner.sample_id, *row.values()))
        found[table] = sorted(named, key=str)
    assert set(found) < set(LAKE_TABLES)
    return found


def batch_ids(warehouse: Warehouse) -> list[str]:
    """The live batches."""
    with reading(warehouse.engine) as connection:
        return sorted(row.batch_id for row in list_batches(connection, latest_commit(connection)))


def every_value(warehouse: Warehouse) -> str:
    """All rows of all tables of the registry, as text to search in."""
    with reading(warehouse.engine) as connection:
        return "\n".join(
            f"{table.name}: {tuple(row)}"
            for table in metadata.sorted_tables
            for row in connection.execute(select(table))
        )


def assert_whole(warehouse: Warehouse) -> None:
    """All files that the registry names are there as they were written."""
    with reading(warehouse.engine) as connection:
        commit_no = latest_commit(connection)
        files = [file for table in LAKE_TABLES for file in lake_files(connection, commit_no, table)]
    for file in files:
        data = (warehouse.path / file.path).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.bytes, file.sha256)


def assert_swept_clean(warehouse: Warehouse) -> None:
    """Once all that died is swept, nothing lies about that the registry does not name."""
    expire_all(warehouse)
    sweep(warehouse)
    with reading(warehouse.engine) as connection:
        known = registered_paths(connection)
    found = {
        path.relative_to(warehouse.path).as_posix()
        for path in (*warehouse.lake.folder.rglob("*"), *warehouse.staging.rglob("*"))
        if path.is_file()
    }
    assert found == known
    assert list(warehouse.staging.iterdir()) == []


def change(made: BatchDir, name: str) -> None:
    """Change one thing in a batch, and keep it in order."""
    if name == "manifest":
        made.manifest["pipeline"] = {"name": "gatk", "version": "4.6.2"}
    elif name == "wgs.bed":
        made.put(name, b"chr1\t0\t500\nchr22\t99\t201\n")
    elif name == "x.vcf":
        data = (made.path / name).read_bytes() + b"chrX\t90000009\t.\tG\tA\t.\t.\t.\tGT\t1/1\n"
        made.put(name, data)
        made.manifest["files"][1]["sha256"] = hashlib.sha256(data).hexdigest()
    else:
        data = (made.path / name).read_bytes()
        changed = data.replace(b"\tXX\tF1", b"\tXX\tF2")
        changed = changed.replace(b"given", b"refused").replace(b"0001250", b"0001251")
        assert changed != data
        made.put(name, changed)
    made.write()

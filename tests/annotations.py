"""Small files of annotation sources, and what a version of a source holds, as plain values."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cad.annotation.manage import find_version
from cad.registry.annotations import annotation_files, sources_at
from cad.registry.engine import reading
from cad.registry.numbers import latest_commit
from cad.warehouse import Warehouse

Row = dict[str, Any]
CLINVAR_KEYS = ("ALLELEID", "CLNSIG", "CLNREVSTAT", "CLNDN", "RS")


def sites(
    path: Path,
    lines: Sequence[str],
    *,
    meta: Sequence[str] = (),
    keys: Sequence[str] = CLINVAR_KEYS,
) -> Path:
    """Write a sites VCF; lines have their columns parted by spaces, from CHROM to INFO."""
    infos = [f'##INFO=<ID={key},Number=.,Type=String,Description="">' for key in keys]
    title = "\t".join("#CHROM POS ID REF ALT QUAL FILTER INFO".split())
    body = ["\t".join(line.split(" ")) for line in lines]
    path.write_text("\n".join(["##fileformat=VCFv4.2", *meta, *infos, title, *body]) + "\n")
    return path


def clinvar_line(pos: int, ref: str, alt: str, number: int = 1, said: str = "Benign") -> str:
    """A line of ClinVar on chr22."""
    return f"22 {pos} {number} {ref} {alt} . . ALLELEID={number + 9};CLNSIG={said}"


def held(warehouse: Warehouse, name: str, version: str | None = None) -> list[Row]:
    """All rows of a version of a source, file by file, without nulls."""
    tables = [pq.read_table(path) for path in files_of(warehouse, name, version)]
    rows = pa.concat_tables(tables).to_pylist() if tables else []
    return [{key: value for key, value in row.items() if value is not None} for row in rows]


def files_of(warehouse: Warehouse, name: str, version: str | None = None) -> list[Path]:
    """The files of a version of a source."""
    with reading(warehouse.engine) as connection:
        commit_no = latest_commit(connection)
        row = find_version(sources_at(connection, commit_no), name, version)
        found = annotation_files(connection, commit_no, [row.annotation_no])
    return [warehouse.path / path for *_, path in found]

"""Rows of a source as files: by bin, sorted, also where normalising moved them far."""

from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cad.annotation.writer import AnnotationWriter
from schemas.annotations import DBSNP, GENE_LIST

Row = tuple[str, int, str, str, int]


def write(out: Path, rows: list[Row], *, portion: int, margin: int) -> dict[str, list[Row]]:
    """Write rows of dbSNP some at a time; the files' rows by place."""
    writer = AnnotationWriter(out, margin=margin)
    for contig in dict.fromkeys(row[0] for row in rows):
        own = [row for row in rows if row[0] == contig]
        for start in range(0, len(own), portion):
            columns = zip(*own[start : start + portion], strict=True)
            writer.write(
                "annotation_dbsnp",
                pa.table(dict(zip(DBSNP.names, columns, strict=True))).cast(DBSNP),
            )
    files = writer.close()
    assert writer.rows == sum(file.rows for file in files) == len(rows)
    found = {}
    for file in files:
        assert file.path.stat().st_size == file.bytes
        held = [tuple(row.values()) for row in pq.read_table(file.path).to_pylist()]
        (span,) = file.spans
        assert (span.start, span.end, span.rows) == (held[0][1], held[-1][1], len(held))
        found[f"{span.contig}:{(span.start - 1) // 10_000_000}"] = held
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("margin", [0, 500, 10**9])
def test_files_are_sorted_by_bin_however_far_rows_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, margin: int
) -> None:
    monkeypatch.setattr("cad.annotation.writer._WAITING_ROWS", 7)
    rng = Random(seed)
    rows: list[Row] = []
    for contig in ("2", "22"):
        written = sorted(rng.randint(9_990_000, 10_010_000) for _ in range(60))
        for number, pos in enumerate(written):
            moved = pos - (rng.randint(0, 2_000) if rng.random() < 0.3 else 0)
            ref, alt = rng.sample(["A", "C", "GT", "TTT"], 2)
            rows.append((contig, moved, ref, alt, number))
    found = write(tmp_path, rows, portion=5, margin=margin)
    expected: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda one: one[:4]):
        expected.setdefault(f"{row[0]}:{(row[1] - 1) // 10_000_000}", []).append(row)
    assert found == expected


def test_table_without_places_is_one_file(tmp_path: Path) -> None:
    writer = AnnotationWriter(tmp_path)
    for symbols in (["A", "B"], ["C"]):
        rows = [{"symbol": one} for one in symbols]
        writer.write("annotation_gene_list", pa.Table.from_pylist(rows, GENE_LIST))
    (file,) = writer.close()
    assert (file.rows, file.spans) == (3, ())
    assert pq.read_table(file.path)["symbol"].to_pylist() == ["A", "B", "C"]

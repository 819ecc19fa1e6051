"""Consequences that pushed files tell go before those that are computed."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cad.build.run import build_base
from cad.push import push_batch
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from tests.batch_dir import BatchDir, vcf
from tests.cad.gene_answers import ask, check_served, rows_of

TOLD = (
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. '
    'Format: Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE|HGVSc|HGVSp">\n'
)


def _telling(folder: Path, name: str, *lines: str) -> Path:
    """A batch of two persons whose file tells what its variants do."""
    made = BatchDir(folder / name)
    made.manifest |= {"batch_id": name}
    text = vcf(f"{name}-A", f"{name}-B", lines=lines)
    made.add("a.vcf", text.replace(b"#CHROM", TOLD.encode() + b"#CHROM"), callability="sites")
    made.sheet("sample_id|person_id|sex", f"{name}-A|P-{name}-A|XX", f"{name}-B|P-{name}-B|XX")
    return made.write()


def _entry(allele: str, term: str) -> str:
    return f"CSQ={allele}|{term}|MODERATE|AAA1|ENSG1|Transcript|ENST1|protein_coding|ENST1.2:c.1|"


def test_consequences_that_pushed_files_tell(sqlite_warehouse: Warehouse, tmp_path: Path) -> None:
    missense, intron = _entry("G", "missense_variant"), _entry("T", "intron_variant")
    one = _telling(
        tmp_path, "ONE",
        f"chr22 100 . A G . PASS {missense} GT:DP:GQ 0/1:30:99 0/0:30:99",
        f"chr22 200 . C T . PASS {intron} GT:DP:GQ 0/0:30:99 0/1:30:99",
        f"chr22 300 . C T . PASS {intron} GT:DP:GQ 0/0:30:99 0/0:30:99",
        "chr22 400 . C T . PASS . GT:DP:GQ 0/1:30:99 0/0:30:99",
    )  # fmt: skip
    push_batch(sqlite_warehouse, one)
    assert [row["pos"] for row in rows_of(sqlite_warehouse, "told_pending")] == [100, 200]
    build_base(sqlite_warehouse)
    assert rows_of(sqlite_warehouse, "told_pending") == []
    answer = ask(sqlite_warehouse, "22-100-A-G")
    assert (answer["most_severe"], answer["impact"]) == ("missense_variant", "MODERATE")
    assert answer["consequences"][0]["transcript"] == "ENST1.2"
    assert answer["consequences_from"] == {
        "source": "batches", "kind": "consequences", "version": None, "origin": "CSQ",
    }  # fmt: skip
    check_served(answer)
    assert ask(sqlite_warehouse, "22-400-C-T")["consequences"] == []
    # Of what is told already a later file's words are not kept.
    later = _entry("G", "stop_gained")
    two = _telling(
        tmp_path, "TWO",
        f"chr22 100 . A G . PASS {later} GT:DP:GQ 0/1:30:99 0/0:30:99",
        f"chr22 400 . C T . PASS {intron} GT:DP:GQ 0/0:30:99 0/1:30:99",
    )  # fmt: skip
    push_batch(sqlite_warehouse, two)
    assert [row["pos"] for row in rows_of(sqlite_warehouse, "told_pending")] == [400]
    build_base(sqlite_warehouse)
    assert ask(sqlite_warehouse, "22-100-A-G")["most_severe"] == "missense_variant"
    assert ask(sqlite_warehouse, "22-400-C-T")["most_severe"] == "intron_variant"
    # What only one who leaves had, leaves; before a build as well.
    withdraw(sqlite_warehouse, "P-ONE-B")
    push_batch(
        sqlite_warehouse,
        _telling(
            tmp_path, "THREE", f"chr22 500 . C T . PASS {intron} GT:DP:GQ 0/1:30:99 0/0:30:99"
        ),
    )
    withdraw(sqlite_warehouse, "P-THREE-A")
    build_base(sqlite_warehouse)
    assert [row["pos"] for row in rows_of(sqlite_warehouse, "base_told")] == [100, 400]
    for file in sqlite_warehouse.lake.folder.rglob("*.parquet"):
        if "pos" in pq.read_schema(file).names:
            assert {200, 500}.isdisjoint(pq.read_table(file)["pos"].to_pylist())


def test_a_file_whose_words_cannot_be_read_tells_nothing(
    sqlite_warehouse: Warehouse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad = f"{_entry('G', 'missense_variant')}x|y|z"
    push_batch(
        sqlite_warehouse,
        _telling(tmp_path, "ONE", f"chr22 100 . A G . PASS {bad} GT:DP:GQ 0/1:30:99 0/0:30:99"),
    )
    assert "a.vcf: its consequences are not read further" in caplog.text
    build_base(sqlite_warehouse)
    assert ask(sqlite_warehouse, "22-100-A-G")["state"] == "seen"

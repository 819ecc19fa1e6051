"""SQL and exports: each version under its name, and the base's variants beside annotations."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pysam
import pytest

from cad.annotation.load import add_annotation
from cad.sql_access import open_sql
from cad.warehouse import Warehouse
from tests.annotations import clinvar_line, sites
from tests.cli import cad_json
from tests.pushed import family
from tests.queried import built


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """With 22-100-A-G, 22-150-C-G and 22-150-C-T."""
    folder = tmp_path_factory.mktemp("annotated")
    with built(folder / "warehouse", [family(folder / "batch").path], None) as warehouse:
        add_annotation(
            warehouse, "clinvar", sites(folder / "c.vcf", [clinvar_line(100, "A", "G")]), "1"
        )
        lines = [
            clinvar_line(100, "A", "G", 1, "Benign"),
            clinvar_line(100, "A", "G", 2, "Likely_benign"),
            clinvar_line(190, "A", "G", 3),
        ]
        add_annotation(warehouse, "clinvar", sites(folder / "d.vcf", lines), "2")
        for name, line in (
            (
                "gnomad-exomes",
                "22 150 . C T . PASS AC=3;AN=30;AF=0.1;nhomalt=1;AF_popmax=0.2;popmax=afr",
            ),
            ("gnomad-genomes", "22 150 . C T . PASS AC=1;AN=20;AF=0.05;AF_popmax=0.3;popmax=nfe"),
        ):
            keys = ("AC", "AN", "AF", "nhomalt", "AF_popmax", "popmax")
            add_annotation(warehouse, name, sites(folder / "g.vcf", [line], keys=keys), "4.1")
        yield warehouse


def ask(warehouse: Warehouse, query: str) -> list[dict[str, Any]]:
    with open_sql(warehouse) as access:
        return access.ask(query).rows.to_pylist()


def test_variants_stand_beside_what_default_versions_say(trio: Warehouse) -> None:
    found = {
        (row["pos"], row["alt"]): row
        for row in ask(trio, "SELECT * FROM annotated ORDER BY pos, alt")
    }
    assert list(found) == [(100, "G"), (150, "G"), (150, "T")]
    assert found[100, "G"]["clinvar_significance"] == "Benign,Likely_benign"
    assert found[100, "G"]["clinvar_variation_ids"] == "1,2"
    common = found[150, "T"]
    assert (common["gnomad_af"], common["gnomad_nhomalt"]) == (0.1, 1)
    assert (common["gnomad_grpmax"], common["gnomad_af_grpmax"]) == ("nfe", 0.3)
    assert found[150, "G"]["clinvar_significance"] is found[150, "G"]["gnomad_af"] is None
    plain = ask(trio, "SELECT ac, an FROM frequencies WHERE stratum = 'all' ORDER BY pos, alt")
    assert [(row["ac"], row["an"]) for row in found.values()] == [
        (row["ac"], row["an"]) for row in plain
    ]


def test_every_version_is_there_under_its_name(trio: Warehouse) -> None:
    columns = "source, version, is_default"
    query = f"SELECT {columns}, count(*) AS n FROM annotation_clinvar GROUP BY ALL ORDER BY 2"  # noqa: S608
    assert [tuple(row.values()) for row in ask(trio, query)] == [
        ("clinvar", "1", False, 1), ("clinvar", "2", True, 3),
    ]  # fmt: skip
    listed = ask(trio, "SELECT source, version, is_default, rows FROM annotations ORDER BY ALL")
    assert [tuple(row.values()) for row in listed] == [
        ("clinvar", "1", False, 1), ("clinvar", "2", True, 3),
        ("gnomad-exomes", "4.1", True, 1), ("gnomad-genomes", "4.1", True, 1),
    ]  # fmt: skip
    (told,) = cad_json("sql", "-c", "SELECT sum(ac) AS ac FROM annotation_gnomad", "-w", trio.path)[
        "rows"
    ]
    assert told in ([4], {"ac": 4})


def test_source_without_rows_is_an_empty_view(trio: Warehouse, tmp_path: Path) -> None:
    assert ask(trio, "SELECT * FROM annotation_cadd") == []


class TestExports:
    def test_vcf_holds_the_chosen_fields(self, trio: Warehouse, tmp_path: Path) -> None:
        out = tmp_path / "o.vcf.gz"
        words = "clinvar:variation_id+significance,gnomad-exomes:af"
        cad_json("export", "vcf", "-o", out, "-w", trio.path, "--annotation", words)
        with pysam.VariantFile(str(out)) as file:
            said = {
                (record.pos, record.alts): {
                    name: value for name, value in record.info.items() if name.startswith("CAD_")
                }
                for record in file
            }
        assert said == {
            (100, ("G",)): {
                "CAD_clinvar_variation_id": (1,), "CAD_clinvar_significance": ("Benign",),
            },
            (150, ("G",)): {},
            (150, ("T",)): {"CAD_gnomad_exomes_af": (pytest.approx(0.1),)},
        }  # fmt: skip
        plain = tmp_path / "p.vcf.gz"
        cad_json("export", "vcf", "-o", plain, "-w", trio.path)
        for with_them, without in zip(lines_of(out), lines_of(plain), strict=True):
            assert with_them.partition(";CAD_")[0] == without

    def test_parquet_holds_every_record_of_the_bases_variants(
        self, trio: Warehouse, tmp_path: Path
    ) -> None:
        out = tmp_path / "o"
        cad_json(
            "export", "parquet", "-o", out, "-w", trio.path, "--annotation", "clinvar,cadd", code=1
        )
        words = "clinvar:variation_id+stars,gnomad-genomes:*"
        cad_json("export", "parquet", "-o", out, "-w", trio.path, "--annotation", words)
        rows = pq.read_table(out / "annotations" / "clinvar" / "22.parquet").to_pylist()
        key = {"contig": "22", "pos": 100, "ref": "A", "alt": "G"}
        assert rows == [key | {"variation_id": number, "stars": None} for number in (1, 2)]
        manifest = json.loads((out / "manifest.json").read_text())["annotations"]
        assert [(one["source"], one["version"]) for one in manifest] == [
            ("clinvar", "2"), ("gnomad-genomes", "4.1"),
        ]  # fmt: skip
        (file,) = manifest[0]["files"]
        assert (file["rows"], file["path"]) == (2, "annotations/clinvar/22.parquet")
        assert "af_grpmax" in manifest[1]["columns"]


def lines_of(path: Path) -> list[str]:
    with gzip.open(path, "rt") as file:
        return [line.rstrip("\n") for line in file if not line.startswith("#")]

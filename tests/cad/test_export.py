"""Exports hold the base: read back with pysam, bcftools, DuckDB, and compared with a slow scan."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pysam
import pytest

from cad.build.run import build_base
from cad.export.names import Naming, field_suffixes
from cad.export.parquet import export_parquet
from cad.export.vcf import export_vcf
from cad.push import push_batch
from cad.warehouse import Warehouse
from schemas.errors import Conflict, NotFound
from schemas.views import FREQUENCIES
from tests.batch_dir import BatchDir, vcf
from tests.queried import PURPOSES, Figures, Key, Queried, built, queried, without_flags

INFO = {"ac": "AC", "an": "AN", "af": "AF", "n_hom": "nhomalt"}
OF_ALL = {"n_hemi": "nhemi", "faf95": "faf95", "ac_raw": "AC_raw", "an_raw": "AN_raw"}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queried]:
    with queried(tmp_path_factory.mktemp("export"), seed=5) as found:
        yield found


def single(value: Any) -> Any:
    if isinstance(value, tuple):
        return ",".join(value) if isinstance(value[0], str) else value[0]
    return value


def read_vcf(path: Path) -> dict[Key, tuple[str, Figures]]:
    """FILTER and INFO of each line; what is missing there is absent."""
    found = {}
    with pysam.VariantFile(str(path)) as file:
        for record in file:
            info = {name: single(value) for name, value in record.info.items()}
            (alt,) = record.alts or ()
            key = (record.chrom.removeprefix("chr"), record.pos, record.ref or "", alt)
            said = {name: value for name, value in info.items() if value not in (None, ".")}
            found[key] = (record.filter.keys()[0], said)
    return found


def as_fields(figures: dict[str, Figures], naming: Naming = "cad") -> Figures:
    """The INFO fields that a variant's figures should give; what is undefined is absent."""
    suffixes = field_suffixes(figures, naming)
    fields = {name: figures["all"][figure] for figure, name in (INFO | OF_ALL).items()}
    for stratum, suffix in suffixes.items():
        fields |= {f"{name}_{suffix}": figures[stratum][figure] for figure, name in INFO.items()}
    return {name: value for name, value in fields.items() if value is not None}


@pytest.mark.parametrize("purpose", PURPOSES)
def test_vcf_is_the_base(cohort: Queried, purpose: str, tmp_path: Path) -> None:
    scan = cohort.scans[purpose].variants
    seen = {key for key, figures in scan.items() if figures["all"]["ac"] > 0}
    passing, everything = tmp_path / "a.vcf.gz", tmp_path / "b.vcf.gz"
    assert export_vcf(cohort.warehouse, passing, purpose=purpose).variants == len(seen)
    export_vcf(cohort.warehouse, everything, purpose=purpose, raw_only=True)
    assert set(read_vcf(passing)) == seen
    lines = read_vcf(everything)
    assert set(lines) == set(scan)
    assert len(scan) > len(seen) or purpose != "care"
    met: set[str] = set()
    for key, (filters, found) in lines.items():
        expected = as_fields(scan[key])
        flags = cohort.scans[purpose].flags[key]
        expected |= {name: flags[name] for name in flags if flags[name] not in (None, [])}
        if "flags" in expected:
            expected["flags"] = ",".join(expected["flags"])
            met.add(expected["flags"])
        assert found == {
            name: value if isinstance(value, str) else pytest.approx(value, rel=1e-6)
            for name, value in expected.items()
        }
        assert filters == ("PASS" if key in seen else "AC0")
    assert met or purpose != "care"


def test_vcf_reads_without_a_warning(cohort: Queried, tmp_path: Path) -> None:
    out = tmp_path / "sites.vcf.gz"
    exported = export_vcf(cohort.warehouse, out, raw_only=True)
    for arguments in (["view", "-H"], ["view", "-Ob", "-o", str(tmp_path / "sites.bcf")]):
        done = subprocess.run(
            ["bcftools", *arguments, str(out)], capture_output=True, text=True, check=True
        )
        # DESIGN 8 keeps hyphens in names, which htslib reads but does not like.
        told = [line for line in done.stderr.splitlines() if "-" not in line.partition('"')[2]]
        assert told == []
    assert out.read_bytes()[-28:].startswith(b"\x1f\x8b")
    assert [path.name for path in sorted(tmp_path.glob("*.gz*"))] == [
        "sites.vcf.gz", "sites.vcf.gz.tbi",
    ]  # fmt: skip
    with pysam.VariantFile(str(out)) as file:
        header = str(file.header)
        assert f"##cad_commit={exported.commit}\n" in header
        assert "##cad_purpose=care\n" in header
        assert file.header.contigs["chr22"].length == 50_818_468
        (contig, pos, ref, _) = sorted(cohort.scans["care"].variants)[0]
        assert any(record.ref == ref for record in file.fetch(f"chr{contig}", pos - 1, pos))


def test_vcf_on_grch37_and_gnomads_names(tmp_path: Path) -> None:
    batch = BatchDir(tmp_path / "batch")
    batch.manifest["assembly"] = "GRCh37"
    text = vcf("A", lines=("chr22 100 . A G . PASS . GT 0/1", "MT 9 . A G . PASS . GT 1"))
    batch.add("a.vcf", text.replace(b"chr22,length=50818468", b"22,length=51304566"))
    batch.sheet("sample_id|person_id|sex", "A|P-A|XX")
    with Warehouse.create(tmp_path / "w", "GRCh37") as warehouse:
        push_batch(warehouse, batch.write())
        build_base(warehouse)
        export_vcf(warehouse, tmp_path / "o.vcf.gz", names="gnomad")
    with pysam.VariantFile(str(tmp_path / "o.vcf.gz")) as file:
        records = list(file)
    assert [record.chrom for record in records] == ["22", "MT"]
    assert records[0].info["AC_XX"] == (1,)
    assert records[0].info["AN_XX"] == 2
    assert (records[1].info["AC"], records[1].info["nhomalt"]) == ((1,), (1,))


def test_names_are_made_safe_and_collisions_refused() -> None:
    strata = ["all", "cohort=Élan vital", "region=Île-de-France", "sex=XX", "assay=WGS"]
    assert field_suffixes(strata) == {
        "cohort=Élan vital": "cohort__lan_vital", "region=Île-de-France": "region__le-de-France",
        "sex=XX": "sex_XX", "assay=WGS": "assay_WGS",
    }  # fmt: skip
    assert field_suffixes(strata, "gnomad")["sex=XX"] == "XX"
    with pytest.raises(Conflict, match="field_name_collision") as error:
        field_suffixes(["cohort=A B", "cohort=A_B"])
    assert "'cohort=A B'" in error.value.detail
    assert "'cohort=A_B'" in error.value.detail


def test_collision_of_values_refuses_the_vcf_alone(tmp_path: Path) -> None:
    batch = BatchDir(tmp_path / "batch")
    batch.add("a.vcf", vcf("A", "B", lines=("chr22 100 . A G . PASS . GT 0/1 0/0",)))
    batch.sheet("sample_id|person_id|sex|cohort", "A|P-A|XX|rare 1", "B|P-B|XX|rare/1")
    with built(tmp_path / "w", [batch.write()], None) as warehouse:
        with pytest.raises(Conflict, match="field_name_collision"):
            export_vcf(warehouse, tmp_path / "o.vcf.gz")
        assert not list(tmp_path.glob("*o.vcf.gz*"))
        export_parquet(warehouse, tmp_path / "o")


def test_exports_overwrite_nothing(cohort: Queried, tmp_path: Path) -> None:
    (tmp_path / "a.vcf.gz.tbi").write_text("mine")
    with pytest.raises(Conflict, match="output_exists"):
        export_vcf(cohort.warehouse, tmp_path / "a.vcf.gz")
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "file").write_text("mine")
    for name in ("dir", "a.vcf.gz.tbi"):
        with pytest.raises(Conflict, match="output_exists"):
            export_parquet(cohort.warehouse, tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.vcf.gz.tbi", "dir"]


def test_nothing_built_leaves_nothing(sqlite_warehouse: Warehouse, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for export in (export_vcf, export_parquet):
        with pytest.raises(NotFound, match="base_missing"):
            export(sqlite_warehouse, out / "o.vcf.gz")
    assert not out.exists()


@pytest.mark.parametrize("purpose", PURPOSES)
def test_parquet_is_the_base(cohort: Queried, purpose: str, tmp_path: Path) -> None:
    scan = cohort.scans[purpose].variants
    (tmp_path / "out").mkdir()
    exported = export_parquet(cohort.warehouse, tmp_path / "out", purpose=purpose)
    rows = duckdb.sql("SELECT * FROM read_parquet($files)", params={
        "files": [str(exported.path / file.path) for file in exported.files]
    }).to_arrow_table().to_pylist() if exported.files else []  # fmt: skip
    found: dict[Key, dict[str, Figures]] = {}
    for row in rows:
        key = (row.pop("contig"), row.pop("pos"), row.pop("ref"), row.pop("alt"))
        found.setdefault(key, {})[row.pop("stratum")] = row
    assert without_flags(found) == cohort.scans[purpose].flags
    assert found == {
        key: {name: pytest.approx(row) for name, row in figures.items()}
        for key, figures in scan.items()
    }


def test_manifest_tells_what_the_files_are(cohort: Queried, tmp_path: Path) -> None:
    exported = export_parquet(cohort.warehouse, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["commit"], manifest["purpose"]) == (exported.commit, "care")
    on_disk = {f"frequencies/{path.name}" for path in tmp_path.glob("out/frequencies/*")}
    assert {file["path"] for file in manifest["files"]} == on_disk
    for file in manifest["files"]:
        path = tmp_path / "out" / file["path"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"]
        table = pq.read_table(path)
        assert table.schema.equals(FREQUENCIES, check_metadata=False)
        assert table.num_rows == file["rows"]
        assert set(table["contig"].to_pylist()) == {file["contig"]}
        assert table["pos"].to_pylist() == sorted(table["pos"].to_pylist())
        assert table["stratum"].to_pylist()[: len(manifest["strata"])] == manifest["strata"]
    assert [column["name"] for column in manifest["columns"]] == FREQUENCIES.names
    assert all(column["unit"] and column["description"] for column in manifest["columns"])

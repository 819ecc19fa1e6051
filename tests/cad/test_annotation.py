"""Sources of annotations: loaded as versions beside the counts, all or nothing."""

import hashlib
from pathlib import Path

import pytest

from cad.annotation.load import add_annotation
from cad.annotation.manage import list_sources, remove_version, set_default
from cad.annotation.reader import open_annotations
from cad.faults import EXIT_CODE
from cad.leases import pin
from cad.query import Variant
from cad.sweep import sweep
from cad.warehouse import Warehouse
from schemas.errors import BadQuestion, CadError, Conflict, NotFound
from tests.annotations import clinvar_line, files_of, held, sites
from tests.cli import cad, cad_json
from tests.crash import load_at, run
from tests.pushed import assert_swept_clean
from tests.staged import on_disk

LINES = (clinvar_line(100, "A", "G", 1), clinvar_line(200, "C", "T", 2, "Pathogenic"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return sites(tmp_path / "clinvar.vcf", LINES)


def versions(warehouse: Warehouse) -> list[tuple[str, str, bool]]:
    return [(row.name, row.version, row.is_default) for row in list_sources(warehouse)]


def hashes(warehouse: Warehouse) -> dict[str, str]:
    files = (path for path in warehouse.lake.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


class TestVersions:
    def test_row_of_a_version(self, warehouse: Warehouse, source: Path) -> None:
        added = add_annotation(warehouse, "clinvar", source, "2026-11")
        assert (added.rows, added.status, added.commit) == (2, "loaded", 1)
        assert added.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
        (row,) = list_sources(warehouse)
        assert (row.kind, row.assembly, row.rows) == ("clinvar", "GRCh38", 2)
        assert row.facts["file"] == "clinvar.vcf"
        assert held(warehouse, "clinvar")[1] == {
            "contig": "22", "pos": 200, "ref": "C", "alt": "T", "variation_id": 2, "allele_id": 11,
            "significance": "Pathogenic",
        }  # fmt: skip

    def test_newest_answers_and_older_stay(self, warehouse: Warehouse, tmp_path: Path) -> None:
        for number, version in enumerate(("2026-10", "2026-11")):
            path = sites(tmp_path / "c.vcf", LINES[: number + 1])
            add_annotation(warehouse, "clinvar", path, version)
        assert versions(warehouse) == [
            ("clinvar", "2026-11", True),
            ("clinvar", "2026-10", False),
        ]
        assert [len(held(warehouse, "clinvar", one)) for one in ("2026-10", "2026-11")] == [1, 2]
        set_default(warehouse, "clinvar", "2026-10")
        assert len(held(warehouse, "clinvar")) == 1
        remove_version(warehouse, "clinvar", "2026-10")
        assert versions(warehouse) == [("clinvar", "2026-11", True)]

    def test_same_bytes_change_nothing(self, sqlite_warehouse: Warehouse, source: Path) -> None:
        first = add_annotation(sqlite_warehouse, "clinvar", source, "1")
        again = add_annotation(sqlite_warehouse, "clinvar", source, "1")
        assert (again.status, again.commit) == ("unchanged", first.commit)

    def test_other_bytes_or_kind_are_refused(
        self, sqlite_warehouse: Warehouse, source: Path
    ) -> None:
        add_annotation(sqlite_warehouse, "clinvar", source, "1")
        sites(source, LINES[:1])
        for options in ({"version": "1"}, {"version": "2", "kind": "dbsnp"}):
            with pytest.raises(Conflict) as caught:
                add_annotation(sqlite_warehouse, "clinvar", source, **options)
            assert caught.value.reason == "annotation_conflict"
        assert len(held(sqlite_warehouse, "clinvar")) == 2

    def test_reader_keeps_what_it_pinned(self, warehouse: Warehouse, tmp_path: Path) -> None:
        add_annotation(warehouse, "clinvar", sites(tmp_path / "a.vcf", LINES[:1]), "1")
        variant = Variant("22", 100, "A", "G")
        with pin(warehouse) as commit_no:
            remove_version(warehouse, "clinvar", "1")
            changed = clinvar_line(100, "A", "G", 1, "Pathogenic")
            add_annotation(warehouse, "clinvar", sites(tmp_path / "b.vcf", [changed]), "2")
            sweep(warehouse)
            reader = open_annotations(warehouse, commit_no)
            (records,) = reader.at(variant).values()
            assert [one["significance"] for one in records] == ["Benign"]
        sweep(warehouse)
        with pin(warehouse) as commit_no:
            (records,) = open_annotations(warehouse, commit_no).at(variant).values()
        assert [one["significance"] for one in records] == ["Pathogenic"]
        assert_swept_clean(warehouse)

    def test_words_choose_versions(self, sqlite_warehouse: Warehouse, source: Path) -> None:
        for version in ("1", "2"):
            source.write_text(
                source.read_text() + clinvar_line(300, "A", "C").replace(" ", "\t") + "\n"
            )
            add_annotation(sqlite_warehouse, "clinvar", source, version)
        add_annotation(sqlite_warehouse, "clinvar-local", source, "9")
        with pin(sqlite_warehouse) as commit_no:
            chosen = {
                word: [
                    f"{one.name}@{one.version}"
                    for one in open_annotations(sqlite_warehouse, commit_no, [word]).sources
                ]
                for word in ("clinvar@1,clinvar-local", "all", "none", "clinvar")
            }
            for word in ("gnomad", "clinvar@3"):
                with pytest.raises(NotFound) as caught:
                    open_annotations(sqlite_warehouse, commit_no, [word])
                assert caught.value.reason == "annotation_unknown"
        assert chosen == {
            "clinvar@1,clinvar-local": ["clinvar@1", "clinvar-local@9"],
            "all": ["clinvar@2", "clinvar-local@9"],
            "none": [],
            "clinvar": ["clinvar@2"],
        }


class TestRefusals:
    @pytest.mark.parametrize(
        ("lines", "meta", "reason"),
        [
            ([], (), "annotation_empty"),
            (["22 100 1 A <DEL> . . CLNSIG=Benign"], (), "annotation_empty"),
            (["chrUn 100 1 A G . . CLNSIG=Benign"], (), "annotation_empty"),
            (LINES[::-1], (), "file_unsorted"),
            ([LINES[0], "21 5 1 A G . . .", LINES[1]], (), "file_unsorted"),
            (["22 100 1 A G . ."], (), "line_malformed"),
            (["22 1e2 1 A G . . CLNSIG=Benign"], (), "pos_unusable"),
            (["22 100 1 A G . . ALLELEID=x"], (), "annotation_malformed"),
            (["22 100 rs A G . . ALLELEID=1"], (), "annotation_malformed"),
            (["22 50818469 1 A G . . CLNSIG=Benign"], (), "assembly_mismatch"),
            (["NC_000022.10 100 1 A G . . CLNSIG=Benign"], (), "assembly_mismatch"),
            (LINES, ["##contig=<ID=22,length=51304566>"], "assembly_mismatch"),
            (LINES, ["##reference=GRCh37"], "assembly_mismatch"),
        ],
    )  # fmt: skip
    def test_source_is_refused_and_the_old_version_stays(
        self,
        sqlite_warehouse: Warehouse,
        tmp_path: Path,
        source: Path,
        lines: list[str],
        meta: list[str],
        reason: str,
    ) -> None:
        add_annotation(sqlite_warehouse, "clinvar", source, "1")
        before, files = held(sqlite_warehouse, "clinvar"), on_disk(sqlite_warehouse)
        with pytest.raises(BadQuestion) as caught:
            add_annotation(
                sqlite_warehouse, "clinvar", sites(tmp_path / "b.vcf", lines, meta=meta), "2"
            )
        assert caught.value.reason == reason
        assert versions(sqlite_warehouse) == [("clinvar", "1", True)]
        assert held(sqlite_warehouse, "clinvar") == before
        assert on_disk(sqlite_warehouse) == files

    def test_place_of_a_malformed_number_is_told(
        self, sqlite_warehouse: Warehouse, tmp_path: Path
    ) -> None:
        path = sites(tmp_path / "c.vcf", [LINES[0], "22 300 4 A G . . ALLELEID=x"])
        with pytest.raises(BadQuestion) as caught:
            add_annotation(sqlite_warehouse, "clinvar", path, "1")
        assert caught.value.where == "c.vcf, line 9"
        assert "'x'" in caught.value.detail

    def test_vcf_of_another_kind_is_refused(
        self, sqlite_warehouse: Warehouse, source: Path
    ) -> None:
        with pytest.raises(BadQuestion) as caught:
            add_annotation(sqlite_warehouse, "gnomad", source, "4.1")
        assert caught.value.reason == "annotation_malformed"

    @pytest.mark.parametrize("name", ["vcf", "cinvar", "Clinvar"])
    def test_unknown_kind_is_refused(
        self, sqlite_warehouse: Warehouse, source: Path, name: str
    ) -> None:
        with pytest.raises(CadError) as caught:
            add_annotation(sqlite_warehouse, name, source, "1")
        assert caught.value.reason == "annotation_kind_unknown"

    def test_ref_must_be_the_references(self, tmp_path: Path) -> None:
        fasta = tmp_path / "r.fa"
        fasta.write_text(">22:1-400\n" + "A" * 400 + "\n")
        path = sites(tmp_path / "c.vcf", LINES)
        with Warehouse.create(tmp_path / "w", "GRCh38", reference=fasta) as made:
            with pytest.raises(BadQuestion) as caught:
                add_annotation(made, "clinvar", path, "1")
            assert caught.value.reason == "annotation_ref_mismatch"
            assert caught.value.where == "c.vcf, line 9"
            added = add_annotation(made, "clinvar", path, "1", max_ref_mismatches=1)
            assert (added.rows, added.ref_mismatches) == (1, 1)

    @pytest.mark.parametrize("step", ["read", "staged", "moved", "locked", "applied"])
    def test_killed_load_leaves_the_old_version(
        self, sqlite_warehouse: Warehouse, tmp_path: Path, source: Path, step: str
    ) -> None:
        add_annotation(sqlite_warehouse, "clinvar", source, "1")
        path = sites(tmp_path / "b.vcf", LINES[:1])
        assert run(load_at, sqlite_warehouse.path, path, "2", f"annotate:{step}") == EXIT_CODE
        assert versions(sqlite_warehouse) == [("clinvar", "1", True)]
        assert_swept_clean(sqlite_warehouse)
        assert add_annotation(sqlite_warehouse, "clinvar", path, "2").rows == 1


class TestCommands:
    def test_add_list_default_remove(self, sqlite_warehouse: Warehouse, source: Path) -> None:
        at = ("-w", str(sqlite_warehouse.path))
        added = cad_json("annotation", "add", "clinvar", str(source), "--version", "1", *at)
        assert (added["rows"], added["status"], added["source"]) == (2, "loaded", "clinvar")
        sites(source, LINES[:1])
        cad("annotation", "add", "clinvar", str(source), "--version", "2", *at)
        cad("annotation", "default", "clinvar", "--version", "1", *at)
        listed = cad_json("annotation", "list", *at)
        assert [(row["version"], row["default"], row["rows"]) for row in listed] == [
            ("2", False, 1), ("1", True, 2),
        ]  # fmt: skip
        assert "clinvar" in cad("annotation", "list", *at).stdout
        cad("annotation", "remove", "clinvar", "--version", "2", *at)
        assert [row["version"] for row in cad_json("annotation", "list", *at)] == ["1"]
        assert len(files_of(sqlite_warehouse, "clinvar")) == 1

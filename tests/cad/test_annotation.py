"""Sources of annotations: loaded as versions beside the counts, all or nothing."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cad.annotation.load import add_annotation
from cad.annotation.manage import list_sources, remove_version, set_default
from cad.annotation.reader import open_annotations
from cad.faults import EXIT_CODE
from cad.leases import pin
from cad.query import BaseService, Variant, find_variant
from cad.sweep import sweep
from cad.warehouse import Warehouse
from schemas.errors import BadQuestion, CadError, Conflict, NotFound
from tests.annotations import clinvar_line, files_of, held, sites
from tests.cli import cad, cad_json
from tests.crash import load_at, run
from tests.pushed import assert_swept_clean, family
from tests.queried import built
from tests.staged import on_disk

LINES = (clinvar_line(100, "A", "G", 1), clinvar_line(200, "C", "T", 2, "Pathogenic"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return sites(tmp_path / "clinvar.vcf", LINES)


def versions(warehouse: Warehouse) -> list[tuple[str, str, bool]]:
    return [(row.name, row.version, row.is_default) for row in list_sources(warehouse)]


def hashes(warehouse: Warehouse) -> dict[str, str]:
    files = (path for path in warehouse.lake.folder.rglob("*") if path.is_file())
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


class TestSeveralFiles:
    def test_files_of_a_contig_each_are_one_version(
        self, sqlite_warehouse: Warehouse, tmp_path: Path
    ) -> None:
        lines = {
            name: [clinvar_line(100, "A", "G").replace("22", name, 1)] for name in ("21", "22")
        }
        files = [sites(tmp_path / f"{name}.vcf", own) for name, own in lines.items()]
        at = ("--version", "1", "-w", sqlite_warehouse.path)
        added = cad_json("annotation", "add", "clinvar", *files, *at)
        assert (added["rows"], added["facts"]["files"]) == (2, ["21.vcf", "22.vcf"])
        assert [row["contig"] for row in held(sqlite_warehouse, "clinvar")] == ["21", "22"]
        again = cad_json("annotation", "add", "clinvar", *files, *at)
        assert again["status"] == "unchanged"
        other = cad_json("annotation", "add", "clinvar", *files[::-1], *at, code=1)
        assert other["reason"] == "annotation_conflict"

    def test_a_contig_in_two_files_is_refused(
        self, sqlite_warehouse: Warehouse, tmp_path: Path
    ) -> None:
        files = [sites(tmp_path / f"{name}.vcf", LINES) for name in ("a", "b")]
        with pytest.raises(BadQuestion) as caught:
            add_annotation(sqlite_warehouse, "clinvar", files[0], "1", more=files[1:])
        assert (caught.value.reason, caught.value.where) == ("file_unsorted", "b.vcf, record 1")
        # The second half of a contig may be a file of its own.
        halves = [sites(tmp_path / f"{at}.vcf", [line]) for at, line in enumerate(LINES)]
        added = add_annotation(sqlite_warehouse, "clinvar", halves[0], "1", more=halves[1:])
        assert added.rows == 2

    def test_a_contig_that_comes_back_under_another_name_is_refused(
        self, sqlite_warehouse: Warehouse, tmp_path: Path
    ) -> None:
        between = clinvar_line(100, "A", "G").replace("22", "21", 1)
        path = sites(tmp_path / "c.vcf", [f"chr{LINES[0]}", between, LINES[1]])
        with pytest.raises(BadQuestion) as caught:
            add_annotation(sqlite_warehouse, "clinvar", path, "1")
        assert caught.value.reason == "file_unsorted"


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


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """With 22-100-A-G, 22-150-C-G and 22-150-C-T."""
    folder = tmp_path_factory.mktemp("annotated")
    with built(folder / "warehouse", [family(folder / "batch").path], None) as warehouse:
        lines = (
            clinvar_line(100, "A", "G", 1),
            clinvar_line(100, "A", "G", 2, "Pathogenic"),
            clinvar_line(150, "CA", "TA", 3),
        )
        add_annotation(warehouse, "clinvar", sites(folder / "c.vcf", lines[1:]), "1")
        add_annotation(warehouse, "clinvar", sites(folder / "c.vcf", lines), "2")
        rs = sites(folder / "d.vcf", ["NC_000022.11 100 rs7;rs8 A C,G . . ."])
        add_annotation(warehouse, "dbsnp", rs, "157")
        yield warehouse


class TestAnswers:
    def test_every_source_is_named_with_what_it_says(self, trio: Warehouse) -> None:
        answer = cad_json("variant", "22-100-A-G", "-w", trio.path)
        assert answer["annotations"] == [
            {
                "source": "clinvar", "kind": "clinvar", "version": "2", "records": [
                    {"variation_id": 1, "allele_id": 10, "significance": "Benign"},
                    {"variation_id": 2, "allele_id": 11, "significance": "Pathogenic"},
                ],
            },
            {"source": "dbsnp", "kind": "dbsnp", "version": "157", "records": [
                {"rs": 7}, {"rs": 8}]},
        ]  # fmt: skip
        shown = cad("variant", "22-100-A-G", "-w", trio.path).stdout
        assert "clinvar 2: significance Pathogenic, variation_id 2" in shown
        silent = cad_json("variant", "22-300-A-G", "-w", trio.path)["annotations"]
        assert [(one["source"], one["records"]) for one in silent] == [
            ("clinvar", []), ("dbsnp", []),
        ]  # fmt: skip
        assert "dbsnp 157: nothing" in cad("variant", "22-300-A-G", "-w", trio.path).stdout

    def test_sources_and_versions_are_chosen(self, trio: Warehouse) -> None:
        words = ("variant", "22-100-A-G", "-w", trio.path, "--annotation")
        (only,) = cad_json(*words, "clinvar@1")["annotations"]
        assert (only["version"], len(only["records"])) == ("1", 1)
        assert cad_json(*words, "none")["annotations"] == []
        assert cad_json(*words, "gnomad", code=1)["reason"] == "annotation_unknown"

    def test_region_says_the_same(self, trio: Warehouse) -> None:
        region = cad_json("region", "22:1-1000", "-w", trio.path)
        for one in region["variants"]:
            alone = cad_json("variant", one["variant"], "-w", trio.path)
            assert one["annotations"] == alone["annotations"]
        said = {one["variant"]: one["annotations"][0]["records"] for one in region["variants"]}
        assert [len(said[name]) for name in sorted(said)] == [2, 0, 1]

    def test_service_sees_what_is_loaded_while_it_runs(
        self, trio: Warehouse, tmp_path: Path
    ) -> None:
        service = BaseService(trio)

        def versions_said() -> list[str]:
            with service.read("care") as reader:
                said = find_variant(reader, "22-100-A-G")["annotations"]
            return [f"{one['source']}@{one['version']}" for one in said]

        before = versions_said()
        added = add_annotation(trio, "clinvar", sites(tmp_path / "e.vcf", LINES), "3")
        assert versions_said() == [name.replace("@2", "@3") for name in before]
        remove_version(trio, "clinvar", added.version)
        assert versions_said() == before
        service.close()

    def test_loading_touches_no_file_of_genotypes_or_figures(
        self, trio: Warehouse, tmp_path: Path
    ) -> None:
        sweep(trio)
        before = hashes(trio)
        times = {path: Path(path).stat().st_mtime_ns for path in before}
        add_annotation(trio, "clinvar", sites(tmp_path / "f.vcf", LINES), "4")
        remove_version(trio, "clinvar", "4")
        sweep(trio)
        assert hashes(trio) == before
        assert {path: Path(path).stat().st_mtime_ns for path in before} == times

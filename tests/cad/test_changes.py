"""What to look at again, counted by hand over four nights; and watches."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cad.annotation.load import add_annotation
from cad.audit.verify import read_entries
from cad.build.run import build_base
from cad.push import push_batch
from cad.reanalysis import find_changes, fired_watches
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.registry.numbers import latest_commit
from cad.warehouse import Warehouse
from cad.watch import add_watch, end_watch, watches
from cad.withdraw import withdraw
from schemas.errors import NotFound
from tests.annotations import clinvar_line, sites
from tests.batch_dir import BatchDir, vcf
from tests.cli import cad, cad_json

Document = dict[str, Any]


def night(folder: Path, number: int, people: int, lines: dict[int, dict[int, str]]) -> Path:
    """A night of founders in whom 22:1-1000 was sequenced; others than `lines` say are 0/0."""
    made = BatchDir(folder / f"night-{number}")
    made.manifest["batch_id"] = f"NIGHT-{number}"
    made.put("all.bed", b"chr22\t0\t1000\n")
    names = [f"N{number}S{one}" for one in range(people)]
    text = [
        f"chr22 {pos} . A G . PASS . GT " + " ".join(said.get(one, "0/0") for one in range(people))
        for pos, said in lines.items()
    ]
    body = vcf(*names, lines=text)
    made.add("all.vcf", body, callability="bed", callable_bed="all.bed", contigs=["chr22"])
    rows = [
        f"{name}|P-{name}|XX|{'heart' if one % 2 else 'brain'}" for one, name in enumerate(names)
    ]
    made.sheet("sample_id|person_id|sex|indication", *rows)
    return made.write()


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Warehouse, list[int]]]:
    """Three nights, each built; the commits of the bases.

    Alleles: 100: 2/40, 3/50, 3/170. 200: 0/40, 2/50, 2/170. 300: 1/40, 1/50, 1/170.
    """
    folder = tmp_path_factory.mktemp("changes")
    plans = (
        (20, {100: {0: "0/1", 1: "0/1"}, 300: {2: "0/1"}}),
        (5, {100: {0: "0/1"}, 200: {1: "1/1"}}),
        (60, {}),
    )
    with Warehouse.create(folder / "warehouse", "GRCh38") as warehouse:
        commits = []
        for number, (people, lines) in enumerate(plans):
            push_batch(warehouse, night(folder, number, people, lines))
            commits.append(build_base(warehouse).commit)
        yield warehouse, commits


def told(document: Document) -> dict[str, list[str]]:
    return {
        one["variant"]: [
            f"{change['what']} {change.get('direction', '')} {change.get('stratum', '')}".strip()
            for change in one["changes"]
        ]
        for one in document["variants"]
    }


class TestFigures:
    def test_since_the_first_night(self, nights: tuple[Warehouse, list[int]]) -> None:
        warehouse, commits = nights
        document = find_changes(warehouse, str(commits[0]))
        assert told(document) == {
            "22-200-A-G": [
                "bs1 above all", "first_homozygote  all", "first_seen  all",
                "bs1 above founder=1",
            ],
            "22-300-A-G": ["bs1 below all", "bs1 below founder=1"],
        }  # fmt: skip
        change = document["variants"][0]["changes"][0]
        assert change["before"] == {"ac": 0, "an": 40, "af": 0.0, "n_hom": 0}
        assert change["after"] == {"ac": 2, "an": 170, "af": 2 / 170, "n_hom": 1}
        assert document["since"]["commit"] == commits[0]
        assert document["variants"][0]["indications"] == [
            {"indication": "heart", "ac": 2, "an": 84, "carriers": 1}
        ]
        assert document["by_indication"] == {
            "brain": ["22-300-A-G"], "heart": ["22-200-A-G"],
        }  # fmt: skip

    def test_since_the_second_night(self, nights: tuple[Warehouse, list[int]]) -> None:
        warehouse, commits = nights
        assert told(find_changes(warehouse, str(commits[1]))) == {
            "22-100-A-G": ["ba1 below all", "ba1 below founder=1"],
            "22-300-A-G": ["bs1 below all", "bs1 below founder=1"],
        }

    def test_since_the_last_night_or_today_nothing(
        self, nights: tuple[Warehouse, list[int]]
    ) -> None:
        warehouse, commits = nights
        assert find_changes(warehouse, str(commits[2]))["variants"] == []
        assert find_changes(warehouse, "2999-01-01")["variants"] == []

    def test_before_the_first_base_there_is_nothing_to_compare(
        self, nights: tuple[Warehouse, list[int]]
    ) -> None:
        document = find_changes(nights[0], "2000-01-01")
        assert document["variants"] == []
        assert document["since"]["commit"] is None
        assert document["notes"] == ["there was no base then: no figures to compare with"]

    def test_a_name_is_no_release(self, nights: tuple[Warehouse, list[int]]) -> None:
        with pytest.raises(NotFound) as caught:
            find_changes(nights[0], "2026.1")
        assert caught.value.reason == "release_unknown"

    def test_command(self, nights: tuple[Warehouse, list[int]]) -> None:
        warehouse, commits = nights
        words = ("changes", "--since", commits[1], "-w", warehouse.path)
        assert cad_json(*words) == find_changes(warehouse, str(commits[1]))
        shown = cad(*words).stdout
        assert "22-100-A-G: below 5 % (BA1) in founder=1: 3 of 50 -> 3 of 170" in shown


def test_clinvar_of_carried_variants(tmp_path: Path, sqlite_warehouse: Warehouse) -> None:
    push_batch(sqlite_warehouse, night(tmp_path, 1, 4, {100: {0: "0/1"}, 200: {1: "0/1"}}))
    first = build_base(sqlite_warehouse).commit
    old = [
        clinvar_line(100, "A", "G", 1),
        clinvar_line(200, "A", "G", 2),
        clinvar_line(300, "A", "G", 3),
    ]
    new = [one.replace("Benign", "Pathogenic") for one in (old[0], old[2])]
    loaded = add_annotation(sqlite_warehouse, "clinvar", sites(tmp_path / "a.vcf", old), "1").commit
    assert find_changes(sqlite_warehouse, str(first))["notes"] == ["clinvar was not loaded then"]
    add_annotation(sqlite_warehouse, "clinvar", sites(tmp_path / "b.vcf", new), "2")
    document = find_changes(sqlite_warehouse, str(loaded))
    assert {one["variant"]: one["changes"] for one in document["variants"]} == {
        variant: [
            {
                "what": "clinvar", "source": "clinvar",
                "before": {"version": "1", "significance": "Benign"},
                "after": {"version": "2", "significance": now},
            }
        ]
        for variant, now in (("22-100-A-G", "Pathogenic"), ("22-200-A-G", None))
    }  # fmt: skip


def test_watches_fire_by_night(tmp_path: Path, sqlite_warehouse: Warehouse) -> None:
    warehouse = sqlite_warehouse
    push_batch(warehouse, night(tmp_path, 1, 200, {100: {0: "0/1"}}))
    build_base(warehouse)
    for variant in ("chr22-500-a-g", "22-100-A-G", "22-100-A-G"):
        add_watch(warehouse, variant)
    assert [one.key for one in watches(warehouse)] == ["22-500-A-G", "22-100-A-G"]
    assert fired_watches(warehouse) == []
    push_batch(warehouse, night(tmp_path, 2, 2, {500: {0: "0/1"}, 600: {0: "0/1"}}))
    report = cad_json("build", "-w", warehouse.path)
    (fired,) = report["watched"]
    assert fired["watched"] == "22-500-A-G"
    assert [change["what"] for change in fired["variants"][0]["changes"]] == ["first_seen"]
    assert cad_json("status", "-w", warehouse.path)["watched"] == report["watched"]
    told = [one for one in read_entries(warehouse) if one["what"] == "changes"]
    assert [one["asked"] for one in told] == [{"watched": ["22-500-A-G"]}] * 2
    assert "watched 22-500-A-G: 22-500-A-G first seen: 1 of 404" in cad(
        "status", "-w", warehouse.path
    ).stdout  # fmt: skip
    add_annotation(
        warehouse, "clinvar", sites(tmp_path / "a.vcf", [clinvar_line(1, "A", "G")]), "1"
    )
    push_batch(warehouse, night(tmp_path, 3, 1, {100: {0: "1/1"}}))
    build_base(warehouse)
    (fired,) = fired_watches(warehouse)
    assert [change["what"] for change in fired["variants"][0]["changes"]] == ["first_homozygote"]
    assert end_watch(warehouse, "22-100-A-G") == "22-100-A-G"
    assert fired_watches(warehouse) == []
    with pytest.raises(NotFound):
        end_watch(warehouse, "22-100-A-G")
    with pytest.raises(NotFound):
        add_watch(warehouse, "NOGENE")
    assert [one["watched"] for one in cad_json("watch", "-w", warehouse.path)] == ["22-500-A-G"]


def test_nothing_tells_what_a_withdrawn_person_showed(
    tmp_path: Path, sqlite_warehouse: Warehouse
) -> None:
    warehouse = sqlite_warehouse
    push_batch(warehouse, night(tmp_path, 1, 20, {100: {0: "0/1"}}))
    first = build_base(warehouse).commit
    push_batch(warehouse, night(tmp_path, 2, 5, {200: {0: "1/1"}, 300: {1: "0/1"}}))
    build_base(warehouse)
    assert set(told(find_changes(warehouse, str(first)))) == {"22-200-A-G", "22-300-A-G"}
    withdraw(warehouse, "P-N2S0")
    build_base(warehouse)
    assert set(told(find_changes(warehouse, str(first)))) == {"22-300-A-G"}
    with reading(warehouse.engine) as connection:
        files = [
            file
            for purpose in ("care", "research", "industry")
            for file in lake_files(
                connection, latest_commit(connection), "base_changes", purpose=purpose
            )
        ]
    assert len(list(warehouse.lake.folder.rglob("base_changes.parquet"))) == len(files)


GENES = (
    "##gff-version 3\n"
    "chr22\tH\tgene\t400\t600\t.\t-\t.\tID=ENSG1.1;gene_name=ABCD1;gene_type=lncRNA\n"
    "chr22\tH\tgene\t550\t900\t.\t+\t.\tID=ENSG2.1;gene_name=OTHER;gene_type=lncRNA\n"
)


def test_a_gene_is_watched_over_its_whole_length(
    tmp_path: Path, sqlite_warehouse: Warehouse
) -> None:
    warehouse = sqlite_warehouse
    with pytest.raises(NotFound) as caught:
        add_watch(warehouse, "ABCD1")
    assert caught.value.reason == "watch_unknown"
    (tmp_path / "g.gff3").write_text(GENES)
    add_annotation(warehouse, "genes", tmp_path / "g.gff3", "110")
    assert add_watch(warehouse, "abcd1").key == "ABCD1"
    push_batch(warehouse, night(tmp_path, 1, 200, {100: {0: "0/1"}}))
    build_base(warehouse)
    lines = {at: {0: "0/1"} for at in (399, 400, 560, 600, 601)}
    push_batch(warehouse, night(tmp_path, 2, 2, lines))
    build_base(warehouse)
    (fired,) = fired_watches(warehouse)
    assert (fired["kind"], fired["watched"]) == ("gene", "ABCD1")
    assert [one["variant"] for one in fired["variants"]] == [
        "22-400-A-G", "22-560-A-G", "22-600-A-G",
    ]  # fmt: skip

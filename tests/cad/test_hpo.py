"""HPO in a warehouse: versions side by side, ids resolved by the one that answers, SQL joins."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cad.annotation.load import add_annotation
from cad.clinical.default_hpo import default_file, read_kept
from cad.clinical.hpo import open_hpo
from cad.leases import pin
from cad.sql_access import open_sql
from cad.warehouse import Warehouse
from loaders.annotation.hpo import read_hpo
from loaders.annotation.job import SourceJob
from loaders.lake_writer import file_sha256
from schemas.errors import NotFound
from tests.cli import cad, cad_json
from tests.pushed import family
from tests.queried import built

OLD = """\
format-version: 1.2

[Term]
id: HP:0000001
name: All

[Term]
id: HP:0000118
name: Phenotypic abnormality
is_a: HP:0000001

[Term]
id: HP:0000707
name: Abnormality of the nervous system
is_a: HP:0000118

[Term]
id: HP:0001250
name: Seizure
def: "An event." []
synonym: "Fits" RELATED []
alt_id: HP:0002279
is_a: HP:0000707

[Term]
id: HP:0009999
name: obsolete Two things
is_obsolete: true
replaced_by: HP:0001250
consider: HP:0000707
replaced_by: HP:0000118
"""
NEW = f"{OLD}\n[Term]\nid: HP:0099999\nname: Newer seizure\nis_a: HP:0001250\n"
LABELS = (
    "subject_id\ttranslation_language\tpredicate_id\ttranslation_status\ttranslation_value\n"
    "HP:0001250\tfr\trdfs:label\tOFFICIAL\tCrise convulsive\n"
    "HP:0001250\tfr\trdfs:label\tCANDIDATE\tÉpilepsie\n"
    "HP:0001250\tde\trdfs:label\tOFFICIAL\tKrampfanfall\n"
    "HP:0001250\tfr\tIAO:0000115\tOFFICIAL\tUn évènement.\n"
)


def put(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A built warehouse with two releases and French labels."""
    folder = tmp_path_factory.mktemp("hpo")
    with built(folder / "warehouse", [family(folder / "batch").path], None) as warehouse:
        add_annotation(warehouse, "hpo", put(folder / "old.obo", OLD), "2025-01-16")
        add_annotation(warehouse, "hpo", put(folder / "new.obo", NEW), "2025-05-06")
        add_annotation(warehouse, "hpo-labels-fr", put(folder / "fr.tsv", LABELS), "1")
        yield warehouse


def test_newer_term_is_known_once_its_release_is_loaded(loaded: Warehouse) -> None:
    with pin(loaded) as commit_no:
        old = open_hpo(loaded, commit_no, ["hpo@2025-01-16"])
        new = open_hpo(loaded, commit_no)
        assert (old.resolve("HP:0099999"), new.resolve("HP:0099999")) == (None, "HP:0099999")
        with pytest.raises(NotFound, match="hpo_unknown"):
            old.find("HP:0099999")
        assert new.descendants("HP:0000707") == ["HP:0000707", "HP:0001250", "HP:0099999"]
        assert old.descendants("HP:0000707") == ["HP:0000707", "HP:0001250"]


def test_labels_are_french_then_english(loaded: Warehouse) -> None:
    with pin(loaded) as commit_no:
        terms = open_hpo(loaded, commit_no)
        english = terms.label("HP:0001250")
        labels = [terms.label(one, "fr") for one in ("HP:0001250", "HP:0000118", "HP:0000002")]
    assert english == "Seizure"
    assert labels == ["Crise convulsive", "Phenotypic abnormality", None]


def test_command_resolves_and_describes(loaded: Warehouse) -> None:
    found = cad_json("hpo", "HP:0002279", "-w", loaded.path)
    assert found == {
        "hpo_id": "HP:0001250", "label": "Crise convulsive", "label_en": "Seizure",
        "asked_as": "HP:0002279", "status": "alternative", "definition": "An event.",
        "synonyms": ["Fits"], "choices": [],
        "parents": [{"hpo_id": "HP:0000707", "label": "Abnormality of the nervous system"}],
        "ancestors": [
            {"hpo_id": "HP:0000707", "label": "Abnormality of the nervous system", "distance": 1},
            {"hpo_id": "HP:0000118", "label": "Phenotypic abnormality", "distance": 2},
            {"hpo_id": "HP:0000001", "label": "All", "distance": 3},
        ],
        "descendants": 1, "source": "hpo", "version": "2025-05-06",
    }  # fmt: skip
    shown = cad("hpo", "HP:0002279", "-w", loaded.path).stdout
    assert "HP:0001250 Crise convulsive / Seizure" in shown
    assert "HP:0002279 is alternative; this stands for it" in shown


def test_obsolete_term_that_nothing_replaces_alone(loaded: Warehouse) -> None:
    found = cad_json("hpo", "HP:0009999", "-w", loaded.path)
    assert (found["hpo_id"], found["status"], found["asked_as"]) == ("HP:0009999", "obsolete", None)
    choices = [one["hpo_id"] for one in found["choices"]]
    assert choices == ["HP:0001250", "HP:0000118", "HP:0000707"]
    assert (found["ancestors"], found["descendants"]) == ([], 0)
    assert "no single term stands for it" in cad("hpo", "HP:0009999", "-w", loaded.path).stdout


def test_sql_joins_codes_with_the_closure(loaded: Warehouse) -> None:
    query = """
        SELECT asked.code, a.ancestor_id, a.distance
        FROM (VALUES ('HP:0002279'), ('HP:0009999'), ('HP:7777777')) AS asked(code)
        JOIN annotation_hpo_id AS i ON i.hpo_id = asked.code AND i.is_default
        JOIN annotation_hpo_ancestor AS a ON a.hpo_id = i.current_id AND a.is_default
        ORDER BY ALL
    """
    with open_sql(loaded) as access:
        rows = [tuple(row.values()) for row in access.ask(query).rows.to_pylist()]
    assert rows == [
        ("HP:0002279", "HP:0000001", 3),
        ("HP:0002279", "HP:0000118", 2),
        ("HP:0002279", "HP:0000707", 1),
        ("HP:0002279", "HP:0001250", 0),
    ]


def test_unknown_term_and_missing_release_are_refused(
    loaded: Warehouse, sqlite_warehouse: Warehouse
) -> None:
    refused = cad_json("hpo", "HP:7777777", "-w", loaded.path, code=1)
    assert (refused["reason"], refused["where"]) == ("hpo_unknown", "HP:7777777")
    where = ("-w", sqlite_warehouse.path)
    refused = cad_json("hpo", "HP:0001250", "--annotation", "none", *where, code=1)
    assert refused["reason"] == "hpo_missing"


def test_a_release_comes_with_cad(sqlite_warehouse: Warehouse) -> None:
    where = ("-w", sqlite_warehouse.path)
    path, version = default_file()
    with path.open() as lines:
        assert f"data-version: hp/releases/{version}\n" in [next(lines) for _ in range(5)]
    found = cad_json("hpo", "HP:0002279", *where)
    assert (found["hpo_id"], found["source"], found["version"]) == ("HP:0001250", "hpo", version)
    with pin(sqlite_warehouse) as commit_no:
        assert commit_no == 0
    added = cad_json("annotation", "add", "hpo", "--default", *where)
    assert (added["version"], added["commit"]) == (version, 1)
    assert cad_json("hpo", "HP:0002279", *where) == found
    assert cad("annotation", "add", "clinvar", "--default", *where).exit_code == 2
    assert cad("annotation", "add", "clinvar", *where).exit_code == 2


def test_variant_answers_as_before(loaded: Warehouse) -> None:
    assert cad_json("variant", "22-100-A-G", "-w", loaded.path)["annotations"] == []


def test_a_release_is_read_once(tmp_path: Path) -> None:
    path, folder = put(tmp_path / "hp.obo", OLD), tmp_path / "kept"
    nowhere = tmp_path / "absent" / "kept"
    read = dict(read_hpo(SourceJob(path, "GRCh38")))
    assert read_kept(path, file_sha256(path), nowhere) == read, "nothing can be written there"
    assert read_kept(path, file_sha256(path), folder) == read
    first = {file.name for file in folder.iterdir()}
    assert len(first) == len(read)
    sha256 = file_sha256(path)
    path.unlink()
    assert read_kept(path, sha256, folder) == read
    put(path, NEW)
    assert read_kept(path, file_sha256(path), folder) == dict(read_hpo(SourceJob(path, "GRCh38")))
    kept = list(folder.iterdir())
    assert len(kept) == len(read)
    assert not first & {file.name for file in kept}
    kept[0].write_bytes(kept[0].read_bytes()[:99])
    assert read_kept(path, file_sha256(path), folder)["annotation_hpo_id"].num_rows == 7

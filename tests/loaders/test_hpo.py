"""HPO: every id of a release accounted for, and what lies above a term equal to a plain walk."""

import csv
import gzip
import json
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from loaders.annotation.job import SourceJob
from loaders.annotation.kinds import KINDS, kind_of
from schemas.errors import BadQuestion

Tables = dict[str, list[dict[str, Any]]]

SMALL = """\
format-version: 1.2
data-version: hp/releases/2026-01-01

[Term]
id: HP:0000001
name: All

[Term]
id: HP:0000010
name: Left \\"and\\" right
alt_id: HP:0000011
def: "Says \\"this\\"." [x:y]
synonym: "One" EXACT layperson []
synonym: "Another" BROAD []
is_a: HP:0000001 ! All

[Term]
id: HP:0000020
name: Both ways
is_a: HP:0000010 {source="x"} ! Left
is_a: HP:0000001 ! All

[Term]
id: HP:0000030
name: obsolete Gone
is_obsolete: true
replaced_by: HP:0000011

[Term]
id: HP:0000031
name: obsolete Gone since longer
is_obsolete: true
replaced_by: HP:0000030

[Term]
id: HP:0000032
name: obsolete Split
is_obsolete: true
replaced_by: HP:0000010
replaced_by: HP:0000020

[Term]
id: HP:0000033
name: obsolete Undecided
is_obsolete: true
consider: HP:0000020

[Term]
id: UBERON:0000062
name: organ

[Typedef]
id: part_of
name: part of
"""


def read(path: Path, kind: str) -> tuple[SourceJob, Tables]:
    job = SourceJob(path, "GRCh38")
    return job, {name: rows.to_pylist() for name, rows in KINDS[kind].read(job)}


def graph_of(obo: Path) -> dict[str, Any]:
    """An OBO graph made of an OBO file by plain means, merged terms as nameless nodes."""
    base, oio = "http://purl.obolibrary.org/obo/", "http://www.geneontology.org/formats/oboInOwl#"
    opened = gzip.open if obo.suffix == ".gz" else open
    with opened(obo, "rt") as file:
        whole = file.read()
    stanzas = whole.split("\n[")
    named = {line[4:] for line in whole.splitlines() if line.startswith("id: ")}
    nodes, edges = [], []
    for stanza in stanzas[1:]:
        if not stanza.startswith("Term]"):
            continue
        pairs = [line.partition(": ")[::2] for line in stanza.splitlines()[1:] if line]
        node: dict[str, Any] = {"type": "CLASS", "meta": {"basicPropertyValues": []}}
        for tag, value in pairs:
            iri = base + value.split()[0].replace(":", "_")
            quoted = value.replace('\\"', "\0").split('"')
            text = quoted[1].replace("\0", '"').replace("\\n", "\n") if len(quoted) > 2 else ""
            if tag == "id":
                node["id"] = iri
            elif tag == "name":
                node["lbl"] = value.replace('\\"', '"')
            elif tag == "is_obsolete":
                node["meta"]["deprecated"] = True
            elif tag == "def":
                node["meta"]["definition"] = {"val": text}
            elif tag == "synonym":
                scope = quoted[2].split()[0].title()
                said = {"pred": f"has{scope}Synonym", "val": text}
                node["meta"].setdefault("synonyms", []).append(said)
            elif tag == "is_a":
                edges.append({"sub": node["id"], "pred": "is_a", "obj": iri})
            elif tag in ("alt_id", "replaced_by", "consider"):
                pred, said = {
                    "alt_id": (f"{oio}hasAlternativeId", value.strip()),
                    "replaced_by": (f"{base}IAO_0100001", iri),
                    "consider": (f"{oio}consider", value.strip()),
                }[tag]
                node["meta"]["basicPropertyValues"].append({"pred": pred, "val": said})
                if tag == "alt_id" and value not in named:
                    merged = [{"pred": f"{base}IAO_0100001", "val": node["id"]}]
                    meta = {"deprecated": True, "basicPropertyValues": merged}
                    nodes.append({"id": iri, "type": "CLASS", "meta": meta})
        nodes.append(node)
    nodes.append({"id": f"{base}hp#part_of", "type": "PROPERTY", "lbl": "part of"})
    return {"graphs": [{"id": "hp", "meta": {"version": "made"}, "nodes": nodes, "edges": edges}]}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "hp.obo"
    path.write_text(SMALL)
    return path


class TestSmall:
    def test_ids_resolve_over_merges_and_replacements(self, small: Path) -> None:
        job, tables = read(small, "hpo")
        found = {
            row["hpo_id"][-2:]: (row["current_id"] and row["current_id"][-2:], row["status"])
            for row in tables["annotation_hpo_id"]
        }
        assert found == {
            "01": ("01", "current"),
            "10": ("10", "current"),
            "11": ("10", "alternative"),
            "20": ("20", "current"),
            "30": ("10", "obsolete"),
            "31": ("10", "obsolete"),
            "32": (None, "obsolete"),
            "33": (None, "obsolete"),
        }
        assert job.tally.facts == {"data_version": "hp/releases/2026-01-01"}
        assert job.tally.left_out == {"other_ontology": 1}

    def test_terms_and_ancestors(self, small: Path) -> None:
        _, tables = read(small, "hpo")
        terms = {row["hpo_id"]: row for row in tables["annotation_hpo_term"]}
        assert terms["HP:0000010"] == {
            "hpo_id": "HP:0000010", "label": 'Left "and" right', "definition": 'Says "this".',
            "exact_synonyms": ["One"], "other_synonyms": ["Another"], "parents": ["HP:0000001"],
            "obsolete": False, "replaced_by": [], "consider": [],
        }  # fmt: skip
        assert terms["HP:0000032"]["replaced_by"] == ["HP:0000010", "HP:0000020"]
        assert terms["HP:0000033"]["consider"] == ["HP:0000020"]
        steps = [tuple(row.values()) for row in tables["annotation_hpo_ancestor"]]
        assert steps == [
            ("HP:0000001", "HP:0000001", 0),
            ("HP:0000010", "HP:0000010", 0),
            ("HP:0000010", "HP:0000001", 1),
            ("HP:0000020", "HP:0000020", 0),
            ("HP:0000020", "HP:0000001", 1),
            ("HP:0000020", "HP:0000010", 1),
        ]

    def test_json_gives_the_same_rows(self, small: Path, tmp_path: Path) -> None:
        path = tmp_path / "hp.json"
        path.write_text(json.dumps(graph_of(small)))
        assert read(path, "hpo")[1] == read(small, "hpo")[1]

    @pytest.mark.parametrize(
        ("old", "new", "detail"),
        [
            ("is_a: HP:0000001 ! All", "is_a: HP:0000020", "lies above itself"),
            ("is_a: HP:0000010 {", "is_a: HP:0000030 {", "no term in use"),
            ("id: HP:0000031", "id: HP:0000030", "is there twice"),
            ("id: HP:0000031\n", "", "expected its id"),
            ('synonym: "One"', "synonym: One", "no quoted text"),
            ("is_obsolete: true", "is_obsolete", "expected a tag"),
            ("format-version: 1.2", "<rdf:RDF>", "hp.obo"),
        ],
    )  # fmt: skip
    def test_malformed_releases_are_refused(
        self, small: Path, old: str, new: str, detail: str
    ) -> None:
        assert old in SMALL
        small.write_text(SMALL.replace(old, new, 1))
        with pytest.raises(BadQuestion, match=detail) as caught:
            read(small, "hpo")
        assert caught.value.reason == "annotation_malformed"

    @pytest.mark.parametrize("text", ["{", "[]", "{}", '{"graphs": [{"nodes": [{}]}]}'])
    def test_malformed_json_is_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "hp.json"
        path.write_text(text)
        with pytest.raises(BadQuestion) as caught:
            read(path, "hpo")
        assert caught.value.reason == "annotation_malformed"

    def test_release_without_hpo_is_empty(self, tmp_path: Path) -> None:
        path = tmp_path / "other.obo"
        path.write_text("format-version: 1.2\n\n[Term]\nid: MONDO:1\nname: x\n")
        with pytest.raises(BadQuestion) as caught:
            read(path, "hpo")
        assert caught.value.reason == "annotation_empty"


def test_labels_keep_what_is_translated(tmp_path: Path) -> None:
    path = tmp_path / "fr.babelon.tsv"
    path.write_text(
        "subject_id\tsource_language\ttranslation_language\tpredicate_id\tsource_value\t"
        "translation_status\ttranslation_value\n"
        "HP:0000002\ten\tfr\trdfs:label\tHeight\tCANDIDATE\t  Taille \n"
        "HP:0000001\ten\tfr\trdfs:label\tAll\tOFFICIAL\tTous\n"
        "HP:0000003\ten\tfr\trdfs:label\tKidney\tNOT_TRANSLATED\t\n"
        "MONDO:0000001\ten\tfr\trdfs:label\tDisease\tOFFICIAL\tMaladie\n"
    )
    job, tables = read(path, "hpo-labels")
    assert [tuple(row.values()) for row in tables["annotation_hpo_label"]] == [
        ("HP:0000001", "fr", "rdfs:label", "Tous", "OFFICIAL", "All"),
        ("HP:0000002", "fr", "rdfs:label", "Taille", "CANDIDATE", "Height"),
    ]
    assert job.tally.left_out == {"other_ontology": 1, "not_translated": 1}


def test_file_tells_the_ontology_from_the_table_of_genes(small: Path, tmp_path: Path) -> None:
    table = tmp_path / "genes_to_phenotype.txt"
    table.write_text("ncbi_gene_id\tgene_symbol\thpo_id\thpo_name\tfrequency\tdisease_id\n")
    found = [kind_of("hpo", None, SourceJob(path, "GRCh38")).name for path in (small, table)]
    assert found == ["hpo", "gene-disease"]


@pytest.fixture(scope="module")
def obo(testdata: Path) -> Path:
    return testdata / "clinical" / "hpo_2025-01-16" / "hp.obo.gz"


@pytest.fixture(scope="module")
def tables(obo: Path) -> Tables:
    return read(obo, "hpo")[1]


@pytest.mark.realdata
class TestRealRelease:
    def test_nothing_is_lost(self, obo: Path, tables: Tables) -> None:
        with gzip.open(obo, "rt") as file:
            stanzas = [one for one in file.read().split("\n\n") if one.startswith("[Term]")]
        lines = [line for one in stanzas for line in one.splitlines()]
        terms = tables["annotation_hpo_term"]
        assert len(terms) == len(stanzas) == 19_484
        for column, begin in (
            ("parents", "is_a: "), ("consider", "consider: "), ("replaced_by", "replaced_by: "),
        ):  # fmt: skip
            assert sum(len(row[column]) for row in terms) == sum(
                line.startswith(begin) for line in lines
            )
        synonyms = [line for line in lines if line.startswith("synonym: ")]
        assert sum(len(row["exact_synonyms"]) for row in terms) == sum(
            '" EXACT' in line for line in synonyms
        )
        assert sum(len(row["exact_synonyms"]) + len(row["other_synonyms"]) for row in terms) == len(
            synonyms
        )
        ids = tables["annotation_hpo_id"]
        alternatives = {line[8:] for line in lines if line.startswith("alt_id: ")}
        status = {row["hpo_id"]: row["status"] for row in ids}
        assert len(ids) == len(status)
        assert status.keys() == alternatives | {row["hpo_id"] for row in terms}
        assert sum(row["obsolete"] for row in terms) == lines.count("is_obsolete: true")

    def test_ancestors_equal_a_plain_walk(self, tables: Tables) -> None:
        parents = {row["hpo_id"]: row["parents"] for row in tables["annotation_hpo_term"]}
        in_use = {
            row["hpo_id"] for row in tables["annotation_hpo_id"] if row["status"] == "current"
        }
        walked = set()
        for term in in_use:
            steps, waiting = {term: 0}, deque([term])
            while waiting:
                one = waiting.popleft()
                for parent in parents[one]:
                    if parent not in steps:
                        steps[parent] = steps[one] + 1
                        waiting.append(parent)
            walked |= {(term, ancestor, distance) for ancestor, distance in steps.items()}
        rows = [tuple(row.values()) for row in tables["annotation_hpo_ancestor"]]
        assert len(rows) == len(walked)
        assert set(rows) == walked

    def test_json_gives_the_same_rows(self, obo: Path, tables: Tables, tmp_path: Path) -> None:
        path = tmp_path / "hp.json"
        path.write_text(json.dumps(graph_of(obo)))
        found = read(path, "hpo")[1]
        for name, rows in tables.items():
            assert found[name] == rows, name

    def test_french_labels(self, testdata: Path) -> None:
        path = testdata / "clinical" / "hpo_french.babelon.tsv"
        with path.open(encoding="utf-8", newline="") as file:
            wanted = sorted(
                (row["subject_id"], row["predicate_id"], row["translation_value"].strip())
                for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
                if row["translation_value"].strip()
            )
        rows = read(path, "hpo-labels")[1]["annotation_hpo_label"]
        assert [(row["hpo_id"], row["predicate"], row["text"]) for row in rows] == wanted
        assert len(rows) > 14_000

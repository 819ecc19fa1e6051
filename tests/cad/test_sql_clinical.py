"""Persons, features, diseases, judgements and consents in SQL, joined with HPO and with calls."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cad.annotation.load import add_annotation
from cad.build.run import build_base
from cad.clinical.push import push_clinical
from cad.registry.engine import reading
from cad.registry.families import families
from cad.registry.numbers import latest_commit
from cad.sql_access import open_sql
from cad.status import read_status
from cad.warehouse import Warehouse
from tests.cad.clinical_dir import finding, packet, put
from tests.cad.test_hpo import NEW, OLD
from tests.pushed import family
from tests.queried import built


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A trio with documents: an old term, a merged one, one newer than the release, a variant."""
    folder = tmp_path_factory.mktemp("sql")
    disease = {"term": {"id": "OMIM:617140"}}
    record = {"genomeAssembly": "hg38", "chrom": "chr22", "pos": "100", "ref": "A", "alt": "G"}
    documents: dict[str, Any] = {
        "c.json": packet(
            "c", "P-CHILD", "HP:0002279", "HP:0099999", "-HP:0009999",
            interpretations=[finding("P-CHILD", record)], diseases=[disease],
        ),
        "s.ped": ["F1 SISTER P-FATHER P-MOTHER 2 1"],
        "consents.tsv": [
            "person_id scope status signed_on representative of_age_from",
            "P-CHILD industry given 1999-01-05 1 2001-Q1",
        ],
    }  # fmt: skip
    with built(folder / "warehouse", [family(folder / "batch").path], None) as warehouse:
        old = folder / "old.obo"
        old.write_text(OLD)
        add_annotation(warehouse, "hpo", old, "2025-01-16")
        receipt = push_clinical(warehouse, put(folder / "documents", documents)).to_json()
        flags = {one["reason"]: one["records"] for one in receipt["documents"][0]["flags"]}
        assert flags == {"term_newer": 1, "term_replaced": 1, "term_obsolete": 1}
        build_base(warehouse)
        yield warehouse


def ask(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    with open_sql(warehouse) as access:
        return [tuple(row.values()) for row in access.ask(query).rows.to_pylist()]


def test_features_join_the_closure(asked: Warehouse) -> None:
    query = "SELECT person_id, code, term, excluded FROM phenotypes ORDER BY ALL"
    assert ask(asked, query) == [
        ("P-CHILD", "HP:0001250", "HP:0001250", False),
        ("P-CHILD", "HP:0002279", "HP:0001250", False),
        ("P-CHILD", "HP:0009999", "HP:0009999", True),
        ("P-CHILD", "HP:0099999", "HP:0099999", False),
        ("P-MOTHER", "HP:0001263", "HP:0001263", False),
    ]
    query = """
        SELECT p.person_id, count(*) FROM phenotypes AS p
        JOIN annotation_hpo_ancestor AS a ON a.hpo_id = p.term AND a.is_default
        WHERE a.ancestor_id = 'HP:0000707' AND NOT p.excluded GROUP BY ALL
    """
    assert ask(asked, query) == [("P-CHILD", 2)]


def test_judged_variants_join_calls(asked: Warehouse) -> None:
    query = """
        SELECT i.person_id, i.status, d.code, s.person_id AS carrier FROM interpretations AS i
        JOIN diseases AS d ON d.person_id = i.person_id AND d.code = i.disease_code
        JOIN calls AS c USING (contig, pos, ref, alt) JOIN samples AS s USING (sample)
        ORDER BY ALL
    """
    carriers = [("P-CHILD", "CAUSATIVE", "OMIM:617140", who) for who in ("P-FATHER", "P-MOTHER")]
    assert ask(asked, query) == carriers


def test_families_and_consents(asked: Warehouse) -> None:
    query = """
        SELECT person_id, family_id, role, father_id, mother_id, affected, sequenced
        FROM persons ORDER BY person_id
    """
    parents = ("P-FATHER", "P-MOTHER")
    assert ask(asked, query) == [
        ("P-CHILD", "F1", "proband", *parents, "1", True),
        ("P-FATHER", "F1", "father", None, None, "unknown", True),
        ("P-MOTHER", "F1", "mother", None, None, "unknown", True),
        ("SISTER", "F1", "sibling", *parents, "0", False),
    ]
    query = "SELECT person_id, scope, status, holds FROM consents ORDER BY ALL"
    assert ask(asked, query) == [
        ("P-CHILD", "industry", "given", False), ("P-CHILD", "research", "given", True),
    ]  # fmt: skip
    with reading(asked.engine) as connection:
        found = families(connection, latest_commit(connection))
    assert {name: [one.person_id for one in own] for name, own in found.items()} == {
        "F1": ["P-CHILD", "P-FATHER", "P-MOTHER", "SISTER"]
    }


def test_status_tells_of_newer_terms_until_they_are_known(asked: Warehouse, tmp_path: Path) -> None:
    clinical = read_status(asked).to_json()["clinical"]
    assert clinical == {
        "documents": 5, "persons": 3, "persons_without_sample": 1,
        "hpo": {"source": "hpo", "version": "2025-01-16", "terms_newer": [
            "HP:0001263", "HP:0099999",
        ]},
    }  # fmt: skip
    new = tmp_path / "new.obo"
    new.write_text(NEW)
    add_annotation(asked, "hpo", new, "2025-05-06")
    hpo = read_status(asked).to_json()["clinical"]["hpo"]
    assert (hpo["version"], hpo["terms_newer"]) == ("2025-05-06", ["HP:0001263"])
    query = "SELECT count(*) FROM phenotypes WHERE term = 'HP:0099999'"
    assert ask(asked, query) == [(1,)]

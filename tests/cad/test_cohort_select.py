"""The gate of persons: who may be among those an answer is about, and what filters ask of them."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from cad.annotation.load import add_annotation
from cad.build.run import build_base
from cad.cohort.counts import count_variants
from cad.cohort.filter import Filter, Term, parse_filter
from cad.cohort.genotypes import GenotypeReader
from cad.cohort.project import Project, pseudonym, read_project, scope_filter
from cad.cohort.select import CohortCache, Members, select_members
from cad.compact import compact
from cad.leases import pin
from cad.push import push_batch
from cad.query.parse import Region, Variant
from cad.registry.access_tables import project as project_table
from cad.registry.engine import reading, writing
from cad.registry.numbers import latest_commit
from cad.settings import Settings
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from schemas.errors import BadQuestion, Forbidden, NotFound
from tests.batch_dir import BatchDir, vcf
from tests.cad.test_hpo import NEW as HPO

SHEET = (
    "sample_id|person_id|sex|family_id|father_id|mother_id|affected|cohort|indication",
    "S1|P1|XX|F1|P2|P3|1|MULTIPLI|epilepsy",
    "S2|P2|XY|F1|||0||",
    "S3|P3|XX|F1|||0|MULTIPLI|",
    "S4|P4|XY|F2|||1||epilepsy",
    "S5|P5|XX||||unknown||",
)
CONSENTS = (
    "person_id|scope|status|signed_on",
    *(f"P{n}|research|given|2026-01-05" for n in (1, 2, 4)),
    "P5|care|refused|2026-01-05",
)
FEATURES = (
    "person_id|system|code|excluded",
    "P1|HPO|HP:0002279|",
    "P2|HPO|HP:0001250|1",
    "P4|HPO|HP:0000707|",
    "P4|HPO|HP:0012345|1",
    "P4|HPO|HP:7777777|",
    "P1|ICD10|G40.1|",
    "P4|ICD10|G41|",
    "P4|ORPHA|ORPHA:558|",
    "P2|local|x9|",
)


def night(path: Path, batch_id: str = "N1", platform: str = "AURAGEN") -> BatchDir:
    made = BatchDir(path)
    made.manifest |= {"batch_id": batch_id, "platform": platform}
    made.put("wgs.bed", b"chr22\t0\t1000\n")
    line = "chr22 100 . A G . PASS . GT 0/1 0/0 0/1 1/1 0/1"
    made.add(
        "five.vcf",
        vcf("S1", "S2", "S3", "S4", "S5", lines=(line,)),
        callability="bed",
        callable_bed="wgs.bed",
    )
    made.sheet(*SHEET)
    made.sheet(*CONSENTS, name="consents.tsv")
    made.sheet(*FEATURES, name="phenotypes.tsv")
    made.write()
    return made


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("select")
    with Warehouse.create(folder / "w", "GRCh38", settings=Settings(threads=2)) as warehouse:
        push_batch(warehouse, night(folder / "batch").path)
        (folder / "hp.obo").write_text(HPO)
        add_annotation(warehouse, "hpo", folder / "hp.obo", "2025-05-06")
        yield warehouse


def chosen(warehouse: Warehouse, *texts: str, purpose: str = "care", **more: Project) -> Members:
    with reading(warehouse.engine) as connection:
        commit_no = latest_commit(connection)
    return select_members(warehouse, commit_no, purpose, parse_filter(texts), **more)


@pytest.mark.parametrize(
    ("texts", "persons"),
    [
        ((), "P1 P2 P3 P4"),
        (("sex=XX",), "P1 P3"),
        (("sex=XX|XY", "affected!=1"), "P2 P3"),
        (("platform=AURAGEN", "cohort!=MULTIPLI"), "P2 P4"),
        (("cohort=unknown",), "P2 P4"),
        (("founder=1",), "P2 P3 P4"),
        (("HP:0001250",), "P1"),
        (("HP:0002279",), "P1"),
        (("HP:0000707",), "P1 P4"),
        (("!HP:0001250",), "P2 P3 P4"),
        (("excluded=HP:0001250",), "P2"),
        (("excluded=HP:0099999",), "P2"),
        (("HP:0012345",), ""),
        (("HP:7777777",), "P4"),
        (("HP:0000707", "platform=AURAGEN", "cohort!=MULTIPLI"), "P4"),
        (("ICD10:G40",), "P1"),
        (("CIM10:g4",), "P1 P4"),
        (("ORPHA:558|559",), "P4"),
        (("OMIM:558",), ""),
        (("local:x9",), "P2"),
        (("family=F1",), "P1 P2 P3"),
        (("person=P1|P4",), "P1 P4"),
        (("person!=P1", "platform=SEQOIA"), ""),
    ],
)
def test_a_filter_chooses_the_persons_who_meet_every_term(
    loaded: Warehouse, texts: tuple[str, ...], persons: str
) -> None:
    assert " ".join(chosen(loaded, *texts).persons) == persons
    asked = parse_filter(texts)
    assert Filter.from_json(asked.to_json()) == asked == parse_filter(asked.texts())


@pytest.mark.parametrize(
    "text", ["", "HP:12", "sex=female", "affected=yes", "colour=red", "=1", "HPO=HP:0001250", "x"]
)
def test_a_filter_that_says_nothing_known_is_refused(text: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        parse_filter([text])
    assert refused.value.reason == "filter_malformed"


def test_a_code_is_compared_without_its_system_and_a_value_may_hold_commas() -> None:
    assert parse_filter(["Orphanet:558"]) == parse_filter(["ORPHA:558"])
    odd = Filter((Term("region", ("Nord, Est|x",)),))
    assert Filter.from_json(odd.to_json()) == odd


def test_only_who_consents_counts_for_a_purpose(loaded: Warehouse) -> None:
    assert chosen(loaded, purpose="research").persons == ["P1", "P2", "P4"]
    assert chosen(loaded, purpose="industry").persons == []
    with pytest.raises(BadQuestion):
        chosen(loaded, purpose="fame")


def test_parents_are_members_where_they_count_themselves(loaded: Warehouse) -> None:
    trio = chosen(loaded, "family=F1")
    assert (trio.father.tolist(), trio.mother.tolist()) == ([1, -1, -1], [2, -1, -1])
    without = chosen(loaded, "family=F1", purpose="research")
    assert (without.father.tolist(), without.mother.tolist()) == ([1, -1], [-1, -1])
    assert trio.among(trio.attribute("affected").mask(("1",))).persons == ["P1"]
    assert trio.families == [frozenset({"F1"})] * 3


def test_organ_systems_and_features_are_closed_over_ancestors(loaded: Warehouse) -> None:
    profiles = chosen(loaded).cohort.profiles
    assert {one: rows.tolist() for one, rows in profiles.organ_systems.items()} == {
        "HP:0000707": [0, 3]
    }
    assert profiles.terms_of[0] == {"HP:0001250"}
    assert profiles.closed_terms_of[3] >= {"HP:0000707", "HP:0000118", "HP:7777777"}
    assert profiles.codes_of[3] == {("ICD10", "G41"), ("ORPHA", "558")}
    assert profiles.described.tolist() == [True, True, False, True]


def test_a_project_sees_its_scope_under_its_own_pseudonyms(loaded: Warehouse) -> None:
    scope = {"cohorts": ["MULTIPLI", "unknown"], "indications": ["epilepsy"]}
    row = {
        "name": "EPI", "title": "t", "purpose": "research", "scope": scope, "state": "approved",
        "ends_on": date(2126, 1, 1), "pseudonym_key": b"k1", "created_at": None,
    }  # fmt: skip
    with writing(loaded.engine) as connection:
        from cad.registry.engine import registry_now  # noqa: PLC0415

        row["created_at"] = registry_now(connection)
        connection.execute(insert(project_table).values(row))
    with reading(loaded.engine) as connection:
        project = read_project(connection, "EPI")
    assert "k1" not in repr(project)
    members = chosen(loaded, purpose="research", project=project)
    assert members.persons == [pseudonym(b"k1", "P1"), pseudonym(b"k1", "P4")]
    assert members.families == [{pseudonym(b"k1", "F1")}, {pseudonym(b"k1", "F2")}]
    one = f"person={members.persons[1]}"
    assert chosen(loaded, one, purpose="research", project=project).rows.tolist() == [3]
    assert len(chosen(loaded, "person=P4", purpose="research", project=project)) == 0
    with pytest.raises(Forbidden, match="approved for research"):
        chosen(loaded, project=project)
    with reading(loaded.engine) as connection, pytest.raises(Forbidden):
        read_project(connection, "EPI", date(2127, 1, 1))
    with writing(loaded.engine) as connection:
        connection.execute(update(project_table).values(state="closed", pseudonym_key=None))
    with reading(loaded.engine) as connection:
        with pytest.raises(Forbidden):
            read_project(connection, "EPI")
        with pytest.raises(NotFound):
            read_project(connection, "OTHER")
    assert scope_filter({}).terms == ()


def test_a_feature_is_asked_for_by_the_release_that_comes_with_cad(
    sqlite_warehouse: Warehouse,
) -> None:
    assert len(chosen(sqlite_warehouse, "HP:0001250")) == 0
    assert len(chosen(sqlite_warehouse, "sex=XX")) == 0


def figures(warehouse: Warehouse, purpose: str = "care") -> tuple[list[str], int, int]:
    """The members, and AC and AN of the one variant."""
    with pin(warehouse) as commit_no:
        members = select_members(warehouse, commit_no, purpose)
        reader = GenotypeReader(members)
        calls = reader.variant(Variant("22", 100, "A", "G"))
        (counts,) = count_variants(reader, calls)
        whole = reader.calls(Region("22", 1, 1000))
        assert whole.variant.tolist() == calls.variant.tolist()
        return members.persons, int(counts.ac[0]), int(counts.an[0])


def test_decisions_hold_from_the_next_commit_and_moved_rows_count_once(
    sqlite_warehouse: Warehouse, tmp_path: Path
) -> None:
    push_batch(sqlite_warehouse, night(tmp_path / "one").path)
    assert figures(sqlite_warehouse) == (["P1", "P2", "P3", "P4"], 4, 8)
    build_base(sqlite_warehouse)
    changed = night(tmp_path / "two")
    changed.manifest["pipeline"] = {"name": "gatk", "version": "5"}
    changed.sheet(*CONSENTS, "P4|care|withdrawn|2026-02-01", name="consents.tsv")
    changed.write()
    push_batch(sqlite_warehouse, changed.path, replace=True)
    assert figures(sqlite_warehouse) == (["P1", "P2", "P3"], 2, 6)
    withdraw(sqlite_warehouse, "P1")
    assert figures(sqlite_warehouse) == (["P2", "P3"], 1, 4)
    assert figures(sqlite_warehouse, "research") == (["P2", "P4"], 2, 4)
    # P1 is still counted by the base, so that a compaction leaves its rows behind in the batch's
    # file, beside those it moves.
    compact(sqlite_warehouse)
    assert figures(sqlite_warehouse) == (["P2", "P3"], 1, 4)
    build_base(sqlite_warehouse)
    assert figures(sqlite_warehouse) == (["P2", "P3"], 1, 4)


def test_a_cache_opens_a_commit_once_and_keeps_the_latest(loaded: Warehouse) -> None:
    cache = CohortCache()
    first = cache.at(loaded, 1)
    assert cache.at(loaded, 1) is first
    assert cache.at(loaded, 2) is not first
    cache.at(loaded, 0)
    assert cache.at(loaded, 1) is not first

"""AN walked to its terms: against the twin, person by person, and by hand."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from cad.build.run import build_base
from cad.compact import compact
from cad.push import push_batch
from cad.query import BaseReader, open_base
from cad.query.explain import TERMS, explain_variant
from cad.registry.engine import writing
from cad.registry.tables import folded
from cad.warehouse import Warehouse
from schemas.errors import BadQuestion, Conflict, NotFound, Unavailable
from schemas.known import CRITERIA
from tests.batch_dir import BatchDir, vcf
from tests.cli import cad, cad_json
from tests.pushed import family
from tests.queried import PURPOSES, Queried, built, queried
from tests.twin import TwinBase, TwinBatch, count_base, read_batch, read_reference
from tests.twin.cohorts import Shape
from tests.twin.count import Person

SHAPE = Shape(persons=9, batches=4, lines=25, callabilities=("bed", "sites", "blocks"))


@dataclass(frozen=True)
class Explained:
    """A cohort in a warehouse, and as the twin counts it."""

    queried: Queried
    batches: list[TwinBatch]
    twin: TwinBase


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explained]:
    with queried(tmp_path_factory.mktemp("explain"), seed=6, shape=SHAPE) as found:
        reference = read_reference(found.reference)
        batches = [read_batch(path, reference=reference) for path in found.batches]
        yield Explained(found, batches, count_base(batches, "GRCh38", cohort_purposes={}))


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("trio")
    with built(folder / "warehouse", [family(folder / "batch").path], None) as warehouse:
        yield warehouse


def ask(warehouse: Warehouse, text: str, purpose: str = "care", **more: Any) -> dict[str, Any]:
    with open_base(warehouse, purpose) as base:
        return explain_variant(BaseReader(warehouse, base), text, **more)


def term_of(person: Person, contig: str, pos: int) -> str:
    """The one term that a person stands under, sentence by sentence (DESIGN 5, 6)."""
    passing, known = (person.weight(contig, pos, one) for one in (True, False))
    if not person.assayed(contig, pos) and not known:
        return "not_assayed"
    if passing:
        return "two_alleles" if passing == 2 else "one_allele"
    if person.ploidy(contig, pos) == 0:
        return "no_copy"
    return "failing" if known else "unknown"


def failing_by(person: Person, contig: str, pos: int) -> frozenset[str]:
    """The criteria that fail at the person's ploidy."""
    return person.sample.failing(contig, pos, person.ploidy(contig, pos))


def expected(cohort: Explained, purpose: str, stratum: str, contig: str, pos: int) -> Any:
    """Terms by platform."""
    members = cohort.twin.members(purpose, stratum)
    found: dict[str, Counter[str]] = {}
    by: dict[str, Counter[frozenset[str]]] = {}
    for one in members:
        terms = found.setdefault(one.sample.platform, Counter())
        term = term_of(one, contig, pos)
        terms[term] += 1
        if term != "not_assayed":
            terms["assayed" if one.assayed(contig, pos) else "off_target"] += 1
        if term == "failing":
            by.setdefault(one.sample.platform, Counter())[failing_by(one, contig, pos)] += 1
        terms["persons"] += 1
        terms["an"] += one.weight(contig, pos, True)
        terms["an_raw"] += one.weight(contig, pos, False)
    counted = {id(one.sample) for one in members}
    persons = {one.sample.person_id for one in members}
    for batch in cohort.batches:
        for sample in batch.samples:
            if sample.person_id in persons and id(sample) not in counted and sample.may_count:
                terms = found.setdefault(batch.platform, Counter())
                terms["further_samples"] += 1
    for terms in found.values():
        terms["callable"] = terms["two_alleles"] + terms["one_allele"]
    return {
        name: {
            **{term: terms[term] for term in TERMS},
            "failing_by": {names: count for names, count in by.get(name, Counter()).items()},
        }
        for name, terms in found.items()
    }


def by_criteria(told: list[dict[str, Any]]) -> dict[frozenset[str], int]:
    """What an answer says of who fails by what, without its order."""
    found = {frozenset(one["criteria"]): one["persons"] for one in told}
    assert len(found) == len(told)
    assert sorted(found.values(), reverse=True) == [one["persons"] for one in told]
    return found


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_person_stands_under_the_term_that_the_twin_names(
    cohort: Explained, purpose: str
) -> None:
    depth = cohort.queried.scans["care"].depth
    known = sorted(place for place, by in depth.items() if by.get("all", [0, 0])[1])
    # A gVCF's assay covers whole contigs, of which nothing is known.
    bare = sorted(depth.keys() - set(known))
    places = [*known[:: len(known) // 80 or 1], *bare[:: len(bare) // 20 or 1]]
    warehouse = cohort.queried.warehouse
    met: Counter[str] = Counter()
    criteria: Counter[frozenset[str]] = Counter()
    with open_base(warehouse, purpose) as base:
        reader = BaseReader(warehouse, base)
        strata = [one.name for one in base.strata]
        for at, (contig, pos) in enumerate(places):
            stratum = strata[0] if at % 2 else strata[at % len(strata)]
            answer = explain_variant(reader, f"{contig}-{pos}-N-NTTGTTGTTG", stratum)
            told = {one.pop("platform"): one for one in answer["platforms"]}
            for one in (*told.values(), answer["total"]):
                one["failing_by"] = by_criteria(one["failing_by"])
                assert sum(one["failing_by"].values()) == one["failing"]
                criteria.update(one["failing_by"])
            assert told == expected(cohort, purpose, stratum, contig, pos)
            assert list(told) == sorted(told)
            for term in TERMS:
                assert answer["total"][term] == sum(one[term] for one in told.values())
            met.update({term: answer["total"][term] for term in TERMS})
    if purpose == "care":
        assert all(met[term] > 5 for term in TERMS), met
        assert frozenset(CRITERIA) == frozenset().union(*criteria)
        assert len(criteria) > len(CRITERIA), criteria


def test_by_hand(trio: Warehouse) -> None:
    answer = ask(trio, "chr22-90-a-g")
    nothing = dict.fromkeys(TERMS, 0) | {"failing_by": []}
    # Only the mother's BED reaches so far.
    total = nothing | {"persons": 3, "not_assayed": 2, "assayed": 1, "callable": 1,
                       "two_alleles": 1, "an": 2, "an_raw": 2}  # fmt: skip
    assert answer.pop("built_at").endswith("+00:00")
    assert answer == {
        "variant": "22-90-A-G", "assembly": "GRCh38", "purpose": "care", "commit": 2,
        "release": None, "normalised_from": None, "left_aligned": True, "stratum": "all",
        "position": "22:90",
        "copies": [
            {"sex": "XX", "copies": 2, "persons": 2}, {"sex": "XY", "copies": 2, "persons": 1},
        ],
        "platforms": [{"platform": "SEQOIA", **total}], "total": total,
    }  # fmt: skip
    on_x = ask(trio, "X-90000000-G-A", stratum="sex=XY")
    assert on_x["copies"] == [{"sex": "XY", "copies": 1, "persons": 1}]
    assert (on_x["total"]["one_allele"], on_x["total"]["an"]) == (1, 1)
    industry = ask(trio, "22-90-A-G", purpose="industry")
    assert (industry["platforms"], industry["total"], industry["copies"]) == ([], nothing, [])


def test_who_is_counted_by_another_sample(tmp_path: Path, sqlite_warehouse: Warehouse) -> None:
    push_batch(sqlite_warehouse, family(tmp_path / "a").path)
    again = BatchDir(tmp_path / "b")
    again.manifest |= {"batch_id": "LYON-1", "platform": "AURAGEN"}
    again.add("one.vcf", vcf("C2", "C3", "NEW", lines=("chr22 150 . C T . PASS . GT 0/1 0/1 ./.",)))
    again.sheet(
        "sample_id|person_id|sex|assay|material",
        "C2|P-CHILD|XX|panel|germline", "C3|P-CHILD|XX|WGS|tumour", "NEW|P-NEW|other|WGS|germline",
    )  # fmt: skip
    push_batch(sqlite_warehouse, again.write())
    build_base(sqlite_warehouse)
    answer = ask(sqlite_warehouse, "22-150-C-T")
    lyon, paris = answer["platforms"]
    assert (lyon["platform"], lyon["further_samples"], lyon["unknown"]) == ("AURAGEN", 1, 1)
    assert (paris["platform"], paris["further_samples"], paris["an"]) == ("SEQOIA", 0, 6)
    # The person of no declared sex has no copy on X that is counted.
    on_x = ask(sqlite_warehouse, "X-90000000-G-A")["total"]
    assert (on_x["persons"], on_x["assayed"], on_x["no_copy"]) == (4, 1, 0)


def criteria_by_platform(warehouse: Warehouse, text: str) -> dict[str, list[tuple[str, int]]]:
    """Criteria that fail, blank-parted, with their persons, by platform."""
    answer = ask(warehouse, text)
    return {
        one["platform"]: [(" ".join(by["criteria"]), by["persons"]) for by in one["failing_by"]]
        for one in answer["platforms"]
    }


def test_who_fails_by_what(tmp_path: Path, sqlite_warehouse: Warehouse) -> None:
    blocks = BatchDir(tmp_path / "blocks")
    lines = (
        # One block after the other fails for another reason, and B on X as one who has two copies.
        "chr22 100 . A <NON_REF> . . END=109 GT:GQ:MIN_DP 0/0:19:9 0/0:30:9 0/0:30:0",
        "chr22 110 . A <NON_REF> . q10 END=119 GT:GQ:MIN_DP 0/0:19:30 0/0:30:30 0/0:30:30",
        "chr22 120 . A G . . . GT:GQ:AD:DP 0/1:30:19,1:20 0/0:30:20,0:20 0/1:30:20,.:20",
        "chrX 90000000 . A <NON_REF> . . . GT:GQ:MIN_DP 0/0:30:4 0/0:30:4 0/0:30:5",
    )
    blocks.add("a.vcf", vcf("A", "B", "C", lines=lines), callability="blocks")
    blocks.sheet("sample_id|person_id|sex", "A|P-A|XY", "B|P-B|XX", "C|P-C|XY")
    push_batch(sqlite_warehouse, blocks.write())
    sites = BatchDir(tmp_path / "sites")
    sites.manifest |= {"batch_id": "LYON-1", "platform": "AURAGEN"}
    sites.put("b.bed", b"chr22\t300\t400\n")
    # All fail alike: the file's list of sites says so, and no row of theirs.
    sites.add("s.vcf", vcf("S", "T", lines=("chr22 105 . A G . q10 . GT 0/0 0/1",)))
    sites.add(
        "b.vcf", vcf("U", lines=("chr22 105 . A G . . . GT 0/1",)),
        callability="bed", callable_bed="b.bed",
    )  # fmt: skip
    sites.sheet("sample_id|person_id|sex", "S|P-S|XX", "T|P-T|XX", "U|P-U|XX")
    push_batch(sqlite_warehouse, sites.write())
    build_base(sqlite_warehouse)
    expected = {
        "22-105-A-G": {
            "AURAGEN": [("filter", 2), ("outside_bed", 1)],
            "SEQOIA": [("depth", 1), ("quality depth", 1)],
        },
        "22-115-A-G": {"AURAGEN": [], "SEQOIA": [("filter", 2), ("filter quality", 1)]},
        "22-120-A-G": {"AURAGEN": [], "SEQOIA": [("balance", 2)]},
        "X-90000000-A-G": {"AURAGEN": [], "SEQOIA": [("depth", 2)]},
    }
    for _ in range(2):
        assert {one: criteria_by_platform(sqlite_warehouse, one) for one in expected} == expected
        shown = cad("explain", "22-105-A-G", "-w", sqlite_warehouse.path).stdout.splitlines()
        at = next(n for n, line in enumerate(shown) if "below the thresholds" in line)
        assert [line.split() for line in shown[at + 1 : at + 5]] == [
            "by FILTER 2 0 2".split(),
            "by depth 0 1 1".split(),
            "by a record outside the BED 1 0 1".split(),
            "by genotype quality and depth 0 1 1".split(),
        ]
        compact(sqlite_warehouse)


def test_terms_that_do_not_come_to_the_base_are_an_error(
    tmp_path: Path, sqlite_warehouse: Warehouse
) -> None:
    push_batch(sqlite_warehouse, family(tmp_path / "a").path)
    build_base(sqlite_warehouse)
    with writing(sqlite_warehouse.engine) as connection:
        connection.execute(delete(folded).where(folded.c.person_id == "P-CHILD"))
    with pytest.raises(
        Unavailable, match=r"explain_mismatch.*an 4 of 6, an_raw 4 of 6, callable 2"
    ):
        ask(sqlite_warehouse, "22-150-C-T")
    refused = cad_json("explain", "22-150-C-T", "-w", sqlite_warehouse.path, code=1)
    assert (refused["error"], refused["reason"]) == ("Unavailable", "explain_mismatch")


def test_questions_that_cannot_be_answered(trio: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="stratum_unknown"):
        ask(trio, "22-90-A-G", stratum="sex=YY")
    with pytest.raises(BadQuestion, match="variant_malformed"):
        ask(trio, "22-90-A")
    made = BatchDir(tmp_path / "batch")
    made.manifest["batch_id"] = "NIGHT-2"
    made.add("one.vcf", vcf("Q1", lines=("chr22 100 . A G . PASS . GT 0/1",)))
    made.sheet("sample_id|person_id|sex", "Q1|Q1|XX")
    with Warehouse.create(tmp_path / "w", "GRCh38", settings=trio.settings) as warehouse:
        push_batch(warehouse, family(tmp_path / "a").path)
        build_base(warehouse)
        with open_base(warehouse, "care") as base:
            push_batch(warehouse, made.write())
            build_base(warehouse)
            with pytest.raises(Conflict, match="base_conflict"):
                explain_variant(BaseReader(warehouse, base), "22-90-A-G")


def test_the_command(trio: Warehouse) -> None:
    words = ("explain", "22-100-A-G", "-w", trio.path)
    assert cad_json(*words, "--stratum", "sex=XX") == ask(trio, "22-100-A-G", stratum="sex=XX")
    shown = cad(*words).stdout.splitlines()
    assert shown[0].startswith("22-100-A-G (GRCh38, care, all, commit 2, built ")
    assert shown[1].split() == ["at", "22:100", "SEQOIA", "all"]
    assert [line.split()[-2:] for line in shown[2:15]] == [
        [count, count] for count in "3 0 3 0 0 0 0 3 3 0 6 6 0".split()
    ]
    assert shown[15] == "copies counted here, by declared sex: XX 2 (2 persons), XY 2 (1 persons)"

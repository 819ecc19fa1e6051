"""Answers about variants: against a slow scan of the base, a base without a family, and by hand."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cad.build.run import build_base
from cad.push import push_batch
from cad.query import BaseReader, BaseService, find_region, find_variant, open_base
from cad.warehouse import Warehouse
from schemas.contigs import contig_length
from schemas.errors import BadQuestion, Conflict, NotFound
from tests.batch_dir import BatchDir, vcf
from tests.pushed import family
from tests.queried import PURPOSES, Key, Queried, Scan, built, queried, refusing_care


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queried]:
    with queried(tmp_path_factory.mktemp("query"), seed=3) as found:
        yield found


@pytest.fixture(params=PURPOSES)
def purpose(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def ask(warehouse: Warehouse, text: str, purpose: str = "care", **more: Any) -> dict[str, Any]:
    with open_base(warehouse, purpose) as base:
        return find_variant(BaseReader(warehouse, base), text, **more)


def rows(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Figures by stratum."""
    return {
        row["stratum"]: {name: value for name, value in row.items() if name != "stratum"}
        for row in answer["frequencies"]
    }


def written(key: Key) -> str:
    return "-".join(map(str, key))


def expected_state(scan: Scan, key: Key, stratum: str) -> tuple[str, bool]:
    figures = scan.variants.get(key, {}).get(stratum, {"ac": 0, "ac_raw": 0})
    an, _, _, assayed = scan.depth.get(key[:2], {}).get(stratum, [0, 0, 0, 0])
    if figures["ac"]:
        return "seen", False
    if an:
        return "callable_not_seen", figures["ac_raw"] > 0
    return ("not_callable" if assayed else "not_assayed"), False


def test_every_variant_of_the_base(cohort: Queried, purpose: str) -> None:
    scan = cohort.scans[purpose]
    with open_base(cohort.warehouse, purpose) as base:
        reader = BaseReader(cohort.warehouse, base)
        for key, figures in scan.variants.items():
            # The reference need not agree here with what the file held outside ACGT.
            answer = find_variant(reader, written(key))
            assert rows(answer) == {name: pytest.approx(row) for name, row in figures.items()}
            assert (answer["state"], answer["raw_only"]) == expected_state(scan, key, "all")
            flags = scan.flags[key]
            values = [flags[name] for name in flags if name != "flags"]
            assert [one["value"] for one in answer["flags"]] == values
            assert [one["flag"] for one in answer["flags"] if one["raised"]] == flags["flags"]
            assert (answer["purpose"], answer["release"]) == (purpose, None)
        assert base.variants == len(scan.variants)


def test_every_other_position(cohort: Queried, purpose: str) -> None:
    scan = cohort.scans[purpose]
    states = set()
    with open_base(cohort.warehouse, purpose) as base:
        reader = BaseReader(cohort.warehouse, base)
        names = [stratum.name for stratum in base.strata]
        for contig, pos in [*scan.depth, ("22", 5), ("1", 5)]:
            key = (contig, pos, "N", "NTTGTTGTTG")
            answer = find_variant(reader, written(key))
            depth = scan.depth.get((contig, pos), {})
            for name, row in rows(answer).items():
                an, an_raw, persons, _ = depth.get(name, [0, 0, 0, 0])
                assert (row["an"], row["an_raw"], row["persons"]) == (an, an_raw, persons)
                assert (row["ac"], row["af"]) == (0, 0.0 if an else None)
            _, _, persons, assayed = depth.get("all", [0, 0, 0, 0])
            rate = persons / assayed if assayed else None
            assert [one["value"] for one in answer["flags"]] == [None, None, None, rate]
            assert answer["flags"][-1]["raised"] == (rate is not None and rate < 0.9)
            assert [row["stratum"] for row in answer["frequencies"]] == names
            states.add(answer["state"])
            assert answer["state"] == expected_state(scan, key, "all")[0]
    if purpose == "care":
        assert states >= {"callable_not_seen", "not_assayed"}


def test_region_is_its_variants_one_by_one(cohort: Queried) -> None:
    scan = cohort.scans["care"]
    rng = Random(1)
    with open_base(cohort.warehouse, "care") as base:
        reader = BaseReader(cohort.warehouse, base)
        for _ in range(30):
            contig, pos, _, _ = rng.choice(sorted(scan.variants))
            start = max(1, pos - rng.randint(0, 30))
            end = min(contig_length("GRCh38", contig), pos + rng.randint(0, 3))
            answer = find_region(reader, f"{contig}:{start}-{end}")
            inside = [key for key in sorted(scan.variants) if key[0] == contig]
            inside = [key for key in inside if start <= key[1] <= end]
            assert [one["variant"] for one in answer["variants"]] == [written(k) for k in inside]
            for one in answer["variants"]:
                assert one == find_variant(reader, one["variant"])
            assert answer["commit"] == base.commit_no


def test_family_is_left_out_as_if_it_had_never_counted(cohort: Queried, tmp_path: Path) -> None:
    members = {"P1", "P2", "P3"}
    (tmp_path / "copies").mkdir()
    copies = refusing_care(cohort.batches, members, tmp_path / "copies")
    scan = cohort.scans["care"]
    changed = 0
    with (
        built(tmp_path / "without", copies, cohort.reference) as without,
        open_base(cohort.warehouse, "care") as base,
        open_base(without, "care") as other,
    ):
        reader, expected = BaseReader(cohort.warehouse, base), BaseReader(without, other)
        near = [(contig, pos, "N", "NTTGTTGTTG") for contig, pos in list(scan.depth)[::7]]
        for key in [*scan.variants, *near]:
            whole = find_variant(reader, written(key))
            ours = find_variant(reader, written(key), excluding_family="F1")
            theirs = find_variant(expected, written(key))
            same = ("state", "raw_only", "persons", "platforms", "frequencies")
            assert {name: ours[name] for name in same} == {name: theirs[name] for name in same}
            changed += ours["frequencies"][0] != whole["frequencies"][0]
    assert changed > 20


def test_family_that_nobody_names(cohort: Queried) -> None:
    with pytest.raises(NotFound, match="family_unknown"):
        ask(cohort.warehouse, "22-100-A-G", excluding_family="F999")


def test_family_of_a_replaced_batch_is_still_taken_out(
    tmp_path: Path, sqlite_warehouse: Warehouse
) -> None:
    push_batch(sqlite_warehouse, family(tmp_path / "a").path)
    build_base(sqlite_warehouse)
    smaller = BatchDir(tmp_path / "b")
    smaller.manifest["batch_id"] = "NIGHT-1"
    smaller.add("one.vcf", vcf("OTHER", lines=("chr22 100 . A G . PASS . GT 0/1",)))
    smaller.sheet("sample_id|person_id|sex", "OTHER|P-OTHER|XX")
    push_batch(sqlite_warehouse, smaller.write(), replace=True)
    # The base still counts the family, whose batch is gone for readers.
    before = ask(sqlite_warehouse, "22-100-A-G")["frequencies"][0]
    assert (before["ac"], before["an"]) == (3, 6)
    after = ask(sqlite_warehouse, "22-100-A-G", excluding_family="F1")
    assert (after["frequencies"][0]["ac"], after["persons"]) == (0, 0)
    assert [row["stratum"] for row in after["frequencies"]] == ["all"]


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The family of `tests.pushed`, whose figures are counted by hand."""
    folder = tmp_path_factory.mktemp("trio")
    with built(folder / "warehouse", [family(folder / "batch").path], None) as warehouse:
        yield warehouse


def test_document(trio: Warehouse) -> None:
    answer = ask(trio, "chr22-100-a-g", strata=["all"])
    built_at = answer.pop("built_at")
    assert answer == {
        "variant": "22-100-A-G", "assembly": "GRCh38", "state": "seen", "raw_only": False,
        "purpose": "care", "persons": 3, "platforms": ["SEQOIA"], "commit": 2,
        "release": None, "normalised_from": None, "left_aligned": True,
        "frequencies": [
            {"stratum": "all", "ac": 3, "an": 6, "af": 0.5, "n_het": 1, "n_hom": 1,
             "n_hemi": 0, "persons": 3, "faf95": pytest.approx(0.1362819), "ac_raw": 3,
             "an_raw": 6, "hidden": False}
        ],
        "asked_as": None, "hgvs_g": "NC_000022.11:g.100A>G", "vrs_id": None,
        "vrs_missing": "no reference is registered", "most_severe": None, "impact": None,
        "consequences": [], "consequences_from": None,
        "consequences_missing": "no gene model is among the sources asked, and no source that "
        "tells consequences",
        "annotations": [],
        "flags": [
            {"flag": "platform_difference", "raised": False, "value": None, "corrected": None},
            {"flag": "pipeline_difference", "raised": False, "value": None, "corrected": None},
            {"flag": "excess_heterozygosity", "raised": False, "value": pytest.approx(1),
             "corrected": 1},
            {"flag": "low_call_rate", "raised": False, "value": 1, "corrected": None},
        ],
    }  # fmt: skip
    assert built_at.endswith("+00:00")


def test_strata_stand_in_the_order_of_attributes(trio: Warehouse) -> None:
    names = [row["stratum"] for row in ask(trio, "22-100-A-G")["frequencies"]]
    assert names == [
        "all", "sex=XX", "sex=XY", "platform=SEQOIA", "assay=WGS", "affected=1",
        "affected=unknown", "founder=0", "founder=1", "indication=unknown", "region=unknown",
        "cohort=unknown", "indication=unknown,affected=1",
        "indication=unknown,affected=unknown",
    ]  # fmt: skip


def test_state_is_that_of_the_one_stratum(trio: Warehouse) -> None:
    asked = ["founder=1", "all"]
    both = ask(trio, "22-150-C-T", strata=asked)
    assert [row["stratum"] for row in both["frequencies"]] == ["all", "founder=1"]
    assert both["state"] == "seen"
    assert ask(trio, "22-150-C-T", strata=["founder=1"])["state"] == "callable_not_seen"
    assert ask(trio, "22-150-C-T", strata=["founder=0"] * 2)["state"] == "seen"
    # The mother's own BED reaches further than the others'.
    assert ask(trio, "22-900-C-T")["state"] == "callable_not_seen"
    assert ask(trio, "22-900-C-T", strata=["sex=XY"])["state"] == "not_assayed"


def test_unknown_words_are_refused(trio: Warehouse) -> None:
    with pytest.raises(NotFound, match="stratum_unknown"):
        ask(trio, "22-100-A-G", strata=["all", "sex=YY"])
    with pytest.raises(BadQuestion, match="purpose_unknown"):
        ask(trio, "22-100-A-G", purpose="fun")


def test_purpose_without_persons(trio: Warehouse) -> None:
    answer = ask(trio, "22-100-A-G", purpose="industry")
    assert (answer["state"], answer["persons"], answer["platforms"]) == ("not_assayed", 0, [])
    (row,) = answer["frequencies"]
    assert (row["stratum"], row["an"], row["af"], row["faf95"]) == ("all", 0, None, 0.0)


def test_purposes_have_their_own_persons(trio: Warehouse) -> None:
    answer = ask(trio, "22-150-C-G", purpose="research")
    assert (answer["persons"], rows(answer)["all"]["an"]) == (1, 2)


def test_nothing_built_yet(sqlite_warehouse: Warehouse) -> None:
    with pytest.raises(NotFound, match="base_missing"):
        ask(sqlite_warehouse, "22-100-A-G")
    service = BaseService(sqlite_warehouse)
    with pytest.raises(NotFound, match="base_missing"), service.read("care"):
        pass
    service.close()


def push_one(warehouse: Warehouse, folder: Path, name: str, gt: str) -> None:
    batch = BatchDir(folder / name)
    batch.manifest["batch_id"] = name
    batch.add("one.vcf", vcf(name, lines=(f"chr22 100 . A G . PASS . GT {gt}",)))
    batch.sheet("sample_id|person_id|sex|family_id", f"{name}|P-{name}|XX|F-{name}")
    push_batch(warehouse, batch.write())


def first(reader: BaseReader) -> tuple[int, int]:
    row = find_variant(reader, "22-100-A-G")["frequencies"][0]
    return row["ac"], row["an"]


def test_pinned_base_does_not_change_and_the_next_question_sees_the_new(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    push_one(warehouse, tmp_path, "A", "0/1")
    build_base(warehouse)
    service = BaseService(warehouse)
    with open_base(warehouse, "care") as base, service.read("care") as served:
        reader = BaseReader(warehouse, base)
        push_one(warehouse, tmp_path, "B", "1/1")
        assert first(reader) == first(served) == (1, 2)
        with service.read("care") as same:
            assert same.base is served.base
        build_base(warehouse)
        assert first(reader) == first(served) == (1, 2)
        with service.read("care") as newer:
            assert first(newer) == (3, 4)
            assert newer.base.commit_no == base.commit_no + 2
        # Whom the base counts is known of the latest base only.
        with pytest.raises(Conflict, match="base_conflict"):
            find_variant(reader, "22-100-A-G", excluding_family="F-A")
    with service.read("care") as newer:
        answer = find_variant(newer, "22-100-A-G", excluding_family="F-A")
        assert rows(answer)["all"]["ac"] == 2
    service.close()

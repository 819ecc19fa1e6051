"""Indicators of two platforms, counted by hand."""

from collections.abc import Iterator
from datetime import date
from statistics import median
from typing import Any

import pytest
from sqlalchemy import insert

from cad.push import push_batch
from cad.questions.indicators import DIMENSIONS, find_indicators
from cad.registry.batches import list_batches
from cad.registry.clinical_tables import delivery, document, interpretation
from cad.registry.engine import reading, registry_now, writing
from cad.registry.numbers import latest_commit
from cad.registry.tables import code_list
from cad.settings import Settings
from cad.warehouse import Warehouse
from schemas.errors import BadQuestion
from tests.cli import cad, cad_json
from tests.twin.tiny import tiny_batch

HEAD = (
    "sample_id person_id sex material assay affected indication region collected_on prescribed_on"
)
FIRST = f"""{HEAD}
a1 A XX germline WGS 1 Leucodystrophies Bretagne 2026-01-05 2026-01-01
a2 A XX tumour WGS 1 Leucodystrophies Bretagne 2026-01-09 -
b1 B XY germline WGS 0 Leucodystrophies Corse 2026-01-07 2026-01-01"""
AGAIN = f"""{HEAD}
a1 A XX germline WES 1 Leucodystrophies Bretagne 2026-01-05 2026-01-01"""
SECOND = f"""{HEAD}
c1 C XX germline WGS 1 Cardiomyopathie Corse - -
d1 D XX germline WGS unknown - Mars 2026-02-01 -"""
LINE = "22 100 A G PASS . GT:DP:GQ"
CARRIED = "0/1:30:50"


def _lines(columns: str, *more: str) -> list[str]:
    return [columns, " ".join([LINE, *[CARRIED] * len(columns.split())]), *more]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("indicators")
    outside = "chrUn_1 5 C T PASS . GT:DP:GQ 0/1:30:50 0/0:30:50"
    with Warehouse.create(folder / "w", "GRCh38", settings=Settings(threads=1)) as made:
        for name, platform, sheet, lines in (
            ("S-1", "SEQOIA", FIRST, _lines("a1 a2 b1")),
            ("S-2", "SEQOIA", AGAIN, _lines("a1")),
            ("A-1", "AURAGEN", SECOND, _lines("c1 d1", outside)),
        ):
            consents = (
                "person_id scope status signed_on\nA research given 2026-01-01"
                if name == "S-1"
                else ""
            )
            files = {"a.vcf": lines}
            push_batch(
                made, tiny_batch(folder / name, sheet, files, consents=consents, platform=platform)
            )
        _say_more(made)
        yield made


def _say_more(warehouse: Warehouse) -> None:
    """Routes, and findings: one causative, one in a person who is not affected, one rejected."""
    routes = [
        {"platform": "SEQOIA", "region": "Bretagne"},
        {"platform": "AURAGEN", "region": "Corse"},
    ]
    with writing(warehouse.engine) as connection:
        commit_no = latest_commit(connection)
        connection.execute(
            insert(code_list).values(
                name="routing", version="2019-01", valid_from=date(2019, 1, 1), rows=routes
            )
        )
        connection.execute(
            insert(delivery).values(
                delivery_no=1, content_sha256="0", receipt={}, added_at=commit_no,
                pushed_at=registry_now(connection),
            )
        )  # fmt: skip
        connection.execute(
            insert(document).values(
                document_no=1, delivery_no=1, kind="phenopacket", key="k", sha256="0",
                added_at=commit_no,
            )
        )  # fmt: skip
        for person, status in (("A", "CAUSATIVE"), ("B", "CAUSATIVE"), ("C", "REJECTED")):
            connection.execute(
                insert(interpretation).values(
                    person_id=person, document_no=1, progress="SOLVED", status=status, details={},
                    added_at=commit_no,
                )
            )  # fmt: skip


def _of(row: dict[str, Any], *names: str) -> list[Any]:
    return [row[name] for name in names]


def test_persons_samples_and_sequences_are_three_counts(plan: Warehouse) -> None:
    total = find_indicators(plan)["total"]
    # Tube a1 was sequenced twice; A has two tubes.
    assert _of(total, "persons", "samples", "sequences") == [4, 5, 6]
    assert _of(total, "affected", "diagnosed", "yield") == [2, 1, 0.5]


def test_by_platform(plan: Warehouse) -> None:
    auragen, seqoia = find_indicators(plan, "platform")["groups"]
    names = ("platform", "persons", "samples", "sequences", "affected", "diagnosed")
    assert _of(auragen, *names) == ["AURAGEN", 2, 2, 2, 1, 0]
    assert _of(seqoia, *names) == ["SEQOIA", 2, 3, 4, 1, 1]
    lines = ("records", "set_aside", "set_aside_share")
    assert _of(auragen, *lines) == [2, 1, 0.5]
    assert _of(seqoia, *lines) == [2, 0, 0.0]


def test_off_route_share_is_of_regions_that_have_a_route(plan: Warehouse) -> None:
    names = ("routed", "off_route", "off_route_share")
    document = find_indicators(plan, "region")
    by_region = {row["region"]: _of(row, *names) for row in document["groups"]}
    assert by_region == {"Bretagne": [3, 0, 0.0], "Corse": [2, 1, 0.5], "Mars": [0, 0, None]}
    assert _of(document["total"], *names) == [5, 1, 0.2]


def test_delays_are_of_sequences_with_both_days(plan: Warehouse) -> None:
    with reading(plan.engine) as connection:
        batches = {row.batch_id: row for row in list_batches(connection, latest_commit(connection))}
    pushed = batches["S-1"].pushed_at.date()
    collected = [(pushed - date(2026, 1, day)).days for day in (5, 9, 7)]
    again = (batches["S-2"].pushed_at.date() - date(2026, 1, 5)).days
    _, seqoia = find_indicators(plan, "platform")["groups"]
    assert seqoia["days_from_collection"]["sequences"] == 4
    assert seqoia["days_from_collection"]["median"] == median([*collected, again])
    assert seqoia["days_from_prescription"]["sequences"] == 3
    leuco = find_indicators(plan, "indication")["groups"][1]
    assert leuco["days_from_collection"]["median"] == median([*collected, again])


def test_lines_belong_to_batches_not_to_regions(plan: Warehouse) -> None:
    document = find_indicators(plan, "region")
    assert all(row["records"] is None for row in document["groups"])
    assert _of(document["total"], "records", "set_aside") == [4, 1]
    (month,) = find_indicators(plan, "month")["groups"]
    assert _of(month, "records", "set_aside", "sequences") == [4, 1, 6]


def test_only_those_who_consent_count_for_research(plan: Warehouse) -> None:
    document = find_indicators(plan, "platform", "research")
    # The second batch of A brings no consent of its own: a person's decision holds everywhere.
    assert [(row["platform"], row["persons"], row["sequences"]) for row in document["groups"]] == [
        ("AURAGEN", 0, 0),
        ("SEQOIA", 1, 3),
    ]
    with pytest.raises(BadQuestion, match="purpose_unknown"):
        find_indicators(plan, None, "curiosity")


@pytest.mark.parametrize("by", DIMENSIONS)
def test_groups_add_up_to_all(plan: Warehouse, by: Any) -> None:
    document = find_indicators(plan, by)
    for name in ("sequences", "routed", "off_route"):
        assert sum(row[name] for row in document["groups"]) == document["total"][name]


def test_command(plan: Warehouse) -> None:
    document = cad_json("indicators", "-w", plan.path, "--by", "platform")
    assert document == find_indicators(plan, "platform")
    shown = cad("indicators", "-w", plan.path, "--by", "indication").stdout
    assert "Leucodystrophies" in shown
    assert "50 % (1/2)" in shown
    assert cad("indicators", "-w", plan.path, "--by", "mood").exit_code == 2

"""A representative's consent lapses when the minor comes of age, until the person decides."""

from datetime import date
from itertools import permutations
from pathlib import Path

import pytest

from cad.build.run import build_base
from cad.push import push_batch
from cad.registry.people import Decision, holding
from cad.settings import Settings
from cad.warehouse import Warehouse
from tests.cad.test_consents import batch
from tests.cli import cad, cad_json

PAST, FUTURE = "2001-Q3", "2301-Q3"


def by_representative(status: str, year: int, quarter: str | None = "2020-Q2") -> Decision:
    return Decision(status, date(year, 6, 1), "v1", True, quarter)


def own(status: str, year: int, month: int = 6) -> Decision:
    return Decision(status, date(year, month, 1), "v2")


@pytest.mark.parametrize(
    ("decisions", "day", "holds"),
    [
        ([by_representative("given", 2010)], date(2020, 3, 31), "given"),
        ([by_representative("given", 2010)], date(2020, 4, 1), None),
        ([by_representative("refused", 2010)], date(2030, 1, 1), "refused"),
        ([by_representative("given", 2010, None)], date(2030, 1, 1), "given"),
        # The person decides, once of age: yes, no, and nothing a representative says undoes it.
        ([by_representative("given", 2010), own("given", 2021)], date(2030, 1, 1), "given"),
        ([by_representative("given", 2010), own("refused", 2021)], date(2030, 1, 1), "refused"),
        ([own("given", 2021), by_representative("given", 2022)], date(2030, 1, 1), "given"),
        # What was said before does not come back.
        ([own("given", 2009), by_representative("given", 2010)], date(2030, 1, 1), None),
        ([own("given", 2020, 3), by_representative("given", 2022)], date(2030, 1, 1), None),
        ([own("given", 2020, 4), by_representative("given", 2022)], date(2030, 1, 1), "given"),
        # On one day, the person's own.
        ([own("given", 2010), by_representative("given", 2010)], date(2030, 1, 1), "given"),
    ],
)
def test_what_holds(decisions: list[Decision], day: date, holds: str | None) -> None:
    for order in permutations(decisions):
        for scope in ("research", "industry", "recontact"):
            found = holding(scope, order, day)
            assert (found.status if found else None) == holds
    latest = max(decisions, key=lambda one: one.rank)
    assert holding("care", decisions, day) == latest


def rows(path: Path, *lines: str) -> Path:
    header = "person_id scope status text_version signed_on representative of_age_from"
    cells = [[cell.replace("-", "", cell == "-") for cell in line.split()] for line in lines]
    path.write_text("".join("\t".join(row) + "\n" for row in [header.split(), *cells]))
    return path


@pytest.fixture
def pushed(tmp_path: Path) -> Path:
    with Warehouse.create(tmp_path / "w", "GRCh38", settings=Settings(threads=2)) as warehouse:
        push_batch(warehouse, batch(tmp_path / "N1"))
    return tmp_path / "w"


def test_the_base_follows(pushed: Path, tmp_path: Path) -> None:
    table = rows(
        tmp_path / "c.tsv",
        f"A research given v1 1999-05-01 1 {PAST}",
        f"A care given v1 1999-05-01 1 {PAST}",
        f"B research given v1 2020-05-01 1 {FUTURE}",
        "C research given v1 2020-05-01 0 -",
    )
    assert cad_json("consent", "import", table, "-w", pushed)["consents"] == 4
    with Warehouse.open(pushed) as warehouse:
        purposes = build_base(warehouse).purposes
        assert (purposes["research"].persons, purposes["care"].persons) == (2, 3)
    shown = cad_json("consent", "show", "A", "-w", pushed)
    assert {scope: one["lapsed"] for scope, one in shown["scopes"].items()} == {
        "care": False, "research": True,
    }  # fmt: skip
    own_word = rows(tmp_path / "own.tsv", "A research given v2 2002-01-01 0 -")
    assert cad_json("consent", "import", own_word, "-w", pushed)["consents"] == 1
    assert cad_json("consent", "import", own_word, "-w", pushed)["status"] == "unchanged"
    with Warehouse.open(pushed) as warehouse:
        assert build_base(warehouse).purposes["research"].persons == 3
    shown = cad_json("consent", "show", "A", "-w", pushed)
    assert shown["scopes"]["research"] == {
        "status": "given", "signed_on": "2002-01-01", "text_version": "v2",
        "by_representative": False, "of_age_from": PAST, "lapsed": False,
    }  # fmt: skip
    assert [one["scope"] for one in shown["history"]] == ["care", "research", "research"]
    assert "representative" in cad("consent", "show", "A", "-w", pushed).stdout


def test_nobody_and_a_bad_quarter_are_refused(pushed: Path, tmp_path: Path) -> None:
    assert cad_json("consent", "show", "X", "-w", pushed, code=1)["reason"] == "person_unknown"
    assert cad_json("consent", "show", "A", "-w", pushed)["history"] == []
    table = rows(tmp_path / "c.tsv", "A research given v1 1999-05-01 1 2031-Q5")
    refused = cad_json("consent", "import", table, "-w", pushed, code=1)
    assert (refused["reason"], refused["where"]) == (
        "sheet_value",
        "c.tsv, line 2, column of_age_from",
    )

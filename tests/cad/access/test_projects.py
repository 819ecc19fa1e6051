"""Projects are requested, approved, closed; closing destroys their pseudonyms. Messages relayed."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from cad.build.run import build_base
from cad.cohort.project import pseudonym, read_project
from cad.contacts import read_messages, relay_message
from cad.projects import approve_project, close_project, create_project, list_projects
from cad.push import push_batch
from cad.registry.access_tables import contact, project
from cad.registry.engine import reading
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from schemas.errors import CadError
from tests.cli import cad, cad_json
from tests.twin.tiny import tiny_batch

ENDS = date(2126, 12, 31)
SHEET = "sample_id person_id sex\na A XX\nb B XY\nc C XX"
LINES = [
    "a b c",
    "22 100 A G PASS . GT:DP:GQ 0/1:30:50 0/0:30:50 1/1:30:50",
    "22 150 A G PASS . GT:DP:GQ 0/0:30:50 0/1:30:50 0/0:30:50",
    "22 160 A G PASS . GT:DP:GQ 0/1:30:5 0/0:30:50 0/0:30:50",
    "X 5000000 A G PASS . GT:DP:GQ 0/0:30:50 1:30:50 0/0:30:50",
    "M 100 A G PASS . GT:DP:AF 0/1:300:0.3 0/0:300:0 0/0:300:0",
]
CONSENTS = "person_id scope status signed_on\nA recontact given 2026-01-01\n"
CONSENTS += "B recontact refused 2026-01-01"


def made(warehouse: Warehouse, name: str = "P") -> None:
    create_project(
        warehouse, name, title="t", purpose="research", scope={"cohorts": ["X"]}, ends_on=ENDS
    )


def reason(error: pytest.ExceptionInfo[CadError]) -> str:
    return error.value.reason


def test_a_project_lives_from_request_to_closure(warehouse: Warehouse) -> None:
    made(warehouse)
    for state in ("requested", "closed"):
        with pytest.raises(CadError) as refused, reading(warehouse.engine) as connection:
            read_project(connection, "P")
        assert reason(refused) == "project_not_open"
        if state == "requested":
            assert approve_project(warehouse, "P", "Committee").approved_by == "Committee"
            with reading(warehouse.engine) as connection:
                found = read_project(connection, "P")
            assert pseudonym(found.key, "A") != pseudonym(found.key, "B")
            close_project(warehouse, "P")
    (row,) = list_projects(warehouse)
    assert (row.state, row.approved_by, row.scope) == ("closed", "Committee", {"cohorts": ["X"]})
    assert close_project(warehouse, "P") == row
    with reading(warehouse.engine) as connection:
        assert connection.scalars(select(project.c.pseudonym_key)).all() == [None]


def test_two_projects_call_a_person_differently(warehouse: Warehouse) -> None:
    keys = []
    for name in ("P", "Q"):
        made(warehouse, name)
        approve_project(warehouse, name, "Committee")
        with reading(warehouse.engine) as connection:
            keys.append(read_project(connection, name).key)
    assert pseudonym(keys[0], "A") != pseudonym(keys[1], "A")


def test_what_is_not_in_order_is_refused(warehouse: Warehouse) -> None:
    made(warehouse)
    for action, expected in (
        (lambda: made(warehouse), "project_conflict"),
        (lambda: made(warehouse, "../x"), "project_malformed"),
        (lambda: approve_project(warehouse, "P", " "), "project_malformed"),
        (lambda: approve_project(warehouse, "Q", "C"), "project_unknown"),
        (lambda: close_project(warehouse, "Q"), "project_unknown"),
    ):
        with pytest.raises(CadError) as refused:
            action()
        assert reason(refused) == expected
    approve_project(warehouse, "P", "C")
    with pytest.raises(CadError) as refused:
        approve_project(warehouse, "P", "C")
    assert reason(refused) == "project_conflict"


@pytest.mark.parametrize(
    ("variant", "is_left"),
    [
        ("22-100-A-G", True),  # A carries and agreed, C carries and was not asked.
        ("22-150-A-G", False),  # B refused.
        ("22-160-A-G", False),  # A's genotype does not pass.
        ("X-5000000-A-G", False),
        ("M-100-A-G", True),
        ("22-170-A-G", False),  # Nobody.
    ],
)
def test_platforms_get_a_message_where_a_carrier_agreed(
    sqlite_warehouse: Warehouse, tmp_path: Path, variant: str, is_left: bool
) -> None:
    batch = tiny_batch(tmp_path / "N1", SHEET, {"a.vcf": LINES}, consents=CONSENTS)
    push_batch(sqlite_warehouse, batch)
    where = ("-w", sqlite_warehouse.path)
    answer = cad_json("contact", variant, "--message", "please write", *where)
    # Whether anybody was found does not show.
    assert answer == {"variant": variant, "relayed": True}
    with reading(sqlite_warehouse.engine) as connection:
        platforms = list(connection.scalars(select(contact.c.platform)))
    assert bool(platforms) == is_left
    for platform in platforms:
        (message,) = cad_json("contact", "--list", "--platform", platform, *where)
        assert (message["variant"], message["message"]) == (variant, "please write")
        assert message["read_at"] is None
        assert read_messages(sqlite_warehouse, platform)[0].read_at is not None
    assert cad_json("contact", "--list", "--platform", "ELSEWHERE", *where) == []
    asked = [one["what"] for one in cad_json("audit", "show", *where)]
    assert asked == ["contact", *["contact_inbox"] * (len(platforms) + 1)]


def test_nobody_who_withdrew_is_contacted(sqlite_warehouse: Warehouse, tmp_path: Path) -> None:
    batch = tiny_batch(tmp_path / "N1", SHEET, {"a.vcf": LINES}, consents=CONSENTS)
    push_batch(sqlite_warehouse, batch)
    build_base(sqlite_warehouse)
    withdraw(sqlite_warehouse, "A")
    relay_message(sqlite_warehouse, "22-100-A-G", "please write", "me")
    with reading(sqlite_warehouse.engine) as connection:
        assert connection.execute(select(contact)).all() == []


def test_the_commands_of_projects(tmp_path: Path) -> None:
    where = ("-w", tmp_path / "w")
    cad_json("init", "--assembly", "GRCh38", *where)
    ask = ("project", "create", "LEUCO", "--title", "Leucodystrophies", "--ends", "2126-12-31")
    made = cad_json(*ask, "--cohort", "B", "--cohort", "A", "--phenotype", "HP:0001250", *where)
    assert made["scope"] == {"cohorts": ["A", "B"], "phenotypes": ["HP:0001250"]}
    assert cad_json(*ask, *where, code=1)["reason"] == "project_conflict"
    approved = cad_json("project", "approve", "LEUCO", "--by", "Committee", *where)
    assert cad_json("project", "list", *where) == [approved]
    assert cad_json("project", "close", "LEUCO", *where)["state"] == "closed"
    assert "closed" in cad("project", "show", "LEUCO", *where).stdout
    assert cad("contact", "22-1-A-G", *where).exit_code == 2

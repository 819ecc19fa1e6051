"""Code lists: dated, versioned, loaded on demand; what they say of a push is a warning."""

import json
from pathlib import Path
from typing import Any

import pytest

from cad.codes import add_codes, parse_codes, plan_lists
from cad.push import push_batch
from cad.registry.code_lists import Routes
from cad.registry.engine import reading
from cad.registry.people import cohort_purposes
from cad.warehouse import Warehouse
from tests.cli import cad, cad_json
from tests.twin.tiny import tiny_batch

SEQOIA = ("FR-IDF", "FR-BRE", "FR-PDL", "FR-NOR", "FR-HDF", "FR-CVL")
AURAGEN = ("FR-ARA", "FR-BFC", "FR-NAQ", "FR-OCC", "FR-PAC", "FR-GES", "FR-20R")


def shipped(name: str) -> list[dict[str, Any]]:
    return parse_codes(plan_lists()[name], name).rows


def test_the_plans_lists_are_what_the_plan_says() -> None:
    assert set(plan_lists()) == {"cohort", "indication", "routing"}
    routes = Routes(shipped("routing"))
    assert all(routes.has(one, "SEQOIA") and not routes.has(one, "AURAGEN") for one in SEQOIA)
    assert all(routes.has(one, "AURAGEN") and not routes.has(one, "SEQOIA") for one in AURAGEN)
    # Old labels, other spellings, overseas.
    for region in ("Languedoc-Roussillon", "occitanie", "PROVENCE ALPES COTE D'AZUR", "Outre-Mer"):
        assert routes.has(region, "AURAGEN") is True
    for region in ("Ile de France", "Haute-Normandie", "Nord-Pas-de-Calais", "Centre"):
        assert routes.has(region, "SEQOIA") is True
    assert routes.has("Bavière", "SEQOIA") is None
    assert len(shipped("indication")) == 12
    cohorts = {row["cohort"]: row for row in shipped("cohort")}
    assert set(cohorts) == {"MULTIPLI", "MULTISARC", "ACOMPLI", "DEFIDIAG", "GLUCOGEN", "POPGEN"}
    assert not any("care" in row["purposes"] for row in cohorts.values())
    assert cohorts["POPGEN"]["role"] == "reference population"


def test_versions_stand_side_by_side(warehouse: Warehouse, tmp_path: Path) -> None:
    where = ("-w", warehouse.path)
    added = cad_json("codes", "add", "--plan", *where)
    assert [(one["name"], one["status"], one["commit"]) for one in added] == [
        ("cohort", "accepted", 1), ("indication", "accepted", 2), ("routing", "accepted", 3),
    ]  # fmt: skip
    assert cad_json("codes", "add", "cohort", *where)["status"] == "unchanged"
    later = {"name": "cohort", "version": "2020-01", "valid_from": "2020-01-01",
             "rows": [{"cohort": "POPGEN", "purposes": ["care", "research"]}]}  # fmt: skip
    file = tmp_path / "cohorts.json"
    file.write_text(json.dumps(later))
    assert cad_json("codes", "add", file, *where)["commit"] == 4
    file.write_text(json.dumps({**later, "version": "2301-01", "valid_from": "2301-01-01"}))
    cad_json("codes", "add", file, *where)
    listed = {(one["name"], one["version"]): one["current"] for one in
              cad_json("codes", "list", *where)}  # fmt: skip
    assert listed == {
        ("cohort", "2019-01"): False, ("cohort", "2020-01"): True, ("cohort", "2301-01"): False,
        ("indication", "2019-01"): True, ("routing", "2019-01"): True,
    }  # fmt: skip
    with reading(warehouse.engine) as connection:
        assert cohort_purposes(connection) == {"POPGEN": {"care", "research"}}
    assert cad_json("codes", "show", "cohort", *where)["rows"] == later["rows"]
    assert "MULTIPLI" in cad("codes", "show", "cohort", "--version", "2019-01", *where).stdout
    later["rows"] = [{"cohort": "POPGEN", "purposes": []}]
    file.write_text(json.dumps(later))
    assert cad_json("codes", "add", file, *where, code=1)["reason"] == "codes_conflict"


@pytest.mark.parametrize(
    "change",
    [{"rows": []}, {"rows": [{"cohort": "X", "purposes": ["sale"]}]}, {"valid_from": "2020"},
     {"name": 1}, {"rows": ["X"]}, {"name": "routing", "rows": [{"platform": "X"}]}],
)  # fmt: skip
def test_what_is_no_list_is_refused(
    sqlite_warehouse: Warehouse, tmp_path: Path, change: dict[str, Any]
) -> None:
    good = {"name": "cohort", "version": "1", "valid_from": "2020-01-01",
            "rows": [{"cohort": "X", "purposes": ["care"]}]}  # fmt: skip
    file = tmp_path / "list.json"
    file.write_text(json.dumps({**good, **change}))
    where = ("-w", sqlite_warehouse.path)
    assert cad_json("codes", "add", file, *where, code=1)["reason"] == "codes_malformed"
    assert cad_json("codes", "list", *where) == []
    assert cad_json("codes", "add", "nothing", *where, code=1)["reason"] == "codes_unknown"
    assert cad_json("codes", "show", "cohort", *where, code=1)["reason"] == "codes_unknown"
    assert cad("codes", "add", *where).exit_code == 2


SHEET = """sample_id person_id sex region cohort indication
s1 A XX Bretagne POPGEN Leucodystrophies
s2 B XX Occitanie - leucodystrophies
s3 C XX Atlantis NEW Rhume
s4 D XX FR-IDF - -"""
LINES = ["s1 s2 s3 s4", "22 100 A G PASS . GT 0/1 0/0 1/1 0/0"]


def test_a_push_warns_and_is_never_refused(sqlite_warehouse: Warehouse, tmp_path: Path) -> None:
    unheld = push_batch(sqlite_warehouse, tiny_batch(tmp_path / "N1", SHEET, {"a.vcf": LINES}))
    assert {one.reason: one.examples for one in unheld.warnings if "unlisted" in one.reason} == {
        "cohort_unlisted": (2, 4)
    }
    for name, data in plan_lists().items():
        add_codes(sqlite_warehouse, parse_codes(data, name))
    held = push_batch(
        sqlite_warehouse, tiny_batch(tmp_path / "N2", SHEET, {"a.vcf": LINES}), strict=True
    )
    found = {one.reason: one.examples for one in held.warnings}
    found.pop("sample_elsewhere", None)
    assert found == {
        "cohort_unlisted": (4,), "indication_unlisted": (4,), "region_unlisted": (4,),
        "region_off_route": (3,),
    }  # fmt: skip

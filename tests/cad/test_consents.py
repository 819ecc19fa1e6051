"""Consents imported by themselves count from the next build on, as if there from the start."""

from pathlib import Path

import pytest
from sqlalchemy import select

from cad.build.run import build_base
from cad.consents import import_consents
from cad.push import push_batch
from cad.registry.engine import reading
from cad.registry.tables import commit, consent
from cad.settings import Settings
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from schemas.errors import CadError
from tests.base.reading import assert_same_base, base_frame
from tests.pushed import every_value
from tests.twin.tiny import tiny_batch

SHEET = "sample_id person_id sex\na A XX\nb B XY\nc C XX"
LINES = [
    "a b c",
    "22 100 A G PASS . GT:DP:GQ 0/1:30:50 0/0:30:50 1/1:30:50",
    "X 5000000 A G PASS . GT:DP:GQ 0/1:30:50 1:30:50 0/0:30:50",
]
HEADER = "person_id scope status signed_on"
GIVEN = ("A research given 2026-01-01", "B research given 2026-02-01", "B care refused 2026-02-01")


def batch(folder: Path, *consents: str) -> Path:
    """Three persons, with these consents."""
    text = "\n".join((HEADER, *consents)) if consents else ""
    return tiny_batch(folder, SHEET, {"a.vcf": LINES}, consents=text)


def table(folder: Path, *rows: str) -> Path:
    """A table of consents; blanks for tabs."""
    path = folder / "later.tsv"
    path.write_text("".join("\t".join(row.split(" ")) + "\n" for row in (HEADER, *rows)))
    return path


@pytest.mark.parametrize("is_built_before", [True, False])
def test_base_equals_one_whose_consents_came_with_the_batch(
    tmp_path: Path, is_built_before: bool
) -> None:
    settings = Settings(threads=2)
    with (
        Warehouse.create(tmp_path / "expected", "GRCh38", settings=settings) as expected,
        Warehouse.create(tmp_path / "found", "GRCh38", settings=settings) as found,
    ):
        push_batch(expected, batch(tmp_path / "with" / "N1", *GIVEN))
        build_base(expected)
        push_batch(found, batch(tmp_path / "without" / "N1"))
        if is_built_before:
            assert build_base(found).purposes["research"].persons == 0
        report = import_consents(found, table(tmp_path, *GIVEN))
        assert report.to_json() == {
            "commit": 3 if is_built_before else 2, "status": "accepted", "consents": 3,
        }  # fmt: skip
        built = build_base(found)
        assert built.purposes["research"].persons == 2
        assert built.purposes["care"].persons == 2
        assert_same_base(base_frame(found), base_frame(expected))


def test_a_later_refusal_takes_the_person_out(tmp_path: Path) -> None:
    with Warehouse.create(tmp_path / "w", "GRCh38", settings=Settings(threads=2)) as warehouse:
        push_batch(warehouse, batch(tmp_path / "N1", *GIVEN))
        build_base(warehouse)
        import_consents(warehouse, table(tmp_path, "A research opposed 2026-01-01"))
        # On a tie the more restrictive holds.
        assert build_base(warehouse).purposes["research"].persons == 1
        import_consents(warehouse, table(tmp_path, "A research given 2026-03-01"))
        assert build_base(warehouse).purposes["research"].persons == 2


def test_the_same_table_twice_is_one_commit(warehouse: Warehouse, tmp_path: Path) -> None:
    push_batch(warehouse, batch(tmp_path / "N1"))
    file = table(tmp_path, *GIVEN, GIVEN[0])
    assert import_consents(warehouse, file).consents == 3
    again = import_consents(warehouse, file)
    assert again.to_json() == {"commit": 2, "status": "unchanged", "consents": 0}
    more = import_consents(warehouse, table(tmp_path, *GIVEN, "C industry given 2026-01-01"))
    assert more.to_json() == {"commit": 3, "status": "accepted", "consents": 1}
    with reading(warehouse.engine) as connection:
        assert list(connection.scalars(select(commit.c.kind))) == ["push", "consent", "consent"]


def test_decisions_outlive_the_batch_that_said_the_same(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    push_batch(warehouse, batch(tmp_path / "with" / "N1", *GIVEN))
    assert import_consents(warehouse, table(tmp_path, *GIVEN)).status == "accepted"
    push_batch(warehouse, batch(tmp_path / "without" / "N1"), replace=True)
    assert build_base(warehouse).purposes["research"].persons == 2


@pytest.mark.parametrize(
    ("row", "reason", "where"),
    [
        ("NOBODY research given 2026-01-01", "person_unknown", "later.tsv, line 3"),
        ("A study given 2026-01-01", "sheet_value", "later.tsv, line 3, column scope"),
        ("A research maybe 2026-01-01", "sheet_value", "later.tsv, line 3, column status"),
        ("A research given 01/02/2026", "sheet_value", "later.tsv, line 3, column signed_on"),
    ],
)
def test_one_bad_row_refuses_the_table(
    warehouse: Warehouse, tmp_path: Path, row: str, reason: str, where: str
) -> None:
    push_batch(warehouse, batch(tmp_path / "N1"))
    before = every_value(warehouse)
    with pytest.raises(CadError) as caught:
        import_consents(warehouse, table(tmp_path, GIVEN[0], row))
    assert (caught.value.reason, caught.value.where) == (reason, where)
    assert "NOBODY" not in str(caught.value)
    assert every_value(warehouse) == before


def test_an_empty_table_is_refused(warehouse: Warehouse, tmp_path: Path) -> None:
    push_batch(warehouse, batch(tmp_path / "N1"))
    with pytest.raises(CadError, match="sheet_malformed"):
        import_consents(warehouse, table(tmp_path))


def test_a_person_who_withdrew_is_unknown(warehouse: Warehouse, tmp_path: Path) -> None:
    push_batch(warehouse, batch(tmp_path / "N1"))
    withdraw(warehouse, "A")
    with pytest.raises(CadError, match="person_unknown"):
        import_consents(warehouse, table(tmp_path, GIVEN[0]))
    with reading(warehouse.engine) as connection:
        assert connection.execute(select(consent)).all() == []

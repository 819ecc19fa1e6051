"""Question 4: frequencies in any subset, against a recount of what the files say."""

from typing import Any

import pytest

from cad.cohort.filter import parse_filter
from cad.cohort.select import latest_cohort
from cad.query import BaseReader, find_gene, open_base
from cad.questions.frequency import find_frequencies
from schemas.errors import CadError
from tests.cli import cad, cad_json
from tests.planted import SITES, Planted


def ask(planted: Planted, what: str, *where: str) -> dict[str, Any]:
    warehouse = planted.warehouse
    with open_base(warehouse, "care") as base, latest_cohort(warehouse) as cohort:
        return find_frequencies(BaseReader(warehouse, base), cohort, what, parse_filter(where))


def recount(planted: Planted, persons: list[str], at: int) -> dict[str, int]:
    """AC, AN and the rest of one site, cell by cell."""
    cells = [planted.cells[one, at] for one in persons]
    passing = [planted.cells[one, at][0] for one in persons if planted.passes(one, at)]
    return {
        "ac": sum(map(sum, passing)),
        "an": sum(map(len, passing)),
        "n_het": passing.count((0, 1)),
        "n_hom": passing.count((1, 1)),
        "n_hemi": passing.count((1,)),
        "persons": len(passing),
        "ac_raw": sum(sum(alleles) for alleles, _ in cells),
        "an_raw": sum(len(alleles) for alleles, _ in cells),
    }


SUBSETS = {
    (): lambda row, number: True,
    ("sex=XY", "affected=1"): lambda row, number: row["sex"] == "XY" and row["affected"] == "1",
    ("platform=AURAGEN",): lambda row, number: number // 4 % 2 == 1,
    ("family=F0|F3", "founder=1"): lambda row, number: (
        row["family_id"] in ("F0", "F3") and not row["father_id"]
    ),
}


@pytest.mark.parametrize("where", SUBSETS)
@pytest.mark.parametrize("gene", ["ONE", "THREE"])
def test_a_gene_in_a_subset_has_the_figures_of_a_recount(
    planted: Planted, where: tuple[str, ...], gene: str
) -> None:
    persons = [
        one
        for number, (one, row) in enumerate(planted.sheet.items())
        if SUBSETS[where](row, number)
    ]
    answer = ask(planted, gene, *where)
    assert (answer["persons"], answer["kind"], answer["where"]) == (
        len(persons), "gene", list(where)
    )  # fmt: skip
    expected = {
        "-".join(map(str, site.key)): recount(planted, persons, at)
        for at, site in enumerate(SITES)
        if site.symbol == gene
    }
    expected = {key: row for key, row in expected.items() if row["ac_raw"]}
    found = {one["variant"]: {name: one[name] for name in expected[one["variant"]]}
             for one in answer["variants"]}  # fmt: skip
    assert found == expected
    for one in answer["variants"]:
        assert one["state"] == ("seen" if one["ac"] else
                                "callable_not_seen" if one["an"] else "not_callable")  # fmt: skip


def test_everybody_has_the_figures_of_the_base(planted: Planted) -> None:
    warehouse = planted.warehouse
    with open_base(warehouse, "care") as base:
        whole = find_gene(BaseReader(warehouse, base), "TWO")["variants"]
    rows = {one["variant"]: one["frequencies"][0] for one in whole}
    answer = ask(planted, "TWO")
    assert [one["variant"] for one in answer["variants"]] == sorted(rows)
    for one in answer["variants"]:
        assert {name: one[name] for name in rows[one["variant"]] if name in one} == {
            name: value for name, value in rows[one["variant"]].items() if name in one
        }
    region = ask(planted, "22:20001000-20001900")
    assert (region["kind"], region["variants"]) == ("region", answer["variants"])


def test_a_variant_has_each_state_in_some_subset(planted: Planted) -> None:
    at = next(at for at, site in enumerate(SITES) if site.share == 0.02 and site.contig == "22")
    name = "-".join(map(str, SITES[at].key))
    carriers = [one for one in planted.sheet if planted.dosage(one, at)]
    others = [one for one in planted.sheet if planted.passes(one, at) and one not in carriers]
    failing = [one for one in planted.sheet if not planted.passes(one, at)]
    assert carriers
    assert failing

    def state(variant: str, persons: list[str]) -> str:
        (row,) = ask(planted, variant, f"person={'|'.join(persons)}")["variants"]
        return str(row["state"])

    assert state(name, carriers[:1]) == "seen"
    assert state(name, others) == "callable_not_seen"
    assert state(name, failing) == "not_callable"
    assert state("22-30000000-A-G", carriers) == "not_assayed"
    assert state("chr22-20000001-CA-CG", others) == "callable_not_seen"


def test_the_command_answers_as_the_function_and_refuses(planted: Planted) -> None:
    folder = str(planted.warehouse.path)
    document = cad_json("frequency", "THREE", "-w", folder, "--where", "sex=XX")
    assert document == ask(planted, "THREE", "sex=XX")
    shown = cad("frequency", "THREE", "-w", folder, "--where", "sex=XX")
    assert "THREE X:70000000-70000900" in shown.stdout
    assert document["variants"][0]["variant"] in shown.stdout
    refused = cad_json("frequency", "ONE", "-w", folder, "--where", "colour=red", code=1)
    assert refused["reason"] == "filter_malformed"
    with pytest.raises(CadError):
        ask(planted, "NOGENE")

"""No hidden figure can be worked out of what is shown, of one table or of two together."""

from random import Random

import numpy as np
import pytest

from cad.disclosure import Carried, Counts, Hidden, Layout, conceal
from cad.disclosure.since import Told
from cad.disclosure.tables import COUNTS, EVERYTHING
from schemas.contigs import RegionClass
from tests.disclosure.attack import COUNTS as COUNT_NAMES
from tests.disclosure.attack import FIGURES, Table, narrow_figures
from tests.disclosure.simulate import (
    CONJUNCTIONS,
    Person,
    draw_persons,
    strata_of,
    tables_of,
)

REGIONS = (
    RegionClass.DIPLOID, RegionClass.X_SPECIFIC, RegionClass.Y_SPECIFIC, RegionClass.MITOCHONDRIAL,
)  # fmt: skip
OTHERS: tuple[tuple[tuple[str, ...], ...], ...] = (
    (), (("platform", "affected"), ("indication", "affected")), (("sex", "affected"),),
)  # fmt: skip
VARIANTS = 2


def cohort(seed: int, region: RegionClass) -> tuple[list[Person], int, Random]:
    random = Random(seed)
    persons = draw_persons(random, region, random.choice([8, 20, 60, 90]), VARIANTS)
    return persons, random.choice([5, 5, 3, 10]), random


def hide(layout: Layout, tables: list[Counts], region: RegionClass, small: int) -> Hidden:
    carried = Carried.nothing(VARIANTS, len(layout.names))
    return conceal(tables, layout, region, np.arange(VARIANTS), small, carried)


def told(layout: Layout, table: Counts, hidden: Hidden, variant: int) -> Table:
    """What a table tells of a variant."""
    found, truth = {}, {}
    for at in np.flatnonzero(table.present).tolist():
        true = {name: int(table.figures[name][variant, at]) for name in FIGURES}
        row: dict[str, int | None] = dict(true)
        level = hidden.levels[variant, at]
        for name in FIGURES:
            is_count = name in COUNT_NAMES
            form = name.startswith("n_") and hidden.forms[variant] and true["ac"] > 0
            if level >= (COUNTS if is_count else EVERYTHING) or form:
                row[name] = None
        if hidden.persons[variant]:
            row["persons"] = None
        found[layout.names[at]], truth[layout.names[at]] = row, true
    return Table(found, truth)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("seed", range(4))
def test_no_figure_of_a_table_can_be_worked_out(seed: int, region: RegionClass) -> None:
    persons, small, random = cohort(seed, region)
    conjunctions = random.choice([CONJUNCTIONS, CONJUNCTIONS, *OTHERS])
    layout, tables = tables_of(persons, region, conjunctions)
    hidden = hide(layout, tables, region, small)
    for variant in range(VARIANTS):
        for table in tables:
            attacked = [told(layout, table, hidden, variant)]
            assert list(narrow_figures(attacked, region, small)) == []


@pytest.mark.parametrize("seed", range(100, 104))
def test_nor_of_two_purposes_of_which_one_is_within_the_other(seed: int) -> None:
    region = REGIONS[seed % 2]
    persons, small, _ = cohort(seed, region)
    within = [
        Person(one.values, one.purposes | {"research"} if "industry" in one.purposes
               else one.purposes, one.calls)
        for one in persons
    ]  # fmt: skip
    layout, (research, industry) = tables_of(within, region)
    hidden = hide(layout, [research, industry], region, small)
    for variant in range(VARIANTS):
        attacked = [told(layout, one, hidden, variant) for one in (industry, research)]
        assert list(narrow_figures(attacked, region, small, nested=True)) == []


@pytest.mark.parametrize("seed", [*range(200, 204), 1002])
def test_nor_of_two_releases_of_which_the_second_counts_more(seed: int) -> None:
    region = REGIONS[seed % 2]
    persons, small, random = cohort(seed, region)
    persons = [Person(one.values, frozenset({"research"}), one.calls) for one in persons]
    first = persons[: max(1, len(persons) - random.choice([1, 2, 5, 20]))]
    layout = Layout.of(strata_of(persons))
    before, (table,) = tables_of(first, region, purposes=("research",))
    hidden = hide(before, [table], region, small)
    levels = np.zeros((VARIANTS, len(layout.names)), np.uint8)
    for at, name in enumerate(before.names):
        levels[:, layout.names.index(name)] = hidden.levels[:, at]
    carried = Carried(levels, hidden.forms, hidden.persons)
    _, (after,) = tables_of(persons, region, purposes=("research",))
    told_before = told_of_all(before, table, hidden, layout)
    later = conceal([after], layout, region, np.arange(VARIANTS), small, carried, [[told_before]])
    for variant in range(VARIANTS):
        attacked = [told(before, table, hidden, variant), told(layout, after, later, variant)]
        assert list(narrow_figures(attacked, region, small, nested=True)) == []
        assert list(narrow_figures(attacked[1:], region, small)) == []


def told_of_all(before: Layout, table: Counts, hidden: Hidden, layout: Layout) -> Told:
    """What a table tells of all variants, in a later layout; nobody is in strata it lacks."""
    rows = [told(before, table, hidden, variant).told for variant in range(VARIANTS)]
    has = set(before.dimensions)
    lacking = [
        name not in rows[0] and set(values) <= has
        for name, values in zip(layout.names, layout.values, strict=True)
    ]
    values = {
        name: [[row.get(one, {}).get(name) for one in layout.names] for row in rows]
        for name in FIGURES
    }
    return Told(
        {
            name: np.array([[one or 0 for one in row] for row in rows])
            for name, rows in values.items()
        },
        {
            name: np.array([[one is not None for one in row] for row in rows]) | lacking
            for name, rows in values.items()
        },
    )


@pytest.mark.parametrize("region", REGIONS)
def test_what_is_small_is_hidden(region: RegionClass) -> None:
    """The rule itself, stratum by stratum, with the structural exceptions."""
    persons, small, _ = cohort(17, region)
    layout, tables = tables_of(persons, region)
    hidden = hide(layout, tables, region, small)
    assert (hidden.levels[:, 0] == 0).all()
    for table in tables:
        for variant in range(VARIANTS):
            for at, name in enumerate(layout.names[1:], start=1):
                is_alone = region is RegionClass.Y_SPECIFIC and name == "sex=XY"
                if is_alone or not table.present[at]:
                    continue
                carriers = int(table.carriers[variant, at])
                if table.figures["persons"][variant, at] < small:
                    assert hidden.levels[variant, at] == EVERYTHING
                elif 1 <= carriers < small:
                    assert hidden.levels[variant, at] >= COUNTS


def test_the_attack_finds_what_is_not_protected() -> None:
    """One hidden stratum of two is the rest of `all`: the attack must not be blind."""
    persons, _, _ = cohort(3, RegionClass.DIPLOID)
    layout, tables = tables_of(persons, RegionClass.DIPLOID, ())
    hidden = hide(layout, tables, RegionClass.DIPLOID, 1)
    levels = np.zeros_like(hidden.levels)
    levels[:, layout.names.index("affected=1")] = EVERYTHING
    alone = Hidden(levels, hidden.forms, hidden.persons)
    attacked = [told(layout, tables[0], alone, 0)]
    assert list(narrow_figures(attacked, RegionClass.DIPLOID, 5))

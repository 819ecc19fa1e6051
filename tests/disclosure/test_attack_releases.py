"""The attack on what two releases of the demo's own cohort tell, read back from their files."""

from random import Random
from typing import Any

import numpy as np
import pytest

from cad.build.run import build_base
from cad.demo.simulate import MIN_TRIOS, MIN_UNRELATED, simulate_cohort
from cad.export.figures import Contigs, read_base_blocks
from cad.push import push_batch
from cad.query import open_base
from cad.releases.create import create_release
from cad.releases.read import open_release
from cad.settings import Settings
from cad.warehouse import Warehouse
from schemas.contigs import RegionClass, stretches
from tests.disclosure.attack import FIGURES, Table, narrow_figures

Key = tuple[str, int, str, str]
Side = dict[Key, Table]
RELEASES = ("R1", "R2")
SMALL = 5
ATTACKED = 4
"""Variants of each kind that are attacked."""


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> list[Side]:
    """What each release tells researchers of each variant, and the truth of then."""
    folder = tmp_path_factory.mktemp("demo")
    cohort = simulate_cohort(folder / "batches", trios=MIN_TRIOS, unrelated=MIN_UNRELATED)
    first, second, _ = cohort.nights
    settings = Settings(threads=2)
    with Warehouse.create(
        folder / "w", "GRCh38", reference=cohort.reference, settings=settings
    ) as warehouse:
        found = []
        for name, night in zip(RELEASES, (first, second), strict=True):
            for batch in night:
                push_batch(warehouse, batch)
            build_base(warehouse)
            create_release(warehouse, name)
            found.append(read_side(warehouse, name))
    return found


def read_side(warehouse: Warehouse, name: str) -> Side:
    """By variant, the rows of a release as its files have them, beside the base's."""
    with open_base(warehouse, "research") as base:
        truth = _rows([one.name for one in base.strata], read_base_blocks(base))
    with open_release(warehouse, name, "research") as reader:
        told = _rows([one.name for one in reader.base.strata], reader.blocks())
    return {
        key: Table(rows, {stratum: truth[key][stratum] for stratum in rows})
        for key, rows in told.items()
    }


def _rows(strata: list[str], contigs: Contigs) -> dict[Key, dict[str, Any]]:
    """By variant and stratum the figures of blocks, None where one is masked."""
    found = {}
    for contig, blocks in contigs:
        for block in blocks:
            columns = {}
            for name in FIGURES:
                values = getattr(block, name).astype(object)
                values[block.masks.get(name, np.zeros(values.shape, bool))] = None
                columns[name] = values.tolist()
            for at, (pos, (ref, alt)) in enumerate(
                zip(block.pos.tolist(), block.alleles, strict=True)
            ):
                found[contig, pos, ref, alt] = {
                    stratum: {name: columns[name][at][place] for name in FIGURES}
                    for place, stratum in enumerate(strata)
                }
    return found


def chosen(keys: list[Key], number: int) -> list[Key]:
    return sorted(Random(number).sample(sorted(keys), min(number, len(keys))))


def region_of(key: Key) -> RegionClass:
    return next(
        one.region_class for one in stretches("GRCh38", key[0]) if one.start <= key[1] <= one.end
    )


def hides(table: Table) -> bool:
    return any(row["ac"] is None for row in table.told.values())


def test_no_figure_of_a_release_can_be_worked_out(sides: list[Side]) -> None:
    for side in sides:
        hidden = [key for key, table in side.items() if hides(table)]
        assert len(hidden) > 100
        for key in chosen(hidden, ATTACKED):
            assert list(narrow_figures([side[key]], region_of(key), SMALL)) == [], key


def test_nor_of_both_together(sides: list[Side]) -> None:
    """Of variants that the first shows in a stratum in which the second hides them, above all."""
    first, second = sides
    both = [key for key in second if key in first and grew(first[key], second[key])]
    newly = [
        key
        for key in both
        if any(
            row["ac"] is not None and second[key].told.get(stratum, row)["ac"] is None
            for stratum, row in first[key].told.items()
        )
    ]
    assert len(newly) > ATTACKED
    for key in {*chosen(newly, ATTACKED), *chosen(both, ATTACKED // 2)}:
        pair = [first[key], second[key]]
        assert list(narrow_figures(pair, region_of(key), SMALL, nested=True)) == [], key


def test_what_is_told_is_true(sides: list[Side]) -> None:
    for side in sides:
        for table in side.values():
            for stratum, row in table.told.items():
                for name, value in row.items():
                    assert value in (None, table.truth[stratum][name])
        # Of everybody all is told, whatever came before.
        assert all(table.told["all"]["ac"] is not None for table in side.values())


def grew(before: Table, after: Table) -> bool:
    """Whether no figure of a stratum of both became less, as one who links them supposes."""
    return all(
        before.truth[stratum][name] <= after.truth[stratum][name]
        for stratum in before.truth.keys() & after.truth.keys()
        for name in FIGURES
    )

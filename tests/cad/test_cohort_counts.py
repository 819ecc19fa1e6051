"""Counts on demand: the base's figures for the same persons, and the twin's for any others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import pytest

from cad.cohort.counts import count_variants
from cad.cohort.filter import Filter, stratum_filter
from cad.cohort.genotypes import GenotypeReader
from cad.cohort.select import EVERYBODY, Members, open_cohort
from cad.query.parse import Region, Variant
from cad.registry.engine import reading
from cad.registry.folded import stratum_numbers
from cad.registry.numbers import latest_commit
from cad.warehouse import Warehouse
from schemas.contigs import contig_length
from tests.queried import PURPOSES, Figures, Key, Queried, queried
from tests.twin import TwinBase, count_base, read_batch, read_reference
from tests.twin.cohorts import Shape
from tests.twin.count import count
from tests.twin.facts import Key as TwinKey

SHAPES = {
    "mixed": Shape(
        persons=9, batches=4, lines=25, contigs=("22", "X", "Y", "M"),
        callabilities=("bed", "sites", "blocks"),
    ),
    "sites": Shape(persons=8, batches=3, lines=20, callabilities=("sites",)),
}  # fmt: skip
CONTIGS = ("22", "X", "Y", "M")
FIGURES = ("ac", "an", "n_het", "n_hom", "n_hemi", "persons", "ac_raw", "an_raw")


@dataclass(frozen=True)
class Counted:
    """A cohort in a warehouse, and as the twin counts it."""

    queried: Queried
    twin: TwinBase

    @property
    def warehouse(self) -> Warehouse:
        return self.queried.warehouse


@pytest.fixture(scope="module", params=SHAPES)
def cohort(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Counted]:
    folder = tmp_path_factory.mktemp("cohort")
    with queried(folder, seed=21, shape=SHAPES[request.param]) as found:
        reference = read_reference(found.reference)
        batches = [read_batch(path, reference=reference) for path in found.batches]
        yield Counted(found, count_base(batches, "GRCh38", cohort_purposes={}))


def members_of(warehouse: Warehouse, purpose: str, chosen: Filter = EVERYBODY) -> Members:
    with reading(warehouse.engine) as connection:
        commit_no = latest_commit(connection)
    return open_cohort(warehouse, commit_no).members(purpose, chosen)


def counted(
    members: Members, masks: Sequence[np.ndarray] | None = None
) -> list[dict[Key, Figures]]:
    """Figures of every variant that a member carries, by group."""
    groups: list[dict[Key, Figures]] = [{} for _ in ([None] if masks is None else masks)]
    reader = GenotypeReader(members)
    for contig in CONTIGS:
        calls = reader.calls(Region(contig, 1, contig_length("GRCh38", contig)))
        for group, counts in zip(groups, count_variants(reader, calls, masks), strict=True):
            for at in range(counts.variants.size):
                group[counts.variants.key(at)] = counts.document(at)
    return groups


def strata_of(warehouse: Warehouse, purpose: str) -> list[str]:
    with reading(warehouse.engine) as connection:
        return sorted(stratum_numbers(connection, purpose))


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_stratum_asked_for_as_a_filter_has_the_rows_of_the_base(
    cohort: Counted, purpose: str
) -> None:
    base = cohort.queried.scans[purpose].variants
    everybody = members_of(cohort.warehouse, purpose)
    strata = strata_of(cohort.warehouse, purpose)
    assert strata or purpose != "care"
    masks = [everybody.meets(stratum_filter(name)) for name in strata]
    for name, found in zip(strata, counted(everybody, masks), strict=True):
        expected = {key: rows[name] for key, rows in base.items()}
        assert {key: row | {"hidden": False} for key, row in found.items()} == expected
        # Chosen at the gate instead of among everybody: the same persons.
        chosen = everybody.cohort.members(purpose, stratum_filter(name))
        assert chosen.persons == everybody.among(everybody.meets(stratum_filter(name))).persons


def test_any_subset_has_the_figures_of_the_twin(cohort: Counted) -> None:
    members = members_of(cohort.warehouse, "care")
    people = {one.sample.said("person_id"): one for one in cohort.twin.members("care", "all")}
    assert set(members.persons) == set(people)
    rng = Random(5)
    masks = [np.array([rng.random() < share for _ in members.persons]) for share in (0.3, 0.6, 0.0)]
    for mask, found in zip(masks, counted(members, masks), strict=True):
        some = [people[one] for one in members.among(mask).persons]
        assert found
        for key, row in found.items():
            expected = count(some, TwinKey(*key))
            assert [row[name] for name in FIGURES] == [getattr(expected, name) for name in FIGURES]
            assert row["faf95"] == pytest.approx(expected.faf95(key[0]), rel=1e-9)


def test_a_variant_that_nobody_carries_has_its_denominator(cohort: Counted) -> None:
    members = members_of(cohort.warehouse, "care")
    reader = GenotypeReader(members)
    people = cohort.twin.members("care", "all")
    for contig, pos, _, _ in list(cohort.queried.scans["care"].variants)[:40]:
        for at in (pos - 1, pos + 1):
            calls = reader.variant(Variant(contig, at, "A", "AGGGGGGGT"))
            (counts,) = count_variants(reader, calls)
            weights = [one.weight(contig, at, True) for one in people]
            assert (counts.ac[0], counts.an[0]) == (0, sum(weights))
            assert counts.persons[0] == sum(weight > 0 for weight in weights)
            assert counts.assayed[0] == sum(one.assayed(contig, at) for one in people)
            expected = "callable_not_seen" if sum(weights) else "not_callable"
            assert counts.state(0) == (
                expected if counts.assayed[0] or sum(weights) else "not_assayed"
            )

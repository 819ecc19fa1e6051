"""The demo's questions of phenotypes: what was planted is found, and every count is the truth's.

The truth is computed from what the simulation drew of each person, not from anything CAD read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cad.annotation.load import add_annotation
from cad.cohort.filter import Filter, parse_filter
from cad.cohort.select import latest_cohort
from cad.demo.check import Agreement
from cad.demo.features import CAUSED, MODIFIED, closed
from cad.demo.people import Person
from cad.demo.simulate import DemoCohort
from cad.demo.truth import QUANTITIES
from cad.query import BaseReader, open_base
from cad.questions.association import MIN_CARRIERS, MIN_KNOWN
from cad.questions.burden import Rules, find_burden
from cad.questions.carriers import find_carriers
from cad.questions.phenotype import CELLS, find_phenotype
from cad.questions.qualifying import DEFAULT_IMPACTS
from cad.warehouse import Warehouse

Document = dict[str, Any]
Mask = NDArray[np.bool_]

HPO_VERSION: Final = "2025-01-16"
EFFECTS_VERSION: Final = "1"
AFFECTED: Final = parse_filter(["affected=1"])
_NIGHT: Final = 3
_SURE: Final = 0.05
"""A planted thing is found where it comes first, and its chance is below this."""
MAX_AF: Final = 0.02
"""Of a gene's variants: one family is more than 1 % of the smallest cohort's alleles."""


@dataclass(frozen=True)
class PhenotypeReport:
    """The answers, whether the planted gene and modifier came first, and the counts that agreed."""

    gene: Document
    burden: Document
    modifier: Document
    carriers: Document
    finds_gene: bool
    finds_modifier: bool
    counts: Agreement

    @property
    def is_right(self) -> bool:
        """Whether both were found and every count was the truth's."""
        return self.finds_gene and self.finds_modifier and self.counts.is_full

    def to_json(self) -> Document:
        """The findings and the agreement; the answers are what the commands print."""
        return {
            "finds_gene": self.finds_gene,
            "finds_modifier": self.finds_modifier,
            "counts": self.counts.to_json(),
        }


def load_sources(warehouse: Warehouse, cohort: DemoCohort) -> None:
    """Load the excerpt of HPO, the genes, and what variants do."""
    add_annotation(warehouse, "hpo", cohort.ontology, HPO_VERSION)
    add_annotation(warehouse, "genes", cohort.genes, EFFECTS_VERSION)
    add_annotation(warehouse, "vep", cohort.effects, EFFECTS_VERSION)


def ask_phenotypes(warehouse: Warehouse, cohort: DemoCohort) -> PhenotypeReport:
    """Ask what goes with the two features that were planted, and who carries the modifier."""
    modifier = "-".join(map(str, cohort.modifier))
    with open_base(warehouse, "care") as base, latest_cohort(warehouse) as everybody:
        reader = BaseReader(warehouse, base)

        def ask(term: str, chosen: Filter, relatives: bool) -> Document:
            wanted = parse_filter([term])
            return find_phenotype(
                reader, everybody, wanted, chosen, relatives=relatives, max_af=MAX_AF
            )

        by_gene = ask(CAUSED, Filter(), False)
        first, causes = by_gene["genes"][0]["symbol"], parse_filter([CAUSED])
        burden = find_burden(reader, everybody, [first], causes, rules=Rules(max_af=MAX_AF))
        by_variant = ask(MODIFIED, AFFECTED, True)
        carriers = find_carriers(reader, everybody, modifier, AFFECTED, level="term")
    truth = _Truth(cohort)
    found = [
        *truth.check(by_gene, CAUSED, lambda one: not one.is_child),
        *truth.check_burden(burden, CAUSED),
        *truth.check(by_variant, MODIFIED, lambda one: one.affected == "1"),
        *truth.check_carriers(carriers, lambda one: one.affected == "1"),
    ]
    wrong = [
        f"{name} is {ours}, expected {theirs}" for name, ours, theirs in found if ours != theirs
    ]
    return PhenotypeReport(
        by_gene,
        burden,
        by_variant,
        carriers,
        _is_first(by_gene["genes"], "symbol", cohort.effects_of[cohort.causal[0]][0]),
        _is_first(by_variant["variants"], "variant", modifier),
        Agreement(len(found), len(found) - len(wrong), tuple(wrong[:5])),
    )


def _is_first(rows: Sequence[Mapping[str, Any]], name: str, wanted: str) -> bool:
    return bool(rows) and rows[0][name] == wanted and rows[0]["p"] < _SURE


Compared = tuple[str, object, object]
"""What is compared, as answered and as drawn."""
IsIn = Callable[[Person], bool]


class _Truth:
    """Who carries what and was looked at where, of those whom care counts, as drawn."""

    def __init__(self, cohort: DemoCohort) -> None:
        self._cohort, truth = cohort, cohort.truth
        inside = truth.inside(_NIGHT, "care")
        self._people = [truth.people[one.delivery.person] for one in inside]
        counts = np.stack([one.counts for one in inside])
        self._figures = {name: counts[:, at] for at, name in enumerate(QUANTITIES)}
        self._carries = self._figures["ac"] > 0
        self._known = self._figures["persons"] > 0

    def check(self, answer: Document, term: str, is_in: IsIn) -> Iterable[Compared]:
        """Groups, variants and genes of an answer beside what was drawn."""
        has = np.array([term in closed(one) for one in self._people])
        told = np.array([bool(one.features) or one.affected == "0" for one in self._people])
        inside = np.array([is_in(one) for one in self._people])
        groups = has & inside, ~has & told & inside
        for name, group in zip(("cases", "controls"), groups, strict=True):
            yield f"{term} {name}", answer[name], int(group.sum())
        for row in answer["variants"]:
            at = self._cohort.truth.keys.index(_key(row["variant"]))
            cells = _cells(groups, self._carries[:, at], self._known[:, at])
            yield f"{term} {row['variant']}", [row[name] for name in CELLS], cells
        genes = {row["symbol"]: [row[name] for name in CELLS] for row in answer["genes"]}
        wanted = dict(self._genes(groups))
        yield f"{term} genes", sorted(genes), sorted(wanted)
        for name in genes.keys() & wanted.keys():
            yield f"{term} {name}", genes[name], wanted[name]

    def check_burden(self, answer: Document, term: str) -> Iterable[Compared]:
        """The dominant table of a gene's variants of high impact beside what was drawn."""
        (row,) = (one for one in answer["tests"] if one["model"] == "dominant")
        founders = np.array([not one.is_child for one in self._people])
        ac, an = (self._figures[name][founders].sum(axis=0) for name in ("ac", "an"))
        places = [
            at
            for at, key in enumerate(self._cohort.truth.keys)
            if self._cohort.effects_of.get(key) == (row["gene"], "HIGH")
            and self._carries[:, at].any()
            and ac[at] <= MAX_AF * an[at]
        ]
        has = np.array([term in closed(one) for one in self._people])
        carries = self._carries[:, places].any(axis=1)
        known = self._known[:, places].mean(axis=1) >= Rules().min_callable
        for name, group in (("cases", has), ("controls", ~has)):
            cells = [int((group & known & part).sum()) for part in (carries, ~carries)]
            yield f"burden {name}", [row[name]["carriers"], row[name]["others"]], cells

    def check_carriers(self, answer: Document, is_in: IsIn) -> Iterable[Compared]:
        """Carriers of a variant beside what was drawn."""
        at = self._cohort.truth.keys.index(_key(answer["variant"]))
        inside = np.array([is_in(one) for one in self._people])
        names = {"carriers": self._carries, "callable": self._known} | {
            form: self._figures[f"n_{form}"] for form in ("het", "hom", "hemi")
        }
        for name, figure in names.items():
            yield f"carriers {name}", answer[name], int(figure[inside, at].sum())

    def _genes(self, groups: tuple[Mask, Mask]) -> Iterable[tuple[str, list[int]]]:
        ac, an = (self._figures[name].sum(axis=0, dtype=np.int64) for name in ("ac", "an"))
        of_gene: dict[str, list[int]] = {}
        for at, key in enumerate(self._cohort.truth.keys):
            gene, impact = self._cohort.effects_of.get(key, ("", ""))
            if impact in DEFAULT_IMPACTS and 0 < ac[at] <= MAX_AF * an[at]:
                of_gene.setdefault(gene, []).append(at)
        for gene, places in of_gene.items():
            carries: Mask = np.any(self._carries[:, places], axis=1).astype(bool)
            known = self._known[:, places].sum(axis=1) >= MIN_KNOWN * len(places)
            cells = _cells(groups, carries, known | carries)
            if cells[0] + cells[2] >= MIN_CARRIERS:
                yield gene, cells


def _cells(groups: tuple[Mask, Mask], carries: Mask, known: Mask) -> list[int]:
    return [int((group & part).sum()) for group in groups for part in (carries, known & ~carries)]


def _key(variant: str) -> tuple[str, int, str, str]:
    contig, pos, ref, alt = variant.split("-")
    return contig, int(pos), ref, alt

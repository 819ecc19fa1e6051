"""Question 3: whether cases carry a gene's damaging variants more often than controls.

A *mask* says which variants of a gene count, a *model* what a person must carry of them. Only
persons who could have shown the mask's variants are in a table: those with a known passing allele
at no less than a share of its positions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from cad.annotation.gene_model import Gene
from cad.annotation.reader import AnnotationReader
from cad.build.people import ATTRIBUTES, PIPELINE
from cad.cohort.asked import about_members, find_genes, region_of
from cad.cohort.counts import count_known
from cad.cohort.filter import Filter, parse_filter
from cad.cohort.genotypes import Calls, GenotypeReader, Known
from cad.cohort.project import Project
from cad.cohort.select import EVERYBODY, Cohort, Members
from cad.components import component_number, latest_components
from cad.query.parse import Variant
from cad.query.reader import BaseReader
from cad.questions.biallelic import find_biallelic
from cad.questions.compared import callable_share, compare_groups
from cad.questions.told import SCORES, Told, is_rare, score_source, told_of
from cad.registry.annotations import AnnotationRow
from cad.registry.engine import reading
from cad.statistics.adjust import benjamini_hochberg
from schemas.errors import BadQuestion, NotFound

Document = dict[str, Any]
Flags = NDArray[np.bool_]
MaskName = Literal["lof", "lof+missense", "missense"]
Model = Literal["dominant", "recessive"]

MASKS: Final[tuple[MaskName, ...]] = ("lof", "lof+missense", "missense")
MODELS: Final[tuple[Model, ...]] = ("dominant", "recessive")
_FOUNDERS: Final = parse_filter(["founder=1"])


@dataclass(frozen=True)
class Rules:
    """What counts.

    Attributes:
        masks: `lof` is IMPACT HIGH; `missense` is missense with a score; or either. Where none is
            named, `lof` and, where scores are loaded, `lof+missense`.
        models: `dominant` is one copy; `recessive` both, two variants unless the parents tell
            that they lie on one copy.
        max_af: greatest frequency among the founders of the purpose.
        max_gnomad_af: greatest frequency in gnomAD, where it has the variant.
        score: source of missense scores; the one loaded last where None.
        min_score: least score; the source's own (`told.SCORES`) where None.
        min_callable: least share of the mask's positions with a known passing allele.
        covariates: attributes, or `pc1` and so on of the purpose's latest `cad analyse pca`, beside
            which Firth's regression tells the effect; who has no score is not in it.
    """

    masks: tuple[MaskName, ...] = ()
    models: tuple[Model, ...] = MODELS
    max_af: float = 0.001
    max_gnomad_af: float = 0.001
    score: str | None = None
    min_score: float | None = None
    min_callable: float = 0.9
    covariates: tuple[str, ...] = ("sex", "platform")


def find_burden(
    reader: BaseReader,
    cohort: Cohort,
    genes: Sequence[str],
    cases: Filter,
    controls: Filter = EVERYBODY,
    rules: Rules | None = None,
    project: Project | None = None,
    advance: Callable[[int, int], None] | None = None,
) -> Document:
    """Test genes for a burden of damaging variants in cases.

    Args:
        reader: of the base of the purpose: for names and what sources tell.
        cohort: everybody at a pinned commit.
        genes: by any name.
        cases: who is a case.
        controls: who is a control, cases left out.
        rules: what counts.
        project: whose persons alone are asked about; the founders are all of the purpose.
        advance: is told how many genes are done.

    Returns:
        `tests`: one for each gene, mask and model. `q` is adjusted over the genes of one mask and
        model that anybody in the table carries a variant of.

    Raises:
        BadQuestion: `filter_malformed`, where the cases ask nothing; `covariate_unknown`.
        Forbidden: `project_not_open`.
        NotFound: `genes_missing`, `gene_unknown`, `annotation_unknown`, `hpo_missing`.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    chosen = rules or Rules()
    if not cases.terms:
        raise BadQuestion("filter_malformed", "say who is a case")
    found = [gene for name in dict.fromkeys(genes) for gene in find_genes(reader, name)]
    group = _Group.of(cohort, reader.base.purpose, cases, controls, project, chosen.covariates)
    asked = _Asked(GenotypeReader(group.everybody), reader.annotations(None), chosen)
    tests: list[Document] = []
    for done, gene in enumerate(found, start=1):
        tests += _test_gene(asked, group, gene)
        if advance is not None:
            advance(done, len(found))
    _adjust(tests)
    return {
        **about_members(group.members, EVERYBODY),
        "cases": {"where": cases.texts(), "persons": int(group.cases.sum())},
        "controls": {"where": controls.texts(), "persons": int(group.controls.sum())},
        "rules": asked.document(),
        "tests": tests,
    }


@dataclass(frozen=True)
class _Group:
    """Who is who among everybody of the purpose; masks and covariates over them."""

    everybody: Members
    members: Members
    founders: Flags
    cases: Flags
    controls: Flags
    father: NDArray[np.int64]
    mother: NDArray[np.int64]
    covariates: list[tuple[str, NDArray[np.float64]]]

    @classmethod
    def of(
        cls,
        cohort: Cohort,
        purpose: str,
        cases: Filter,
        controls: Filter,
        project: Project | None,
        names: Sequence[str],
    ) -> _Group:
        everybody = cohort.members(purpose)
        members = cohort.members(purpose, project=project)
        inside = np.isin(everybody.rows, members.rows)
        is_case, is_control = np.zeros(len(everybody), bool), np.zeros(len(everybody), bool)
        is_case[inside], is_control[inside] = members.meets(cases), members.meets(controls)
        # Nobody's genotypes are told out of the scope, not even by what they say of a child's.
        father, mother = (
            np.where(inside & inside[place] & (place >= 0), place, -1)
            for place in (everybody.father, everybody.mother)
        )
        return cls(
            everybody, members, everybody.meets(_FOUNDERS), is_case, is_control & ~is_case,
            father, mother, _covariates(everybody, names, project),
        )  # fmt: skip


def _covariates(
    members: Members, names: Sequence[str], project: Project | None
) -> list[tuple[str, NDArray[np.float64]]]:
    """Each value of some attributes as a column of 0 and 1, and scores of components.

    Raises:
        BadQuestion: `filter_malformed`; `covariate_unknown`, a component that nobody computed.
    """
    columns = []
    components = _components(members, names, project)
    for name in names:
        if (number := component_number(name)) is not None:
            if number not in components:
                raise BadQuestion("covariate_unknown", "run cad analyse pca for the purpose", name)
            scores = components[number]
            own = [scores.get(sample, math.nan) for sample in members.sample_no.tolist()]
            columns.append((name, np.array(own)))
            continue
        if name not in (*ATTRIBUTES, PIPELINE):
            raise BadQuestion("filter_malformed", f"expected one of {', '.join(ATTRIBUTES)}", name)
        attribute = members.attribute(name)
        for code, value in enumerate(attribute.values):
            columns.append((f"{name}={value}", (attribute.codes == code).astype(np.float64)))
    return columns


def _components(
    members: Members, names: Sequence[str], project: Project | None
) -> dict[int, dict[int, float]]:
    """Scores by component, then by sample, where any is asked for."""
    if all(component_number(name) is None for name in names):
        return {}
    cohort = members.cohort
    with reading(cohort.warehouse.engine) as connection:
        name = None if project is None else project.name
        return latest_components(
            connection, cohort.warehouse, cohort.commit_no, members.purpose, name
        )


@dataclass(frozen=True)
class _Asked:
    """What is read, and by which rules."""

    genotypes: GenotypeReader
    annotations: AnnotationReader
    rules: Rules

    @property
    def masks(self) -> tuple[MaskName, ...]:
        """The masks asked for, or those that the sources allow.

        Raises:
            NotFound: `annotation_unknown`, where the scores asked for are not loaded.
        """
        if self.rules.masks:
            return self.rules.masks
        has_scores = score_source(self.annotations, self.rules.score) is not None
        return ("lof", "lof+missense") if has_scores else ("lof",)

    @property
    def scores(self) -> AnnotationRow | None:
        """The source of missense scores.

        Raises:
            NotFound: `annotation_unknown`, where a mask needs one and none is loaded.
        """
        if all(mask == "lof" for mask in self.masks):
            return None
        found = score_source(self.annotations, self.rules.score)
        if found is None:
            detail = "missense variants need scores: add revel, alphamissense, cadd or score"
            raise NotFound("annotation_unknown", detail)
        return found

    @property
    def min_score(self) -> float:
        """From which score a missense variant counts."""
        if self.rules.min_score is not None:
            return self.rules.min_score
        least = None if self.scores is None else SCORES[self.scores.kind][1]
        if least is None and self.scores is not None:
            raise BadQuestion("request_malformed", "say from which score a variant counts")
        return math.inf if least is None else least

    def document(self) -> Document:
        """The rules, with what is left to the sources filled in."""
        source = self.scores
        told = None if source is None else {"source": source.name, "version": source.version}
        gnomad = [
            {"source": one.name, "version": one.version}
            for one in self.annotations.sources
            if one.kind == "gnomad"
        ]
        return {
            "masks": list(self.masks),
            "max_af": self.rules.max_af,
            "max_gnomad_af": self.rules.max_gnomad_af,
            "gnomad": gnomad,
            "score": told,
            "min_score": None if source is None else self.min_score,
            "min_callable": self.rules.min_callable,
            "covariates": list(self.rules.covariates),
        }


def _test_gene(asked: _Asked, group: _Group, gene: Gene) -> Iterator[Document]:
    """The tests of one gene: each mask, each model."""
    calls = asked.genotypes.calls(region_of(gene))
    told = told_of(asked.annotations, gene, calls.variants, asked.scores)
    known = asked.genotypes.known(calls.variants.contig, np.unique(calls.variants.pos))
    (founders,) = count_known(calls, known, [group.founders])
    rare = is_rare(founders.af, asked.rules.max_af)
    rare &= is_rare(told.gnomad, asked.rules.max_gnomad_af)
    for mask in asked.masks:
        own = calls.of_variants(rare & _in_mask(told, mask, asked))
        places = np.searchsorted(known.positions, np.unique(own.variants.pos))
        in_table = callable_share(known, places) >= asked.rules.min_callable
        for model in asked.rules.models:
            yield {
                "gene": gene.symbol,
                "gene_id": gene.gene_id,
                "mask": mask,
                "model": model,
                "variants": [
                    str(Variant(*own.variants.key(at))) for at in range(own.variants.size)
                ],
                "without_consequences": int(told.untold.sum()),
                **_table(own, known, group, in_table, model),
            }


def _in_mask(told: Told, mask: MaskName, asked: _Asked) -> Flags:
    high = told.has_impact(("HIGH",))
    if mask == "lof":
        return high
    scored = told.missense & ~high & (told.score >= asked.min_score)
    return scored if mask == "missense" else high | scored


def _table(calls: Calls, known: Known, group: _Group, in_table: Flags, model: Model) -> Document:
    """The table of one mask and model, and its tests."""
    if model == "dominant":
        carries = np.bincount(calls.member[calls.passing > 0], minlength=len(in_table)) > 0
        unphased = None
    else:
        found = find_biallelic(calls, known, group.father, group.mother)
        carries = found.any
        alone = found.unphased & ~found.homozygous & ~found.compound
        unphased = int((alone & in_table & (group.cases | group.controls)).sum())
    compared = compare_groups(carries, group.cases, group.controls, in_table, group.covariates)
    return {**compared, "unphased": unphased}


def _adjust(tests: Sequence[Document]) -> None:
    """Adjust the chances of each mask and model for the number of its genes."""
    for key in {(one["mask"], one["model"]) for one in tests}:
        own = [one for one in tests if (one["mask"], one["model"]) == key and one["p"] is not None]
        for one, q in zip(own, benjamini_hochberg([one["p"] for one in own]).tolist(), strict=True):
            one["q"] = q

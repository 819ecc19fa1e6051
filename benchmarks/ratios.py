"""Which figures are set against which, and what CAD is to reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.population import LENGTH
from benchmarks.results import Result
from benchmarks.tasks import association, denominators, engines, questions, reconcile, service
from benchmarks.tasks.night import LARGER, SMALLER

_GENOMES: Final = 60_000
_GENOME: Final = 3.1e9
"""Positions; what is simulated is a stretch of them."""

Figure = Callable[[Result], float]
Sides = Mapping[tuple[str, str], Result]
"""Results of one run, by task and side."""


def cpu(result: Result) -> float:
    """CPU seconds of the whole process tree."""
    return result.cpu_s


def figure(*names: str) -> Figure:
    """The sum of some of a side's own figures."""
    return lambda result: sum(result.figures[name] for name in names)


def beyond_start(result: Result) -> float:
    """CPU seconds that are not start-up; on tiny data, where all is, a hundredth."""
    return max(result.cpu_s - result.startup_s, 0.01)


def nationally(figure: Figure) -> Figure:
    """A figure of some gVCFs, for 60 000 genomes like them (DESIGN 9)."""
    share = _GENOMES * _GENOME / LENGTH
    return lambda result: figure(result) / result.figures["persons"] * share


def bytes_per_genotype(result: Result) -> float:
    """Bytes of genotypes by non-reference genotype."""
    return result.figures["calls_bytes"] / result.figures["carried"]


def _terabytes(result: Result) -> float:
    return (result.figures["calls_bytes"] + result.figures["callable_bytes"]) / 1e12


@dataclass(frozen=True)
class Ratio:
    """CAD's figure by another's.

    Attributes:
        task: whose results.
        text: the question, for a reader.
        ours: the side that is judged.
        peer: the side it is set against.
        figure: which of the side's figures.
        peer_figure: which of the peer's, where it is another.
        unit: of both.
        goal: what the ratio may be at most, None where it is only told.
    """

    task: str
    text: str
    ours: str
    peer: str
    figure: Figure = cpu
    peer_figure: Figure | None = None
    unit: str = "CPU-s"
    goal: float | None = None

    def startup(self, sides: Sides) -> float | None:
        """Our CPU seconds on tiny data, where whole commands are compared."""
        return sides[self.task, self.ours].startup_s if self.figure is cpu else None

    def values(self, sides: Sides) -> tuple[float, float] | None:
        """Ours and the peer's; None where the run lacks either."""
        ours, peer = sides.get((self.task, self.ours)), sides.get((self.task, self.peer))
        if ours is None or peer is None:
            return None
        return self.figure(ours), (self.peer_figure or self.figure)(peer)


@dataclass(frozen=True)
class Bound:
    """A figure of one side that has a goal of its own.

    Attributes:
        task: whose results.
        text: the question, for a reader.
        side: the side that is judged.
        name: of its figure.
        unit: of the figure; `us`, `ms` and `s` are on the clock, and hold for a quiet machine.
        goal: what the figure may be at most, None where it is only told.
    """

    task: str
    text: str
    side: str
    name: str
    unit: str
    goal: float | None = None


_GENOTYPE: Final = "B per non-reference genotype"
_LOOKUP: Final = "CPU-us"

_NIGHT_MORE: Final = f"night {reconcile.MORE}"
_RECOUNT_LESS: Final = f"{reconcile.RECOUNT}, {reconcile.WITHDRAWN}"

RATIOS: Final = (
    Ratio("singles", "single-sample VCFs into the store", "cad", "bcftools merge", goal=0.8),
    Ratio("joint", "joint VCF into the store", "cad", "bcftools view", goal=1.0),
    Ratio("joint", "joint VCF into the store", "cad", "plink2 import"),
    Ratio(
        "singles", "calls with depths and qualities; BCF", "cad", "bcftools merge",
        bytes_per_genotype, unit=_GENOTYPE,
    ),
    Ratio(
        "joint", "calls of genotypes alone; BCF", "cad", "bcftools view",
        bytes_per_genotype, unit=_GENOTYPE,
    ),
    Ratio(
        "joint", "calls of genotypes alone; pgen without its pvar", "cad", "plink2 import",
        bytes_per_genotype, unit=_GENOTYPE,
    ),
    Ratio("gvcf", "gVCFs into the store", "cad", "bcftools view", goal=1.2),
    Ratio(
        "gvcf", "of 60 000 genomes like these, calls and callable; BCF", "cad", "bcftools view",
        nationally(_terabytes), unit="TB",
    ),
    Ratio(
        "gvcf", "of 60 000 genomes like these, into the store", "cad", "bcftools view",
        nationally(lambda result: cpu(result) / 3600), unit="CPU-h",
    ),
    Ratio(
        "strata", "20 strata recounted: counting", "cad build", "bcftools +fill-tags",
        figure("counting"), cpu, goal=0.05,
    ),
    Ratio(
        "strata", "20 strata recounted: counting", "cad build", "plink2 --loop-cats",
        figure("counting"), cpu,
    ),
    Ratio("strata", "20 strata recounted: `cad build`", "cad", "bcftools +fill-tags"),
    Ratio(
        "association", "affected against others, tested at every variant; genotypes counted only",
        association.CAD, association.PLINK,
    ),
    Ratio(
        "questions", "carriers of a variant, all their features tested", questions.CARRIERS,
        questions.CARRIERS_PEER,
    ),
    Ratio(
        "questions", "burden of 10 genes, with Firth's regression; Fisher's test alone",
        questions.BURDEN, questions.BURDEN_PEER,
    ),
    Ratio(
        "questions", "frequencies of a gene's variants in a subset", questions.SUBSET,
        questions.SUBSET_PEER,
    ),
    Ratio(
        "night", "a night onto a cohort 4 times as large: counting", f"cad build, {LARGER}",
        f"cad build, {SMALLER}", figure("counting"), goal=1.1,
    ),
    Ratio(
        "night", "a night onto a cohort 4 times as large: merging", f"cad build, {LARGER}",
        f"cad build, {SMALLER}", figure("merging"),
    ),
    Ratio(
        "night", "a night onto the larger cohort: push and build", f"cad, {LARGER}",
        f"bcftools merge, {LARGER}",
    ),
    Ratio(
        "denominators", "AN by cohort at every variant of gVCFs: counting; Hail beyond its start",
        denominators.APART, denominators.HAIL, figure("counting"), beyond_start, goal=0.05,
    ),
    Ratio(
        "denominators", "AN by cohort at every variant of gVCFs: `cad build`", denominators.CAD,
        denominators.HAIL,
    ),
    Ratio(
        "denominators", "the same gVCFs into the store, or a VDS", denominators.CAD,
        denominators.HAIL, figure("importing"),
    ),
    Ratio(
        "reconcile", "a night of gVCFs onto a cohort 10 times as large: counting", _NIGHT_MORE,
        f"night {reconcile.FEWER}", figure("counting"), goal=1.1,
    ),
    Ratio(
        "reconcile", "a night of gVCFs onto a cohort 10 times as large: whole build", _NIGHT_MORE,
        f"night {reconcile.FEWER}", figure("build"), goal=2.0,
    ),
    Ratio(
        "reconcile", "a night of gVCFs onto the larger cohort: whole build", _NIGHT_MORE,
        f"{reconcile.RECOUNT} {reconcile.MORE}", figure("build"), goal=0.15,
    ),
    Ratio(
        "reconcile", "one withdrawn of the larger cohort: counting the difference",
        reconcile.WITHDRAWN, _RECOUNT_LESS, figure("counting"), figure("build"), goal=0.02,
    ),
    Ratio(
        "reconcile", "one withdrawn of the larger cohort: counting and merging",
        reconcile.WITHDRAWN, _RECOUNT_LESS, figure("counting", "merging"), figure("build"),
        goal=0.15,
    ),
    Ratio(
        "lookup", "one variant in process, the bare key", "cad, bare key", "pysam tabix",
        figure("cpu_us"), unit=_LOOKUP, goal=0.1,
    ),
    Ratio(
        "lookup", "one variant in process, figures of all strata", "cad", "pysam tabix",
        figure("cpu_us"), unit=_LOOKUP, goal=1.0,
    ),
    Ratio(
        "lookup", "one variant in process, the whole answer", "cad, whole answer", "pysam tabix",
        figure("cpu_us"), unit=_LOOKUP,
    ),
    Ratio(
        "annotate", "variants annotated from a source's sites; VCF out, indexed", "cad, VCF",
        "bcftools annotate, VCF", goal=0.6,
    ),
    Ratio(
        "annotate", "the same; BCF out, indexed", "cad, BCF", "bcftools annotate, BCF", goal=0.6,
    ),
    Ratio(
        "annotate", "the source loaded, once; one run over its VCF", "cad, VCF",
        "bcftools annotate, VCF", figure("loading"), cpu,
    ),
    *(
        Ratio(
            "engines", f"a first build, {times} times as many persons; DuckDB",
            engines.side_name("hail", times), engines.side_name("duckdb", times),
        )
        for times in engines.TIMES
    ),
    *(
        Ratio(
            "engines", f"the same beyond the start, {times} times as many persons; DuckDB",
            engines.side_name("hail", times), engines.side_name("duckdb", times), beyond_start,
        )
        for times in engines.TIMES
    ),
)  # fmt: skip
"""In the order of the table."""

_EIGHT: Final = "8 connections for 60 s while a batch is pushed and built"

BOUNDS: Final = (
    *(
        Bound("questions", text, questions.IN_PROCESS, name, unit, goal)
        for text, name, unit, goal in (
            ("one variant's frequency in a subset, in process", "variant_s", "s", 2.0),
            ("the same", "variant_cpu_s", "CPU-s", None),
            ("frequencies of a gene's variants in a subset, in process", "gene_s", "s", 2.0),
            ("the same", "gene_cpu_s", "CPU-s", None),
        )
    ),
    *(
        Bound("service", text, service.SERVED, name, unit, goal)
        for text, name, unit, goal in (
            ("one variant over HTTP, gate and audit included: median", "p50_us", "us", 2_000.0),
            ("the same: 99 of 100 within", "p99_us", "us", 10_000.0),
            ("the same: the service's CPU", "cpu_us", "CPU-us", None),
            ("10 000 variants in one POST", "bulk_s", "s", 0.5),
            ("the same: the service's CPU", "bulk_cpu_s", "CPU-s", None),
            ("a VCF of 1 000 000 variants over HTTP, by record", "annotate_cpu_us", "CPU-us", 10.0),
            (f"{_EIGHT}: requests without an answer", "errors", "requests", 0.0),
            (f"{_EIGHT}: requests answered", "requests", "requests", None),
            (f"{_EIGHT}: median", "busy_p50_us", "us", None),
        )
    ),
)
"""In the order of their table."""

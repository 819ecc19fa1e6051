"""The demo's steps, each told on the console as it is done, under the command that would do it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from rich.console import Console

from cad.cli.burden import show_burden
from cad.cli.carriers import show_carriers
from cad.cli.phenotype import show_phenotype
from cad.cli.show_variant import show_variant
from cad.demo.answers import SHOWN_STRATA, AnswerReport, ask_everything
from cad.demo.exported import ExportReport, export_sites
from cad.demo.features import CAUSED, MODIFIED
from cad.demo.folder import mark_demo
from cad.demo.nights import (
    NightReport,
    PushReport,
    RefusalReport,
    build_night,
    push_night,
    push_refused,
)
from cad.demo.questions import (
    EFFECTS_VERSION,
    HPO_VERSION,
    MAX_AF,
    PhenotypeReport,
    ask_phenotypes,
    load_sources,
)
from cad.demo.show import (
    show_agreement,
    show_build,
    show_command,
    show_heading,
    show_line,
    show_push,
    show_refusal,
    show_unchanged,
    shown_path,
)
from cad.demo.simulate import MIN_TRIOS, MIN_UNRELATED, DemoCohort, simulate_cohort
from cad.push import push_batch
from cad.receipt import Receipt
from cad.settings import Settings, WarehouseConfig
from cad.warehouse import Warehouse

_ROWS = 3
"""Of each table of an answer."""


def simulate(out: Path, seed: int, small: bool, console: Console) -> DemoCohort:
    """Simulate the cohort and write its batches."""
    started = perf_counter()
    show_heading(console, "A cohort is simulated")
    sizes = {"trios": MIN_TRIOS, "unrelated": MIN_UNRELATED} if small else {}
    cohort = simulate_cohort(out, seed, **sizes)
    people, batches = len(cohort.truth.people), sum(map(len, cohort.nights))
    show_line(
        console,
        f"{people:,} persons with {len(cohort.truth.keys):,} variants on slices of 22, X (with a "
        f"PAR) and M; seed {seed}, {perf_counter() - started:.1f} s",
    )
    show_line(
        console, f"{batches} batches of two platforms, and their reference, in {shown_path(out)}"
    )
    return cohort


def make_warehouse(path: Path, cohort: DemoCohort, console: Console) -> Warehouse:
    """Make the warehouse by the defaults, whatever the environment says of the operator's own."""
    show_heading(console, "A warehouse is made")
    reference = shown_path(cohort.reference)
    show_command(
        console, f"cad init -w {shown_path(path)} --assembly GRCh38 --reference {reference}"
    )
    settings = Settings(registry_url=None, key_file=None, init=WarehouseConfig())
    warehouse = Warehouse.create(path, "GRCh38", cohort.reference, settings=settings)
    mark_demo(path)
    return warehouse


@dataclass(frozen=True)
class Story:
    """The steps that need a warehouse."""

    warehouse: Warehouse
    cohort: DemoCohort
    console: Console

    def push(self, night: int) -> PushReport:
        """Push the batches of a night."""
        directories = self.cohort.nights[night - 1]
        show_heading(self.console, f"Night {night}: {len(directories)} batches are pushed")
        self._command(f"push {shown_path(directories[0].parent)}/*-00?")
        report = push_night(self.warehouse, self.cohort, directories)
        show_push(self.console, report)
        return report

    def refuse(self) -> RefusalReport:
        """Push the truncated batch."""
        show_heading(self.console, "A truncated batch is refused")
        self._command(f"push {shown_path(self.cohort.bad_batch)}")
        report = push_refused(self.warehouse, self.cohort)
        show_refusal(self.console, report)
        return report

    def push_again(self) -> Receipt:
        """Push a batch that was accepted on the night before."""
        show_heading(self.console, "The same bytes once more change nothing")
        self._command(f"push {shown_path(self.cohort.repush)}")
        receipt = push_batch(self.warehouse, self.cohort.repush)
        show_unchanged(self.console, receipt)
        return receipt

    def build(self, night: int) -> NightReport:
        """Build and check every count."""
        show_heading(self.console, f"The base after night {night}")
        self._command("build")
        report = build_night(self.warehouse, self.cohort, night)
        show_build(self.console, report)
        return report

    def ask(self) -> AnswerReport:
        """Ask for every variant, and show a few."""
        show_heading(self.console, "Every variant is asked for")
        report = ask_everything(self.warehouse, self.cohort)
        show_agreement(self.console, report.counts, "counts of the answers agree with the truth")
        for answer in report.shown:
            show_heading(self.console, f"A variant: {answer.asked.why}")
            self._command(
                f"variant {answer.asked.variant}", f"  # {len(SHOWN_STRATA)} of its strata"
            )
            show_variant(answer.document, self.console)
            if not answer.is_right:
                show_line(self.console, "which is NOT what the simulation says", "bold red")
        return report

    def find_planted(self) -> PhenotypeReport:
        """Load HPO and what variants do, and find the gene and the modifier by their features."""
        show_heading(self.console, "Features have names, and variants effects")
        files = self.cohort.ontology, self.cohort.genes, self.cohort.effects
        versions = HPO_VERSION, EFFECTS_VERSION, EFFECTS_VERSION
        for kind, file, version in zip(("hpo", "genes", "vep"), files, versions, strict=True):
            self._command(f"annotation add {kind} {shown_path(file)} --version {version}")
        load_sources(self.warehouse, self.cohort)
        report = ask_phenotypes(self.warehouse, self.cohort)
        show_heading(self.console, "A gene was planted behind a feature: which?")
        self._command(f"phenotype {CAUSED} --max-af {MAX_AF}", "  # its first rows")
        show_phenotype(report.gene, self.console, _ROWS)
        tested = report.burden["tests"][0]["gene"]
        self._command(f"burden {tested} --cases {CAUSED} --max-af {MAX_AF}")
        show_burden(report.burden, self.console)
        show_heading(self.console, "A common variant brings patients seizures: which?")
        self._command(
            f"phenotype {MODIFIED} --where affected=1 --relatives --max-af {MAX_AF}", "  # likewise"
        )
        show_phenotype(report.modifier, self.console, _ROWS)
        self._command(f"carriers {report.carriers['variant']} --where affected=1")
        show_carriers(report.carriers, self.console, _ROWS)
        for is_found, what in (
            (report.finds_gene, "the planted gene"),
            (report.finds_modifier, "the planted modifier"),
        ):
            verdict = "comes first" if is_found else "does NOT come first"
            show_line(self.console, f"{what} {verdict}", "green" if is_found else "bold red")
        show_agreement(self.console, report.counts, "tables and counts agree with the truth")
        return report

    def export(self, path: Path) -> ExportReport:
        """Write the care base as a sites VCF and read it back."""
        show_heading(self.console, "The base leaves as a sites VCF")
        self._command(f"export vcf -o {shown_path(path)}")
        report = export_sites(self.warehouse, self.cohort, path)
        show_line(self.console, f"{report.exported.variants:,} variants seen, and their index")
        show_agreement(self.console, report.counts, "figures of everybody agree with the truth")
        return report

    def _command(self, text: str, remark: str = "") -> None:
        where = shown_path(self.warehouse.path)
        show_command(self.console, f"cad {text} -w {where}{remark}")

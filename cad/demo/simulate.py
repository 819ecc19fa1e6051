"""One call that writes the demo's whole world: reference, three nights of batches, and the truth.

Deterministic: the same seed and sizes give the same bytes. Two batches bear watching: the second
SEQOIA batch of night 2 is truncated and must be refused (night 3 brings it whole, under the same
id), and one person is sequenced again on night 3, so that another sample is counted.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from cad.demo.batches import NIGHTS, BatchPlan, FilePlan, plan_batches, second_samples
from cad.demo.effects import write_effects, write_genes
from cad.demo.features import draw_features, write_ontology
from cad.demo.genome import Reference, make_reference
from cad.demo.haplotypes import Genomes, make_genomes
from cad.demo.notable import Key, Notable, notable_variants
from cad.demo.observe import Observed, observe, survey
from cad.demo.people import Person, make_people
from cad.demo.records import Line, write_text
from cad.demo.truth import DemoTruth, SampleCounts, sample_counts
from cad.demo.write import (
    FileReceipt,
    batch_directory,
    columns_of,
    write_batch,
    write_reference,
)

_log = logging.getLogger(__name__)

MIN_TRIOS, MIN_UNRELATED = 12, 40
"""Smaller cohorts would lack a planted feature (a sample superseded, a batch refused)."""


@dataclass(frozen=True)
class DemoCohort:
    """Where everything is. ``nights`` holds the batch directories to push, night by night.

    ``bad_batch`` is to be refused on night 2. ``repush`` is a batch of night 1 to push once more
    on night 2: same bytes, ``unchanged``. ``receipts`` gives by batch id what each file must
    load. ``reanalysed`` is the person whose later sample supersedes the first; ``shared`` and
    ``silent`` are the variants planted in several probands and in nobody, ``causal`` those of the
    gene behind one indication, ``modifier`` the one that brings patients a second feature.
    ``ontology``, ``genes`` and ``effects`` are files to load: an excerpt of HPO, where genes lie,
    and what variants do;
    ``effects_of`` the same, as gene and impact by variant.
    """

    root: Path
    reference: Path
    nights: tuple[tuple[Path, ...], ...]
    bad_batch: Path
    repush: Path
    receipts: Mapping[str, tuple[FileReceipt, ...]]
    reanalysed: str
    shared: Key
    silent: Key
    causal: tuple[Key, ...]
    modifier: Key
    ontology: Path
    genes: Path
    effects: Path
    effects_of: Mapping[Key, tuple[str, str]]
    truth: DemoTruth

    def truth_rows(
        self, upto_night: int, cohort_purposes: Mapping[str, frozenset[str]] | None = None
    ) -> pl.DataFrame:
        """The counts to expect after a night; see ``DemoTruth.rows``."""
        return self.truth.rows(upto_night, cohort_purposes)

    def notable(
        self, upto_night: int = 3, cohort_purposes: Mapping[str, frozenset[str]] | None = None
    ) -> list[Notable]:
        """Variants worth showing after a night; see ``notable_variants``."""
        return notable_variants(self.truth, self.shared, self.silent, upto_night, cohort_purposes)


def simulate_cohort(
    out: Path, seed: int = 1, *, trios: int = 60, unrelated: int = 150
) -> DemoCohort:
    """Simulate the cohort and write it under ``out``, which must not hold one yet.

    Args:
        out: Directory for ``reference.fa`` and ``night1`` to ``night3``; made if absent.
        seed: Everything random follows from it.
        trios: Families of father, mother and affected child, at least ``MIN_TRIOS``.
        unrelated: People without relatives here, at least ``MIN_UNRELATED``.

    Raises:
        ValueError: The cohort is too small for the features the demo shows.
        FileExistsError: A batch directory is already there.
    """
    if trios < MIN_TRIOS or unrelated < MIN_UNRELATED:
        raise ValueError(f"at least {MIN_TRIOS} trios and {MIN_UNRELATED} unrelated people needed")
    started = time.perf_counter()
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    reference = make_reference(rng)
    people = make_people(rng, trios, unrelated)
    genomes = make_genomes(rng, reference, people)
    of_features, of_effects = rng.spawn(2)
    carries = (genomes.codes[:, :, genomes.modifier] == 1).any(axis=1)
    people = draw_features(of_features, people, carries)
    world = _World(rng, reference, people, genomes)
    write_reference(out / "reference.fa", reference)
    causal = tuple(map(world.key_of, genomes.causal))
    write_ontology(out / "hpo.obo")
    write_genes(out / "genes.gff3")
    effects_of = write_effects(out / "effects.vcf", of_effects, world.keys, causal)
    plans = plan_batches(people)
    receipts = {plan.batch_id: tuple(world.deliver(out, plan)) for plan in plans}
    refused = next(plan for plan in plans if plan.pushed != plan.planned)
    _log.info(
        "simulated %d persons, %d variants, %d batches in %.1f s",
        len(people),
        len(world.keys),
        len(plans),
        time.perf_counter() - started,
    )
    return DemoCohort(
        root=out,
        reference=out / "reference.fa",
        nights=tuple(
            tuple(out / batch_directory(plan) for plan in plans if plan.pushed == night)
            for night in range(1, len(NIGHTS) + 1)
        ),
        bad_batch=out / batch_directory(refused, refused=True),
        repush=out / batch_directory(plans[0]),
        receipts=receipts,
        reanalysed=people[second_samples(people)[0]].person_id,
        shared=world.key_of(genomes.shared),
        silent=world.key_of(genomes.silent),
        causal=causal,
        modifier=world.key_of(genomes.modifier),
        ontology=out / "hpo.obo",
        genes=out / "genes.gff3",
        effects=out / "effects.vcf",
        effects_of=effects_of,
        truth=DemoTruth(people, world.keys, world.samples),
    )


class _World:
    """What stays fixed while batches are sequenced and written, and the truth that gathers."""

    def __init__(
        self,
        rng: np.random.Generator,
        reference: Reference,
        people: list[Person],
        genomes: Genomes,
    ) -> None:
        self.rng, self.reference, self.people, self.genomes = rng, reference, people, genomes
        self.ground = survey(genomes)
        self.keys: list[Key] = []
        self.samples: list[SampleCounts] = []
        loci: list[int] = []
        codes: list[int] = []
        for index, locus in enumerate(genomes.loci):
            for code, key in enumerate(locus.keys(reference), start=1):
                self.keys.append(key)
                loci.append(index)
                codes.append(code)
        self._key_locus, self._key_code = np.array(loci), np.array(codes)
        self._clean = frozenset(locus.cell for locus in genomes.loci if locus.clean)

    def key_of(self, locus: int) -> Key:
        """The first variant of a locus."""
        return self.keys[int(np.flatnonzero(self._key_locus == locus)[0])]

    def deliver(self, out: Path, plan: BatchPlan) -> list[FileReceipt]:
        """Sequence and write one batch; the one that is refused first is also written truncated."""
        parts = []
        for file in plan.files:
            seen = observe(self.rng, file, self.people, self.genomes, self.ground)
            parts.append((file, self._texts(file, seen)))
            for row, delivery in enumerate(file.deliveries):
                counts = sample_counts(seen, self.ground, self._key_locus, self._key_code, row)
                self.samples.append(SampleCounts(delivery, plan.platform, plan.pushed, counts))
        if plan.pushed != plan.planned:
            bad = out / batch_directory(plan, refused=True)
            write_batch(bad, plan, self.people, parts, self._clean, truncate=True)
        return write_batch(out / batch_directory(plan), plan, self.people, parts, self._clean)

    def _texts(self, file: FilePlan, seen: Observed) -> list[tuple[str, list[Line]]]:
        return write_text(
            self.rng,
            self.reference,
            file,
            columns_of(file),
            self.ground,
            seen,
            self.genomes.spare,
        )

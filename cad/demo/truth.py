"""The exact counts of the demo: what every variant must show in every stratum after each night.

Built from what ``observe`` drew, by the rules of DESIGN 5.1 and 5.5-5.8; no VCF is read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cad.demo.batches import Delivery
from cad.demo.loci import Codes
from cad.demo.observe import Ground, Observed
from cad.demo.people import Person

PURPOSES = ("care", "research", "industry")
QUANTITIES = ("ac", "an", "n_het", "n_hom", "n_hemi", "persons", "ac_raw", "an_raw")
_ASSAY_RANK = {"WES": 0, "WGS": 1}


@dataclass(frozen=True)
class SampleCounts:
    """What one sample contributes: (quantity, variant key), in the order of ``QUANTITIES``."""

    delivery: Delivery
    platform: str
    pushed: int
    counts: Codes = field(repr=False)


def sample_counts(
    observed: Observed,
    ground: Ground,
    key_locus: NDArray[np.int64],
    key_code: NDArray[np.int64],
    row: int,
) -> Codes:
    """One sample's contribution per key: its class by 5.6 and 5.7, its known alleles by 5.3."""
    alleles = observed.alleles[row][:, key_locus]
    dosage = (alleles == key_code).sum(axis=0) * observed.valid[row, key_locus]
    ploidy, mito = observed.ploidy[row, key_locus], ground.mito[key_locus]
    homoplasmic = observed.vaf[row, key_locus] >= 0.95
    passing = observed.passing[row, key_locus]
    carried = dosage > 0
    het = carried & np.where(mito, ~homoplasmic, (ploidy == 2) & (dosage == 1))
    hom = carried & np.where(mito, homoplasmic, (ploidy == 2) & (dosage == 2))
    hemi = carried & (ploidy == 1) & ~mito
    known, known_raw = observed.known[row, key_locus], observed.known_raw[row, key_locus]
    rows = [
        dosage * passing,
        known,
        het & passing,
        hom & passing,
        hemi & passing,
        known > 0,
        dosage,
        known_raw,
    ]
    return np.stack([np.asarray(values, dtype=np.int8) for values in rows])


@dataclass(frozen=True)
class DemoTruth:
    """Counts of the simulated cohort by night, purpose, stratum and variant."""

    people: list[Person]
    keys: list[tuple[str, int, str, str]]
    samples: list[SampleCounts]

    def counted(self, upto_night: int) -> list[SampleCounts]:
        """Each person's counted sample among those pushed up to a night (5.1)."""

        def rank(sample: SampleCounts) -> tuple[int, str, str, str]:
            one = sample.delivery
            return _ASSAY_RANK[one.assay], one.collected_on, one.batch_id, one.sample_id

        best: dict[int, SampleCounts] = {}
        for sample in self.samples:
            held = best.get(sample.delivery.person)
            if sample.pushed <= upto_night and (held is None or rank(sample) > rank(held)):
                best[sample.delivery.person] = sample
        return [best[person] for person in sorted(best)]

    def rows(
        self, upto_night: int, cohort_purposes: Mapping[str, frozenset[str]] | None = None
    ) -> pl.DataFrame:
        """One row per purpose, stratum and variant with a raw carrier in that purpose.

        Args:
            upto_night: The last night pushed and built, from 1.
            cohort_purposes: What the warehouse's code list allows each cohort; one it does not list
                narrows nothing (7).

        Returns:
            Columns purpose, stratum, contig, pos, ref, alt and those of ``QUANTITIES``, sorted by
            purpose, stratum and position. Strata without a person in the purpose are absent.
        """
        frames = [
            self._purpose_rows(purpose, self.inside(upto_night, purpose, cohort_purposes))
            for purpose in PURPOSES
        ]
        return pl.concat(frames).sort("purpose", "stratum", "contig", "pos", "ref", "alt")

    def expected(
        self,
        upto_night: int,
        variant: tuple[str, int, str, str],
        purpose: str = "care",
        cohort_purposes: Mapping[str, frozenset[str]] | None = None,
    ) -> dict[str, int]:
        """Counts of one variant in ``all``, also where nobody carries it."""
        inside = self.inside(upto_night, purpose, cohort_purposes)
        key = self.keys.index(variant)
        totals = np.stack([sample.counts[:, key] for sample in inside]).sum(axis=0, dtype=np.int64)
        return dict(zip(QUANTITIES, totals.tolist(), strict=True))

    def inside(
        self,
        upto_night: int,
        purpose: str,
        cohort_purposes: Mapping[str, frozenset[str]] | None = None,
    ) -> list[SampleCounts]:
        """Counted samples of the persons whose consents and cohort allow a purpose."""
        allowed = cohort_purposes or {}
        return [
            sample
            for sample in self.counted(upto_night)
            if purpose in self._person(sample).purposes(upto_night)
            and purpose in allowed.get(self._person(sample).cohort, PURPOSES)
        ]

    def _person(self, sample: SampleCounts) -> Person:
        return self.people[sample.delivery.person]

    def _purpose_rows(self, purpose: str, inside: list[SampleCounts]) -> pl.DataFrame:
        """All strata of one purpose: a (stratum, person) matrix times the persons' counts."""
        strata = [strata_of(self._person(sample), sample) for sample in inside]
        names = sorted({name for held in strata for name in held})
        member = np.array([[name in held for held in strata] for name in names], dtype=np.float32)
        counts = np.stack([sample.counts for sample in inside]).astype(np.float32)
        # Sums stay far below 2^24, where float32 holds every integer.
        sums = np.einsum("sp,pqk->sqk", member, counts, optimize=True).astype(np.int64)
        seen = np.flatnonzero(sums[names.index("all"), QUANTITIES.index("ac_raw")] > 0)
        keys = [self.keys[index] for index in seen]
        columns: dict[str, object] = {
            "purpose": [purpose] * (len(names) * len(seen)),
            "stratum": np.repeat(names, len(seen)).tolist(),
        }
        for place, name in enumerate(("contig", "pos", "ref", "alt")):
            columns[name] = [key[place] for key in keys] * len(names)
        for place, name in enumerate(QUANTITIES):
            columns[name] = sums[:, place, seen].ravel()
        return pl.DataFrame(columns)


def strata_of(person: Person, sample: SampleCounts) -> set[str]:
    """The strata a person falls into by its counted sample (5.8)."""
    attributes = {
        "sex": person.sex,
        "platform": sample.platform,
        "assay": sample.delivery.assay,
        "affected": person.affected,
        "founder": str(int(not person.is_child)),
        "indication": person.indication or "unknown",
        "region": person.region or "unknown",
        "cohort": person.cohort or "unknown",
    }
    marginal = {f"{name}={value}" for name, value in attributes.items()}
    pair = f"indication={attributes['indication']},affected={attributes['affected']}"
    return {"all", pair, *marginal}

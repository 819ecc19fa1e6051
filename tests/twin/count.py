"""The base: for each purpose, variant and stratum, who carries it and who could have (5.6, 6)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from scipy.stats import gamma

from tests.twin.batch import (
    COHORT_PURPOSES,
    PURPOSES,
    Sample,
    TwinBatch,
    counted_samples,
    purposes_of,
    strata_of,
)
from tests.twin.facts import Key, ploidy_at


def faf95(ac: int, an: int) -> float:
    """Give the lower 95 % bound of the frequency (5.11; Whiffin 2017)."""
    if ac <= 1 or an == 0:
        return 0.0
    return float(gamma.ppf(0.05, ac)) / an


@dataclass
class Row:
    """The figures of one variant in one stratum for one purpose (5.6)."""

    ac: int = 0
    an: int = 0
    n_het: int = 0
    n_hom: int = 0
    n_hemi: int = 0
    persons: int = 0
    ac_raw: int = 0
    an_raw: int = 0

    def faf95(self, contig: str) -> float:
        """Give faf95; on M it rests on n_hom (5.7)."""
        return faf95(self.n_hom if contig == "M" else self.ac, self.an)


@dataclass
class Person:
    """A counted person: the sample that stands for them, their strata and purposes."""

    sample: Sample
    assembly: str
    strata: frozenset[str]
    purposes: frozenset[str]
    weights: dict[tuple[str, int, bool], int] = field(default_factory=dict)

    def ploidy(self, contig: str, p: int) -> int:
        """Give the person's ploidy at a position (5.5)."""
        return ploidy_at(self.assembly, self.sample.said("sex"), contig, p)

    def weight(self, contig: str, p: int, passing: bool) -> int:
        """Give w at the person's own ploidy (5.3, 5.5)."""
        asked = (contig, p, passing)
        if asked not in self.weights:
            ploidy = self.ploidy(contig, p)
            self.weights[asked] = self.sample.weight(contig, p, ploidy, passing)
        return self.weights[asked]

    def assayed(self, contig: str, p: int) -> bool:
        """Tell whether the counted sample has a file that covers p (6)."""
        files = self.sample.files_for(contig)
        return any(f.assays(self.sample.sample_id, contig, p) for f in files)

    def _calls(self, passing: bool) -> dict[Key, str]:
        """Give each key called, as ``het``, ``hom`` or ``hemi``."""
        forms: dict[Key, str] = {}
        sample_id = self.sample.sample_id
        for file in self.sample.files:
            bands = file.bands(sample_id, passing)
            for ploidy in (1, 2):
                for key, dosage in file.calls(sample_id, ploidy, passing).items():
                    right_ploidy = self.ploidy(key.contig, key.pos) == ploidy
                    if right_ploidy and file in self.sample.files_for(key.contig):
                        nuclear = "hemi" if ploidy == 1 else {1: "het", 2: "hom"}[dosage]
                        forms[key] = bands[key] if key.contig == "M" else nuclear
        return forms

    @cached_property
    def passing_calls(self) -> dict[Key, str]:
        """Give the calls that pass."""
        return self._calls(passing=True)

    @cached_property
    def raw_calls(self) -> dict[Key, str]:
        """Give the calls, passing or not."""
        return self._calls(passing=False)


def copies(key: Key, form: str) -> int:
    """Give what a call adds to AC: 2 for a homozygote off M, else 1 (5.6, 5.7)."""
    return 2 if form == "hom" and key.contig != "M" else 1


def count(persons: Iterable[Person], key: Key) -> Row:
    """Count one variant over persons (5.6)."""
    row = Row()
    for person in persons:
        weight = person.weight(key.contig, key.pos, True)
        row.an += weight
        row.persons += weight > 0
        row.an_raw += person.weight(key.contig, key.pos, False)
        form = person.passing_calls.get(key)
        if form is not None:
            row.ac += copies(key, form)
            setattr(row, f"n_{form}", getattr(row, f"n_{form}") + 1)
        if key in person.raw_calls:
            row.ac_raw += copies(key, person.raw_calls[key])
    return row


@dataclass
class TwinBase:
    """The base and the counted persons behind it.

    ``rows`` holds (purpose, stratum, key) for each variant of the purpose's base and each stratum
    that has a person, zeros included.
    """

    people: list[Person]
    rows: dict[tuple[str, str, Key], Row]

    def members(self, purpose: str, stratum: str) -> list[Person]:
        """Give the persons who count for a purpose in a stratum."""
        return [p for p in self.people if purpose in p.purposes and stratum in p.strata]

    def keys(self, purpose: str) -> set[Key]:
        """Give the variants of a purpose's base: ac_raw(all) > 0 (5.6)."""
        return {key for p in self.members(purpose, "all") for key in p.raw_calls}

    def an_at(self, purpose: str, stratum: str, contig: str, p: int, passing: bool = True) -> int:
        """Give AN at any position, seen or not (5.6)."""
        return sum(m.weight(contig, p, passing) for m in self.members(purpose, stratum))

    def state(
        self,
        purpose: str,
        stratum: str,
        key: Key,
        *,
        is_disclosed: bool = True,
        small_count: int = 5,
    ) -> tuple[str, bool]:
        """Give the state of an answer and ``raw_only`` (6).

        With ``is_disclosed`` false the rule of 7 for few carriers applies (not its complements).
        """
        members = self.members(purpose, stratum)
        row = count(members, key)
        carriers = row.n_het + row.n_hom + row.n_hemi
        is_small = 0 < carriers < small_count and stratum != "all" and purpose != "care"
        if is_small and not is_disclosed:
            return "hidden", False
        if row.ac > 0:
            return "seen", False
        if row.an > 0:
            return "callable_not_seen", row.ac_raw > 0
        is_assayed = any(m.assayed(key.contig, key.pos) for m in members)
        return ("not_callable" if is_assayed else "not_assayed"), False


def count_base(
    batches: Sequence[TwinBatch],
    assembly: str,
    purposes: Sequence[str] = PURPOSES,
    *,
    withdrawn: Collection[str] = (),
    cohort_purposes: Mapping[str, Collection[str]] = COHORT_PURPOSES,
) -> TwinBase:
    """Count the base of all batches: what it should hold, from nothing."""
    gone = frozenset(withdrawn).union(*(batch.withdrawn for batch in batches))
    consents = [consent for batch in batches for consent in batch.consents]
    people = [
        Person(s, assembly, strata_of(s), purposes_of(s, consents, cohort_purposes))
        for s in counted_samples(batches, gone)
    ]
    base = TwinBase(people, {})
    for purpose in purposes:
        strata = {name for p in people if purpose in p.purposes for name in p.strata}
        keys = base.keys(purpose)
        for stratum in strata:
            members = base.members(purpose, stratum)
            for key in keys:
                base.rows[purpose, stratum, key] = count(members, key)
    return base

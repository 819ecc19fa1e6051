"""Lines of a GTF or GFF3 file to features; which of both it is, the lines tell themselves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from sys import intern
from typing import Final, NamedTuple
from urllib.parse import unquote

from schemas.contigs import Assembly, canonical_contig, contig_length
from schemas.errors import BadQuestion
from schemas.refseq import accession_contig

_COLUMNS: Final = 9
_GTF_PAIR: Final = re.compile(r'\s*(\w+)\s+(?:"([^"]*)"|([^\s;"]+))\s*(?:;|$)')
_GTF_WHOLE: Final = re.compile(r'(?:\s*\w+\s+(?:"[^"]*"|[^\s;"]+)\s*(?:;|$))+\s*')
_ASSEMBLY: Final = re.compile(r"GRCh3[78]")
_REGION: Final = re.compile(r"##sequence-region\s+(\S+)\s+(\d+)\s+(\d+)")
_SEVERAL: Final = frozenset({"tag", "Alias", "gene_synonym", "Dbxref", "db_xref", "Parent"})
"""Attributes that may hold several values, separated by commas or given several times."""
_WANTED: Final = _SEVERAL | {
    *("ID", "Name", "gene", "gene_id", "gene_name", "gene_version", "version", "hgnc_id"),
    *("biotype", "gene_biotype", "gene_type", "transcript_biotype", "transcript_type"),
    *("transcript_id", "transcript_version", "protein_id", "protein_version", "description"),
}
"""Attributes that are kept: a file has millions of lines."""


class Feature(NamedTuple):
    """One line: where it lies, what it is, what is said of it.

    `attributes` hold what stands last; those of `_SEVERAL` hold their values joined by commas.
    """

    number: int
    contig: str
    kind: str
    start: int
    end: int
    strand: str
    phase: int | None
    attributes: dict[str, str]


@dataclass
class FeatureReader:
    """Reads the lines of one file.

    Attributes:
        assembly: the warehouse's.
        name: the file's, for messages.
        left_out: counts lines that are no features, by why.
        is_gtf: whether attributes are GTF's; None before the first feature.
        version: what the header says of the release, by directive.
    """

    assembly: Assembly
    name: str
    left_out: Counter[str]
    is_gtf: bool | None = None
    version: dict[str, str] = field(default_factory=dict)

    def read(self, lines: Iterator[str], kinds: frozenset[str]) -> Iterator[Feature]:
        """Features whose third column names one of `kinds`, in the file's order.

        Raises:
            BadQuestion: `annotation_malformed`, `assembly_mismatch`.
        """
        for number, line in enumerate(lines, start=1):
            if line.startswith("#"):
                if line.startswith("##FASTA"):
                    return
                self._read_directive(line, number)
            elif line:
                feature = self._feature(line, number, kinds)
                if feature is not None:
                    yield feature

    def _feature(self, line: str, number: int, kinds: frozenset[str]) -> Feature | None:
        cells = line.split("\t")
        if len(cells) != _COLUMNS:
            raise self._malformed(f"expected {_COLUMNS} columns, found {len(cells)}", number)
        name, _, kind, first, last, _, strand, phase, written = cells
        contig = _contig(name, self.assembly)
        if contig is None:
            self.left_out["contig_not_counted"] += 1
            return None
        if kind not in kinds and not ("ID=gene:" in written or "ID=transcript:" in written):
            return None
        if not (first.isdecimal() and last.isdecimal()):
            raise self._malformed("start and end must be whole numbers", number)
        start, end = int(first), int(last)
        if not 1 <= start <= end:
            raise self._malformed(f"expected 1 <= start <= end, found {start} and {end}", number)
        if end > contig_length(self.assembly, contig):
            raise self._mismatch(
                f"a feature ends at {end} of contig {contig}, which has "
                f"{contig_length(self.assembly, contig)} bases in {self.assembly}",
                number,
            )
        if strand not in ("+", "-"):
            raise self._malformed(f"expected + or - as the strand, found {strand!r}", number)
        if phase not in (".", "0", "1", "2"):
            raise self._malformed(f"expected 0, 1, 2 or . as the phase, found {phase!r}", number)
        attributes = self._attributes(written, number)
        own_phase = None if phase == "." else int(phase)
        return Feature(
            number, intern(contig), intern(kind), start, end, strand, own_phase, attributes
        )

    def _attributes(self, written: str, number: int) -> dict[str, str]:
        if self.is_gtf is None:
            self.is_gtf = _GTF_PAIR.match(written) is not None and "=" not in written.split('"')[0]
        found: dict[str, str] = {}
        for key, value in self._pairs(written, number):
            if key in _WANTED:
                several = key in _SEVERAL and key in found
                found[key] = f"{found[key]},{value}" if several else value
        return found

    def _pairs(self, written: str, number: int) -> Iterator[tuple[str, str]]:
        if self.is_gtf:
            if _GTF_WHOLE.fullmatch(written) is None:
                raise self._malformed('expected attributes as in gene_id "..."; ...', number)
            for key, quoted, bare in _GTF_PAIR.findall(written):
                yield key, quoted or bare
            return
        for pair in written.strip().strip(";").split(";"):
            key, sign, value = pair.strip().partition("=")
            if not sign or not key:
                raise self._malformed("expected attributes as in ID=gene:ENSG...;...", number)
            yield key, unquote(value) if "%" in value else value

    def _read_directive(self, line: str, number: int) -> None:
        """Check what the header says of the assembly, and keep what it says of the release."""
        match = _REGION.match(line)
        if match is not None:
            self._check_region(match[1], int(match[3]), number)
            return
        key, _, value = line.lstrip("#!").strip().partition(" ")
        key = key.rstrip(":")
        if key in ("genome-build", "genome-version", "description"):
            self.version[key] = value.strip()
            named = set(_ASSEMBLY.findall(value))
            # GENCODE's models mapped back name both; the one they were mapped to stands last.
            if named and not value.endswith("gencode-backmap") and named != {self.assembly}:
                raise self._mismatch(f"the header names {' and '.join(sorted(named))}", number)
        elif key in ("annotation-source", "genebuild-last-updated", "provider", "date"):
            self.version[key] = value.strip()

    def _check_region(self, name: str, end: int, number: int) -> None:
        contig = _contig(name, self.assembly)
        if contig is not None and end != contig_length(self.assembly, contig):
            raise self._mismatch(
                f"the header gives contig {contig} {end} bases; {self.assembly} has "
                f"{contig_length(self.assembly, contig)}",
                number,
            )

    def _malformed(self, detail: str, number: int) -> BadQuestion:
        return BadQuestion("annotation_malformed", detail, f"{self.name}, line {number}")

    def _mismatch(self, detail: str, number: int) -> BadQuestion:
        return BadQuestion("assembly_mismatch", detail, f"{self.name}, line {number}")


def _contig(name: str, assembly: Assembly) -> str | None:
    """The counted contig that a name or an accession of the assembly means."""
    return canonical_contig(name) or accession_contig(assembly, name)

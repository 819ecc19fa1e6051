"""Features of a GTF or GFF3 file gathered into genes and transcripts, whatever their order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from loaders.genes.lines import Feature
from loaders.genes.transcript import Exon, split_version
from schemas.errors import BadQuestion

GENES: Final = frozenset({"gene", "pseudogene", "ncRNA_gene"})
TRANSCRIPTS: Final = frozenset(
    {
        *("transcript", "mRNA", "lnc_RNA", "lncRNA", "ncRNA", "miRNA", "snRNA", "snoRNA", "scRNA"),
        *("rRNA", "tRNA", "Y_RNA", "vault_RNA", "antisense_RNA", "RNase_P_RNA", "RNase_MRP_RNA"),
        *("telomerase_RNA", "guide_RNA", "primary_transcript", "pseudogenic_transcript"),
        *("unconfirmed_transcript", "C_gene_segment", "D_gene_segment", "J_gene_segment"),
        *("V_gene_segment", "NMD_transcript_variant", "processed_transcript", "lincRNA"),
    }
)
PARTS: Final = frozenset({"exon", "CDS", "stop_codon"})
KINDS: Final = GENES | TRANSCRIPTS | PARTS
_HGNC: Final = re.compile(r"HGNC(?::HGNC)?[:%].*?(\d+)|Acc:(\d+)")
_HGNC_NUMBER: Final = re.compile(r"(?:HGNC:)?(\d+)")


@dataclass
class GeneRow:
    """A gene as the file tells of it."""

    gene_id: str
    version: int | None
    symbol: str
    hgnc_id: str | None
    aliases: list[str]
    biotype: str
    contig: str
    start: int
    end: int
    strand: str


@dataclass
class TranscriptRow:
    """A transcript as the file tells of it; `gene` is the key of its gene."""

    number: int
    transcript_id: str
    version: int | None
    gene: str
    biotype: str
    tags: list[str]
    contig: str
    start: int
    end: int
    strand: str
    protein_id: str | None = None
    spans: list[tuple[int, int]] = field(default_factory=list)
    coding: list[tuple[int, int, int | None]] = field(default_factory=list)
    stops: list[tuple[int, int]] = field(default_factory=list)

    @property
    def is_forward(self) -> bool:
        """Whether it reads as the forward strand does."""
        return self.strand == "+"


class Part(NamedTuple):
    """An exon, coding part or stop codon, as `Feature` tells of it; `protein` may be empty."""

    number: int
    contig: str
    kind: str
    start: int
    end: int
    strand: str
    phase: int | None
    protein: str


@dataclass
class Gathered:
    """Genes and transcripts by their key in the file."""

    name: str
    genes: dict[str, GeneRow] = field(default_factory=dict)
    transcripts: dict[str, TranscriptRow] = field(default_factory=dict)
    _parts: list[tuple[str, Part]] = field(default_factory=list)
    _keys: dict[str, str] = field(default_factory=dict)

    def add(self, features: Iterable[Feature], is_gtf: bool) -> None:
        """Take a file's features.

        Raises:
            BadQuestion: `annotation_malformed` where a part has no transcript, a transcript no
                gene, or they do not lie on one strand within one another.
        """
        for feature in features:
            if is_gtf:
                self._add_gtf(feature)
            else:
                self._add_gff3(feature)
        for key, part in self._parts:
            self._place(key, part)
        self._parts.clear()
        self._keys.clear()
        for row in self.transcripts.values():
            self._finish(row)

    def _add_gff3(self, feature: Feature) -> None:
        said = feature.attributes
        key, parents = said.get("ID", ""), said.get("Parent", "")
        if feature.kind in PARTS:
            if not parents:
                raise self._malformed(f"{feature.kind} without Parent", feature.number)
            for parent in parents.split(","):
                self._keep(parent, feature)
        elif parents:
            row = _transcript(feature, said.get("transcript_id") or _bare(key), parents)
            self.transcripts[key] = row
        else:
            self.genes[key] = _gene(feature, said.get("gene_id") or _bare(key))

    def _add_gtf(self, feature: Feature) -> None:
        said = feature.attributes
        gene = f"{feature.contig} {said.get('gene_id', '')}"
        if not said.get("gene_id"):
            raise self._malformed("no gene_id", feature.number)
        if feature.kind in GENES:
            self.genes[gene] = _gene(feature, said["gene_id"])
            return
        if not said.get("transcript_id"):
            raise self._malformed("no transcript_id", feature.number)
        key = f"{gene} {said['transcript_id']}"
        if feature.kind in TRANSCRIPTS:
            self.transcripts[key] = _transcript(feature, said["transcript_id"], gene)
            return
        self._keep(key, feature)
        # Files of old tell of exons alone; what holds them grows with them.
        self._imply(gene, key, feature)

    def _imply(self, gene: str, key: str, part: Feature) -> None:
        said = part.attributes
        if gene not in self.genes:
            self.genes[gene] = _gene(part, said["gene_id"])
        if key not in self.transcripts:
            self.transcripts[key] = _transcript(part, said["transcript_id"], gene)
        for row in (self.genes[gene], self.transcripts[key]):
            row.start, row.end = min(row.start, part.start), max(row.end, part.end)

    def _keep(self, key: str, feature: Feature) -> None:
        """Keep a part until its transcript is known, in little room."""
        said = feature.attributes
        protein, version = said.get("protein_id"), said.get("protein_version")
        name = f"{protein}.{version}" if protein and version else protein
        part = Part(*feature[:-1], self._keys.setdefault(name or "", name or ""))
        self._parts.append((self._keys.setdefault(key, key), part))

    def _place(self, key: str, part: Part) -> None:
        """Give a part to its transcript; of a gene's own parts none is made."""
        row = self.transcripts.get(key)
        if row is None:
            if key in self.genes:
                return
            raise self._malformed(f"{part.kind} of a transcript that is not there", part.number)
        if (part.contig, part.strand) != (row.contig, row.strand):
            raise self._malformed(f"{part.kind} on another strand or contig", part.number)
        if not row.start <= part.start <= part.end <= row.end:
            raise self._malformed(f"{part.kind} reaches beyond its transcript", part.number)
        if part.kind == "exon":
            row.spans.append((part.start, part.end))
        elif part.kind == "CDS":
            row.coding.append((part.start, part.end, part.phase))
            row.protein_id = part.protein or row.protein_id
        else:
            row.stops.append((part.start, part.end))

    def _finish(self, row: TranscriptRow) -> None:
        if row.gene not in self.genes:
            raise self._malformed("a transcript of a gene that is not there", row.number)
        row.coding = list(_with_stops(row))
        row.spans = sorted(set(row.spans) or {part[:2] for part in row.coding})
        if not row.spans:
            row.spans = [(row.start, row.end)]
        for (_, end), (start, _) in zip(row.spans, row.spans[1:], strict=False):
            if start <= end and not row.coding:
                raise self._malformed("two exons of a transcript overlap", row.number)
        for start, end, _ in row.coding:
            if not any(first <= start <= end <= last for first, last in row.spans):
                raise self._malformed("a coding part lies in no exon of its transcript", row.number)

    def _malformed(self, detail: str, number: int) -> BadQuestion:
        return BadQuestion("annotation_malformed", detail, f"{self.name}, line {number}")


def exons_of(row: TranscriptRow) -> Iterator[tuple[int, Exon]]:
    """Exons of a finished transcript with their rank, ascending; one for each coding part."""
    count = len(row.spans)
    for at, (start, end) in enumerate(row.spans):
        rank = at + 1 if row.is_forward else count - at
        parts = [part for part in row.coding if start <= part[0] <= end]
        for part in parts:
            yield rank, Exon(start, end, *part)
        if not parts:
            yield rank, Exon(start, end)


def _with_stops(row: TranscriptRow) -> Iterator[tuple[int, int, int | None]]:
    """Coding parts, ascending, with the stop codon that GTF leaves out, and with their phases."""
    parts = sorted(row.coding)
    for start, end in sorted(row.stops):
        at = next((at for at, one in enumerate(parts) if _touches(one, start, end)), None)
        if at is None:
            parts.append((start, end, None))
        else:
            first, last, phase = parts[at]
            parts[at] = (min(first, start), max(last, end), phase)
    parts.sort(reverse=not row.is_forward)
    told = list[tuple[int, int, int | None]]()
    bases = 0
    for at, (start, end, phase) in enumerate(parts):
        if phase is None:
            phase = (-bases) % 3 if at else 0
        if not at:
            bases = -phase
        told.append((start, end, phase))
        bases += end - start + 1
    yield from sorted(told, key=lambda part: part[:2])


def _touches(part: tuple[int, int, int | None], start: int, end: int) -> bool:
    return part[0] <= end + 1 and start <= part[1] + 1


def _gene(feature: Feature, identifier: str) -> GeneRow:
    said = feature.attributes
    gene_id, version = _versioned(identifier, said.get("gene_version") or said.get("version"))
    symbol = said.get("gene_name") or said.get("Name") or said.get("gene") or gene_id
    aliases = f"{said.get('Alias', '')},{said.get('gene_synonym', '')}".split(",")
    return GeneRow(
        gene_id, version, symbol, _hgnc_id(said),
        [alias for alias in dict.fromkeys(aliases) if alias and alias != symbol],
        _biotype(said, "gene") or feature.kind,
        feature.contig, feature.start, feature.end, feature.strand,
    )  # fmt: skip


def _transcript(feature: Feature, identifier: str, gene: str) -> TranscriptRow:
    said = feature.attributes
    own = said.get("transcript_version") or said.get("version")
    transcript_id, version = _versioned(identifier, own)
    made = {"mRNA": "protein_coding"}.get(feature.kind, feature.kind)
    tags = [tag.strip().replace(" ", "_") for tag in said.get("tag", "").split(",")]
    return TranscriptRow(
        feature.number, transcript_id, version, gene, _biotype(said, "transcript") or made,
        [tag for tag in tags if tag], feature.contig, feature.start, feature.end, feature.strand,
    )  # fmt: skip


def _biotype(said: dict[str, str], of: str) -> str | None:
    names = (f"{of}_biotype", f"{of}_type", "biotype", "gene_biotype", "gene_type")
    return next((said[name] for name in names if said.get(name)), None)


def _versioned(identifier: str, version: str | None) -> tuple[str, int | None]:
    bare, own = split_version(identifier)
    if own is None and version is not None and version.isdecimal():
        own = int(version)
    return bare, own


def _bare(key: str) -> str:
    """An identifier without the prefix that tells what it is of."""
    for prefix in ("gene:", "transcript:", "gene-", "rna-"):
        if key.startswith(prefix):
            return key.removeprefix(prefix)
    return key


def _hgnc_id(said: dict[str, str]) -> str | None:
    """The HGNC number that an attribute, a cross-reference or the description tells."""
    number = _HGNC_NUMBER.fullmatch(said.get("hgnc_id", ""))
    if number is not None:
        return f"HGNC:{number[1]}"
    for name in ("Dbxref", "db_xref", "description"):
        match = _HGNC.search(said.get(name, ""))
        if match is not None and "HGNC" in said[name]:
            return f"HGNC:{match[1] or match[2]}"
    return None

"""`bcftools csq` over the variants of one contig, each on its own, in a process of its own.

It is given the registered bases as they lie on disk (a raw file of bases is a FASTA of one line,
described by its index), and the gene model as the GFF3 it understands. Genes are called by their
identifiers, as two may have one symbol; biotypes by the two that matter, coding or not, as it
leaves out what it does not know. In a process of its own, as a bad word makes bcftools exit.
"""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from loaders.genes.transcript import Transcript
from loaders.reference import Sequence as Bases
from schemas.errors import Unavailable

_RUN: Final = "import sys, pysam.bcftools as b; b.csq(*sys.argv[1:], catch_stdout=False)"
_MITOCHONDRIAL_CODE: Final = "1"
_MAX_PER_VARIANT: Final = "4096"
_INFO: Final = "BCSQ="


class Site(NamedTuple):
    """A variant of the contig, in the base's own form."""

    pos: int
    ref: str
    alt: str


class Entry(NamedTuple):
    """One consequence that bcftools tells of.

    `transcript_id` is empty where it is one of a gene's introns; `words` are bcftools' own.
    """

    words: tuple[str, ...]
    gene_id: str
    transcript_id: str
    is_coding: bool


def write_fasta(contig: str, bases: Bases, path: Path) -> Path:
    """Write the registered bases of a contig, all on one line, with their index; gaps are N."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = bases.start - 1 + len(bases.bases)
    with path.open("wb") as file:
        file.write(b"N" * (bases.start - 1))
        file.write(bases.bases.tobytes().replace(b"\0", b"N"))
        file.write(b"\n")
    index = f"{contig}\t{size}\t0\t{size}\t{size + 1}\n"
    path.with_name(path.name + ".fai").write_text(index)
    return path


def call_consequences(
    contig: str,
    bases: Bases,
    fasta: Path,
    transcripts: Iterable[Transcript],
    sites: Sequence[Site],
) -> Iterator[tuple[Site, list[Entry]]]:
    """What each variant does, alone.

    Args:
        contig: the counted contig.
        bases: its registered bases.
        fasta: the same as `write_fasta` wrote them; files come and go beside it.
        transcripts: those that the variants may touch; such as reach beyond the registered bases
            are left out.
        sites: sorted by position; each begins within the registered bases.

    Yields:
        The variants in their order; those that do nothing with no entry.

    Raises:
        Unavailable: `consequences_failed`, with what bcftools says.
    """
    known = [one for one in transcripts if bases.holds(one.start, one.end)]
    if not known or not sites:
        yield from ((site, []) for site in sites)
        return
    with TemporaryDirectory(dir=fasta.parent) as name:
        folder = Path(name)
        (folder / "genes.gff3").write_text("".join(_model_lines(contig, known)))
        _write_sites(contig, sites, bases, folder / "sites.vcf")
        _run(contig, fasta, folder)
        with (folder / "called.vcf").open() as lines:
            records = (line.rstrip("\n").split("\t") for line in lines if line[0] != "#")
            for site, record in zip(sites, records, strict=True):
                yield site, list(_entries(record[7]))


def _run(contig: str, fasta: Path, folder: Path) -> None:
    code = ("-C", _MITOCHONDRIAL_CODE) if contig == "M" else ()
    out = folder / "called.vcf"
    words = (
        *("--force", "-f", str(fasta), "-g", str(folder / "genes.gff3")),
        *("--local-csq", "--ncsq", _MAX_PER_VARIANT, *code, "-Ov", "-o", str(out)),
        str(folder / "sites.vcf"),
    )
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *words], capture_output=True, text=True, check=False
    )
    if done.returncode or not out.exists():
        said = done.stderr.strip().splitlines()
        raise Unavailable("consequences_failed", said[-1] if said else "it ended by itself", contig)


def _write_sites(contig: str, sites: Sequence[Site], bases: Bases, path: Path) -> None:
    with path.open("w") as file:
        file.write("##fileformat=VCFv4.2\n")
        file.write(f"##contig=<ID={contig},length={bases.start - 1 + len(bases.bases)}>\n")
        file.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
        for pos, ref, alt in sites:
            file.write(f"{contig}\t{pos}\t.\t{ref}\t{alt}\t.\t.\t.\n")


def _model_lines(contig: str, transcripts: Sequence[Transcript]) -> Iterator[str]:
    """The transcripts as Ensembl's GFF3, as far as bcftools reads it."""
    yield "##gff-version 3\n"
    genes: dict[str, list[Transcript]] = defaultdict(list)
    for one in transcripts:
        genes[one.gene_id].append(one)
    for gene, own in genes.items():
        span = min(one.start for one in own), max(one.end for one in own)
        yield _line(contig, "gene", *span, own[0].strand, ".",
                    f"ID=gene:{gene};Name={gene};biotype={_biotype(own[0])}")  # fmt: skip
    for one in transcripts:
        biotype = _biotype(one)
        yield _line(contig, "transcript", one.start, one.end, one.strand, ".",
                    f"ID=transcript:{one.transcript_id};Parent=gene:{one.gene_id};"
                    f"biotype={biotype}")  # fmt: skip
        parent = f"Parent=transcript:{one.transcript_id}"
        for start, end in one.spans:
            yield _line(contig, "exon", start, end, one.strand, ".", parent)
        for start, end, phase in one.coding:
            yield _line(contig, "CDS", start, end, one.strand, str(phase), parent)
        for kind, start, end in _untranslated(one):
            yield _line(contig, kind, start, end, one.strand, ".", parent)


def _line(contig: str, kind: str, start: int, end: int, strand: str, phase: str, said: str) -> str:
    return f"{contig}\t.\t{kind}\t{start}\t{end}\t.\t{strand}\t{phase}\t{said}\n"


def _biotype(one: Transcript) -> str:
    if not one.is_coding:
        return "processed_transcript"
    nonsense = one.biotype == "nonsense_mediated_decay"
    return one.biotype if nonsense else "protein_coding"


def _untranslated(one: Transcript) -> Iterator[tuple[str, int, int]]:
    """Exonic parts before and after the coding one."""
    if not one.is_coding:
        return
    first = min(start for start, _, _ in one.coding)
    last = max(end for _, end, _ in one.coding)
    before, after = "five_prime_UTR", "three_prime_UTR"
    if not one.is_forward:
        before, after = after, before
    for start, end in one.spans:
        if start < first:
            yield before, start, min(end, first - 1)
        if end > last:
            yield after, max(start, last + 1), end


def _entries(info: str) -> Iterator[Entry]:
    field = next((part for part in info.split(";") if part.startswith(_INFO)), None)
    if field is None:
        return
    for text in field[len(_INFO) :].split(","):
        words, gene_id, transcript_id, biotype, *_ = [*text.split("|"), "", "", ""]
        # A star marks what lies behind a stop that another variant brings; alone there is none.
        yield Entry(
            tuple(words.removeprefix("*").split("&")), gene_id, transcript_id,
            biotype != "processed_transcript",
        )  # fmt: skip

"""Real transcripts and the sequences they lie on, for tests of names and consequences.

Of GRCh37's chromosome 1 up to 3.4 Mb, with gene models of the data set's `csq` folder moved to
where they lie there, and a few transcripts whose exons Ensembl 75 publishes.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from loaders.annotation.gene_models import read_genes
from loaders.annotation.job import SourceJob
from loaders.genes.transcript import Exon, Transcript
from loaders.reference import Sequence
from schemas.contigs import Assembly

OFFSETS = {"ENST00000423372": 134_900, "ENST00000341065": 860_259}
"""Where slices of `annotation/csq` begin on GRCh37's chromosome 1, less one."""
_MORE = """\
1\tensembl\tgene\t69091\t70008\t.\t+\t.\tID=gene:ENSG00000186092;Name=OR4F5;biotype=protein_coding;\
version=4
1\tensembl\tmRNA\t69091\t70008\t.\t+\t.\tID=transcript:ENST00000335137;\
Parent=gene:ENSG00000186092;biotype=protein_coding;version=3;tag=basic,MANE_Select
1\tensembl\texon\t69091\t70008\t.\t+\t.\tParent=transcript:ENST00000335137;rank=1
1\tensembl\tCDS\t69091\t70008\t.\t+\t0\tParent=transcript:ENST00000335137;\
protein_id=ENSP00000334393.3
1\thavana\tpseudogene\t14363\t29806\t.\t-\t.\tID=gene:ENSG00000227232;Name=WASH7P;\
biotype=pseudogene;version=4
1\thavana\tpseudogenic_transcript\t14404\t29570\t.\t-\t.\tID=transcript:ENST00000488147;\
Parent=gene:ENSG00000227232;biotype=unprocessed_pseudogene;version=1;tag=Ensembl_canonical
"""
_WASH7P = (
    (14404, 14501), (15005, 15038), (15796, 15947), (16607, 16765), (16858, 17055),
    (17233, 17368), (17606, 17742), (17915, 18061), (18268, 18366), (24738, 24891), (29534, 29570),
)  # fmt: skip


def model_text(testdata: Path) -> str:
    """A GFF3 of all these genes, on chromosome 1 of GRCh37."""
    lines = ["##gff-version 3", "##sequence-region 1 1 249250621"]
    for folder, offset in OFFSETS.items():
        path = testdata / "annotation" / "csq" / folder / f"{folder}.gff"
        for cells in gff_cells(path):
            start, end = int(cells[3]) + offset, int(cells[4]) + offset
            lines.append("\t".join([*cells[:3], str(start), str(end), *cells[5:]]))
    exons = [
        f"1\thavana\texon\t{start}\t{end}\t.\t-\t.\tParent=transcript:ENST00000488147"
        for start, end in _WASH7P
    ]
    return "\n".join([*lines, _MORE.strip(), *exons]) + "\n"


def gff_cells(path: Path) -> Iterator[list[str]]:
    """Lines of a GFF3 of the `csq` folder; some have blanks of their attributes as tabs."""
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            cells = line.split("\t")
            yield [*cells[:8], " ".join(cells[8:])]


def load_genes(path: Path, assembly: Assembly = "GRCh37") -> dict[str, pa.Table]:
    """The tables of a gene model."""
    tables: dict[str, list[pa.Table]] = defaultdict(list)
    for name, rows in read_genes(SourceJob(path, assembly)):
        tables[name].append(rows)
    return {name: pa.concat_tables(some) for name, some in tables.items()}


def transcripts_of(tables: Mapping[str, pa.Table]) -> list[Transcript]:
    """The transcripts of a gene model's tables."""
    exons: dict[str, list[Exon]] = defaultdict(list)
    for row in tables["annotation_exon"].to_pylist():
        names = ("start", "end", "cds_start", "cds_end", "phase")
        exons[row["transcript_id"]].append(Exon(*(row[name] for name in names)))
    symbols = {row["gene_id"]: row["symbol"] for row in tables["annotation_gene"].to_pylist()}
    made = []
    for row in tables["annotation_transcript"].to_pylist():
        row.pop("mane_plus_clinical")
        row["version"] = row.pop("transcript_version")
        row["tags"] = frozenset(row["tags"])
        own = {"symbol": symbols[row["gene_id"]], "exons": exons[row["transcript_id"]]}
        made.append(Transcript(**row, **own))
    return made


def fasta_bases(path: Path) -> Sequence:
    """The first sequence of a FASTA."""
    lines = path.read_text().splitlines()
    ends = [at for at, line in enumerate(lines) if line.startswith(">")]
    stop = ends[1] if len(ends) > 1 else len(lines)
    text = "".join(lines[1:stop]).upper()
    return Sequence(1, np.frombuffer(text.encode(), np.uint8))


@cache
def chromosome_1(testdata: Path) -> Sequence:
    """GRCh37's chromosome 1 up to 3.4 Mb."""
    return fasta_bases(testdata / "reference" / "GRCh37_chr1_1-3400000.fa")


def vep_entries(path: Path, key: str = "CSQ") -> Iterator[tuple[list[str], dict[str, str]]]:
    """Columns of a line and the fields of each of its VEP entries, by name."""
    names: list[str] = []
    with path.open() as lines:
        for line in lines:
            if line.startswith(f"##INFO=<ID={key},"):
                names = line.partition("Format: ")[2].rstrip('">\n').split("|")
            if line.startswith("#"):
                continue
            columns = line.rstrip("\n").split("\t")
            found = re.search(rf"{key}=([^;]*)", columns[7])
            for entry in (found[1] if found else "").split(","):
                yield columns, dict(zip(names, entry.split("|"), strict=False))


def alternate(columns: list[str], entry: Mapping[str, Any]) -> tuple[int, str, str]:
    """The variant that a VEP entry is of: pos, ref, alt as written."""
    alts = columns[4].split(",")
    return int(columns[1]), columns[3], alts[int(entry.get("ALLELE_NUM") or 1) - 1]

"""A GTF or GFF3 file to the tables of genes, transcripts and exons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final, TypeVar

import pyarrow as pa

from loaders.annotation.job import SourceJob
from loaders.annotation.text import text_lines
from loaders.genes.gather import KINDS, Gathered, GeneRow, TranscriptRow, exons_of
from loaders.genes.lines import FeatureReader
from schemas.contigs import CONTIGS
from schemas.errors import BadQuestion
from schemas.genes import EXON, GENE, TRANSCRIPT

_CANONICAL: Final = frozenset({"Ensembl_canonical", "RefSeq_Select"})
Row = TypeVar("Row", GeneRow, TranscriptRow)


def read_genes(job: SourceJob) -> Iterator[tuple[str, pa.Table]]:
    """Genes, transcripts and exons of the counted contigs.

    Yields:
        `annotation_gene`, `annotation_transcript` and `annotation_exon`, contig by contig.

    Raises:
        BadQuestion: `annotation_malformed`, `assembly_mismatch`, `annotation_empty`.
    """
    reader = FeatureReader(job.assembly, job.name, job.tally.left_out)
    gathered = Gathered(job.name)
    features = reader.read(text_lines(job), KINDS)
    first = next(features, None)
    if first is None:
        raise BadQuestion("annotation_empty", "no gene on a counted contig", job.name)
    gathered.add(chain([first], features), bool(reader.is_gtf))
    job.tally.facts |= reader.version
    genes = _by_contig(gathered.genes.values(), lambda row: row.gene_id)
    transcripts = _by_contig(gathered.transcripts.values(), lambda row: row.transcript_id)
    for contig in CONTIGS:
        own = transcripts.get(contig, [])
        yield "annotation_gene", _genes(genes.get(contig, []))
        yield "annotation_transcript", _transcripts(own, gathered.genes)
        yield "annotation_exon", _exons(own)


def _by_contig(rows: Iterable[Row], name: Callable[[Row], str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.start, name(row))):
        found[row.contig].append(row)
    return found


def _genes(rows: list[GeneRow]) -> pa.Table:
    return pa.table(
        {
            "gene_id": [row.gene_id for row in rows],
            "gene_version": [row.version for row in rows],
            "symbol": [row.symbol for row in rows],
            "hgnc_id": [row.hgnc_id for row in rows],
            "aliases": [row.aliases for row in rows],
            "previous": [[] for _ in rows],
            "biotype": [row.biotype for row in rows],
            **_spans(rows),
        },
        schema=GENE,
    )


def _transcripts(rows: list[TranscriptRow], genes: dict[str, GeneRow]) -> pa.Table:
    return pa.table(
        {
            "transcript_id": [row.transcript_id for row in rows],
            "transcript_version": [row.version for row in rows],
            "gene_id": [genes[row.gene].gene_id for row in rows],
            "biotype": [row.biotype for row in rows],
            "protein_id": [row.protein_id for row in rows],
            "mane_select": ["MANE_Select" in row.tags for row in rows],
            "mane_plus_clinical": ["MANE_Plus_Clinical" in row.tags for row in rows],
            "canonical": [not _CANONICAL.isdisjoint(row.tags) for row in rows],
            "tags": [row.tags for row in rows],
            **_spans(rows),
        },
        schema=TRANSCRIPT,
    )


def _exons(rows: list[TranscriptRow]) -> pa.Table:
    parts = [(row, rank, exon) for row in rows for rank, exon in exons_of(row)]
    return pa.table(
        {
            "transcript_id": [row.transcript_id for row, _, _ in parts],
            "rank": [rank for _, rank, _ in parts],
            "contig": [row.contig for row, _, _ in parts],
            **{
                name: [getattr(exon, name) for _, _, exon in parts]
                for name in ("start", "end", "cds_start", "cds_end", "phase")
            },
        },
        schema=EXON,
    )


def _spans(rows: list[GeneRow] | list[TranscriptRow]) -> dict[str, list[str] | list[int]]:
    return {
        "contig": [row.contig for row in rows],
        "start": [row.start for row in rows],
        "end": [row.end for row in rows],
        "strand": [row.strand for row in rows],
    }

"""Rows of `annotation_consequence`: what each variant does to each transcript, with its names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from loaders.consequences.bcftools import Entry, Site, call_consequences
from loaders.genes.transcript import Transcript
from loaders.hgvs.change import Change, change_of
from loaders.hgvs.names import coding_name
from loaders.hgvs.protein import protein_name
from loaders.reference import Sequence as Bases
from schemas.consequences import BCFTOOLS, impact, severity
from schemas.genes import CONSEQUENCE

COMPUTED: Final = "computed"
NOTHING: Final = "intergenic_variant"
_EXONIC: Final = "non_coding"
Row = dict[str, Any]


def compute_rows(
    contig: str,
    bases: Bases,
    fasta: Path,
    transcripts: Sequence[Transcript],
    sites: Sequence[Site],
) -> pa.Table:
    """What variants of a contig do, computed with bcftools.

    Args:
        contig: the counted contig.
        bases: its registered bases.
        fasta: the same as `loaders.consequences.bcftools.write_fasta` wrote them.
        transcripts: those that the variants may touch.
        sites: sorted by pos, ref, alt; each begins within the registered bases.

    Raises:
        Unavailable: `consequences_failed`.
    """
    by_gene: dict[str, list[Transcript]] = defaultdict(list)
    for one in transcripts:
        by_gene[one.gene_id].append(one)
    rows = [
        row
        for site, entries in call_consequences(contig, bases, fasta, transcripts, sites)
        for row in _rows(contig, bases, by_gene, site, entries)
    ]
    return rows_table(rows)


def rows_table(rows: Sequence[Row]) -> pa.Table:
    """Rows as a table of `annotation_consequence`, in their order."""
    columns = {name: [row[name] for row in rows] for name in CONSEQUENCE.names}
    return pa.table(columns, schema=CONSEQUENCE)


def row_of(contig: str, site: Site, terms: Iterable[str], **more: Any) -> Row:
    """One row; what `more` does not tell is not known.

    >>> row_of("22", Site(100, "A", "G"), ["intron_variant"], symbol="TBX1")["impact"]
    'MODIFIER'
    """
    ordered = sorted(dict.fromkeys(terms), key=severity)
    empty: Row = dict.fromkeys(CONSEQUENCE.names)
    key = {"contig": contig, "pos": site.pos, "ref": site.ref, "alt": site.alt}
    flags = {"mane_select": False, "canonical": False}
    said = {"consequences": ordered, "impact": impact(ordered), "origin": COMPUTED}
    return empty | key | flags | said | more


def by_severity(row: Row) -> tuple[int, bool, bool, str]:
    """Where a row stands among those of its variant: most severe, MANE Select, canonical first."""
    return (
        severity(row["consequences"][0]),
        not row["mane_select"],
        not row["canonical"],
        row["transcript_id"] or "",
    )


def _rows(
    contig: str,
    bases: Bases,
    by_gene: Mapping[str, Sequence[Transcript]],
    site: Site,
    entries: Sequence[Entry],
) -> list[Row]:
    words: dict[str, list[str]] = defaultdict(list)
    own: dict[str, Transcript] = {}
    for one, said in _by_transcript(by_gene, site, entries):
        own[one.transcript_id] = one
        words[one.transcript_id] += said
    if not own:
        return [row_of(contig, site, [NOTHING])]
    rows = []
    for transcript_id, one in own.items():
        terms = [BCFTOOLS.get(word, word) for word in words[transcript_id]]
        rows.append(
            row_of(
                contig,
                site,
                terms,
                gene_id=one.gene_id,
                symbol=one.symbol,
                transcript_id=transcript_id,
                transcript_version=one.version,
                biotype=one.biotype,
                strand=one.strand,
                mane_select=one.mane_select,
                canonical=one.canonical,
                hgvs_c=coding_name(one, bases, *site),
                hgvs_p=protein_name(one, bases, *site),
            )
        )
    return sorted(rows, key=by_severity)


def _by_transcript(
    by_gene: Mapping[str, Sequence[Transcript]], site: Site, entries: Sequence[Entry]
) -> Iterator[tuple[Transcript, tuple[str, ...]]]:
    """Entries by transcript.

    Of introns and of exons that code for nothing bcftools names the gene alone: they are those
    of its transcripts in which the variant lies so, and of which no entry tells more.
    """
    named = {entry.transcript_id for entry in entries}
    change = change_of(*site)
    for entry in entries:
        for one in by_gene.get(entry.gene_id, ()):
            if entry.transcript_id:
                if one.transcript_id == entry.transcript_id:
                    yield one, entry.words
            elif one.is_coding == entry.is_coding and one.transcript_id not in named:
                parts = one.spans if entry.words[0] == _EXONIC else _introns(one)
                if any(_touches(change, start, end) for start, end in parts):
                    yield one, entry.words


def _introns(one: Transcript) -> Iterator[tuple[int, int]]:
    spans = sorted(one.spans)
    for (_, before), (after, _) in zip(spans, spans[1:], strict=False):
        yield before + 1, after - 1


def _touches(change: Change, start: int, end: int) -> bool:
    """Whether a change alters a base of a span, or stands between two of them."""
    if change.ref:
        return change.start <= end and change.end >= start
    return start < change.start <= end

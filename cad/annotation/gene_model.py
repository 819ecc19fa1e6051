"""A loaded gene model as questions need it: genes by any name, transcripts by place or name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from loaders.genes.transcript import Exon, Transcript, split_version

Matched = Literal["symbol", "gene_id", "hgnc_id", "previous", "alias"]
_ORDER: Final[tuple[Matched, ...]] = ("symbol", "gene_id", "hgnc_id", "previous", "alias")


@dataclass(frozen=True)
class Gene:
    """One gene of the model, with the names a list of names adds to it."""

    gene_id: str
    gene_version: int | None
    symbol: str
    hgnc_id: str | None
    aliases: tuple[str, ...]
    previous: tuple[str, ...]
    biotype: str
    contig: str
    start: int
    end: int
    strand: str

    def to_json(self) -> dict[str, Any]:
        """The gene as answers tell of it."""
        return {**vars(self), "aliases": list(self.aliases), "previous": list(self.previous)}


@dataclass(frozen=True)
class GeneModel:
    """One version of a gene model; made by `open_gene_model`.

    Attributes:
        genes: file of `annotation_gene`.
        transcripts: file of `annotation_transcript`, None where the model has no transcript.
        exons: file of `annotation_exon`, None likewise.
        names: file of `annotation_gene_name`, None where no list of names is loaded.
    """

    genes: Path
    transcripts: Path | None
    exons: Path | None
    names: Path | None = None

    def find(self, word: str) -> tuple[Matched, list[Gene]] | None:
        """Genes by symbol, identifier, former symbol or alias, in that order, whatever its case.

        A former symbol or alias may be several genes'; None where it is nobody's.
        """
        asked = word.strip().upper()
        for kind in _ORDER:
            # Symbols may end as versions do: AL627309.1.
            name = split_version(asked)[0] if kind == "gene_id" else asked
            found = self._by_name[kind].get(name)
            if found:
                return kind, found
        return None

    def within(self, contig: str, start: int, end: int) -> list[Gene]:
        """Genes that overlap positions of a contig, by start."""
        return [
            gene
            for gene in self._genes
            if gene.contig == contig and gene.start <= end and gene.end >= start
        ]

    def transcripts_of(self, genes: Collection[Gene]) -> list[Transcript]:
        """All transcripts of some genes, by contig, start and identifier."""
        found: list[Transcript] = []
        for contig in dict.fromkeys(gene.contig for gene in genes):
            own = [gene for gene in genes if gene.contig == contig]
            span = min(gene.start for gene in own), max(gene.end for gene in own)
            ids = {gene.gene_id for gene in own}
            found += [one for one in self.transcripts_within(contig, *span) if one.gene_id in ids]
        return found

    def transcripts_within(self, contig: str, start: int, end: int) -> list[Transcript]:
        """Transcripts that overlap positions of a contig, by start and identifier."""
        if self.transcripts is None or self.exons is None:
            return []
        place = (pc.field("contig") == contig) & (pc.field("start") <= end)
        place &= pc.field("end") >= start
        rows = pq.read_table(self.transcripts, filters=place).to_pylist()
        if not rows:
            return []
        first, last = min(row["start"] for row in rows), max(row["end"] for row in rows)
        inside = (pc.field("contig") == contig) & (pc.field("start") <= last)
        inside &= pc.field("end") >= first
        exons = _exons(pq.read_table(self.exons, filters=inside))
        return [self._transcript(row, exons) for row in rows]

    def transcripts_named(self, name: str) -> list[Transcript]:
        """The transcripts of an identifier, whatever its version; one on each of X and Y's PARs."""
        bare = split_version(name)[0]
        if self.transcripts is None:
            return []
        rows = pq.read_table(
            self.transcripts, filters=pc.field("transcript_id") == bare
        ).to_pylist()
        found = []
        for row in rows:
            near = self.transcripts_within(row["contig"], row["start"], row["end"])
            found += [one for one in near if one.transcript_id == bare]
        return found

    def transcripts_of_protein(self, name: str) -> list[Transcript]:
        """The transcripts of a protein, whatever its version."""
        bare = split_version(name)[0]
        if self.transcripts is None:
            return []
        column = pq.read_table(self.transcripts, columns=["transcript_id", "protein_id"])
        own: Any = pc.starts_with(column["protein_id"], bare)
        known: Any = pc.fill_null(own, False)
        names = dict.fromkeys(column.filter(known)["transcript_id"].to_pylist())
        found = [one for name in names for one in self.transcripts_named(str(name))]
        return [one for one in found if split_version(one.protein_id or "")[0] == bare]

    @cached_property
    def _genes(self) -> list[Gene]:
        added = self._added_names()
        genes = []
        for row in _whole(self.genes):
            keys = (row["hgnc_id"], row["gene_id"], row["symbol"])
            more = next((added[key] for key in keys if key in added), None)
            if more is not None:
                row["hgnc_id"] = row["hgnc_id"] or more["hgnc_id"]
                current = [more["symbol"]] if more["symbol"] != row["symbol"] else []
                row["aliases"] = [*row["aliases"], *current, *more["aliases"]]
                row["previous"] = [*row["previous"], *more["previous"]]
            row["aliases"] = tuple(dict.fromkeys(row["aliases"]))
            row["previous"] = tuple(dict.fromkeys(row["previous"]))
            genes.append(Gene(**row))
        return genes

    def _added_names(self) -> dict[str, dict[str, Any]]:
        """Names by HGNC number, gene and symbol."""
        rows = [] if self.names is None else _whole(self.names)
        return {
            row[key]: row for key in ("symbol", "gene_id", "hgnc_id") for row in rows if row[key]
        }

    @cached_property
    def _by_name(self) -> Mapping[Matched, Mapping[str, list[Gene]]]:
        found: dict[Matched, dict[str, list[Gene]]] = {kind: defaultdict(list) for kind in _ORDER}
        for gene in self._genes:
            found["symbol"][gene.symbol.upper()].append(gene)
            found["gene_id"][gene.gene_id.upper()].append(gene)
            found["hgnc_id"][(gene.hgnc_id or "").upper()].append(gene)
            for name in gene.previous:
                found["previous"][name.upper()].append(gene)
            for name in gene.aliases:
                found["alias"][name.upper()].append(gene)
        found["hgnc_id"].pop("", None)
        return found

    @cached_property
    def _symbols(self) -> dict[tuple[str, str], str]:
        return {(gene.contig, gene.gene_id): gene.symbol for gene in self._genes}

    def _transcript(
        self, row: Mapping[str, Any], exons: Mapping[str, Sequence[Exon]]
    ) -> Transcript:
        return Transcript(
            transcript_id=row["transcript_id"],
            version=row["transcript_version"],
            gene_id=row["gene_id"],
            symbol=self._symbols.get((row["contig"], row["gene_id"]), row["gene_id"]),
            biotype=row["biotype"],
            contig=row["contig"],
            start=row["start"],
            end=row["end"],
            strand=row["strand"],
            exons=exons[row["transcript_id"]],
            protein_id=row["protein_id"],
            mane_select=row["mane_select"],
            canonical=row["canonical"],
            tags=frozenset(row["tags"]),
        )


@lru_cache(maxsize=4)
def open_gene_model(
    genes: Path, transcripts: Path | None, exons: Path | None, names: Path | None = None
) -> GeneModel:
    """The gene model in some files, which never change: what is read of them is kept."""
    return GeneModel(genes, transcripts, exons, names)


def _exons(rows: pa.Table) -> Mapping[str, list[Exon]]:
    found: dict[str, list[Exon]] = defaultdict(list)
    names = ("transcript_id", "start", "end", "cds_start", "cds_end", "phase")
    for transcript, *rest in zip(*(rows[name].to_pylist() for name in names), strict=True):
        found[transcript].append(Exon(*rest))
    return found


def _whole(path: Path) -> list[dict[str, Any]]:
    """All rows of a file; `pq.read_table` would load pandas, where it is installed."""
    with pq.ParquetFile(path) as file:
        rows: list[dict[str, Any]] = file.read().to_pylist()
    return rows

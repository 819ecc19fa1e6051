"""Arrow schemas of gene models and of what variants do to them.

Identifiers are kept without their version, which stands beside them: ``ENST00000342066`` and 3.
Positions are 1-based inclusive, on the forward strand.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from schemas.columns import column, said
from schemas.tables import KEY

_INT: Final = pa.int32()
_TEXT: Final = pa.string()
_FLAG: Final = pa.bool_()
_TEXTS: Final = pa.list_(pa.field("element", pa.string(), nullable=False))
_SPAN: Final = (
    column("contig", _TEXT, "name", "Counted contig without chr: 1-22, X, Y, M."),
    column("start", _INT, "bp", "First position."),
    column("end", _INT, "bp", "Last position."),
    column("strand", _TEXT, "word", "+ or -."),
)
_GENE_ID: Final = column("gene_id", _TEXT, "id", "Gene, without version.")
_TRANSCRIPT_ID: Final = column("transcript_id", _TEXT, "id", "Transcript, without version.")

GENE: Final = pa.schema(
    [
        _GENE_ID,
        column("gene_version", _INT, "number", "Version of gene_id.", null=True),
        column("symbol", _TEXT, "name", "Symbol; gene_id where the source gives none."),
        column("hgnc_id", _TEXT, "id", "HGNC number, as in HGNC:1100.", null=True),
        column("aliases", _TEXTS, "names", "Other names in use."),
        column("previous", _TEXTS, "names", "Symbols it had before."),
        column("biotype", _TEXT, "word", "What it makes, in the source's word."),
        *_SPAN,
    ],
    metadata=said("One row per gene of a source, sorted by contig, start, gene_id."),
)
TRANSCRIPT: Final = pa.schema(
    [
        _TRANSCRIPT_ID,
        column("transcript_version", _INT, "number", "Version of transcript_id.", null=True),
        _GENE_ID,
        column("biotype", _TEXT, "word", "What it is, in the source's word."),
        column("protein_id", _TEXT, "id", "Protein, with version where known.", null=True),
        column("mane_select", _FLAG, "yes or no", "MANE Select: the one agreed upon per gene."),
        column("mane_plus_clinical", _FLAG, "yes or no", "MANE Plus Clinical."),
        column("canonical", _FLAG, "yes or no", "The source's canonical transcript."),
        column("tags", _TEXTS, "words", "All tags, as the source writes them."),
        *_SPAN,
    ],
    metadata=said("One row per transcript of a source, sorted by contig, start, transcript_id."),
)
EXON: Final = pa.schema(
    [
        _TRANSCRIPT_ID,
        column("rank", _INT, "number", "Place in the transcript, from 1 at its 5' end."),
        *_SPAN[:3],
        column("cds_start", _INT, "bp", "First coding position, stop codon included.", null=True),
        column("cds_end", _INT, "bp", "Last coding position.", null=True),
        column(
            "phase", _INT, "bases", "Bases of the coding part before its first whole codon.",
            null=True,
        ),
    ],
    metadata=said(
        "One row per exon and coding part in it, sorted by contig, transcript's start, "
        "transcript_id, start."
    ),
)  # fmt: skip
GENE_NAME: Final = pa.schema(
    [
        column("hgnc_id", _TEXT, "id", "HGNC number, as in HGNC:1100."),
        column("symbol", _TEXT, "name", "Approved symbol."),
        column("gene_id", _TEXT, "id", "Ensembl gene, without version.", null=True),
        column("aliases", _TEXTS, "names", "Other names in use."),
        column("previous", _TEXTS, "names", "Symbols it had before."),
    ],
    metadata=said("One row per approved symbol, as in HGNC's complete set, in the file's order."),
)
CONSEQUENCE: Final = pa.schema(
    [
        *KEY,
        column("gene_id", _TEXT, "id", "Gene, without version.", null=True),
        column("symbol", _TEXT, "name", "Symbol of the gene.", null=True),
        column("transcript_id", _TEXT, "id", "Transcript, without version.", null=True),
        column("transcript_version", _INT, "number", "Version of transcript_id.", null=True),
        column("biotype", _TEXT, "word", "Biotype of the transcript.", null=True),
        column("strand", _TEXT, "word", "+ or -.", null=True),
        column("consequences", _TEXTS, "SO terms", "Sequence Ontology terms, most severe first."),
        column("impact", _TEXT, "word", "HIGH, MODERATE, LOW, MODIFIER: of the most severe."),
        column("mane_select", _FLAG, "yes or no", "Whether the transcript is MANE Select."),
        column("canonical", _FLAG, "yes or no", "Whether it is the source's canonical one."),
        column("hgvs_c", _TEXT, "HGVS", "c. or n. name, with its transcript.", null=True),
        column("hgvs_p", _TEXT, "HGVS", "p. name, with its protein.", null=True),
        column("origin", _TEXT, "word", "computed, or the field it was read from: CSQ, ANN, BCSQ."),
    ],
    metadata=said(
        "One row per variant and transcript it changes; one without transcript where it changes "
        "none. Sorted by pos, ref, alt, most severe first."
    ),
)
BASE_VRS: Final = pa.schema(
    [
        *KEY,
        column("vrs", _TEXT, "digest", "VRS 2.0 identifier, without its ga4gh:VA."),
    ],
    metadata=said(
        "One row per variant of a base, of whichever purpose, on contigs whose whole sequence is "
        "registered. Sorted by vrs."
    ),
)


def _told(whose: str) -> pa.Schema:
    text = f"As annotation_consequence, told by pushed files {whose}."
    return CONSEQUENCE.with_metadata(said(text))


GENE_TABLES: Final[dict[str, pa.Schema]] = {
    "annotation_gene": GENE,
    "annotation_transcript": TRANSCRIPT,
    "annotation_exon": EXON,
    "annotation_gene_name": GENE_NAME,
    "annotation_consequence": CONSEQUENCE,
    "base_vrs": BASE_VRS,
    "base_told": _told("of the variants of a base, of whichever purpose"),
    "told_pending": _told("of what a pushed file brought, until the next build"),
}
"""By table of the lake."""

"""The variants of a gene, by what they do to it: figures, ClinVar, and what else sources say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from cad.annotation.answer import said_by
from cad.annotation.gene_model import Gene, GeneModel
from cad.annotation.gene_source import gene_model_of, gene_source
from cad.annotation.reader import AnnotationReader
from cad.query.answer import about_counted, variants_between
from cad.query.asked import chosen_strata
from cad.query.parse import Region
from cad.query.reader import BaseReader
from loaders.annotation.kinds import KINDS
from loaders.genes.transcript import Transcript
from schemas.consequences import IMPACTS, TERMS, impact, most_severe, severity
from schemas.errors import BadQuestion, NotFound

Document = dict[str, Any]

_EVERYBODY: Final = ("all",)


def find_gene(
    reader: BaseReader,
    name: str,
    strata: Sequence[str] = (),
    annotation: Sequence[str] | None = None,
    impacts: Collection[str] = (),
    consequences: Collection[str] = (),
) -> Document:
    """The base's variants that change a gene, the most severe first.

    Args:
        reader: of the base of a purpose.
        name: symbol, Ensembl or HGNC identifier, former symbol or alias, in whatever case. Several
            genes may have had it: all are answered for.
        strata: only these strata's figures; those of `all` where empty.
        annotation: sources that are asked too; see `find_variant`.
        impacts: only variants whose most severe consequence for the gene has one of these.
        consequences: only those with one of these consequences for the gene.

    Raises:
        BadQuestion: `consequence_unknown`.
        NotFound: `gene_unknown`, `genes_missing`, `stratum_unknown`, `annotation_unknown`.
        Conflict: `base_conflict`, where a build replaced the base while M was read.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    _check(impacts, consequences)
    chosen = chosen_strata(reader.base, strata or _EVERYBODY)
    annotations = _with_model(reader, annotation)
    model, source = gene_model_of(annotations), gene_source(annotations)
    if model is None or source is None:
        raise NotFound("genes_missing", "add a gene model: cad annotation add genes", name)
    found = model.find(name)
    if found is None:
        raise NotFound("gene_unknown", f"{source.name} {source.version} has no such gene", name)
    matched_by, genes = found
    variants, untold = [], 0
    for gene in genes:
        region = Region(gene.contig, gene.start, gene.end)
        for document in variants_between(reader, region, chosen, annotations):
            untold += document["consequences_missing"] is not None
            own = _of_gene(document, gene)
            if own is not None and _is_asked(own, impacts, consequences):
                variants.append(document | {"in_gene": own})
    # Sorted by position before: those alike stay so.
    variants.sort(key=lambda one: severity(one["in_gene"]["most_severe"]))
    return {
        "asked": name,
        "matched_by": matched_by,
        **about_counted(reader),
        "genes": [_gene_document(model, annotations, gene) for gene in genes],
        "gene_model": {"source": source.name, "kind": source.kind, "version": source.version},
        "by_consequence": _counted(variants),
        "without_consequences": untold,
        "variants": variants,
    }


def _check(impacts: Collection[str], consequences: Collection[str]) -> None:
    for word in impacts:
        if word not in IMPACTS:
            raise BadQuestion("consequence_unknown", f"expected one of {', '.join(IMPACTS)}", word)
    for word in consequences:
        if word not in TERMS:
            detail = "expected a Sequence Ontology term, as in missense_variant"
            raise BadQuestion("consequence_unknown", detail, word)


def _with_model(reader: BaseReader, words: Sequence[str] | None) -> AnnotationReader:
    """The sources asked, and the default gene model where none of them is one."""
    chosen = reader.annotations(words)
    if words is None or gene_source(chosen) is not None:
        return chosen
    model = {"genes", "hgnc", "consequences"}
    defaults = [one for one in reader.annotations(None).sources if one.kind in model]
    return chosen.joined(defaults)


def _of_gene(document: Document, gene: Gene) -> Document | None:
    """What a variant does to one gene; None where it does nothing to it."""
    own = [
        row
        for row in document["consequences"]
        if row["gene_id"] == gene.gene_id
        or (row["gene_id"] is None and row["symbol"] == gene.symbol)
    ]
    if not own:
        return None
    worst = most_severe(term for row in own for term in row["consequences"])
    shown = min(own, key=lambda row: (not row["mane_select"], not row["canonical"]))
    return {
        "gene_id": gene.gene_id,
        "symbol": gene.symbol,
        "most_severe": worst,
        "impact": impact([worst]),
        # On the MANE Select transcript, else the canonical, else the one it changes most.
        **{name: shown[name] for name in ("transcript", "consequences", "hgvs_c", "hgvs_p")},
    }


def _is_asked(own: Document, impacts: Collection[str], consequences: Collection[str]) -> bool:
    return (not impacts or own["impact"] in impacts) and (
        not consequences or own["most_severe"] in consequences
    )


def _gene_document(model: GeneModel, annotations: AnnotationReader, gene: Gene) -> Document:
    said = annotations.by_gene({gene.symbol})
    beside = model.within(gene.contig, gene.start, gene.end)
    return {
        **gene.to_json(),
        "transcripts": [_transcript(one) for one in model.transcripts_of([gene])],
        "overlapping": [
            {"gene_id": one.gene_id, "symbol": one.symbol, "strand": one.strand}
            for one in beside
            if one.gene_id != gene.gene_id
        ],
        "annotations": [
            said_by(source, said[source.annotation_no])
            for source in annotations.sources
            if KINDS[source.kind].key == "gene"
        ],
    }


def _transcript(one: Transcript) -> Document:
    return {
        "transcript": one.name,
        "protein": one.protein_id,
        "biotype": one.biotype,
        "mane_select": one.mane_select,
        "canonical": one.canonical,
        "start": one.start,
        "end": one.end,
        "exons": len(one.spans),
        "coding_bases": sum(end - start + 1 for start, end, _ in one.coding),
    }


def _counted(variants: Sequence[Document]) -> list[Document]:
    """Variants by their most severe consequence for their gene, the most severe first."""
    counts = Counter(one["in_gene"]["most_severe"] for one in variants)

    def rows() -> Iterator[Document]:
        for term in sorted(counts, key=severity):
            yield {"consequence": term, "impact": impact([term]), "variants": counts[term]}

    return list(rows())

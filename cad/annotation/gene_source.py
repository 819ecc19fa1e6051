"""Which gene model answers: the version of a source of kind `genes` among those chosen."""

from __future__ import annotations

from cad.annotation.gene_model import GeneModel, open_gene_model
from cad.annotation.reader import AnnotationReader
from cad.registry.annotations import AnnotationRow


def gene_source(annotations: AnnotationReader) -> AnnotationRow | None:
    """The gene model's version; of several sources the one loaded last."""
    own = [source for source in annotations.sources if source.kind == "genes"]
    return max(own, key=lambda source: source.annotation_no, default=None)


def gene_model_of(annotations: AnnotationReader) -> GeneModel | None:
    """The gene model that answers, with the names that a source of kind `hgnc` adds.

    Raises:
        Unavailable: `registry_unusable`.
    """
    source = gene_source(annotations)
    if source is None:
        return None
    genes, transcripts, exons = (
        annotations.paths(source, f"annotation_{table}") for table in ("gene", "transcript", "exon")
    )
    names = [
        path
        for other in annotations.sources
        if other.kind == "hgnc"
        for path in annotations.paths(other, "annotation_gene_name")
    ]
    if not transcripts or not exons:
        # Genes alone can be found, and nothing is known to change them.
        return open_gene_model(genes[0], None, None, names[-1] if names else None)
    return open_gene_model(genes[0], transcripts[0], exons[0], names[-1] if names else None)

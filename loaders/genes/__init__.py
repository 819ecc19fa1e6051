"""Gene models: GTF and GFF3 of Ensembl, GENCODE and RefSeq to tables, and transcripts to think in.

`read_genes` and `read_gene_names` read the files; `Transcript` is what names and consequences are
told of.
"""

from loaders.genes.transcript import Exon, Transcript

__all__ = ["Exon", "Transcript"]

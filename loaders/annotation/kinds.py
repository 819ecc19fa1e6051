"""The kinds of annotation sources: which tables each fills, and what reads it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final, Literal, NamedTuple

from loaders.annotation.job import Rows, SourceJob
from loaders.annotation.text import is_ontology
from schemas.errors import BadQuestion


class SourceKind(NamedTuple):
    """A kind of source.

    Attributes:
        name: as `--kind` and the registry write it.
        text: what its files are.
        key: what its rows are about.
        tables: the tables that it fills, the first of which answers.
        reader: module and function that read a file.
        shown: columns that a VCF gains where no field is named.
        sites: the table about single variants that a VCF's fields come from, None without one.
    """

    name: str
    text: str
    key: Literal["variant", "gene", "model", "term"]
    tables: tuple[str, ...]
    reader: str
    shown: tuple[str, ...] = ()
    sites: str | None = None

    def read(self, job: SourceJob) -> Rows:
        """The rows of a file."""
        module, function = self.reader.split(":")
        reader: Callable[[SourceJob], Rows] = getattr(
            import_module(f"loaders.annotation.{module}"), function
        )
        return reader(job)


def _kind(
    name: str, text: str, key: Literal["variant", "gene"], reader: str, *shown: str
) -> SourceKind:
    table = f"annotation_{name.replace('-', '_')}"
    sites = table if key == "variant" else None
    return SourceKind(name, text, key, (table,), reader, shown, sites)


_CONSEQUENCE: Final = "annotation_consequence"
_CONSEQUENCE_SHOWN: Final = ("symbol", "consequences", "impact", "hgvs_c", "hgvs_p")


KINDS: Final[dict[str, SourceKind]] = {
    kind.name: kind
    for kind in (
        _kind(
            "clinvar", "ClinVar's VCF", "variant", "clinvar:read_clinvar",
            "significance", "stars", "variation_id",
        ),
        _kind(
            "gnomad", "gnomAD's sites VCF, exomes, genomes or joint", "variant",
            "gnomad:read_gnomad", "ac", "an", "af", "nhomalt", "faf95", "grpmax", "af_grpmax",
        ),
        _kind("dbsnp", "dbSNP's VCF", "variant", "dbsnp:read_dbsnp", "rs"),
        _kind("cadd", "CADD's scores, TSV", "variant", "scores:read_cadd", "phred"),
        _kind("revel", "REVEL's scores, TSV or CSV", "variant", "scores:read_revel", "score"),
        _kind(
            "alphamissense", "AlphaMissense's scores, TSV", "variant",
            "scores:read_alphamissense", "score", "class",
        ),
        _kind(
            "spliceai", "SpliceAI's scores, VCF", "variant", "spliceai:read_spliceai",
            "gene", "ds_max",
        ),
        _kind("score", "any other scores, TSV: chrom pos ref alt score", "variant",
              "scores:read_score", "score"),
        _kind("gene-list", "a panel or list of genes, TSV", "gene", "genes:read_gene_list"),
        _kind(
            "gene-constraint", "gnomAD's constraint table, TSV", "gene",
            "genes:read_gene_constraint",
        ),
        _kind(
            "gene-disease", "HPO's genes_to_phenotype.txt, or Orphanet's product 6 as XML or TSV",
            "gene", "genes:read_gene_disease",
        ),
        SourceKind(
            "genes", "a gene model: GTF or GFF3 of Ensembl, GENCODE or RefSeq", "model",
            ("annotation_gene", "annotation_transcript", "annotation_exon"),
            "gene_models:read_genes", _CONSEQUENCE_SHOWN, _CONSEQUENCE,
        ),
        SourceKind(
            "hgnc", "HGNC's complete set of symbols, TSV", "model", ("annotation_gene_name",),
            "hgnc:read_gene_names",
        ),
        SourceKind(
            "consequences", "a VCF with VEP's CSQ, SnpEff's ANN or bcftools' BCSQ", "model",
            (_CONSEQUENCE,), "consequences:read_consequences", _CONSEQUENCE_SHOWN, _CONSEQUENCE,
        ),
        SourceKind(
            "hpo", "a release of the Human Phenotype Ontology, hp.obo or hp.json", "term",
            ("annotation_hpo_id", "annotation_hpo_term", "annotation_hpo_ancestor"),
            "hpo:read_hpo",
        ),
        SourceKind(
            "hpo-labels", "translations of HPO's names, Babelon TSV", "term",
            ("annotation_hpo_label",), "hpo:read_hpo_labels",
        ),
    )
}  # fmt: skip
_KIND_OF_NAME: Final = {
    "panelapp": "gene-list",
    "constraint": "gene-constraint",
    "hpo-genes": "gene-disease",
    "orphanet": "gene-disease",
    "gencode": "genes",
    "ensembl": "genes",
    "refseq": "genes",
    "vep": "consequences",
    "snpeff": "consequences",
}
"""Kinds of sources that are not called as their kind."""


def kind_of(name: str, kind: str | None, job: SourceJob | None = None) -> SourceKind:
    """The kind of a source: the one named, else what its name begins with.

    HPO's ontology and its table of genes are both called hpo; a file tells which it is.

    >>> kind_of("gnomad-exomes", None).name, kind_of("panelapp-france", None).name
    ('gnomad', 'gene-list')

    Raises:
        BadQuestion: `annotation_kind_unknown`; with a file called hpo, what `is_ontology` raises.
    """
    if kind is None:
        begins = (one for one in (*KINDS, *_KIND_OF_NAME) if f"{name}-".startswith(f"{one}-"))
        begin = max(begins, key=len, default=None)
        kind = _KIND_OF_NAME.get(begin, begin) if begin is not None else None
        if kind == "hpo" and job is not None and not is_ontology(job):
            kind = "gene-disease"
    if kind not in KINDS:
        known = ", ".join(KINDS)
        raise BadQuestion("annotation_kind_unknown", f"expected one of {known}", kind or name)
    return KINDS[kind]

"""Tables by gene: lists of genes, constraint, and the diseases of genes. Small: read as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.compute as pc

from loaders.annotation.job import Rows, SourceJob
from loaders.annotation.tables import Names, TextTable
from schemas.annotations import ANNOTATION_TABLES, GENE_DISEASE
from schemas.errors import BadQuestion

_SYMBOL: Final = ("gene symbol", "gene_symbol", "symbol", "entity name", "gene", "gene_name")
_LIST: Final = {
    "symbol": _SYMBOL,
    "hgnc_id": ("hgnc", "hgnc_id", "hgnc id"),
    "list": ("level4", "panel", "panel name", "list"),
    "status": ("gel_status", "confidence_level", "confidence", "status"),
    "inheritance": ("model_of_inheritance", "mode of inheritance", "inheritance", "moi"),
    "diseases": ("phenotypes", "diseases", "disease"),
}
_CONSTRAINT: Final = {
    "symbol": _SYMBOL,
    "gene_id": ("gene_id",),
    "transcript": ("transcript",),
    "canonical": ("canonical",),
    "mane_select": ("mane_select",),
    "pli": ("lof.pli", "pli"),
    "loeuf": ("lof.oe_ci.upper", "oe_lof_upper", "loeuf"),
    "oe_lof": ("lof.oe", "oe_lof"),
    "oe_mis": ("mis.oe", "oe_mis"),
    "oe_mis_upper": ("mis.oe_ci.upper", "oe_mis_upper"),
    "mis_z": ("mis.z_score", "mis_z"),
    "lof_z": ("lof.z_score", "lof_z"),
    "syn_z": ("syn.z_score", "syn_z"),
}
_DISEASE: Final = {
    "symbol": _SYMBOL,
    "gene_id": ("ncbi_gene_id", "entrez_id", "gene_id", "ensembl"),
    "disease_id": ("disease_id", "orphacode", "orpha_code", "mim_number"),
    "disease": ("disease", "disease_name", "disorder", "name"),
    "association": ("association_type", "association", "disordergeneassociationtype"),
    "status": ("status", "association_status", "disordergeneassociationstatus"),
    "hpo_id": ("hpo_id", "hpo_term_id"),
    "hpo_name": ("hpo_name", "hpo_term_name"),
    "frequency": ("frequency",),
}


def read_gene_list(job: SourceJob) -> Rows:
    """Rows of `annotation_gene_list`.

    Raises:
        BadQuestion: `annotation_malformed`, `annotation_empty`.
    """
    own = {"GRCh37": "ensemblid(grch37)", "GRCh38": "ensemblid(grch38)"}[job.assembly]
    names = {**_LIST, "gene_id": (own, "ensembl_gene_id", "ensembl", "gene_id")}
    yield "annotation_gene_list", _read(job, "annotation_gene_list", names, ("symbol",))


def read_gene_constraint(job: SourceJob) -> Rows:
    """Rows of `annotation_gene_constraint`; raises what `read_gene_list` does."""
    table = "annotation_gene_constraint"
    yield table, _read(job, table, _CONSTRAINT, ("symbol", "loeuf"))


def read_gene_disease(job: SourceJob) -> Rows:
    """Rows of `annotation_gene_disease`; raises what `read_gene_list` does."""
    with job.path.open("rb") as file:
        is_xml = file.read(64).lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<")
    table = "annotation_gene_disease"
    if is_xml:
        yield table, _sorted(pa.Table.from_pylist(list(_orphanet(job)), GENE_DISEASE))
    else:
        yield table, _read(job, table, _DISEASE, ("symbol", "disease_id"))


def _read(job: SourceJob, table: str, names: Names, required: tuple[str, ...]) -> pa.Table:
    schema = ANNOTATION_TABLES[table]
    text = TextTable(job, names, required)
    parts = []
    for line, columns in text.batches():
        rows = len(next(iter(columns.values())))
        arrays = [_typed(text, columns, field, rows, line) for field in schema]
        parts.append(pa.Table.from_arrays(arrays, names=schema.names))
    whole = pa.concat_tables(parts) if parts else schema.empty_table()
    named = pc.is_valid(whole["symbol"])
    lost = whole.num_rows - whole.filter(named).num_rows
    if lost:
        job.tally.left_out["no_symbol"] += lost
    return _sorted(whole.filter(named))


def _typed(
    text: TextTable, columns: Mapping[str, Any], field: pa.Field[Any], rows: int, line: int
) -> Any:
    if field.name not in columns:
        return pa.nulls(rows, field.type)
    values = columns[field.name]
    if pa.types.is_boolean(field.type):
        return pc.is_in(pc.utf8_lower(values), pa.array(["true"]))
    if field.name == "disease_id":
        bare = pc.match_substring_regex(values, r"^\d+$")
        return pc.if_else(bare, pc.binary_join_element_wise("ORPHA", values, ":"), values)
    if pa.types.is_string(field.type):
        return values
    return text.number(values, field.type, field.name, line)


def _sorted(rows: pa.Table) -> pa.Table:
    return rows.sort_by("symbol")


def _orphanet(job: SourceJob) -> Iterator[dict[str, str | None]]:
    """Orphanet's product 6: one row per disorder and gene."""
    try:
        for _, element in ElementTree.iterparse(job.path):
            if element.tag == "Disorder" and element.find("OrphaCode") is not None:
                yield from _of_disorder(element)
                element.clear()
    except ElementTree.ParseError as error:
        raise BadQuestion("annotation_malformed", f"no XML: {error}", job.name) from None


def _of_disorder(disorder: ElementTree.Element) -> Iterator[dict[str, str | None]]:
    about = {
        "disease_id": f"ORPHA:{disorder.findtext('OrphaCode')}",
        "disease": disorder.findtext("Name"),
    }
    for found in disorder.iter("DisorderGeneAssociation"):
        symbol = found.findtext("Gene/Symbol")
        if symbol:
            ensembl = [
                one.findtext("Reference")
                for one in found.iter("ExternalReference")
                if one.findtext("Source") == "Ensembl"
            ]
            yield {
                **about,
                "symbol": symbol,
                "gene_id": ensembl[0] if ensembl else None,
                "association": found.findtext("DisorderGeneAssociationType/Name"),
                "status": found.findtext("DisorderGeneAssociationStatus/Name"),
            }

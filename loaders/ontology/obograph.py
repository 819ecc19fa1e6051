"""OBO graphs, as in ``hp.json``: nodes named by IRIs, and edges between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from loaders.ontology.term import Release, Term
from schemas.errors import BadQuestion

_OBO: Final = "http://purl.obolibrary.org/obo/"
_OIO: Final = "http://www.geneontology.org/formats/oboInOwl#"
_LISTS: Final = {
    f"{_OIO}hasAlternativeId": "alternatives",
    f"{_OBO}IAO_0100001": "replaced_by",
    f"{_OIO}consider": "consider",
}


def read_obograph(document: Any, where: str) -> Release:
    """The terms of a document of OBO graphs.

    Args:
        document: decoded.
        where: the file, for errors.

    Raises:
        BadQuestion: `annotation_malformed`.
    """
    try:
        return _read(document)
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        detail = f"no OBO graph: {type(error).__name__} {error}"
        raise BadQuestion("annotation_malformed", detail, where) from None


def _read(document: Mapping[str, Any]) -> Release:
    release = Release(None, {})
    for graph in document["graphs"]:
        release.version = release.version or graph.get("meta", {}).get("version")
        for node in graph.get("nodes", []):
            if node.get("type", "CLASS") == "CLASS":
                term = _term(node)
                release.terms[term.term_id] = term
        for edge in graph.get("edges", []):
            if edge["pred"] == "is_a" and _id(edge["sub"]) in release.terms:
                release.terms[_id(edge["sub"])].parents.append(_id(edge["obj"]))
    merged = {one for term in release.terms.values() for one in term.alternatives}
    # A merged term may also be a nameless node; as in OBO it is an alternative id and no term.
    release.terms = {
        term_id: term
        for term_id, term in release.terms.items()
        if not (term_id in merged and term.obsolete and term.label is None)
    }
    return release


def _term(node: Mapping[str, Any]) -> Term:
    meta = node.get("meta", {})
    term = Term(_id(node["id"]), node.get("lbl"))
    term.definition = meta.get("definition", {}).get("val")
    term.obsolete = bool(meta.get("deprecated", False))
    for synonym in meta.get("synonyms", []):
        is_exact = synonym["pred"] == "hasExactSynonym"
        (term.exact if is_exact else term.other).append(synonym["val"])
    for said in meta.get("basicPropertyValues", []):
        if said["pred"] in _LISTS:
            getattr(term, _LISTS[said["pred"]]).append(_id(said["val"]))
    return term


def _id(iri: str) -> str:
    """An id as people write it: ``HP:0000118`` of ``http://purl.obolibrary.org/obo/HP_0000118``.

    >>> _id("http://purl.obolibrary.org/obo/HP_0000118"), _id("HP:0000118")
    ('HP:0000118', 'HP:0000118')
    """
    return iri.removeprefix(_OBO).replace("_", ":", 1) if iri.startswith(_OBO) else iri

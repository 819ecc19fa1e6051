"""Variants and genes that somebody watches.

A build writes down what befalls them (`cad.build.crossings`), and its report and `cad status` tell
it (`cad.reanalysis`).
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa
from sqlalchemy import Connection

from cad.annotation.gene_source import gene_model_of
from cad.annotation.manage import chosen_sources
from cad.annotation.reader import AnnotationReader
from cad.commit import open_session
from cad.query.base import open_base
from cad.query.look_up import resolve
from cad.query.parse import Variant, parse_variant
from cad.query.reader import BaseReader
from cad.registry.annotations import sources_at
from cad.registry.engine import reading
from cad.registry.numbers import latest_commit
from cad.registry.watches import (
    WatchKind,
    WatchRow,
    insert_watch,
    list_watches,
    remove_watch,
)
from cad.warehouse import Warehouse
from schemas.errors import BadQuestion, NotFound

_COLUMNS: Final[dict[str, pa.DataType]] = {
    "contig": pa.string(),
    "start": pa.int32(),
    "end": pa.int32(),
    "ref": pa.string(),
    "alt": pa.string(),
}
WATCHED_PLACES: Final = pa.schema([pa.field(name, kind) for name, kind in _COLUMNS.items()])
"""Where somebody wants to be told of a variant's first carrier: variants, and whole stretches."""


def watches(warehouse: Warehouse) -> list[WatchRow]:
    """What is watched, in the order in which it was asked for.

    Raises:
        Unavailable: `registry_unusable`.
    """
    with reading(warehouse.engine) as connection:
        return list_watches(connection, latest_commit(connection))


def add_watch(warehouse: Warehouse, word: str) -> WatchRow:
    """Watch a variant, written contig-pos-ref-alt, or a gene of the loaded model, by any name.

    What is watched already stays as it is.

    Raises:
        BadQuestion: `ref_mismatch_query`.
        NotFound: `watch_unknown`, for neither.
    """
    kind, key = _understood(warehouse, word)
    held = {one.key: one for one in watches(warehouse)}
    if key not in held:
        with open_session(warehouse, "watch") as session:
            session.commit(lambda connection, no: insert_watch(connection, no, kind, key))
        held = {one.key: one for one in watches(warehouse)}
    return held[key]


def end_watch(warehouse: Warehouse, word: str) -> str:
    """Watch something no more; returns what it was.

    Raises:
        NotFound: `watch_unknown`, where nobody watches it.
    """
    held = {one.key for one in watches(warehouse)}
    key = word if word in held else _understood(warehouse, word)[1]
    with open_session(warehouse, "watch") as session:
        _, found = session.commit(lambda connection, no: remove_watch(connection, no, key))
    if not found:
        raise NotFound("watch_unknown", "nobody watches it", word)
    return key


def _variant(warehouse: Warehouse, word: str) -> Variant:
    """The variant that a word means: by any name where there is a base, else by its place."""
    try:
        with open_base(warehouse, "care") as base:
            return resolve(BaseReader(warehouse, base), word)
    except NotFound as missing:
        if missing.reason != "base_missing":
            raise
    return parse_variant(word, warehouse.assembly, warehouse.reference)


def _understood(warehouse: Warehouse, word: str) -> tuple[WatchKind, str]:
    try:
        return "variant", str(_variant(warehouse, word))
    except BadQuestion as refused:
        if refused.reason != "variant_malformed":
            raise
    with reading(warehouse.engine) as connection:
        commit_no = latest_commit(connection)
        sources = chosen_sources(sources_at(connection, commit_no), None)
    model = gene_model_of(AnnotationReader(warehouse, commit_no, sources))
    found = model.find(word) if model is not None else None
    if found is None:
        detail = "expected contig-pos-ref-alt or a gene of the loaded gene model"
        raise NotFound("watch_unknown", detail, word)
    return "gene", found[1][0].symbol


def watched_places(connection: Connection, warehouse: Warehouse, commit_no: int) -> pa.Table:
    """Where somebody watches: rows of `WATCHED_PLACES`.

    Raises:
        Unavailable: `registry_unusable`.
    """
    held = list_watches(connection, commit_no)
    rows = [place_of(one.key) for one in held if one.kind == "variant"]
    symbols = [one.key for one in held if one.kind == "gene"]
    if symbols:
        sources = chosen_sources(sources_at(connection, commit_no), None)
        rows += gene_places(AnnotationReader(warehouse, commit_no, sources), symbols)
    return pa.Table.from_pylist(rows, WATCHED_PLACES)


def place_of(variant: str) -> dict[str, object]:
    """A watched variant's row of `WATCHED_PLACES`."""
    contig, pos, ref, alt = variant.split("-")
    return {"contig": contig, "start": int(pos), "end": int(pos), "ref": ref, "alt": alt}


def gene_places(annotations: AnnotationReader, symbols: list[str]) -> list[dict[str, object]]:
    """The stretches of genes, as rows of `WATCHED_PLACES`; none of those the model has no more."""
    model = gene_model_of(annotations)
    rows: list[dict[str, object]] = []
    for symbol in symbols:
        found = model.find(symbol) if model is not None else None
        for gene in found[1] if found is not None else []:
            rows.append({"contig": gene.contig, "start": gene.start, "end": gene.end})
    return rows

"""What variants do to transcripts, as answers tell it: read where a source tells, else computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from cad.annotation.gene_source import gene_source
from cad.annotation.reader import AnnotationReader, Record
from loaders.genes.transcript import versioned
from schemas.consequences import most_severe

if TYPE_CHECKING:
    from cad.query.parse import Region, Variant

Document = dict[str, Any]
Key = tuple[int, str, str]

_TABLE: Final = "annotation_consequence"
_PUSHED: Final = {"source": "batches", "kind": "consequences", "version": None}
"""What pushed files told themselves."""
_NO_MODEL: Final = "no gene model is among the sources asked, and no source that tells consequences"
_NOT_COMPUTED: Final = (
    "computed where the base has the variant and the reference is registered; this one is not yet"
)
_NOT_SEEN: Final = "told of the variants of the base; this one is none of them"


def consequences_between(
    reader: AnnotationReader, region: Region
) -> Callable[[Variant, bool], Document]:
    """What the variants of a region do.

    The function returned takes a variant of the region, and whether the base of the purpose asked
    has it: of others nothing is told, as what is computed would tell that another purpose has.

    Raises:
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    model = gene_source(reader)
    told = _by_key(reader.told(region))
    telling = sorted(
        (source for source in reader.sources if source.kind == "consequences"),
        key=lambda source: -source.annotation_no,
    )
    sources = [*telling, *([model] if model is not None else [])]
    rows = [_by_key(reader.rows(source, _TABLE, region)) for source in sources]

    def of(variant: Variant, is_seen: bool) -> Document:
        key = variant.pos, variant.ref, variant.alt
        for source, found in zip(sources, rows, strict=True):
            if source is model and is_seen and key in told:
                return _told(_PUSHED, told[key])
            if key in found and (is_seen or source is not model):
                said = {"source": source.name, "kind": source.kind, "version": source.version}
                return _told(said, found[key])
        if is_seen and key in told:
            return _told(_PUSHED, told[key])
        if not sources:
            return _missing(_NO_MODEL)
        return _missing(_NOT_COMPUTED if is_seen else _NOT_SEEN)

    return of


def _by_key(rows: Iterable[Record]) -> dict[Key, list[Record]]:
    found: dict[Key, list[Record]] = defaultdict(list)
    for row in rows:
        found[row["pos"], row["ref"], row["alt"]].append(row)
    return found


def _told(said: Mapping[str, str | None], rows: list[Record]) -> Document:
    first = rows[0]
    return {
        "most_severe": most_severe(term for row in rows for term in row["consequences"]),
        "impact": first["impact"],
        "consequences": [consequence(row) for row in rows if _is_of_gene(row)],
        "consequences_from": {**said, "origin": first["origin"]},
        "consequences_missing": None,
    }


def consequence(row: Record) -> Document:
    """One row as answers hold it, the transcript with its version."""
    transcript = row["transcript_id"]
    return {
        "gene_id": row["gene_id"],
        "symbol": row["symbol"],
        "transcript": None
        if transcript is None
        else versioned(transcript, row["transcript_version"]),
        **{name: row[name] for name in ("biotype", "strand", "consequences", "impact")},
        **{name: row[name] for name in ("mane_select", "canonical", "hgvs_c", "hgvs_p")},
    }


def _is_of_gene(row: Record) -> bool:
    return any(row[name] is not None for name in ("gene_id", "symbol", "transcript_id"))


def _missing(why: str) -> Document:
    return {
        "most_severe": None,
        "impact": None,
        "consequences": [],
        "consequences_from": None,
        "consequences_missing": why,
    }

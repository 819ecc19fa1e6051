"""The receipt of clinical documents: what became of every value, and what was made of it.

A file has one entry, whatever number of documents it holds. Its values add up:
``records = kept + sum of set_aside``; its rows are counted by kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from cad.clinical.rows import Part
from schemas.clinical_values import FieldTally, add_tallies
from schemas.receipt import ReasonCount

Status = Literal["accepted", "unchanged"]
_LINE: Final = ", line "
"""Parts a file's path from the line at which a document stands in it."""


def file_of(path: str) -> str:
    """The file of a document.

    >>> file_of("all.ndjson.gz, line 7")
    'all.ndjson.gz'
    """
    return path.partition(_LINE)[0]


@dataclass(frozen=True)
class DeliveryReceipt:
    """What became of a delivery of documents.

    Attributes:
        delivery: its number; None where nothing was new, and it is not that of an earlier one.
        commit: the commit it came with; where nothing was new, the latest of its documents.
        status: `accepted`, or `unchanged` where everything it says holds already.
        documents: an entry for each file.
        persons: of whom it tells, without those who have withdrawn.
        persons_ignored: who have withdrawn.
        persons_without_sample: of the persons, those of whom no sample has come yet.
        replaced: documents of persons that took the place of an earlier version.
        unchanged: documents of persons that hold already.
        warnings: where documents contradict sample sheets.
    """

    delivery: int | None
    commit: int
    status: Status
    documents: tuple[Mapping[str, Any], ...]
    persons: int
    persons_ignored: int
    persons_without_sample: int
    replaced: int
    unchanged: int
    warnings: tuple[ReasonCount, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The document that `cad clinical push` prints and the registry keeps."""
        return {
            **vars(self),
            "documents": list(self.documents),
            "rows": dict(_sum(entry["rows"] for entry in self.documents)),
            "warnings": [one.to_json() for one in self.warnings],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any], status: Status) -> DeliveryReceipt:
        """The receipt that a document of `to_json` was, now with this status."""
        warnings = tuple(
            ReasonCount(one["reason"], one["records"], tuple(one["examples"]))
            for one in document["warnings"]
        )
        fields = {name: document[name] for name in cls.__dataclass_fields__}
        fields |= {"status": status, "documents": tuple(document["documents"])}
        return cls(**{**fields, "warnings": warnings})


def file_entries(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """An entry for each file that some parts come from, in their order."""
    by_file: dict[str, list[Part]] = {}
    for part in parts:
        by_file.setdefault(file_of(part.document.path), []).append(part)
    return [_entry(path, own) for path, own in by_file.items()]


def _entry(path: str, parts: Sequence[Part]) -> dict[str, Any]:
    documents = {id(one.document): one.document for one in parts}
    tally = add_tallies(one.tally for one in documents.values())
    flags = Counter(tally.flags)
    for part in parts:
        flags.update(part.flags)
    return {
        "path": path,
        "kind": parts[0].document.kind,
        "documents": len(documents),
        "persons": len({one.person_id for one in parts}),
        "records": tally.total,
        "kept": tally.kept,
        "set_aside": _set_aside(tally),
        "flags": [{"reason": why, "records": count} for why, count in sorted(flags.items())],
        "rows": _counts(parts),
    }


def _set_aside(tally: FieldTally) -> list[dict[str, Any]]:
    return [
        {"reason": why, "records": sum(fields.values()), "fields": dict(fields)}
        for why, fields in tally.set_aside.items()
    ]


def _counts(parts: Sequence[Part]) -> dict[str, int]:
    """Rows by table, and of features and diseases those excluded and those with an onset."""
    found: Counter[str] = Counter()
    for part in parts:
        for table, rows in part.rows.items():
            found[table] += len(rows)
            for row in rows if table in ("phenotype", "disease") else ():
                found[f"{table}_excluded"] += row["excluded"]
                found[f"{table}_onset"] += row["onset"] is not None
            if table == "interpretation":
                found["interpretation_keyed"] += sum(row["contig"] is not None for row in rows)
    return {name: count for name, count in sorted(found.items()) if count}


def _sum(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total

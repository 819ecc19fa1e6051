"""The receipt of a pushed batch (DESIGN 4, 8), as typed values and as the document that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from schemas.receipt import AlleleCounts, FileReceipt, ReasonCount

Status = Literal["accepted", "unchanged"]


@dataclass(frozen=True)
class Receipt:
    """What became of a batch.

    Attributes:
        batch_id: the batch.
        commit: the commit it came with, also where a later push changed nothing.
        status: `accepted`, or `unchanged` where the same bytes had been accepted before.
        samples: rows of the sample sheet that were taken.
        samples_ignored: rows of persons who have withdrawn.
        files: one entry per file, in the order of paths.
        documents: an entry for each file of clinical documents (`cad.clinical.receipt`).
        warnings: what the sample sheet made the warehouse wonder about, with lines of samples.tsv.
    """

    batch_id: str
    commit: int
    status: Status
    samples: int
    samples_ignored: int
    files: tuple[FileReceipt, ...]
    warnings: tuple[ReasonCount, ...] = ()
    documents: tuple[Mapping[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The document that `cad push` prints and the registry keeps."""
        return {
            "batch_id": self.batch_id,
            "commit": self.commit,
            "status": self.status,
            "samples": self.samples,
            "samples_ignored": self.samples_ignored,
            "files": [file.to_json() for file in self.files],
            "documents": list(self.documents),
            "warnings": [warning.to_json() for warning in self.warnings],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any], status: Status) -> Receipt:
        """The receipt that a document of `to_json` was, now with this status."""
        return cls(
            batch_id=document["batch_id"],
            commit=document["commit"],
            status=status,
            samples=document["samples"],
            samples_ignored=document["samples_ignored"],
            files=tuple(_file(entry) for entry in document["files"]),
            warnings=_reasons(document["warnings"]),
            documents=tuple(document.get("documents", ())),
        )


def _file(entry: Mapping[str, Any]) -> FileReceipt:
    alleles = AlleleCounts(**entry["alleles"])
    return FileReceipt(
        path=entry["path"],
        records=entry["records"],
        loaded=entry["loaded"],
        reference=entry["reference"],
        set_aside=_reasons(entry["set_aside"]),
        warnings=_reasons(entry["warnings"]),
        alleles=alleles,
        alleles_seen=alleles.loaded + alleles.not_carried + alleles.set_aside,
    )


def _reasons(entries: list[Mapping[str, Any]]) -> tuple[ReasonCount, ...]:
    return tuple(
        ReasonCount(entry["reason"], entry["records"], tuple(entry["examples"]))
        for entry in entries
    )

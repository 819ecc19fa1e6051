"""The receipt: what became of each data line and alternate allele of a file (DESIGN 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ReasonCount:
    """How many records a reason was given for, with the line numbers of the first few."""

    reason: str
    records: int
    examples: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The entry as the receipt prints it."""
        return {
            "reason": self.reason,
            "records": self.records,
            "examples": list(self.examples),
        }


@dataclass(frozen=True)
class AlleleCounts:
    """Alternate alleles of a file, other than ``.``, ``*`` and the symbols for any other allele."""

    loaded: int = 0
    not_carried: int = 0
    set_aside: int = 0

    def to_json(self) -> dict[str, int]:
        """The three counts by name."""
        return {
            "loaded": self.loaded,
            "not_carried": self.not_carried,
            "set_aside": self.set_aside,
        }


@dataclass(frozen=True)
class FileReceipt:
    """What became of one file's data lines: ``records = loaded + reference + sum of set_aside``."""

    path: str
    records: int
    loaded: int
    reference: int
    set_aside: tuple[ReasonCount, ...] = ()
    warnings: tuple[ReasonCount, ...] = ()
    alleles: AlleleCounts = field(default_factory=AlleleCounts)
    alleles_seen: int = 0
    """Alternates counted on their own while reading, to reconcile against the three classes."""

    @property
    def reconciles(self) -> bool:
        """Whether the lines and the alleles add up."""
        set_aside = sum(entry.records for entry in self.set_aside)
        alleles = self.alleles.loaded + self.alleles.not_carried + self.alleles.set_aside
        return (
            self.records == self.loaded + self.reference + set_aside
            and self.alleles_seen == alleles
        )

    def to_json(self) -> dict[str, Any]:
        """The file's entry in the receipt."""
        return {
            "path": self.path,
            "records": self.records,
            "loaded": self.loaded,
            "reference": self.reference,
            "set_aside": [entry.to_json() for entry in self.set_aside],
            "warnings": [entry.to_json() for entry in self.warnings],
            "alleles": self.alleles.to_json(),
        }

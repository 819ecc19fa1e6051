"""Where the benchmarks keep their data and their work."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.sizes import Size

DEFAULT_WORK: Final = Path("build") / "benchmarks"
PUBLISHED: Final = Path(__file__).parent / "results" / "latest.jsonl"
"""Figures of the last published run, kept in the repository."""
FORMAT: Final = "cad-benchmark-data/1"
"""Goes up with every change to what is simulated, so that old data are not measured."""


@dataclass(frozen=True)
class Data:
    """The simulated data of one size: batches as CAD takes them, whose VCFs the peers read too.

    ``singles/<batch>``: nights of single-sample VCFs. ``joint``: one VCF of many.
    ``cohort-<n>``: the first n persons of those that ``night`` is added to. ``about.json``: what
    was simulated, written last.
    """

    root: Path

    @classmethod
    def of(cls, work: Path, size: Size) -> Data:
        """The folder of one size."""
        return cls(work / size.name / "data")

    @property
    def singles(self) -> list[Path]:
        """Batches of single-sample VCFs."""
        return sorted((self.root / "singles").iterdir())

    @property
    def joint(self) -> Path:
        """A batch with one joint VCF, of persons in many cohorts."""
        return self.root / "joint"

    @property
    def night(self) -> Path:
        """A batch of a few single-sample VCFs."""
        return self.root / "night"

    @property
    def about_file(self) -> Path:
        """What was simulated."""
        return self.root / "about.json"

    @property
    def tiny(self) -> Data:
        """The tiny data beside these."""
        return Data(self.root.parent.parent / "tiny" / "data")

    @property
    def cohorts(self) -> list[int]:
        """How many persons the night is added to, ascending."""
        return sorted(int(path.name.partition("-")[2]) for path in self.root.glob("cohort-*"))

    def cohort(self, persons: int) -> Path:
        """A batch of the first persons that the night is added to."""
        return self.root / f"cohort-{persons}"

    def about(self) -> dict[str, Any] | None:
        """What was simulated, or None where nothing was, or not all."""
        if not self.about_file.exists():
            return None
        about: dict[str, Any] = json.loads(self.about_file.read_text(encoding="utf-8"))
        return about if about.get("format") == FORMAT else None

    def made(self, name: str) -> dict[str, float]:
        """Records and non-reference genotypes (`carried`) of one data set."""
        about = self.about() or {}
        figures: dict[str, float] = about["made"][name]
        return figures


def variant_files(batch: Path) -> list[Path]:
    """The VCFs of a batch."""
    return sorted(batch.glob("*.vcf.gz"))

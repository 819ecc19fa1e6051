"""What goes into reading an annotation source, and what a reader counts beside its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from loaders.sites.blocks import OrderCheck
from schemas.contigs import Assembly
from schemas.errors import BadQuestion

Progress = Callable[[int, int], None]
"""Told how many bytes of the file have been read, of how many."""
Rows = Iterator[tuple[str, pa.Table]]
"""Names of tables, and rows of theirs."""

EXAMPLES: Final = 3


@dataclass
class SourceTally:
    """What a reader leaves out, and what it learns of the file.

    Attributes:
        left_out: records or alleles by why they are no rows.
        facts: what the file says of itself; made of what JSON knows.
        ref_mismatches: alleles whose REF is not the registered reference's.
        where: the first of these.
        order: checks that the records of all files of a source are in order.
    """

    left_out: Counter[str] = field(default_factory=Counter)
    facts: dict[str, Any] = field(default_factory=dict)
    ref_mismatches: int = 0
    where: list[str] = field(default_factory=list)
    order: OrderCheck = field(default_factory=lambda: OrderCheck(""))

    def mismatch(self, count: int, where: str) -> None:
        """Note alleles that disagree with the reference; `where` tells the first."""
        self.ref_mismatches += count
        if len(self.where) < EXAMPLES:
            self.where.append(where)


@dataclass(frozen=True)
class SourceJob:
    """One file of a source.

    Attributes:
        path: the file.
        assembly: that its positions must be of.
        reference: folder of the registered reference, None where there is none.
        tally: filled while reading.
        max_ref_mismatches: alleles that may disagree with the reference; they are left out.
        progress: told now and then.
    """

    path: Path
    assembly: Assembly
    reference: Path | None = None
    tally: SourceTally = field(default_factory=SourceTally)
    max_ref_mismatches: int = 0
    progress: Progress | None = None

    @property
    def name(self) -> str:
        """What errors call the file."""
        return self.path.name

    def order(self) -> OrderCheck:
        """What checks the file's order, beginning with its first record."""
        self.tally.order.begin(self.name)
        return self.tally.order

    def check_mismatches(self) -> None:
        """Refuse the file once more alleles disagree with the reference than may.

        Raises:
            BadQuestion: `annotation_ref_mismatch`.
        """
        tally = self.tally
        if tally.ref_mismatches > self.max_ref_mismatches:
            raise BadQuestion(
                "annotation_ref_mismatch",
                f"{tally.ref_mismatches} allele(s) with another REF than the reference holds, "
                f"at most {self.max_ref_mismatches} allowed",
                tally.where[0],
            )

"""Heteroplasmy of a variant of M as a human reads it: a bar for each tenth of VAF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

_BAR: Final = 30
"""Columns of the longest bar."""


def show_vaf(histogram: Sequence[int], console: Console) -> None:
    """Print how many persons there are by VAF; not before the first nor after the last."""
    held = [tenth for tenth, persons in enumerate(histogram) if persons]
    table = Table("VAF", box=None, pad_edge=False, header_style="bold")
    table.add_column("persons", justify="right")
    table.add_column("")
    for tenth in range(min(held), max(held) + 1):
        persons = histogram[tenth]
        # Somebody is never too few to be seen.
        length = -(-persons * _BAR // max(histogram))
        table.add_row(f"{tenth / 10:.1f}-{(tenth + 1) / 10:.1f}", f"{persons:,}", "#" * length)
    console.print(table)

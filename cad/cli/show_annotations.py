"""What sources say of a variant, a line per record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from loaders.annotation.kinds import KINDS


def show_annotations(said: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print what each source says, with its version, or that it has nothing."""
    for one in said:
        for words in _lines(one):
            title = (f"{one['source']} {one['version']}", "bold")
            console.print(Text.assemble(title, f": {words}"), soft_wrap=True)


def _lines(said: Mapping[str, Any]) -> Iterator[str]:
    if not said["records"]:
        yield "nothing"
    shown = KINDS[said["kind"]].shown
    for record in said["records"]:
        yield ", ".join(f"{name} {record[name]}" for name in shown or record if name in record)

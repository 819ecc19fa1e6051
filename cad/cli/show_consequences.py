"""What a variant is called elsewhere and what it does, a line per transcript that it changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.console import Console
from rich.text import Text

_SHOWN: Final = 12
"""Transcripts shown; the JSON document holds all."""


def show_consequences(answer: Mapping[str, Any], console: Console) -> None:
    """Print names and consequences, those of a gene's main transcript marked."""
    names = [answer["hgvs_g"], *([answer["vrs_id"]] if answer["vrs_id"] else [])]
    console.print(Text(", ".join(names)), soft_wrap=True)
    source = answer["consequences_from"]
    if source is None:
        return
    title = (" ".join(word for word in (source["source"], source["version"]) if word), "bold")
    told = f": {answer['most_severe']} ({answer['impact']}), {source['origin']}"
    console.print(Text.assemble(title, told), soft_wrap=True)
    rows = answer["consequences"]
    for row in rows[:_SHOWN]:
        console.print(Text("  " + " ".join(_words(row))), soft_wrap=True)
    if len(rows) > _SHOWN:
        console.print(f"  and {len(rows) - _SHOWN} transcripts more")


def _words(row: Mapping[str, Any]) -> Iterator[str]:
    yield row["symbol"] or row["gene_id"] or "-"
    yield "&".join(row["consequences"])
    yield row["hgvs_c"] or row["transcript"] or ""
    if row["hgvs_p"]:
        yield row["hgvs_p"].partition(":")[2]
    for flag, word in (("mane_select", "MANE Select"), ("canonical", "canonical")):
        if row[flag]:
            yield f"[{word}]"

"""Flags in words: what to distrust of a variant, with the figure it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.text import Text

_CHANCES: Final = {
    "platform_difference": "platforms differ in its frequency beyond chance: it may be an artefact "
    "of one of them",
    "pipeline_difference": "pipelines differ in its frequency beyond chance: it may be an artefact "
    "of one of them",
    "excess_heterozygosity": "more founders are heterozygous than chance explains: reads of two "
    "places may be taken for one",
}
_SHORT: Final = {
    "platform_difference": "platforms",
    "pipeline_difference": "pipelines",
    "excess_heterozygosity": "heterozygotes",
    "low_call_rate": "call rate",
}


def show_flags(flags: Iterable[Mapping[str, Any]], console: Console) -> None:
    """Print a line for each flag that is raised, or that none is."""
    lines = [_line(flag) for flag in flags if flag["raised"]]
    console.print("flags, which change no count:" if lines else "no flag is raised")
    for line in lines:
        console.print(Text(f"  {line}"), soft_wrap=True)


def _line(flag: Mapping[str, Any]) -> str:
    value = flag["value"]
    if flag["flag"] == "low_call_rate":
        return f"low call rate: of the persons assayed here {value:.1%} have a known passing allele"
    words = _CHANCES[flag["flag"]]
    return (
        f"{words} (p {value:.2g}, corrected for the variants of the base {flag['corrected']:.2g})"
    )


def short_flags(flags: Iterable[Mapping[str, Any]]) -> str:
    """The raised flags in a word each, for a table.

    >>> short_flags([{"flag": "low_call_rate", "raised": True}])
    'call rate'
    """
    return ", ".join(_SHORT[flag["flag"]] for flag in flags if flag["raised"])

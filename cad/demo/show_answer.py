"""An answer as a clinician reads it: one sentence, then figures by stratum with denominators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.demo.answers import AnsweredVariant
from cad.demo.show import show_line


def show_answer(console: Console, answer: AnsweredVariant) -> None:
    """Print a variant, its state in words and, where anybody was looked at, its figures."""
    document = answer.document
    show_line(console, f"({answer.asked.why})", "dim")
    show_line(console, state_sentence(document), "bold" if answer.is_right else "bold red")
    if document["state"] not in ("not_assayed", "not_callable"):
        console.print(_table(document))


def state_sentence(document: Mapping[str, Any]) -> str:
    """What the state of an answer (DESIGN 6) says, with the figures of its first stratum.

    >>> row = {"stratum": "all", "ac": 3, "an": 584, "persons": 292, "n_hom": 0, "n_hemi": 0,
    ...        "n_het": 3}
    >>> state_sentence({"state": "seen", "raw_only": False, "frequencies": [row]})
    'seen in 3 of the 292 persons who could have shown it: 3 of 584 alleles'
    """
    row = document["frequencies"][0]
    match document["state"]:
        case "seen":
            carriers = row["n_het"] + row["n_hom"] + row["n_hemi"]
            return (
                f"seen in {carriers:,} of the {row['persons']:,} persons who could have shown it: "
                f"{row['ac']:,} of {row['an']:,} alleles"
            )
        case "callable_not_seen":
            tail = "; only in genotypes below the thresholds" if document["raw_only"] else ""
            return (
                f"looked for and not seen: {row['persons']:,} persons could have shown it "
                f"({row['an']:,} alleles){tail}"
            )
        case "not_callable":
            return "not known: assayed, but nobody's reads here pass the thresholds"
        case _:
            return "not known: no assay in the base covers this place"


def _table(document: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("  stratum")
    for name in ("ac", "an", "af", "het", "hom", "hemi", "persons", "faf95"):
        table.add_column(name, justify="right")
    for row in document["frequencies"]:
        counts = [f"{row[name]:,}" for name in ("ac", "an", "n_het", "n_hom", "n_hemi", "persons")]
        table.add_row(
            Text(f"  {row['stratum']}"), *counts[:2], _fraction(row["af"]), *counts[2:],
            _fraction(row["faf95"]),
        )  # fmt: skip
    return table


def _fraction(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"

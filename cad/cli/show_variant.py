"""An answer about a variant or a region: what its state says in words, then figures by stratum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.show_annotations import show_annotations
from cad.cli.show_consequences import show_consequences
from cad.cli.show_flags import short_flags, show_flags
from cad.cli.show_vaf import show_vaf

_COUNTS: Final = ("ac", "an", "n_het", "n_hom", "n_hemi", "persons", "ac_raw", "an_raw")
_HEADER: Final = ("AC", "AN", "AF", "het", "hom", "hemi", "persons", "faf95", "AC raw", "AN raw")


def show_variant(answer: Mapping[str, Any], console: Console) -> None:
    """Print one variant's answer (DESIGN 6, 8)."""
    console.print(
        Text.assemble((answer["variant"], "bold"), f" ({source_of(answer)})"), soft_wrap=True
    )
    asked = [answer[name] for name in ("asked_as", "normalised_from") if answer[name] is not None]
    if asked:
        console.print(Text(f"asked as {', that is '.join(asked)}"), soft_wrap=True)
    if not answer["left_aligned"]:
        console.print("no reference tells whether it lies further left: trimmed only")
    console.print(Text(state_sentence(answer)), soft_wrap=True)
    if answer["state"] in ("seen", "callable_not_seen", "hidden"):
        table = _frequency_table("stratum")
        for row in answer["frequencies"]:
            table.add_row(Text(row["stratum"]), *_figures(row))
        console.print(table)
    show_flags(answer["flags"], console)
    if any(answer.get("vaf_histogram", ())):
        show_vaf(answer["vaf_histogram"], console)
    show_consequences(answer, console)
    show_annotations(answer["annotations"], console)


def show_region(answer: Mapping[str, Any], console: Console) -> None:
    """Print a line per variant and stratum; of all strata the first, `all`, where none was named.

    The JSON document holds the others.
    """
    variants = answer["variants"]
    console.print(
        Text.assemble(
            (answer["region"], "bold"), f": {len(variants):,} variant(s) ({source_of(answer)})"
        ),
        soft_wrap=True,
    )
    table = _frequency_table("variant", "state", "stratum")
    table.add_column("flags")
    for one in variants:
        rows = one["frequencies"]
        for row in rows[:1] if rows[0]["stratum"] == "all" else rows:
            cells = (one["variant"], one["state"], Text(row["stratum"]), *_figures(row))
            table.add_row(*cells, short_flags(one["flags"]))
    if variants:
        console.print(table)


def state_sentence(answer: Mapping[str, Any]) -> str:
    """What the state of an answer says, with the figures of the stratum it rests on.

    >>> row = {"stratum": "all", "ac": 3, "an": 584, "persons": 292, "n_het": 1, "n_hom": 1,
    ...        "n_hemi": 0, "hidden": False}
    >>> state_sentence({"state": "seen", "raw_only": False, "frequencies": [row]})
    'seen: 3 of 584 alleles, in 2 of the 292 persons who could have shown it'
    """
    row = _decisive(answer["frequencies"])
    match answer["state"]:
        case "seen":
            return f"seen{_carriers(row)}"
        case "callable_not_seen":
            tail = "; only genotypes below the thresholds show it" if answer["raw_only"] else ""
            looked = "" if row is None else f": none of {row['an']:,} alleles"
            whom = "" if row is None else f", {row['persons']:,} persons could have shown it"
            return f"looked for and not seen{looked}{whom}{tail}"
        case "not_callable":
            return "not callable: assayed here, but nobody's reads pass the thresholds"
        case "not_assayed":
            return "not assayed: no assay of the persons counted covers this place"
        case _:
            return "hidden: so few persons that the figures are not shown"


def _decisive(rows: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The row that the state is of: the only one asked for, else `all`, else none that is shown."""
    if len(rows) == 1:
        return rows[0]
    return next((row for row in rows if row["stratum"] == "all"), None)


def _carriers(row: Mapping[str, Any] | None) -> str:
    if row is None or row["hidden"]:
        return ""
    carriers = row["n_het"] + row["n_hom"] + row["n_hemi"]
    return (
        f": {row['ac']:,} of {row['an']:,} alleles, in {carriers:,} of the {row['persons']:,} "
        "persons who could have shown it"
    )


def source_of(answer: Mapping[str, Any]) -> str:
    """Which base an answer is from."""
    built = answer["built_at"][:16].replace("T", " ")
    # Nobody is counted for a purpose to which nobody consented.
    platforms = f" from {', '.join(answer['platforms'])}" if answer["platforms"] else ""
    release = "" if answer["release"] is None else f"release {answer['release']}, "
    return (
        f"{answer['assembly']}, {answer['purpose']}: {answer['persons']:,} persons{platforms}, "
        f"{release}commit {answer['commit']}, built {built}"
    )


def _frequency_table(*names: str) -> Table:
    table = Table(*names, box=None, pad_edge=False, header_style="bold")
    for name in _HEADER:
        table.add_column(name, justify="right")
    return table


def _figures(row: Mapping[str, Any]) -> list[str]:
    counts = {name: "hidden" if row[name] is None else f"{row[name]:,}" for name in _COUNTS}
    return [
        counts["ac"],
        counts["an"],
        _fraction(row, "af"),
        *(counts[name] for name in ("n_het", "n_hom", "n_hemi", "persons")),
        _fraction(row, "faf95"),
        counts["ac_raw"],
        counts["an_raw"],
    ]


def _fraction(row: Mapping[str, Any], name: str) -> str:
    if row[name] is None:
        return "hidden" if row["hidden"] else "-"
    return f"{row[name]:.4g}"

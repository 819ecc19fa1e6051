"""An answer about a gene: where it lies, its variants by consequence, a line for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cad.cli.show_annotations import show_annotations
from cad.cli.show_variant import source_of


def show_gene(answer: Mapping[str, Any], console: Console) -> None:
    """Print a gene's answer; the JSON document holds every transcript and source."""
    for gene in answer["genes"]:
        _show_place(gene, answer, console)
    model = answer["gene_model"]
    counted = f"{len(answer['variants']):,} variant(s) ({source_of(answer)})"
    console.print(Text(f"{counted}; {model['source']} {model['version']}"), soft_wrap=True)
    if answer["without_consequences"]:
        text = f"{answer['without_consequences']:,} more lie there, whose consequences are not told"
        console.print(text, soft_wrap=True)
    for row in answer["by_consequence"]:
        console.print(f"  {row['variants']:>8,}  {row['consequence']} ({row['impact']})")
    if answer["variants"]:
        console.print(_variants(answer["variants"]))


def _show_place(gene: Mapping[str, Any], answer: Mapping[str, Any], console: Console) -> None:
    how = "" if answer["matched_by"] == "symbol" else f", found by its {answer['matched_by']}"
    place = f"{gene['contig']}:{gene['start']}-{gene['end']} ({gene['strand']})"
    title = (f"{gene['symbol']} {gene['gene_id']}", "bold")
    kind = gene["biotype"].replace("_", " ")
    console.print(Text.assemble(title, f" {place}, {kind}{how}"), soft_wrap=True)
    for name, words in (("formerly", gene["previous"]), ("also", gene["aliases"])):
        if words:
            console.print(Text(f"{name} {', '.join(words)}"), soft_wrap=True)
    beside = [f"{one['symbol']} ({one['strand']})" for one in gene["overlapping"]]
    if beside:
        console.print(Text(f"overlaps {', '.join(beside)}"), soft_wrap=True)
    show_annotations(gene["annotations"], console)


def _variants(variants: list[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("variant", "consequence", "c.", "p."):
        table.add_column(name)
    for name in ("AC", "AN", "AF", "hom"):
        table.add_column(name, justify="right")
    table.add_column("ClinVar")
    for one in variants:
        own, row = one["in_gene"], one["frequencies"][0]
        figures = ("hidden" if row[name] is None else f"{row[name]:,}" for name in ("ac", "an"))
        af = "-" if row["af"] is None else f"{row['af']:.4g}"
        table.add_row(
            one["variant"], own["most_severe"], own["hgvs_c"] or "",
            (own["hgvs_p"] or "").partition(":")[2], *figures, af,
            "hidden" if row["n_hom"] is None else f"{row['n_hom']:,}", _clinvar(one),
        )  # fmt: skip
    return table


def _clinvar(variant: Mapping[str, Any]) -> str:
    words = [
        record.get("significance", "")
        for one in variant["annotations"]
        if one["kind"] == "clinvar"
        for record in one["records"]
    ]
    return ", ".join(dict.fromkeys(words))

"""`cad changes` and `cad watch`: what to look at again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cad.cli.operator import record
from cad.cli.options import PurposeOption, ReleaseOption, WarehouseOption
from cad.cli.reply import Reply
from cad.reanalysis import find_changes, fired_watches
from cad.warehouse import Warehouse
from cad.watch import add_watch, end_watch, watches


def changes(
    since: Annotated[
        str,
        typer.Option(
            "--since",
            metavar="RELEASE|COMMIT|DATE",
            help="A release, a commit's number, or a day, as 2026-11-20: what to compare with.",
            show_default=False,
        ),
    ],
    warehouse: WarehouseOption,
    purpose: PurposeOption = "care",
    release: ReleaseOption = None,
) -> Reply:
    """What to look at again: BA1, BS1, first homozygotes and classes that changed since then.

    A variant passed 5 % (BA1) or 1 % (BS1) among founders or in everybody, shows its first
    homozygote, or ClinVar classifies it otherwise; with the indications it is seen in. With
    --release two releases are compared, by what both of them tell.

    Example: cad changes --since 2026-1 -w national
    """
    with Warehouse.open(warehouse) as opened:
        document = find_changes(opened, since, purpose, release)
        rows = len(document["variants"])
        asked = {"since": since}
        commit = document["commit"]
        record(opened, "changes", purpose, asked, commit=commit, release=release, rows=rows)
    return Reply(document, lambda console: _show_changes(document, console))


def watch(
    warehouse: WarehouseOption,
    word: Annotated[
        str | None, typer.Argument(metavar="[VARIANT|GENE]", show_default=False)
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Watch it no more.")] = False,
) -> Reply:
    """Watch a variant or gene: `cad build` and `cad status` tell what befalls it.

    Told are its first carrier and homozygote, 1 % and 5 % passed, and a new class in ClinVar.
    Without a variant or gene, what is watched is listed.

    Example: cad watch 22-100-A-G -w national
    """
    with Warehouse.open(warehouse) as opened:
        if word is None:
            document: Any = [one.to_json() for one in watches(opened)]
        elif remove:
            document = {"watched": end_watch(opened, word), "removed": True}
        else:
            document = add_watch(opened, word).to_json()
        record(opened, "changes", "care", {"watched": word, "removed": remove or None})
    return Reply(document, lambda console: _show_watches(document, console))


def fired(warehouse: Warehouse) -> list[dict[str, Any]]:
    """What befell what is watched; entered into the audit log where there is anything to tell."""
    found = fired_watches(warehouse)
    if found:
        watched = [one["watched"] for one in found]
        rows = sum(len(one["variants"]) for one in found)
        record(warehouse, "changes", "care", {"watched": watched}, rows=rows)
    return found


def show_fired(fired: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print what befell what is watched."""
    for one in fired:
        for variant in one["variants"]:
            for line in _told(variant["changes"]):
                text = Text.assemble(
                    ("watched ", "bold"), f"{one['watched']}: {variant['variant']} {line}"
                )
                console.print(text, soft_wrap=True)


def _show_changes(document: Mapping[str, Any], console: Console) -> None:
    then = document["since"]
    base = "no base" if then["commit"] is None else f"the base of commit {then['commit']}"
    if then["release"] is not None:
        base = f"release {then['release']}"
    release = "" if document["release"] is None else f"release {document['release']}, "
    console.print(
        Text(
            f"{len(document['variants']):,} variant(s) changed since {base}, "
            f"{document['purpose']}, {release}commit {document['commit']}"
        )
    )
    for one in document["variants"]:
        for line in _told(one["changes"]):
            console.print(Text(f"{one['variant']}: {line}"), soft_wrap=True)
    for indication, variants in document["by_indication"].items():
        console.print(Text(f"{indication}: {', '.join(variants)}"), soft_wrap=True)
    for note in document["notes"]:
        console.print(Text(f"note: {note}"), soft_wrap=True)


def _told(changed: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in changed:
        before, after = one["before"], one["after"]
        match one["what"]:
            case "clinvar":
                was, is_ = (side["significance"] or "nothing" for side in (before, after))
                yield f"{one['source']}: {was} ({before['version']}) -> {is_} ({after['version']})"
            case "first_homozygote":
                yield f"first homozygote: {after['n_hom']:,} of {after['an']:,} alleles looked at"
            case "first_seen":
                yield f"first seen: {after['ac']:,} of {after['an']:,} alleles"
            case what:
                was, is_ = (f"{side['ac']:,} of {side['an']:,}" for side in (before, after))
                limit = {"bs1": "1 % (BS1)", "ba1": "5 % (BA1)"}[what]
                yield f"{one['direction']} {limit} in {one['stratum']}: {was} -> {is_}"


def _show_watches(document: Any, console: Console) -> None:
    if isinstance(document, list):
        for one in document:
            console.print(Text(f"{one['watched']} ({one['kind']}) since {one['since'][:10]}"))
        if not document:
            console.print("Nothing is watched.")
    elif "removed" in document:
        console.print(Text(f"{document['watched']} is watched no more"))
    else:
        console.print(Text(f"{document['watched']} ({document['kind']}) is watched"))

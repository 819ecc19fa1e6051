"""`cad hpo`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cad.cli.options import AnnotationOption, WarehouseOption
from cad.cli.reply import Reply
from cad.clinical.hpo import Hpo, open_hpo
from cad.leases import pin
from cad.warehouse import Warehouse


def hpo(
    term: Annotated[
        str, typer.Argument(metavar="TERM", help="As in HP:0001250.", show_default=False)
    ],
    warehouse: WarehouseOption,
    language: Annotated[
        str, typer.Option("--language", metavar="L", help="Language of the names, where loaded.")
    ] = "fr",
    annotation: AnnotationOption = None,
) -> Reply:
    """What the loaded release of HPO says of a term.

    Ids that were merged into another term or given up lead to the term that stands for them.

    Example: cad hpo HP:0001250 -w national
    """
    with Warehouse.open(warehouse) as opened, pin(opened) as commit_no:
        document = _describe(open_hpo(opened, commit_no, annotation), term, language)
    return Reply(document, lambda console: _show(document, console))


def _describe(terms: Hpo, asked: str, language: str) -> dict[str, Any]:
    found = terms.find(asked)

    def named(hpo_id: str) -> dict[str, Any]:
        return {"hpo_id": hpo_id, "label": terms.label(hpo_id, language)}

    return {
        **named(found.hpo_id),
        "label_en": found.label,
        "asked_as": None if asked == found.hpo_id else asked,
        "status": found.status,
        "definition": found.definition,
        "synonyms": list(found.synonyms),
        "choices": list(map(named, found.choices)),
        "parents": list(map(named, found.parents)),
        "ancestors": [
            {**named(one), "distance": steps}
            for one, steps in terms.ancestors(found.hpo_id).items()
            if steps
        ],
        "descendants": max(len(terms.descendants(found.hpo_id)) - 1, 0),
        "source": terms.source.name,
        "version": terms.source.version,
    }


def _show(document: Mapping[str, Any], console: Console) -> None:
    names = {document["label"]: None, document["label_en"]: None}
    title = " / ".join(name for name in names if name)
    console.print(Text.assemble((document["hpo_id"], "bold"), f" {title}"), soft_wrap=True)
    asked = document["asked_as"]
    if asked is not None:
        console.print(Text(f"  {asked} is {document['status']}; this stands for it"))
    elif document["status"] != "current":
        console.print(Text(f"  {document['status']}; no single term stands for it"))
    for name in ("choices", "parents"):
        for one in document[name]:
            console.print(Text(f"  {name}: {one['hpo_id']} {one['label']}"), soft_wrap=True)
    if document["synonyms"]:
        console.print(Text(f"  synonyms: {', '.join(document['synonyms'])}"), soft_wrap=True)
    if document["definition"]:
        console.print(Text(f"  {document['definition']}"), soft_wrap=True)
    console.print(
        Text(
            f"  {len(document['ancestors'])} ancestors, {document['descendants']} descendants in "
            f"{document['source']} {document['version']}"
        )
    )

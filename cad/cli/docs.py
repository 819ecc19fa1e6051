"""`cad docs`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from cad.cli.reply import Reply
from cad.docs import FOLDER, stale_pages, write_pages
from schemas.errors import Conflict


def docs(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 where a page is stale.")
    ] = False,
) -> Reply:
    """Write the generated pages of the documentation.

    Example: cad docs --check
    """
    stale = stale_pages()
    if check and stale:
        raise Conflict("docs_stale", "write them anew with cad docs", ", ".join(stale))
    written = [] if check else write_pages()

    def show(console: Console) -> None:
        for name in written:
            console.print(f"written: {name}")
        if not written:
            console.print("All generated pages are up to date.")

    return Reply({"folder": str(FOLDER), "written": written}, show)

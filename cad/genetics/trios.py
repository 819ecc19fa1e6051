"""Children with both parents among the participants, as Hail's methods take them."""

from __future__ import annotations

from typing import Any, Final

import hail as hl

from cad.genetics.genotypes import Study

_IS_FEMALE: Final = {"XX": True, "XY": False}


def pedigree(study: Study, *, affected: bool = False) -> Any:
    """A trio for each child of a known sex whose parents both take part.

    Args:
        study: whose participants they are.
        affected: only children who are affected.
    """
    return hl.Pedigree(
        [
            hl.Trio(
                str(one.sample),
                pat_id=str(one.father),
                mat_id=str(one.mother),
                is_female=_IS_FEMALE[one.sex],
            )
            for one in study.participants
            if one.father is not None and one.mother is not None and one.sex in _IS_FEMALE
            if one.affected == "1" or not affected
        ]
    )

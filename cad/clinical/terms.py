"""The release of HPO that tells which terms of a push it knows."""

from __future__ import annotations

from collections.abc import Sequence

from cad.clinical.hpo import Hpo, open_hpo
from cad.leases import pin
from cad.registry.annotations import sources_at
from cad.registry.engine import reading
from cad.warehouse import Warehouse
from schemas.clinical_records import ClinicalDocument


def terms_for(
    warehouse: Warehouse, documents: Sequence[ClinicalDocument], *, or_default: bool
) -> Hpo | None:
    """The release that answers, None where no document has a term of HPO.

    Args:
        warehouse: the warehouse.
        documents: what is pushed.
        or_default: whether the release that comes with CAD answers where none is loaded; it takes
            seconds to be read, for which a night's batches do not wait.

    Raises:
        Unavailable: `registry_unusable`.
    """
    if not any(one.system == "HPO" for held in documents for one in held.records.features):
        return None
    with pin(warehouse) as commit_no:
        with reading(warehouse.engine) as connection:
            is_loaded = any(one.kind == "hpo" for one in sources_at(connection, commit_no))
        if not is_loaded and not or_default:
            return None
        hpo = open_hpo(warehouse, commit_no)
        # Read what is asked of it while its files are pinned.
        hpo.status("HP:0000001")
    return hpo

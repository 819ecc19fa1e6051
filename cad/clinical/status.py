"""What the clinical side holds, and which of its terms the release of HPO does not know."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from cad.clinical.hpo import open_hpo
from cad.registry.annotations import sources_at
from cad.registry.clinical_tables import document
from cad.registry.documents import told_persons
from cad.registry.samples import persons_with_sample
from cad.registry.tables import phenotype, visible
from cad.warehouse import Warehouse


def clinical_status(connection: Connection, warehouse: Warehouse, commit_no: int) -> dict[str, Any]:
    """The entry of `cad status`.

    Returns:
        Documents that hold (each of one person), persons they tell of, those of them without a
        sample; the loaded release of HPO and the recorded terms it does not know, None where no
        release is loaded.
    """
    held = select(func.count()).select_from(document).where(visible(document, commit_no))
    persons = told_persons(connection, commit_no)
    return {
        "documents": connection.execute(held).scalar_one(),
        "persons": len(persons),
        "persons_without_sample": len(persons - persons_with_sample(connection, persons)),
        "hpo": _terms(connection, warehouse, commit_no),
    }


def _terms(connection: Connection, warehouse: Warehouse, commit_no: int) -> dict[str, Any] | None:
    if all(one.kind != "hpo" for one in sources_at(connection, commit_no)):
        return None
    hpo = open_hpo(warehouse, commit_no)
    query = (
        select(phenotype.c.code)
        .where(visible(phenotype, commit_no), phenotype.c.system == "HPO")
        .distinct()
        .order_by(phenotype.c.code)
    )
    newer = [code for code in connection.scalars(query) if hpo.status(code) is None]
    return {"source": hpo.source.name, "version": hpo.source.version, "terms_newer": newer}

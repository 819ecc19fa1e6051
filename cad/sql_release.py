"""Read-only SQL over what a release tells for one purpose, null where it hides a figure.

Its views are `schemas.releases.RELEASE_VIEWS` and those of annotations; nothing of a person, no
call and no denominator of a position is in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from cad.build.statements import statement
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.releases.names import FREQUENCIES, PHENOTYPES, purpose_of
from cad.releases.read import open_release
from cad.sql_access import (
    SqlAccess,
    comment,
    connected,
    lock,
    make_annotation_views,
    make_table,
    make_view,
)
from cad.sql_annotations import source_table
from cad.warehouse import Warehouse
from schemas.releases import RELEASE_VIEWS
from schemas.views import STRATA


@contextmanager
def open_release_sql(warehouse: Warehouse, purpose: str, release: str) -> Iterator[SqlAccess]:
    """Open the views of a release.

    Raises:
        BadQuestion: `purpose_unknown`.
        NotFound: `release_unknown`.
        Unavailable: `registry_unusable`.
    """
    with open_release(warehouse, release, purpose) as reader, connected(warehouse) as connection:
        base, own = reader.base, purpose_of(release, purpose)
        with reading(warehouse.engine) as registry:
            paths = {
                table: [
                    warehouse.lake.address(file.path)
                    for file in lake_files(registry, base.pinned_no, table, purpose=own)
                ]
                for table in (FREQUENCIES, PHENOTYPES)
            }
            make_table(connection, "annotations", source_table(registry, base.pinned_no))
        strata = [{"number": one.number, "stratum": one.name} for one in base.strata]
        make_table(connection, "strata", pa.Table.from_pylist(strata, STRATA))
        for name, table in (("frequencies", FREQUENCIES), ("phenotype_counts", PHENOTYPES)):
            make_view(connection, name, dict.fromkeys(paths[table], ()), "", RELEASE_VIEWS[name])
        read = make_annotation_views(connection, warehouse, base)
        connection.execute(f"CREATE VIEW annotated AS {statement('view_annotated')}")
        comment(connection, "VIEW", "annotated")
        lock(connection, [*paths[FREQUENCIES], *paths[PHENOTYPES], *read])
        yield SqlAccess(connection, warehouse.settings.sql_seconds, warehouse.settings.sql_rows)

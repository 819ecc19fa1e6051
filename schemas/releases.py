"""Arrow schemas of a release's tables: what outside users see, null where figures are hidden."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from schemas.columns import column, said
from schemas.views import ANNOTATED, FREQUENCIES, SOURCES, STRATA

RELEASE_FREQUENCIES: Final = pa.schema(
    [field.with_nullable(True) for field in FREQUENCIES],
    metadata=said(
        "One row per variant and stratum of a release, for one purpose; null where hidden."
    ),
)
RELEASE_PHENOTYPES: Final = pa.schema(
    [
        column("hpo_id", pa.string(), "id", "Term of HPO, or the id that the release knows not."),
        column("label", pa.string(), "name", "Its English name.", null=True),
        column(
            "observed", pa.int32(), "persons", "Who has it or a kind of it; null where hidden.",
            null=True,
        ),
        column(
            "excluded", pa.int32(), "persons",
            "In whom it, or what it is a kind of, was looked for and not found; null where hidden.",
            null=True,
        ),
        column("hidden", pa.bool_(), "yes or no", "Whether a figure is withheld as too small."),
    ],
    metadata=said("One row per term that is told of anybody, for one purpose of a release."),
)  # fmt: skip

RELEASE_VIEWS: Final[dict[str, pa.Schema]] = {
    "frequencies": RELEASE_FREQUENCIES,
    "phenotype_counts": RELEASE_PHENOTYPES,
    "strata": STRATA,
    "annotations": SOURCES,
    "annotated": ANNOTATED,
}
"""What SQL sees of a release, beside the views of annotations."""

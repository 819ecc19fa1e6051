"""The clinical documents of a batch: phenotypes.tsv, phenopackets and FHIR bundles beside the VCFs.

Its consents.tsv is not among them: those decisions belong to the batch itself.
"""

from __future__ import annotations

from loaders.clinical.read import read_named
from loaders.intake import Batch
from loaders.intake.sheets import PHENOTYPES
from schemas.clinical_records import ClinicalDocuments


def read_batch_documents(batch: Batch) -> ClinicalDocuments:
    """What the documents of a batch say.

    Raises:
        BatchRefused: as `loaders.clinical.read.read_documents`.
    """
    paths = [one.path for one in batch.documents]
    if batch.phenotypes:
        paths.append(PHENOTYPES)
    return read_named(batch.directory, paths)

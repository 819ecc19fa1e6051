"""Where a source's rows lie: its contigs' names, and its alleles in the base's own form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loaders.annotation.job import SourceJob
from loaders.sites.alleles import Alleles, Written, normalise
from schemas.contigs import ASSEMBLIES, canonical_contig, contig_length
from schemas.errors import BadQuestion
from schemas.refseq import accession_contig

Longs = NDArray[np.int64]


class SourceContigs:
    """Reads a source's contig names: chr22, 22 and dbSNP's NC_000022.11 are one."""

    def __init__(self, job: SourceJob) -> None:
        self._job = job

    def of(self, name: str, records: int) -> str | None:
        """The counted contig of some records, None where they are left out.

        Raises:
            BadQuestion: `assembly_mismatch`, for an accession of another assembly.
        """
        assembly = self._job.assembly
        found = canonical_contig(name) or accession_contig(assembly, name)
        if found is None:
            other = [one for one in ASSEMBLIES if accession_contig(one, name)]
            if other:
                detail = f"contig {name} is of {other[0]}; the warehouse is of {assembly}"
                raise BadQuestion("assembly_mismatch", detail, self._job.name)
            self._job.tally.left_out["contig_not_counted"] += records
        return found


def keep_variants(
    job: SourceJob, contig: str, written: Written, line: Longs
) -> tuple[Alleles, Longs]:
    """Alternates of a contig normalised, and the rows that are variants; others are tallied.

    Args:
        job: the file.
        contig: the counted contig.
        written: the alternates.
        line: each one's line in the file.

    Raises:
        BadQuestion: `assembly_mismatch`, for a position beyond the contig.
    """
    length = contig_length(job.assembly, contig)
    beyond = np.flatnonzero((written.pos > length) | (written.pos < 1))
    if len(beyond):
        at = int(beyond[0])
        detail = f"position {written.pos[at]} of {contig}, which has {length} in {job.assembly}"
        raise BadQuestion("assembly_mismatch", detail, f"{job.name}, line {line[at]}")
    alleles = normalise(written, contig, job.assembly, job.reference)
    kept = np.flatnonzero(alleles.is_variant)
    mismatched = alleles.mismatched
    if len(mismatched):
        first = int(mismatched.min())
        job.tally.mismatch(len(mismatched), f"{job.name}, line {line[first]}")
    strange = len(written.pos) - len(kept) - len(mismatched)
    if strange:
        job.tally.left_out["no_variant"] += strange
    return alleles, kept

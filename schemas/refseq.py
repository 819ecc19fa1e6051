"""RefSeq accessions of the counted contigs: NC_000001.11 is GRCh38's chromosome 1.

Source: NCBI's assembly reports of GRCh37.p13 and GRCh38.p14; the mitochondrion is rCRS in both.
"""

from __future__ import annotations

from typing import Final

from schemas.contigs import CONTIGS, Assembly

_VERSIONS: Final[dict[Assembly, str]] = {
    "GRCh37": "10 11 11 11 9 11 13 10 11 10 9 11 10 8 9 9 10 9 9 10 8 10 10 9",
    "GRCh38": "11 12 12 12 10 12 14 11 12 11 10 12 11 9 10 10 11 10 10 11 9 11 11 10",
}

ACCESSIONS: Final[dict[Assembly, dict[str, str]]] = {
    assembly: {
        **{
            contig: f"NC_{number:06d}.{version}"
            for number, (contig, version) in enumerate(
                zip(CONTIGS, versions.split(), strict=False), start=1
            )
        },
        "M": "NC_012920.1",
    }
    for assembly, versions in _VERSIONS.items()
}
"""Accession by assembly and contig."""

_CONTIG: Final = {
    (assembly, accession): contig
    for assembly, accessions in ACCESSIONS.items()
    for contig, accession in accessions.items()
}


def accession_contig(assembly: Assembly, name: str) -> str | None:
    """The contig an accession means in an assembly.

    >>> accession_contig("GRCh38", "NC_000022.11"), accession_contig("GRCh38", "NC_000022.10")
    ('22', None)
    """
    return _CONTIG.get((assembly, name))

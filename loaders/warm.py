"""Compile all kernels that read VCF once; `cad.warm` does so with all others.

Numba keeps what it compiled beside the sources (or where ``NUMBA_CACHE_DIR`` says), so that later
processes load it in a moment.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final, get_args

from loaders.annotation.clinvar import read_clinvar
from loaders.annotation.job import SourceJob
from loaders.jobs import Callability, Column, FileJob
from loaders.vcf_file import read_vcf

_LINES: Final = (
    "##fileformat=VCFv4.2",
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS",
    "22\t20000000\t.\tA\tG\t.\tPASS\tAC=1\tGT\t0|1",
    "22\t20000001\t.\tC\tG,*\t.\tPASS\t.\tGT:AD:DP:GQ\t1/2:9,9,9:27:30.5",
    "22\t20000001\t.\tC\tT\t.\tPASS\t.\tGT:AD:DP:GQ\t0/1:9,9:27:30",
    "22\t20000002\t.\tA\t<NON_REF>\t.\t.\tEND=20000009\tGT:MIN_DP:GQ:LEN\t0/0:20:40:3",
    "chrUn\t1\t.\tA\tG\t.\t.\t.\tGT\t0/1",
    "M\t100\t.\tA\tG\t.\t.\t.\tGT:AF:DP\t0/1:0.5:200",
)
_SITES: Final = (
    "##fileformat=VCFv4.2",
    '##INFO=<ID=CLNSIG,Number=A,Type=String,Description="">',
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
    "22\t20000000\t7\tA\tG\t.\tPASS\tCLNSIG=Benign",
)


def warm() -> None:
    """Read a tiny file of each callability, and one of sites: all kernels are compiled then."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.vcf"
        path.write_text("\n".join(_LINES) + "\n")
        for callability in get_args(Callability):
            read_vcf(
                FileJob(
                    path,
                    path.name,
                    "germline",
                    callability,
                    "GRCh38",
                    (Column("S", 1),),
                    out=Path(folder),
                )
            )
        _warm_sites(Path(folder) / "sites.vcf")


def _warm_sites(path: Path) -> None:
    """Read a tiny file of a source of annotations."""
    path.write_text("\n".join(_SITES) + "\n")
    for _ in read_clinvar(SourceJob(path, "GRCh38")):
        pass

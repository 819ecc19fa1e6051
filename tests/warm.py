"""Loads the package and its compiled code; imported by the server that `tests.crash` forks from."""

from pathlib import Path
from tempfile import TemporaryDirectory

import cad.push
from loaders.jobs import Column, FileJob
from loaders.vcf_file import read_vcf
from tests.batch_dir import vcf

with TemporaryDirectory() as _folder:
    _path = Path(_folder) / "warm.vcf"
    _path.write_bytes(vcf("S1", lines=("chr22 100 . A G . PASS . GT 0/1",)))
    read_vcf(FileJob(_path, cad.push.__name__, "germline", "sites", "GRCh38", (Column("S1", 1),)))

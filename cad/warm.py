"""Do once what later processes find done: ``python -m cad.warm``.

All kernels are compiled by reading, counting and asking of two tiny batches, so that each gets the
types it is called with; Numba keeps what it compiled beside the sources (or where
``NUMBA_CACHE_DIR`` says). The release of HPO that comes with CAD is read, and kept likewise.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import loaders.warm
from cad.build.run import build_base
from cad.clinical.default_hpo import default_release
from cad.cohort.select import latest_cohort
from cad.push import push_batch
from cad.query.parse import Variant
from cad.questions.carriers import read_carrying
from cad.settings import Settings, WarehouseConfig
from cad.statistics.fisher import fisher_exact, odds_ratios
from cad.warehouse import Warehouse
from schemas.errors import NotFound

Document = dict[str, str]

_LOG = logging.getLogger(__name__)
_VARIANT: Final = Variant("22", 20_000_000, "A", "G")
_LINES: Final = (
    "##fileformat=VCFv4.2",
    "##contig=<ID=22>",
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{sample}",
    "22\t20000000\t.\tA\tG\t.\tPASS\t.\tGT\t0/1",
)
_SAMPLES: Final[dict[str, Document]] = {
    "A": {"callability": "bed", "callable_bed": "tiny.bed"},
    "B": {"callability": "blocks"},
}
"""Both ways to say where a sample was looked at: by tracks and by rows."""
_TABLE: Final = (8, 2, 1, 5)


def warm() -> None:
    """Compile all kernels, and read the default release of HPO where it is installed."""
    loaders.warm.warm()
    fisher_exact(_TABLE)
    odds_ratios(_TABLE)
    with tempfile.TemporaryDirectory() as folder:
        _count(Path(folder))
    with suppress(NotFound):
        default_release()


def _count(folder: Path) -> None:
    """Push and build twice, so that counts are made and changed, and ask for a variant."""
    settings = Settings(registry_url=None, key_file=None, init=WarehouseConfig())
    with Warehouse.create(folder / "warehouse", "GRCh38", settings=settings) as warehouse:
        for sample, looked_at in _SAMPLES.items():
            push_batch(warehouse, _batch(folder / sample, sample, looked_at))
            build_base(warehouse)
        with latest_cohort(warehouse) as cohort:
            read_carrying(cohort.members("care"), _VARIANT)


def _batch(folder: Path, sample: str, looked_at: Document) -> Path:
    """A batch of one person with one call."""
    folder.mkdir()
    vcf = "\n".join(_LINES).format(sample=sample) + "\n"
    files = {
        "tiny.vcf": vcf,
        "tiny.bed": "22\t19999000\t20001000\n",
        "samples.tsv": f"sample_id\tperson_id\tsex\n{sample}\tP{sample}\tXX\n",
    }
    entry = {
        "path": "tiny.vcf",
        "sha256": hashlib.sha256(vcf.encode()).hexdigest(),
        "kind": "germline",
        **looked_at,
    }
    manifest = {
        "format": "cad-batch/1",
        "batch_id": f"TINY-{sample}",
        "platform": "TINY",
        "assembly": "GRCh38",
        "pipeline": {"name": "none", "version": "1"},
        "files": [entry],
    }
    for name, text in (files | {"manifest.json": json.dumps(manifest)}).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    began = time.perf_counter()
    warm()
    _LOG.setLevel(logging.INFO)
    _LOG.info("kernels compiled in %.0f s", time.perf_counter() - began)

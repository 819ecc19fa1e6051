"""Simulated VCF files as batches (DESIGN 4)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from benchmarks.folders import variant_files
from benchmarks.population import FIRST, LENGTH
from benchmarks.sizes import STRATA
from benchmarks.vcf_files import CONTIG

BED: Final = "callable.bed"


def sample_names(first: int, number: int) -> list[str]:
    """Names of samples from a number on."""
    return [f"S{place:05d}" for place in range(first, first + number)]


def cohort_of(place: int) -> str:
    """The cohort of the person at a place: as many cohorts as strata are recounted."""
    return f"C{place % STRATA + 1:02d}"


def write_batch(
    folder: Path,
    batch_id: str,
    samples: Sequence[str],
    callability: Literal["bed", "blocks", "sites"],
) -> None:
    """Make the folder with its VCFs a batch; `samples` are the columns of all of them."""
    entry: dict[str, str] = {"kind": "germline", "callability": callability}
    if callability == "bed":
        entry["callable_bed"] = BED
        text = f"{CONTIG}\t{FIRST - 1}\t{FIRST - 1 + LENGTH}\n"
        (folder / BED).write_text(text, encoding="utf-8")
    manifest: Mapping[str, object] = {
        "format": "cad-batch/1",
        "batch_id": batch_id,
        "platform": "BENCH",
        "assembly": "GRCh38",
        "pipeline": {"name": "simulated", "version": "1"},
        "files": [
            {"path": path.name, "sha256": _sha256(path), **entry} for path in variant_files(folder)
        ],
    }
    rows = ["sample_id\tperson_id\tsex\taffected\tcohort"]
    for name in samples:
        place = int(name[1:])
        sex = ("XX", "XY")[place % 2]
        rows.append(f"{name}\tP{name[1:]}\t{sex}\t{place // 2 % 2}\t{cohort_of(place)}")
    (folder / "samples.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""Hail's own test files pushed as batches: one warehouse, each file's persons under one purpose."""

import hashlib
from pathlib import Path
from typing import Final

import pysam

from cad.push import push_batch
from cad.settings import WarehouseConfig
from cad.warehouse import Warehouse
from loaders.jobs import Thresholds
from tests.base.engines import HAIL_SETTINGS
from tests.batch_dir import BatchDir

ANY: Final = Thresholds(min_gq=0, min_dp=0, min_dp_haploid=0, min_allele_balance=0.0)
"""Their reads contradict their genotypes on purpose, which alone they are about."""
PEERS: Final = {
    "HWE_test": "industry",
    "mendel": "industry",
    "tdt": "industry",
    "regressionLogisticEpacts": "care",
}
"""The purpose for which a file's persons count, and no other."""
EVERY: Final = 5
"""Of EPACTS's persons one of so many is taken: enough for a fit."""
_SEX: Final = {"1": "XY", "2": "XX"}
_AFFECTED: Final = {"1": "0", "2": "1"}


def warehouse_of_peers(folder: Path, peers: Path) -> Warehouse:
    """A warehouse that holds all of them; the caller closes it."""
    settings = HAIL_SETTINGS.model_copy(update={"init": WarehouseConfig(thresholds=ANY)})
    made = Warehouse.create(folder / "warehouse", "GRCh37", settings=settings)
    for name, purpose in PEERS.items():
        push_batch(made, _batch(folder / name, peers, name, purpose))
    return made


def _batch(folder: Path, peers: Path, name: str, purpose: str) -> Path:
    made = BatchDir(folder)
    made.manifest |= {"batch_id": name, "assembly": "GRCh37"}
    _genotypes_alone(peers / f"{name}.vcf", folder / f"{name}.vcf")
    with pysam.VariantFile(str(folder / f"{name}.vcf")) as file:
        columns = list(file.header.samples)
    data = (folder / f"{name}.vcf").read_bytes()
    renamed = {column: f"{name}-{number}" for number, column in enumerate(columns)}
    made.manifest["files"] = [
        {
            "path": f"{name}.vcf", "sha256": hashlib.sha256(data).hexdigest(), "kind": "germline",
            "callability": "sites", "samples": renamed,
        }
    ]  # fmt: skip
    rows = _people(peers / f"{name}.fam")
    made.sheet(
        "sample_id|person_id|sex|father_id|mother_id|affected",
        *(
            "|".join((renamed[column], f"{name}:{column}", *_told(name, rows.get(column))))
            for column in columns
        ),
    )
    made.sheet("person_id|scope|status|signed_on", *(
        f"{name}:{column}|{scope}|{'given' if scope == purpose else 'refused'}|2026-01-01"
        for column in columns
        for scope in ("care", "research", "industry")
    ), name="consents.tsv")  # fmt: skip
    return made.write()


def _genotypes_alone(path: Path, out: Path) -> None:
    """The file without INFO and what stands beside GT, its lines in order."""
    lines = path.read_text().splitlines()
    header = [line for line in lines if line.startswith("##")]
    columns, *records = (line.split("\t") for line in lines[len(header) :])
    step = EVERY if "Epacts" in path.name else 1
    contigs = list(dict.fromkeys(cells[0] for cells in records))
    records.sort(key=lambda cells: (contigs.index(cells[0]), int(cells[1])))
    kept = [
        (*cells[:7], ".", *(cell.partition(":")[0] for cell in cells[8:]))
        for cells in records
        # Nobody carries what mendel.vcf has where HWE_test.vcf has its variants.
        if (path.name, cells[0]) != ("mendel.vcf", "20")
    ]
    rows = ["\t".join((*row[:9], *row[9::step])) for row in (columns, *kept)]
    out.write_text("\n".join((*header, *rows)) + "\n")


def _people(fam: Path) -> dict[str, list[str]]:
    if not fam.exists():
        return {}
    return {row[1]: row for row in map(str.split, fam.read_text().splitlines())}


def _told(name: str, row: list[str] | None) -> tuple[str, str, str, str]:
    if row is None:
        return "XX", "", "", ""
    father, mother = ("" if one == "0" else f"{name}:{one}" for one in row[2:4])
    return _SEX.get(row[4], "unknown"), father, mother, _AFFECTED.get(row[5], "")

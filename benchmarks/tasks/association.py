"""A phenotype's variants: the affected against the others, at every variant of a joint VCF.

CAD counts carriers and those who could have shown each variant, and tests every table; plink2
counts genotypes.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.folders import Data, variant_files
from benchmarks.measure import cad, run, step
from benchmarks.peers import plink_import, write_groups
from benchmarks.stores import build, make_empty, push
from benchmarks.task import Side, Task

CAD = "cad phenotype"
PLINK = "plink2 --geno-counts"


def _sides(data: Data, shared: Path) -> list[Side]:
    store, pgen, categories = shared / "store", shared / "joint", shared / "affected.tsv"
    make_empty(store)
    run(push(store, data.joint))
    run(build(store))
    (vcf,) = variant_files(data.joint)
    run(plink_import(vcf, pgen))
    write_groups(data.joint, categories, "#IID\tAFFECTED", "affected", prefix="A")
    columns = "cols=chrom,pos,ref,alt,homref,refalt,altxy"

    def count_own(folder: Path, out: Path) -> None:
        run(step("carrier_counts", store, out))

    def count_peer(folder: Path, out: Path) -> None:
        tables = sorted(folder.glob("found.A*.gcount"))
        named = [f"{path.name.split('.')[1].removeprefix('A')}={path}" for path in tables]
        run(step("plink_carriers", out, *named))

    return [
        Side(
            CAD,
            "cad",
            commands=lambda _: [
                cad("phenotype", "affected=1", "-w", store, "--format", "json", "-qq")
            ],
            count=count_own,
        ),
        Side(
            PLINK,
            "plink2",
            commands=lambda folder: [
                [
                    *("plink2", "--pfile", pgen, "--pheno", categories),
                    *("--loop-cats", "AFFECTED", "--geno-counts", columns),
                    *("--out", folder / "found"),
                ]
            ],
            count=count_peer,
        ),
    ]


TASK = Task("association", "carriers among the affected and the others, at every variant", _sides)

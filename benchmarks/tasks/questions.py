"""Questions about persons: who carries a variant, a gene's burden, a frequency in any subset.

Each is one command of CAD's; its peers are plink2, or pysam and scipy on the joint VCF, its index
and the same clinical files. The variant asked about is carried by many, so that every feature is
tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.clinical_files import (
    span_of,
    write_consequences,
    write_features,
    write_genes,
)
from benchmarks.folders import Data, variant_files
from benchmarks.measure import Command, cad, run, step
from benchmarks.peers import plink_counts, plink_import
from benchmarks.stores import build, make_empty, push
from benchmarks.task import Figures, Side, Task, kept_counts, printed_json
from benchmarks.vcf_files import CONTIG

CARRIERS, CARRIERS_PEER = "cad carriers", "pysam and scipy, carriers"
BURDEN, BURDEN_PEER = "cad burden", "pysam and scipy, burden"
SUBSET, SUBSET_PEER = "cad frequency, a gene", "plink2 --keep"
IN_PROCESS: Final = "cad frequency, in process"
_GENES: Final = tuple(range(40, 50))
_WHERE: Final = ("--where", "affected=1", "--where", "cohort!=C01")
_MAX_AF: Final = "0.01"
_SHARES: Final = (0.1, 1 / 3)


def _sides(data: Data, shared: Path) -> list[Side]:
    store, pgen, keep = shared / "store", shared / "joint", shared / "keep.txt"
    vcf, index = shared / "joint.bcf", shared / "joint.bcf.csi"
    features = shared / "clinical"
    _prepare(data, store, features)
    (source,) = variant_files(data.joint)
    run(plink_import(source, pgen))
    run(["bcftools", "view", source, "-Ob", "-o", vcf])
    run(["bcftools", "index", vcf, "-o", index])
    _write_subset(data.joint, keep)
    pos, ref, alt = _asked(pgen)
    variant = f"20-{pos}-{ref}-{alt}"
    gene, (first, last) = _GENES[0], span_of(_GENES[0])
    names = [f"G{number}" for number in _GENES]
    sheet = data.joint / "samples.tsv"

    def ours(name: str, kind: str, *words: str, group: str) -> Side:
        return Side(
            name,
            "cad",
            commands=lambda folder: [step("ask", folder / "answer.json", *words, "-w", store)],
            count=lambda folder, out: _write_counts(kind, folder, out),
            group=group,
        )

    def peer(name: str, module: str, *words: str | Path, group: str) -> Side:
        return Side(
            name,
            "pysam",
            commands=lambda folder: [step(module, folder / "found", vcf, *words)],
            count=kept_counts("found"),
            group=group,
        )

    def in_process(folder: Path) -> Sequence[Command]:
        where = [word for word in _WHERE if word != "--where"]
        return [step("subset_time", store, folder / "found", f"G{gene}", variant, *where)]

    def figures(_folder: Path, printed: Sequence[str]) -> Figures:
        return printed_json(printed)

    return [
        ours(CARRIERS, "carriers", "carriers", variant, "--level", "term", group="carriers"),
        peer(
            CARRIERS_PEER, "scipy_carriers", f"{CONTIG}:{pos}-{pos}", ref, alt, sheet,
            features / "phenotypes.tsv", group="carriers",
        ),
        ours(
            BURDEN, "burden", "burden", *names, "--cases", "affected=1", "--mask", "lof",
            "--model", "dominant", "--max-af", _MAX_AF, "--min-callable", "0", group="burden",
        ),
        peer(
            BURDEN_PEER, "scipy_burden", sheet, _MAX_AF, *map(str, _GENES), group="burden"
        ),
        ours(SUBSET, "frequency", "frequency", f"G{gene}", *_WHERE, group="subset"),
        Side(
            SUBSET_PEER,
            "plink2",
            commands=lambda folder: [
                [
                    *("plink2", "--pfile", pgen, "--keep", keep, "--chr", "20"),
                    *("--from-bp", f"{first}", "--to-bp", f"{last}", "--freq", "counts"),
                    *("cols=chrom,pos,ref,alt,altfreq,nobs", "--out", folder / "found"),
                ]
            ],
            count=lambda folder, out: _read_plink(folder, out),
            group="subset",
        ),
        Side(
            IN_PROCESS,
            "cad",
            commands=in_process,
            figures=figures,
            count=kept_counts("found"),
            group="subset",
        ),
    ]  # fmt: skip


def _prepare(data: Data, store: Path, features: Path) -> None:
    """The warehouse with all that the questions need."""
    make_empty(store)
    run(push(store, data.joint))
    write_features(data.joint, features)
    run(cad("clinical", "push", features, "-w", store, "-qq"))
    genes, consequences = features.with_name("genes.gff3"), features.with_name("vep.vcf")
    write_genes(genes)
    write_consequences(data.joint, consequences)
    run(cad("annotation", "add", "genes", genes, "--version", "1", "-w", store, "-qq"))
    run(cad("annotation", "add", "vep", consequences, "--version", "1", "-w", store, "-qq"))
    run(build(store))


def _asked(pgen: Path) -> tuple[int, str, str]:
    """The first substitution of the imported VCF that a tenth to a third of the alleles are."""
    run(plink_counts(pgen, pgen))
    with pgen.with_suffix(".acount").open(encoding="utf-8") as file:
        columns = next(file).lstrip("#").split()
        for line in file:
            row = dict(zip(columns, line.split(), strict=True))
            if len(row["REF"]) == len(row["ALT"]) == 1:
                share = int(row["ALT_CTS"]) / int(row["OBS_CT"])
                if _SHARES[0] < share < _SHARES[1]:
                    return int(row["POS"]), row["REF"], row["ALT"]
    raise LookupError("no variant is that common")


def _write_subset(batch: Path, path: Path) -> None:
    """The samples that `_WHERE` chooses."""
    names, *rows = (
        line.split("\t")
        for line in (batch / "samples.tsv").read_text(encoding="utf-8").splitlines()
    )
    sample, affected, cohort = (names.index(one) for one in ("sample_id", "affected", "cohort"))
    kept = [row[sample] for row in rows if row[affected] == "1" and row[cohort] != "C01"]
    path.write_text("#IID\n" + "".join(f"{name}\n" for name in kept), encoding="utf-8")


def _write_counts(kind: str, folder: Path, out: Path) -> None:
    run(step("answer_counts", kind, folder / "answer.json", out))


def _read_plink(folder: Path, out: Path) -> None:
    run(step("plink_counts", out, f"all={folder / 'found.acount'}"))


TASK = Task("questions", "carriers, burden of genes, and frequencies in a subset", _sides)

"""A clinical side for the persons of a joint VCF: features, genes, and what its variants do.

All of it follows from numbers of persons and places of variants, so that it is the same on every
machine, and a peer can read the same files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zlib import crc32

import pysam

from benchmarks.folders import variant_files
from benchmarks.population import FIRST, LENGTH
from benchmarks.vcf_files import CONTIG

GENES: Final = 100
_TERMS: Final = (
    "HP:0001250", "HP:0001249", "HP:0001263", "HP:0001638", "HP:0001644", "HP:0000252",
)  # fmt: skip
"""Few enough that an answer lists all they are kinds of."""
_LOF: Final = 0.1
_META: Final = (
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="VEP. Format: '
    'Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE">'
)


def gene_of(pos: int) -> int:
    """The number of the gene that a position is in; genes follow one another."""
    return (pos - FIRST) * GENES // LENGTH


def span_of(gene: int) -> tuple[int, int]:
    """First and last position of a gene."""
    return FIRST + gene * LENGTH // GENES, FIRST + (gene + 1) * LENGTH // GENES - 1


def is_lof(pos: int, ref: str, alt: str) -> bool:
    """Whether a variant stops its gene."""
    return crc32(f"{pos}{ref}{alt}".encode()) < _LOF * 2**32


def features_of(place: int) -> list[str]:
    """The terms that the person of a number has: none to three."""
    draw = crc32(f"features of {place}".encode())
    return sorted({_TERMS[(draw >> 4 * at) % len(_TERMS)] for at in range(draw % 4)})


def write_genes(path: Path) -> None:
    """Write the gene model."""
    lines = ["##gff-version 3"]
    for gene in range(GENES):
        first, last = span_of(gene)
        about = f"ID=gene:ENSG{gene};Name=G{gene};biotype=protein_coding"
        lines.append(f"{CONTIG}\tx\tgene\t{first}\t{last}\t.\t+\t.\t{about}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_consequences(batch: Path, path: Path) -> None:
    """Write what each variant of a batch's joint VCF does, as VEP does."""
    with path.open("w", encoding="utf-8") as file:
        file.write(
            f"##fileformat=VCFv4.2\n{_META}\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        )
        for pos, ref, alt in sites_of(batch):
            term, impact = (
                ("stop_gained", "HIGH") if is_lof(pos, ref, alt) else ("synonymous_variant", "LOW")
            )
            gene = gene_of(pos)
            said = f"{alt}|{term}|{impact}|G{gene}|ENSG{gene}|Transcript|T{gene}|protein_coding"
            file.write(f"{CONTIG}\t{pos}\t.\t{ref}\t{alt}\t.\t.\tCSQ={said}\n")


def write_features(batch: Path, folder: Path) -> None:
    """Write a folder for `cad clinical push`: the features of everybody of a batch."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = (batch / "samples.tsv").read_text(encoding="utf-8").splitlines()[1:]
    lines = ["person_id\tsystem\tcode"]
    for row in rows:
        name, person = row.split("\t")[:2]
        lines += [f"{person}\tHPO\t{term}" for term in features_of(int(name[1:]))]
    (folder / "phenotypes.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def sites_of(batch: Path) -> Iterator[tuple[int, str, str]]:
    """Position, ref and alt of each alternate of a batch's joint VCF."""
    (vcf,) = variant_files(batch)
    with pysam.BGZFile(str(vcf), "r", None) as file:
        for line in file:
            if not line.startswith(b"#"):
                _, pos, _, ref, alts, *_ = line[:400].split(b"\t", 5)
                for alt in alts.decode().split(","):
                    yield int(pos), ref.decode(), alt

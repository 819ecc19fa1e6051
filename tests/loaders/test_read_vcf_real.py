"""Public data: counts that files carry themselves, and the twin on slices of real gVCFs."""

from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pysam
import pytest

from loaders.header import read_header
from loaders.jobs import Callability, Column, FileJob
from loaders.vcf_file import read_vcf
from schemas.contigs import Assembly, canonical_contig
from tests.loaders.side_by_side import (
    Entry,
    Rows,
    check_calls,
    check_receipt,
    check_weights,
)

pytestmark = pytest.mark.realdata


def job_of(vcf: Path, assembly: Assembly, callability: Callability, out: Path) -> FileJob:
    """All columns of a file, numbered from 0."""
    columns = tuple(Column(name, n) for n, name in enumerate(read_header(vcf).samples))
    return FileJob(vcf, vcf.name, "germline", callability, assembly, columns, out=out)


@pytest.mark.parametrize(
    "name", ["1kg_phase3_chr22_2504.GRCh37.vcf.gz", "1kg_chr20_300.GRCh37.vcf.gz"]
)
def test_allele_counts_are_those_of_info(testdata: Path, tmp_path: Path, name: str) -> None:
    """Each alternate that is a sequence: copies called, summed, equal INFO's AC."""
    vcf = testdata / "genotypes" / name
    result = read_vcf(job_of(vcf, "GRCh37", "sites", tmp_path))
    (file,) = [file for file in result.written if file.table == "calls"]
    table = pq.read_table(file.path, columns=["pos", "ref", "alt", "dosage"])
    dosage = table["dosage"].to_numpy() & 3
    keys = zip(*(table[name].to_pylist() for name in ("pos", "ref", "alt")), strict=True)
    found = {
        key: sum(int(dosage[n]) for n, _ in rows)
        for key, rows in groupby(enumerate(keys), key=lambda item: item[1])
    }
    expected: dict[tuple[int, str, str], int] = {}
    with pysam.VariantFile(str(vcf)) as records:
        for record in records:
            counts = record.info["AC"]
            counts = counts if isinstance(counts, tuple) else (counts,)
            for alt, count in zip(record.alts or (), counts, strict=True):
                if set(alt) <= set("ACGTN") and count:
                    key = trimmed(record.pos, record.ref or "", alt)
                    expected[key] = max(count, expected.get(key, 0))
    assert found == expected


def trimmed(pos: int, ref: str, alt: str) -> tuple[int, str, str]:
    """The shared suffix, then the shared prefix, but for one base."""
    while len(ref) > 1 and len(alt) > 1 and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
        pos, ref, alt = pos + 1, ref[1:], alt[1:]
    return pos, ref, alt


def test_exons_with_too_few_allele_counts(testdata: Path, tmp_path: Path) -> None:
    """The header declares AC with Number=1; two rows of two alternates carry one value."""
    vcf = testdata / "genotypes" / "ceu_exon_90.vcf.gz"
    receipt = read_vcf(job_of(vcf, "GRCh37", "sites", tmp_path)).receipt
    assert [(entry.reason, entry.records) for entry in receipt.warnings] == [
        ("info_array_length", 2)
    ]
    assert receipt.records == 1348
    assert receipt.reconciles


GVCFS = {
    "HG00268.GRCh38.g.vcf.gz": ("GRCh38", 3_000),
    "NA12878_exome.GRCh38.g.vcf.gz": ("GRCh38", 60_000),
    "NA12878_chr20.GRCh37.g.vcf.gz": ("GRCh37", 20_000),
    "isaac_chr21.GRCh37.g.vcf.gz": ("GRCh37", 9_000),
}


@pytest.mark.parametrize("name", GVCFS)
def test_slice_of_a_gvcf_equals_the_twin(testdata: Path, tmp_path: Path, name: str) -> None:
    """Calls and known alleles at every position of some thousand bases."""
    assembly, first = GVCFS[name]
    vcf = slice_of(testdata / "gvcf" / name, tmp_path / "slice.vcf", first, 600)
    entry = Entry(vcf, "germline", "blocks", "GRCh37" if assembly == "GRCh37" else "GRCh38")
    equals_twin(entry, tmp_path / "out", limit=2_000)


@pytest.mark.parametrize(
    ("name", "assembly"),
    [
        ("hail_x_chromosome.vcf", "GRCh37"),
        ("chrM/1kg_2020_chrM.vcf.gz", "GRCh38"),
        ("hail_sample2_multiallelic.vcf", "GRCh37"),
        ("trio_vep_csq.GRCh37.vcf.gz", "GRCh37"),
    ],
)
def test_genotypes_equal_the_twin(
    testdata: Path, tmp_path: Path, name: str, assembly: Assembly
) -> None:
    vcf = slice_of(testdata / "genotypes" / name, tmp_path / "slice.vcf", 0, 400, columns=12)
    for callability in ("sites", "blocks"):
        entry = Entry(vcf, "germline", callability, assembly)
        equals_twin(entry, tmp_path / callability, limit=1_000)


def slice_of(vcf: Path, out: Path, first: int, lines: int, columns: int = 99) -> Path:
    """Some data lines of a file, and the first of its sample columns, under its header.

    hg19's chrM is not GRCh37's; a header that declares it is rid of it.
    """
    with pysam.BGZFile(str(vcf)) if vcf.suffix == ".gz" else vcf.open("rb") as file:
        text = [line.decode().rstrip("\r\n") for line in file]
    begin = next(n for n, line in enumerate(text) if line.startswith("#CHROM"))
    rows = [text[begin], *text[begin + 1 + first : begin + 1 + first + lines]]
    cut = ["\t".join(row.split("\t")[: 9 + columns]) for row in rows]
    head = [line for line in text[:begin] if "length=16571" not in line]
    out.write_text("\n".join([*head, *cut]) + "\n")
    return out


def equals_twin(entry: Entry, out: Path, limit: int) -> None:
    """Receipt, calls and, at the first positions that records speak of, known alleles."""
    twin = entry.twin(None)
    found = Rows.read(entry, out)
    check_receipt(found.result, twin)
    check_calls(found, twin)
    places = []
    for contig, records in groupby(twin.records, key=lambda record: record.contig):
        if canonical_contig(contig) is not None:
            spans = [
                (record.pos, max(twin.end(record, n) for n in twin.columns)) for record in records
            ]
            covered = np.unique([pos for a, b in spans for pos in (a - 1, a, a + 1, b, b + 1)])
            places += [(contig, int(pos) + 5, int(pos) - 5) for pos in covered[:limit] if pos > 0]
    check_weights(found, twin, places)

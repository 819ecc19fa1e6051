"""Alleles of a file become the keys that `bcftools norm` gives them, where a reference reaches."""

import subprocess
import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.reference import import_reference
from tests.loaders.reading import header, read_text
from tests.twin.cohort_lines import repeats

Written = tuple[str, int, str, tuple[str, ...]]
"""A record: contig, POS, REF, ALTs."""
_NORM = "import sys, pysam.bcftools as b; b.norm(*sys.argv[1:], catch_stdout=False)"


def by_bcftools(folder: Path, fasta: Path, written: list[Written]) -> set[str]:
    """The keys that `bcftools norm` splits and left-aligns alternates to, without mismatches."""
    contigs = {contig for contig, *_ in written}
    source, out = folder / "in.vcf", folder / "out.vcf"
    lines = [
        f"{contig}\t{pos}\t.\t{ref}\t{','.join(alts)}\t.\t.\t."
        for contig, pos, ref, alts in written
    ]
    head = "".join(f"##contig=<ID={contig}>\n" for contig in sorted(contigs))
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    source.write_text(f"##fileformat=VCFv4.2\n{head}{columns}\n" + "\n".join(lines) + "\n")
    options = ["-m-", "-cx", "-f", str(fasta), "-o", str(out), str(source)]
    run = subprocess.run([sys.executable, "-c", _NORM, *options], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr
    keys = set()
    for line in out.read_text().splitlines():
        if not line.startswith("#"):
            contig, pos, _, ref, alt, *_ = line.split("\t")
            if not set(alt) & set("<[]*."):
                keys.add(f"{contig}-{pos}-{ref}-{alt}")
    return keys


def by_reader(
    folder: Path, reference: Path | None, written: list[Written], chrom: str = ""
) -> set[str]:
    """The keys of a file in which the n-th sample carries each record's n-th alternate."""
    most = max(len(alts) for *_, alts in written)
    names = [f"S{n}" for n in range(1, most + 1)]
    text = header(names)
    for contig, pos, ref, alts in written:
        genotypes = [f"0/{n}" if n <= len(alts) else "0/0" for n in range(1, most + 1)]
        cells = [chrom + contig, str(pos), ".", ref, ",".join(alts), ".", "PASS", ".", "GT"]
        text += "\t".join([*cells, *genotypes]) + "\n"
    found = read_text(folder, text, samples=names, reference=reference, assembly="GRCh37")
    return set(found.keys)


def draw_written(rng: Random, contig: str, bases: str, first: int = 1) -> list[Written]:
    """Records on true bases: indels of a repeat's unit, complex ones, SNVs, several ALTs each."""
    written = []
    for _ in range(60):
        at = rng.randrange(len(bases) - 12)
        ref = bases[at : at + rng.choice([1, 1, 2, 3, 5, 9])]
        alts: list[str] = []
        for _ in range(rng.choice([1, 1, 2, 3])):
            shape = rng.random()
            if shape < 0.4:
                alt = ref + ref[-rng.randint(1, 3) :] * rng.randint(1, 2)
            elif shape < 0.7:
                alt = ref[: rng.randint(1, len(ref))]
            else:
                alt = "".join(rng.choice("ACGT") for _ in range(rng.randint(1, 5)))
            if alt != ref and alt not in alts:
                alts.append(alt)
        if alts:
            written.append((contig, first + at, ref, tuple(alts)))
    return sorted(written, key=lambda record: record[1])


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_indels_in_repeats(seed: int) -> None:
    rng = Random(seed)
    bases = repeats(rng, 220).replace("N", "A")
    written = draw_written(rng, "22", bases)
    with TemporaryDirectory() as made:
        folder = Path(made)
        fasta = folder / "ref.fa"
        fasta.write_text(f">22\n{bases}\n")
        import_reference(fasta, "GRCh37", folder / "reference")
        assert by_reader(folder, folder / "reference", written) == by_bcftools(
            folder, fasta, written
        )


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_part_of_a_contig_is_a_contig_that_begins_later(seed: int) -> None:
    rng = Random(seed)
    bases = repeats(rng, 150).replace("N", "C")
    written = draw_written(rng, "22", bases)
    moved = [(contig, pos + 5000, ref, alts) for contig, pos, ref, alts in written]
    with TemporaryDirectory() as made:
        folder = Path(made)
        fasta, part = folder / "ref.fa", folder / "part.fa"
        fasta.write_text(f">22\n{bases}\n")
        part.write_text(f">chr22:5001-{5000 + len(bases)}\n{bases}\n>chr21\nACGT\n")
        import_reference(part, "GRCh37", folder / "reference")
        expected = set()
        for key in by_bcftools(folder, fasta, written):
            contig, pos, ref, alt = key.split("-")
            expected.add(f"{contig}-{int(pos) + 5000}-{ref}-{alt}")
        assert by_reader(folder, folder / "reference", moved, chrom="chr") == expected


def test_beyond_the_reference_alleles_are_trimmed_only(tmp_path: Path) -> None:
    fasta = tmp_path / "ref.fa"
    fasta.write_text(">22:101-110\nCAAAAAAAAA\n")
    import_reference(fasta, "GRCh37", tmp_path / "reference")
    written: list[Written] = [
        ("22", 50, "GAA", ("GA",)),
        ("22", 105, "AA", ("A",)),
        ("22", 110, "AA", ("A", "AAA")),  # its last base is not held
        ("22", 111, "AA", ("A",)),
        ("22", 111, "TGA", ("TCA",)),
    ]
    assert by_reader(tmp_path, tmp_path / "reference", written) == {
        "22-50-GA-G", "22-101-CA-C", "22-110-AA-A", "22-101-C-CA", "22-111-AA-A", "22-112-G-C",
    }  # fmt: skip


def test_ref_disagreeing_is_set_aside_and_starts_where_it_is_trimmed_to(tmp_path: Path) -> None:
    fasta = tmp_path / "ref.fa"
    fasta.write_text(">22:101-110\nCAAANRAAAA\n")
    import_reference(fasta, "GRCh37", tmp_path / "reference")
    lines = [
        ("22", 101, "G", "A"), ("22", 102, "aa", "a"), ("22", 103, "N", "T"), ("22", 105, "C", "T"),
        ("22", 106, "C", "T"), ("22", 107, "AC", "A"), ("22", 110, "AG", "A"),
    ]  # fmt: skip
    text = header("S") + "".join(
        f"{c}\t{p}\t.\t{ref}\t{alt}\t.\tPASS\t.\tGT\t0/1\n" for c, p, ref, alt in lines
    )
    found = read_text(tmp_path, text, reference=tmp_path / "reference", assembly="GRCh37")
    assert found.set_aside == {"ref_mismatch": (3, 8)}
    assert found.keys == [
        "22-101-CA-C", "22-103-N-T", "22-105-C-T", "22-106-C-T", "22-110-AG-A"
    ]  # fmt: skip


CASES = {
    "norm.vcf": "norm.fa",
    "norm.split.vcf": "norm.fa",
    "norm.telomere.vcf": "norm.fa",
    "norm.symbolic.3.vcf": "norm.symbolic.3.fa",
    "norm.right-align.vcf": "norm.right-align.fa",
    "norm.rmdup.3.vcf": "norm.rmdup.3.fa",
    "norm.check-ref.vcf": "norm.check-ref.fa",
}


@pytest.mark.realdata
@pytest.mark.parametrize("name", CASES)
def test_cases_of_bcftools(testdata: Path, tmp_path: Path, name: str) -> None:
    """bcftools' own inputs; those of its options that left-align and split."""
    folder = testdata / "normalise"
    fasta = tmp_path / "ref.fa"
    fasta.write_bytes((folder / CASES[name]).read_bytes())
    written = records_of(folder / name)
    import_reference(fasta, "GRCh37", tmp_path / "reference")
    found = by_reader(tmp_path, tmp_path / "reference", written)
    assert found == {key.removeprefix("chr") for key in by_bcftools(tmp_path, fasta, written)}
    if name == "norm.split.vcf":
        assert found == keys_of(folder / "norm.split.and.norm.out")


@pytest.mark.realdata
@pytest.mark.parametrize(
    "name", ["norm.split.2.vcf", "norm.split.4.vcf", "norm.sort.vcf", "norm.5.vcf"]
)
def test_splitting_without_a_reference(testdata: Path, tmp_path: Path, name: str) -> None:
    written = records_of(testdata / "normalise" / name)
    expected = set()
    for contig, pos, ref, alts in written:
        for alt in alts:
            key = (pos, ref, alt)
            while len(key[1]) > 1 and len(key[2]) > 1 and key[1][-1] == key[2][-1]:
                key = (key[0], key[1][:-1], key[2][:-1])
            while len(key[1]) > 1 and len(key[2]) > 1 and key[1][0] == key[2][0]:
                key = (key[0] + 1, key[1][1:], key[2][1:])
            expected.add("-".join((contig.removeprefix("chr"), *map(str, key))))
    assert by_reader(tmp_path, None, written) == expected


def records_of(vcf: Path) -> list[Written]:
    """The records of a VCF that have an alternate which is a sequence of bases."""
    found = []
    with pysam.VariantFile(str(vcf)) as file:
        for record in file:
            alts = tuple(alt for alt in record.alts or () if set(alt) <= set("ACGTN"))
            if alts and record.ref is not None:
                found.append((record.contig, record.pos, record.ref, alts))
    order = sorted(found, key=lambda record: record[1])
    return [
        record
        for contig in dict.fromkeys(r[0] for r in found)
        for record in order
        if record[0] == contig
    ]


def keys_of(vcf: Path) -> set[str]:
    """The variants of a VCF with one alternate a line."""
    return {
        f"{contig}-{pos}-{ref}-{alt}" for contig, pos, ref, alts in records_of(vcf) for alt in alts
    }

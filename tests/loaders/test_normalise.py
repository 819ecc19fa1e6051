"""One variant normalised as the compiled loops and `bcftools norm` do it."""

from pathlib import Path

import numpy as np
import pysam
import pysam.bcftools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.kernel.alleles import normalise
from loaders.normalise import NormalVariant, normalise_variant
from loaders.reference import import_reference

CONTIG = "GCACACACATTTTTGATTACAGATTACANNACGT"
BASES = st.text("ACGT", min_size=1, max_size=6)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contig from its first base on, and from position 1 001 of another."""
    folder = tmp_path_factory.mktemp("normalise")
    fasta = folder / "ref.fa"
    fasta.write_text(f">chr22\n{CONTIG}\n>chr21:1001-{1000 + len(CONTIG)}\n{CONTIG}\n")
    import_reference(fasta, "GRCh38", folder / "reference")
    return folder / "reference"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ((3, "A", "T"), (3, "A", "T", True)),
        ((8, "CA", "C"), (8, "CA", "C", True)),
        ((8, "CAT", "CT"), (8, "CA", "C", True)),
        ((7, "ACA", "A"), (1, "GCA", "G", True)),
        ((9, "A", "ACA"), (1, "G", "GCA", True)),
        ((13, "TT", "T"), (9, "AT", "A", True)),
        ((14, "T", "TT"), (9, "A", "AT", True)),
        ((1, "GCA", "GCT"), (3, "A", "T", True)),
        ((15, "GATTACAGATTACA", "GATTACA"), (14, "TGATTACA", "T", True)),
        ((1, "GC", "C"), (1, "GC", "C", True)),
        ((2, "CAC", "GG"), (2, "CAC", "GG", True)),
    ],
)
def test_by_hand(
    reference: Path, written: tuple[int, str, str], expected: tuple[int, str, str, bool]
) -> None:
    assert normalise_variant(reference, "22", *written) == NormalVariant(*expected, True)


def test_without_reference_trims_and_says_what_might_lie_further_left() -> None:
    assert normalise_variant(None, "22", 7, "ACA", "A") == (7, "ACA", "A", False, True)
    assert normalise_variant(None, "22", 7, "GACA", "GA") == (7, "GAC", "G", True, True)
    assert normalise_variant(None, "22", 7, "GAT", "GCT") == (8, "A", "C", True, True)


def test_stops_where_the_reference_does(reference: Path) -> None:
    assert normalise_variant(reference, "21", 1009, "A", "ACA") == (1001, "G", "GCA", True, True)
    assert normalise_variant(reference, "21", 1001, "GG", "G") == (1001, "GG", "G", False, False)
    assert normalise_variant(reference, "21", 1001, "GC", "C") == (1001, "GC", "C", False, True)


def test_ref_that_disagrees(reference: Path) -> None:
    assert not normalise_variant(reference, "22", 3, "C", "T").agrees
    assert normalise_variant(reference, "22", 29, "A", "T").agrees
    assert normalise_variant(reference, "22", 5, "R", "T").agrees


@settings(deadline=None)
@given(st.integers(2, 22), st.integers(1, 8), BASES, st.booleans())
def test_agrees_with_the_compiled_loops(
    reference: Path, pos: int, length: int, alt: str, repeat: bool
) -> None:
    ref = CONTIG[pos - 1 : pos - 1 + length]
    alt = ref + ref[-len(alt) :] if repeat else alt
    if alt == ref:
        alt += "A"
    text = np.frombuffer(f"{ref}{alt}".encode(), np.uint8).copy()
    bases = np.frombuffer(CONTIG.encode(), np.uint8).copy()
    arena = np.zeros(200, np.uint8)
    spans = (0, len(ref), len(ref), len(text))
    found, ref_length, alt_length, uncovered = normalise(text, *spans, pos, bases, 1, arena, 0)
    letters = arena[: ref_length + alt_length].tobytes().decode()
    expected = (found, letters[:ref_length], letters[ref_length:], not uncovered, True)
    assert normalise_variant(reference, "22", pos, ref, alt) == expected


def test_agrees_with_bcftools(reference: Path, tmp_path: Path) -> None:
    fasta = tmp_path / "ref.fa"
    fasta.write_text(f">22\n{CONTIG}\n")
    pysam.faidx(str(fasta))
    written = [
        (pos, CONTIG[pos - 1 : pos + length - 1], alt)
        for pos in range(1, 24)
        for length in (1, 2, 3, 5)
        for alt in ("A", "CA", "CACA", "T", "TT", "GATTACA", "G")
        if alt != CONTIG[pos - 1 : pos + length - 1]
    ]
    lines = [f"22\t{pos}\t{n}\t{ref}\t{alt}\t.\t.\t." for n, (pos, ref, alt) in enumerate(written)]
    head = f"##fileformat=VCFv4.2\n##contig=<ID=22,length={len(CONTIG)}>\n"
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    source = tmp_path / "in.vcf"
    source.write_text(head + columns + "\n".join(lines) + "\n")
    out = tmp_path / "out.vcf"
    pysam.bcftools.norm("-f", str(fasta), "-o", str(out), str(source), catch_stdout=False)
    expected = {}
    for line in out.read_text().splitlines():
        if not line.startswith("#"):
            _, pos, number, ref, alt, *_ = line.split("\t")
            expected[int(number)] = (int(pos), ref, alt)
    found = {
        n: normalise_variant(reference, "22", *variant)[:3] for n, variant in enumerate(written)
    }
    assert found == expected

"""VRS identifiers against the reference implementation's, on repeats of all kinds."""

import random
from pathlib import Path

import numpy as np
import pytest

from loaders.reference import import_reference, refget_accession, refget_of, registered_sequence
from loaders.vrs import justify, sha512t24u
from tests.annotated import fasta_bases
from tests.vrs_reference import reference_implementation


@pytest.mark.parametrize("letters", ["A", "AC", "ACGT"])
def test_allele_is_the_reference_implementations(letters: str) -> None:
    rng = random.Random(7)
    kinds = set()
    for _ in range(400):
        sequence = "".join(rng.choices(letters, k=rng.randint(5, 40)))
        bases = np.frombuffer(sequence.encode(), np.uint8)
        pos = rng.randint(1, len(sequence))
        ref = sequence[pos - 1 : pos - 1 + rng.randint(1, 6)]
        alt = "".join(rng.choices(letters, k=rng.randint(1, 7)))
        if ref == alt:
            continue
        accession = refget_accession(bases)
        expected = reference_implementation(sequence, accession, pos, ref, alt)
        assert justify(bases, accession, pos, ref, alt).to_json() == expected
        kinds.add(expected["state"]["type"])
    assert kinds >= {"ReferenceLengthExpression"}


def test_long_repeats_are_walked_to_their_ends() -> None:
    sequence = "G" + "CA" * 700 + "T"
    bases = np.frombuffer(sequence.encode(), np.uint8)
    accession = refget_accession(bases)
    for pos in (2, 600, 1300):
        ref = sequence[pos - 1 : pos + 1]
        made = justify(bases, accession, pos, ref, ref + ref)
        # The reference implementation spells no more than 50 bases out.
        assert made.to_json() == reference_implementation(sequence, accession, pos, ref, ref + ref)
        assert (made.start, made.end) == (1, 1401)


@pytest.mark.realdata
def test_mitochondrion(testdata: Path, tmp_path: Path) -> None:
    fasta = testdata / "reference" / "chrM_rCRS.fa"
    import_reference(fasta, "GRCh38", tmp_path / "held")
    # As refget servers publish it for rCRS.
    assert refget_of(tmp_path / "held", "M") == "SQ.k3grVkjY-hoWcCUojHw6VU6GE3MZ8Sct"
    bases = registered_sequence(tmp_path / "held", "M").bases
    sequence = fasta_bases(fasta).bases.tobytes().decode()
    for pos, ref, alt in (
        (1438, "A", "G"),
        (310, "T", "TC"),
        (513, "GCA", "G"),
        (8270, "CACCCCCTCT", "C"),
    ):
        assert sequence[pos - 1 : pos - 1 + len(ref)] == ref
        accession = refget_accession(bases)
        expected = reference_implementation(sequence, accession, pos, ref, alt)
        assert justify(bases, accession, pos, ref, alt).to_json() == expected


def test_part_of_a_contig_has_no_accession(tmp_path: Path) -> None:
    (tmp_path / "ref.fa").write_text(">22:1001-1020\nGATTACACACACACAGGGTT\n")
    import_reference(tmp_path / "ref.fa", "GRCh38", tmp_path / "held")
    assert refget_of(tmp_path / "held", "22") is None
    assert refget_of(tmp_path / "held", "21") is None
    assert refget_of(None, "22") is None


def test_digest_is_that_of_the_specification() -> None:
    # VRS 2.0, "Truncated digest timing and collision analysis": the digest of nothing.
    assert sha512t24u(b"") == "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXc"

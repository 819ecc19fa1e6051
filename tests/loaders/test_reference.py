"""The registered reference: imported once, mapped by readers, whole contigs or parts of them."""

from pathlib import Path

import pytest

from loaders.reference import import_reference, open_sequence
from schemas.errors import Unavailable


def imported(tmp_path: Path, text: str) -> Path:
    """A reference imported from a FASTA of this text."""
    fasta = tmp_path / "ref.fa"
    fasta.write_text(text)
    import_reference(fasta, "GRCh38", tmp_path / "reference")
    return tmp_path / "reference"


def test_contigs_and_parts(tmp_path: Path) -> None:
    text = ">chr22 whole\nacgtN\nryk\n>chrUn\nACGT\n>21:101-104 part\nGGGG\n>chr21:111-112\nTT\n"
    reference = imported(tmp_path, text)
    whole = open_sequence(reference, "22")
    assert (whole.start, whole.bases.tobytes()) == (1, b"ACGTNRYK")
    parts = open_sequence(reference, "21")
    assert (parts.start, parts.bases.tobytes()) == (101, b"GGGG" + bytes(6) + b"TT")
    for missing in (open_sequence(reference, "X"), open_sequence(None, "22")):
        assert (missing.start, len(missing.bases)) == (1, 0)


def test_what_is_registered(tmp_path: Path) -> None:
    fasta = tmp_path / "ref.fa"
    fasta.write_text(">1\nACGT\n>2:5-6\nAC\n")
    registered = import_reference(fasta, "GRCh38", tmp_path / "reference")
    assert registered["contigs"] == {"1": {"start": 1, "bases": 4}, "2": {"start": 5, "bases": 2}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        ">chrUn\nACGT\n",
        ">22\nAC!T\n",
        ">22\nACUT\n",
        ">22:1-5\nACGT\n",
        ">22:0-3\nACGT\n",
        ">MT:16569-16570\nAC\n",
    ],
)
def test_malformed(tmp_path: Path, text: str) -> None:
    with pytest.raises(Unavailable, match="reference_malformed"):
        imported(tmp_path, text)


def test_bases_may_not_be_changed_on_disk(tmp_path: Path) -> None:
    """The mapping is private: what a reader would write stays with it."""
    reference = imported(tmp_path, ">22\nACGT\n")
    open_sequence(reference, "22").bases[0] = 0
    assert open_sequence(reference, "22").bases.tobytes() == b"ACGT"

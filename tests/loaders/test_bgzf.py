"""Packed files: what they are packed in, and every way in which they are refused."""

import gzip
from pathlib import Path

import pysam
import pysam.bcftools
import pytest

from loaders.bgzf import CHUNK_BYTES, EOF_BLOCK, packing_of, read_chunks
from schemas.errors import BatchRefused
from tests.loaders.reading import read_text, text_of

LINES = [f"chr22 {n} A G PASS . GT 0/1" for n in range(1, 30_000)]
TEXT = text_of(*LINES).encode()


def packed(tmp_path: Path, text: bytes = TEXT) -> bytes:
    """The text as bgzip packs it."""
    plain = tmp_path / "plain.vcf"
    plain.write_bytes(text)
    pysam.tabix_compress(str(plain), str(tmp_path / "plain.vcf.gz"), force=True)
    return (tmp_path / "plain.vcf.gz").read_bytes()


def refusal(tmp_path: Path, data: bytes) -> str:
    """The reason for which a file of these bytes is refused."""
    with pytest.raises(BatchRefused) as error:
        read_text(tmp_path, data)
    assert error.value.where == "a.vcf"
    return error.value.reason


def test_packings(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for data, packing in ((TEXT, "text"), (packed(tmp_path), "bgzf"), (b"", "text")):
        path.write_bytes(data)
        assert packing_of(path) == packing


@pytest.mark.parametrize("chunk_bytes", [1 << 22, 65_536, 1000])
def test_chunks_hold_the_text(tmp_path: Path, chunk_bytes: int) -> None:
    told: list[int] = []
    path = tmp_path / "file"
    for data in (TEXT, packed(tmp_path)):
        path.write_bytes(data)
        told.clear()
        assert b"".join(read_chunks(path, chunk_bytes, told.append)) == TEXT
        assert sum(told) == len(data)


def test_lines_across_chunks(tmp_path: Path) -> None:
    """Long lines and short ones, over several chunks: each is read once, and whole."""
    names = [f"S{n}" for n in range(60)]
    lines = []
    for pos in range(1, 40_001):
        genotypes = " ".join(["0|1" if n == pos % 60 else "0|0" for n in range(60)])
        lines.append(f"chr22 {pos} A G PASS {'X' * (pos % 97)} GT {genotypes}")
    text = text_of(*lines, samples=names).encode()
    assert len(text) > 2 * CHUNK_BYTES
    for data in (text, packed(tmp_path, text)):
        found = read_text(tmp_path, data, samples=names)
        assert [(row["pos"], row["sample"] - 1) for row in found.calls] == [
            (pos, pos % 60) for pos in range(1, 40_001)
        ]


def test_closing_block_missing(tmp_path: Path) -> None:
    assert refusal(tmp_path, packed(tmp_path).removesuffix(EOF_BLOCK)) == "bgzf_truncated"
    assert refusal(tmp_path, packed(tmp_path)[:-1]) == "bgzf_truncated"
    assert refusal(tmp_path, packed(tmp_path)[: 1 << 14]) == "bgzf_truncated"


def test_block_missing_between_others_cuts_a_line(tmp_path: Path) -> None:
    """A whole block that is gone is no error of the packing; the line it cut in two is."""
    data = packed(tmp_path)
    first = int.from_bytes(data[16:18], "little") + 1
    second = int.from_bytes(data[first + 16 : first + 18], "little") + 1
    found = read_text(tmp_path, data[:first] + data[first + second :])
    receipt = found.result.receipt
    assert receipt.records < len(LINES)
    assert receipt.loaded + sum(entry.records for entry in receipt.set_aside) == receipt.records


@pytest.mark.parametrize("place", [30, 400, 20_000])
def test_corrupt_block(tmp_path: Path, place: int) -> None:
    data = bytearray(packed(tmp_path))
    for step in range(8):
        data[place + step] ^= 0x5A
    assert refusal(tmp_path, bytes(data)) == "bgzf_corrupt"


def test_checksum_of_a_block(tmp_path: Path) -> None:
    data = bytearray(packed(tmp_path))
    end = int.from_bytes(data[16:18], "little") + 1
    data[end - 8] ^= 1
    assert refusal(tmp_path, bytes(data)) == "bgzf_corrupt"


def test_plain_gzip(tmp_path: Path) -> None:
    assert refusal(tmp_path, gzip.compress(TEXT)) == "bgzf_corrupt"
    assert refusal(tmp_path, gzip.compress(TEXT) + EOF_BLOCK) == "bgzf_corrupt"
    assert refusal(tmp_path, b"\x1f\x8b") == "bgzf_corrupt"


class TestBcf:
    def bcf(self, tmp_path: Path) -> bytes:
        """The text as BCF; bcftools wants every name declared."""
        head = ("##contig=<ID=chr22,length=50818468>",
                '##FORMAT=<ID=GT,Number=1,Type=String,Description="x">')  # fmt: skip
        (tmp_path / "in.vcf").write_text(text_of(*LINES[:50], head=head))
        out = tmp_path / "out.bcf"
        pysam.bcftools.view("-Ob", "-o", str(out), str(tmp_path / "in.vcf"), catch_stdout=False)
        return out.read_bytes()

    def test_reads_as_its_text(self, tmp_path: Path) -> None:
        found = read_text(tmp_path, self.bcf(tmp_path))
        assert [row["pos"] for row in found.calls] == list(range(1, 51))

    def test_says_nothing(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        data = self.bcf(tmp_path)
        capfd.readouterr()
        read_text(tmp_path, data)
        assert capfd.readouterr() == ("", "")

    def test_truncated(self, tmp_path: Path) -> None:
        assert refusal(tmp_path, self.bcf(tmp_path).removesuffix(EOF_BLOCK)) == "bgzf_truncated"

    def test_malformed(self, tmp_path: Path) -> None:
        inner = gzip.decompress(self.bcf(tmp_path))
        cut = packed(tmp_path, inner[: len(inner) - 20])
        assert refusal(tmp_path, cut) == "bcf_malformed"
        assert refusal(tmp_path, packed(tmp_path, b"BCF\2\2" + bytes(50))) == "bcf_malformed"

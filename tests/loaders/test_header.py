"""The header: what is read of it, and what refuses it."""

from pathlib import Path

import pytest

from loaders.header import check_assembly, parse_header, read_header
from schemas.errors import BatchRefused
from tests.loaders.reading import COLUMNS, header

DEFINED = 'Number=1,Type=Integer,Description="x">'


def refused(text: str) -> tuple[str, str | None]:
    """The reason and place for which a header is refused."""
    with pytest.raises(BatchRefused) as error:
        parse_header(text.encode(), "a.vcf")
    return error.value.reason, error.value.where


def test_what_is_read() -> None:
    text = header(
        ["S", "T"],
        "##contig=<ID=chr22,length=50818468,md5=x>",
        "##contig=<ID=GL1>",
        '##INFO=<ID=XA,Number=A,Type=Float,Description="a, \\"b\\" = c">',
        '##INFO=<ID=XR,Number=R,Type=String,Description="">',
        f"##INFO=<ID=DP,{DEFINED}",
        f"##INFO=<ID=MLEAC,{DEFINED}",
        "##source=anything = at all",
        '##ALT=<ID=NON_REF,Description="x">',
        version="4.3",
    )
    found = parse_header(text.encode(), "a.vcf")
    assert (found.version, found.samples) == ("VCFv4.3", ("S", "T"))
    assert found.contigs == {"chr22": 50818468, "GL1": None}
    assert found.info_arrays == {"AC": "A", "AF": "A", "XA": "A", "XR": "R", "MLEAC": "A"}
    assert (found.lines, found.size) == (10, len(text))


def test_sites_only() -> None:
    text = "##fileformat=VCFv4.2\n" + "\t".join(COLUMNS[:8]) + "\n"
    assert parse_header(text.encode(), "a.vcf").samples == ()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (header("S", version="3.3"), 1),
        (header("S", version="4.6"), 1),
        (header("S").replace("##fileformat=", "##format="), 1),
        (header("S", "#one=x"), 2),
        (header("S", "##=x"), 2),
        (header("S", "##nothing"), 2),
        (header("S", "##ok=x", "##contig=<length=5>"), 3),
        (header("S", "##contig=<ID=1,length=x>"), 2),
        (header("S", "##contig=<ID=1,length=5"), 2),
        (header("S", "##contig=<ID=1,ID=2>"), 2),
        (header("S", "##INFO=<ID=X,Type=Integer,Description=\"x\">"), 2),
        (header("S", "##INFO=<ID=X,Number=Q,Type=Integer,Description=\"x\">"), 2),
        (header("S", "##INFO=<ID=X,Number=1,Type=Number,Description=\"x\">"), 2),
        (header("S", "##FORMAT=<ID=X,Number=1,Type=Flag,Description=\"x\">"), 2),
        (header("S", "##INFO=<ID=X,Number=1,Type=Integer>"), 2),
        (header("S").replace("#CHROM\tPOS", "#CHROM POS"), 2),
        (header("S").replace("FORMAT", "FORMATS"), 2),
        (header(["S", ""]), 2),
    ],
)  # fmt: skip
def test_malformed(text: str, line: int) -> None:
    assert refused(text) == ("header_malformed", f"a.vcf, line {line}")


def test_sample_twice() -> None:
    assert refused(header(["S", "T", "S"]))[0] == "sample_duplicate"


def test_not_text(tmp_path: Path) -> None:
    path = tmp_path / "a.vcf"
    for data in (b"", b"chr22\t1\t.\n", b"##fileformat=VCFv4.2\n##x=\xff\n#CHROM\tPOS\n"):
        path.write_bytes(data)
        with pytest.raises(BatchRefused, match="header_malformed"):
            read_header(path)


class TestAssembly:
    def check(self, *lines: str) -> None:
        check_assembly(parse_header(header("S", *lines).encode(), "a.vcf"), "GRCh38", "a.vcf")

    def test_lengths_agree_or_are_not_told(self) -> None:
        self.check(
            "##contig=<ID=chr22,length=50818468>", "##contig=<ID=22>", "##contig=<ID=x,length=5>"
        )

    @pytest.mark.parametrize(
        "line", ["##contig=<ID=22,length=51304566>", "##contig=<ID=chrM,length=16571>"]
    )
    def test_mismatch(self, line: str) -> None:
        with pytest.raises(BatchRefused, match="assembly_mismatch"):
            self.check(line)

"""The twin's alleles and passing rule, proved on cases counted by hand (DESIGN 5.2, 5.4, 5.7)."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pysam.bcftools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin import TwinFile, read_reference
from tests.twin.alleles import normalise
from tests.twin.tiny import key, tiny_file

Read = Callable[..., TwinFile]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read lines written as ``contig pos ref alt filter info format columns...``."""
    return partial(tiny_file, tmp_path)


# 5.4: passing. The weight of the record is the number of known alleles where it passes, else 0.


@pytest.mark.parametrize(
    ("record", "passing"),
    [
        ("A G PASS . GT 0/1", 2),  # nothing listed, nothing applied
        ("A G . . GT 0/1", 2),
        ("A G q10 . GT 0/1", 0),
        ("A G RefCall . GT 0/0", 2),
        ("A G RefCall . GT 0/1", 0),
        ("A * RefCall . GT 0/1", 0),
        ("A G,<DEL> RefCall . GT 0/2", 1),  # the deletion is missing, not called
        ("A G PASS . GT:FT 0/1:PASS", 2),
        ("A G PASS . GT:FT 0/1:.", 2),
        ("A G PASS . GT:FT 0/1:q10", 0),
        ("A G PASS . GT:FT 0/0:RefCall", 2),
        ("A G PASS . GT:FT 0/1:RefCall", 0),
        ("A G PASS . GT:GQ 0/1:20", 2),
        ("A G PASS . GT:GQ 0/1:19", 0),
        ("A G PASS . GT:GQ 0/1:19.9", 0),
        ("A G PASS . GT:GQ 0/1:.", 0),  # listed but missing
        ("A G PASS . GT:GQ 0/1", 0),  # dropped at the end
        ("A G PASS . GT:GQ:RGQ 0/1:.:25", 2),
        ("A G PASS . GT:GQX:GQ 0/1:99:5", 0),  # GQ first, wherever it stands
        ("A G PASS . GT:GQX 0/1:20", 2),
        ("A G PASS . GT:GQ 0/1:30,30", 0),  # wrong length: missing
        ("A G PASS . GT:DP 0/1:10", 2),
        ("A G PASS . GT:DP 0/1:9", 0),
        ("A G PASS . GT:DP 0/1:.", 0),
        ("A G PASS . GT:DPI 0/1:10", 2),
        ("A G PASS . GT:DP:DPI 0/1:.:10", 2),
        ("A G PASS . GT:MIN_DP 0/1:3", 2),  # a block's field
        ("A G PASS MIN_DP=3 GT 0/1", 2),
        ("A G PASS . GT:DP 0/0:0", 0),
        ("A G PASS . GT:AD 0/1:8,2", 2),
        ("A G PASS . GT:AD 0/1:81,19", 0),
        ("A G PASS . GT:AD 0/1:0,0", 0),
        ("A G PASS . GT:AD 0/1:.", 0),
        ("A G PASS . GT:AD 0/1:10,10,10", 0),
        ("A G PASS . GT:AD 0/1:.,5", 2),  # the missing is left out of the sum
        ("A G PASS . GT:AD 0/1:5,.", 0),
        ("A G PASS . GT:AD 1/1:90,10", 2),  # one allele
        ("A G PASS . GT:AD ./1:90,10", 1),
        ("A G,T PASS . GT:AD 1/2:0,8,2", 2),
        ("A G,T PASS . GT:AD 1/2:0,9,1", 0),
        ("A G,T PASS . GT:AD 0/1:5,5,41", 0),  # over the alleles as written
        ("A *,T PASS . GT:AD 1/2:0,1,9", 0),
        ("A G,<NON_REF> PASS . GT:AD 1/2:9,1,0", 1),
    ],
)
def test_variant_record_passes(read: Read, record: str, passing: int) -> None:
    file = read(f"22 100 {record}")
    assert file.weight("S", "22", 100, 2, True) == passing
    assert sum(file.calls("S", 2, True).values()) <= passing


@pytest.mark.parametrize(
    ("record", "passing"),
    [
        ("A . PASS . GT 0/0", 2),
        ("A . PASS . GT:MIN_DP:DP 0/0:9:30", 0),
        ("A . PASS . GT:MIN_DP:DP 0/0:.:30", 2),
        ("A . PASS MIN_DP=9 GT:DP 0/0:30", 0),
        ("A . PASS MinDP=9 GT:DP 0/0:30", 0),
        ("A . PASS MIN_DP=10;MinDP=1 GT:DP 0/0:1", 2),
        ("A . PASS MinDP=10 GT 0/0", 2),
        ("A . PASS MinDP=. GT 0/0", 0),
        ("A . PASS DP=1 GT 0/0", 2),  # INFO/DP is no depth of a sample
        ("A . PASS . GT:DPI 0/0:1", 2),  # a variant record's field
        ("A <NON_REF> PASS . GT:GQ:DP 0/0:20:10", 2),
        ("A <*> RefCall . GT 0/0", 2),
        ("A <*> PASS . GT 0:", 0),
    ],
)
def test_block_passes(read: Read, record: str, passing: int) -> None:
    assert read(f"22 100 {record}").weight("S", "22", 100, 2, True) == passing


def test_depth_where_the_ploidy_is_one_is_five(read: Read) -> None:
    file = read("X 100 A G PASS . GT:DP 1/1:5", "X 101 A G PASS . GT:DP 1:4")
    assert [file.weight("S", "X", p, 1, True) for p in (100, 101)] == [1, 0]
    assert file.weight("S", "X", 100, 2, True) == 0
    assert file.calls("S", 1, True) == {key("X-100-A-G"): 1}


def test_reference_genotype_of_depth_zero_is_no_call_raw_too(read: Read) -> None:
    file = read(
        "22 100 A G PASS . GT:DP 0/0:0",
        "22 101 A G PASS . GT:DP 0/1:0",
        "22 102 A G PASS . GT:DP 0/0:.",
        "22 103 A . PASS . GT:MIN_DP:DP 0/0:0:40",
        "22 104 A <NON_REF> PASS . GT:DP 0:0",
    )
    assert [file.weight("S", "22", p, 2, False) for p in range(100, 105)] == [0, 2, 2, 0, 0]


# 5.7: M.


@pytest.mark.parametrize(
    ("record", "passing", "raw", "band"),
    [
        ("A G PASS . GT:DP:AF 0/1:100:0.95", 1, 1, "hom"),
        ("A G PASS . GT:DP:AF 0/1:100:0.949", 1, 1, "het"),
        ("A G PASS . GT:DP:AF 0/1:100:0.1", 1, 1, "het"),
        ("A G PASS . GT:DP:AF 0/1:100:0.099", 1, 1, None),
        ("A G PASS . GT:DP:AF 0/1:99:0.5", 0, 1, None),
        ("A G q10 . GT:DP:AF 0/1:100:0.5", 0, 1, None),
        ("A G PASS . GT:AF:GQ:AD 0/1:0.5:1:99,1", 1, 1, "het"),  # depth unlisted; no GQ, no AB
        ("A G PASS . GT:DP:AF 0/1:.:0.5", 0, 1, None),
        ("A G PASS . GT:AF ./.:0.5", 1, 1, "het"),
        ("A G PASS . GT:AF ./.:0.05", 0, 0, None),
        ("A G PASS . GT:VAF 0/1:0.5", 1, 1, "het"),
        ("A G PASS . GT:HL 0/1:0.99", 1, 1, "hom"),
        ("A G PASS . GT:AF:VAF 0/1:.:0.5", 1, 1, "het"),
        ("A G PASS . GT:AF:HL 0/1:0.5,0.5:0.99", 1, 1, "hom"),  # wrong length: missing
        ("A G PASS . GT:AD 0/1:5,95", 1, 1, "hom"),
        ("A G PASS . GT:AD 0/1:6,94", 1, 1, "het"),
        ("A G PASS . GT:AD 0/1:91,9", 1, 1, None),
        ("A G PASS . GT:AD 0/1:0,0", 1, 1, "hom"),
        ("A G PASS . GT 0/1", 1, 1, "hom"),
        ("A G PASS . GT 0/0", 1, 1, None),
        ("A G PASS . GT:DP 0/0:0", 0, 0, None),
        ("A G PASS . GT ./.", 0, 0, None),
    ],
)
def test_mitochondrial_genotype(
    read: Read, record: str, passing: int, raw: int, band: str | None
) -> None:
    file = read(f"M 100 {record}")
    assert file.weight("S", "M", 100, 1, True) == passing
    assert file.weight("S", "M", 100, 1, False) == raw
    assert file.bands("S", True) == ({key("M-100-A-G"): band} if band else {})


# 5.2 against its oracle.


@given(
    st.text("AC", min_size=30, max_size=30),
    st.lists(
        st.tuples(st.integers(1, 22), st.integers(1, 7), st.text("AC", min_size=1, max_size=6)),
        min_size=1,
        max_size=6,
    ),
)
def test_normalisation_is_that_of_bcftools(
    tmp_path_factory: pytest.TempPathFactory,
    bases: str,
    alleles: list[tuple[int, int, str]],
) -> None:
    folder = tmp_path_factory.mktemp("norm")
    (folder / "r.fa").write_text(f">1\n{bases}\n")
    reference = read_reference(folder / "r.fa")
    written = sorted((p, bases[p - 1 : p - 1 + n], alt) for p, n, alt in alleles)
    written = [(p, ref, alt) for p, ref, alt in written if ref != alt]
    rows = "".join(f"1\t{p}\t.\t{ref}\t{alt}\t.\t.\t.\n" for p, ref, alt in written)
    head = "##fileformat=VCFv4.2\n##contig=<ID=1,length=30>\n#CHROM\tPOS\tID\tREF\tALT\t"
    (folder / "in.vcf").write_text(head + "QUAL\tFILTER\tINFO\n" + rows)
    pysam.bcftools.norm(
        "-f", str(folder / "r.fa"), "-o", str(folder / "out.vcf"), str(folder / "in.vcf"),
        catch_stdout=False,
    )  # fmt: skip
    lines = (folder / "out.vcf").read_text().splitlines()
    cells = [line.split("\t") for line in lines if line[0] != "#"]
    expected = sorted((int(c[1]), c[3], c[4]) for c in cells)
    ours = sorted(normalise("1", p, ref, alt, reference)[1:] for p, ref, alt in written)
    assert ours == expected

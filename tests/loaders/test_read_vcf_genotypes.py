"""Genotypes: how GT may be written, rows of GT alone, blocks, M, and windows that fill up."""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.jobs import Column, Runs
from loaders.reference import import_reference
from schemas.known import FULL, pack
from tests.loaders.reading import Reading, read_text, text_of

HET, HOM = pack(1, 1, 0, 0), pack(2, 2, 1, 1)


@pytest.mark.parametrize(
    ("gt", "alleles"),
    [
        ("0/1", "G"),
        ("0|1", "G"),
        ("1/1", "GG"),
        ("1", "G"),
        ("|1", "G"),
        ("/0/1", "G"),
        ("|0|1", "G"),
        ("./1", "G"),
        ("1/.", "G"),
        (".|1", "G"),
        ("1/2", "GT"),
        ("2/10", "TA"),
        ("10|10", "AA"),
        ("0/0", ""),
        ("0", ""),
        ("./.", ""),
        (".", ""),
        ("3/3", ""),
        ("4/1", "G"),
        ("5/4", ""),
    ],
)
def test_alleles_of_a_gt(tmp_path: Path, gt: str, alleles: str) -> None:
    alts = "G,T,*,<NON_REF>,<DEL>,GG,GC,GT,TT,A"
    found = read_text(tmp_path, text_of(f"chr22 5 C {alts} PASS . GT {gt}"))
    called = "".join(row["alt"] * (row["dosage"] & 3) for row in found.calls)
    assert sorted(called) == sorted(alleles)


def test_gt_is_kept_as_written(tmp_path: Path) -> None:
    genotypes = ["0/1", "0|1", "1", ".|1", "1/.", "|0|1", "12/1"]
    lines = [
        f"chr22 {n} C {','.join('ACGT'[n % 4] * (n + 2) for n in range(12))} . . GT {gt}"
        for n, gt in enumerate(genotypes, start=1)
    ]
    found = read_text(tmp_path, text_of(*lines), assembly="GRCh38")
    written = {row["pos"]: row["gt"] for row in found.calls}
    assert [written[n] for n in range(1, 8)] == ["0/1", "0|1", "1", ".|1", "1/.", "0|1", "12/1"]
    assert {row["allele"] for row in found.calls if row["pos"] == 7} == {1, 12}


A_GT = st.one_of(
    st.sampled_from(["0|0", "0/0", "0/1", "1|0", "1/1", "./.", "1", "0", "."]),
    st.text("0123./|x\t ", max_size=5).filter(lambda text: "\t" not in text and " " not in text),
    st.tuples(st.integers(0, 12), st.sampled_from("/|"), st.integers(0, 12)).map(
        lambda parts: f"{parts[0]}{parts[1]}{parts[2]}"
    ),
)
AN_ALT = st.sampled_from(["G", "T", "A", "GG", "*", "<NON_REF>", "<DEL>", "G!", "g"])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_rows_of_gt_alone_say_what_others_do(data: st.DataObject) -> None:
    """They are read by another path, which must see the same in every genotype."""
    samples = data.draw(st.integers(1, 4))
    alone, beside = [], []
    for pos in range(1, data.draw(st.integers(2, 12))):
        alts = ",".join(data.draw(st.lists(AN_ALT, min_size=1, max_size=3)))
        filters = data.draw(st.sampled_from(["PASS", ".", "q10", "RefCall"]))
        genotypes = data.draw(st.lists(A_GT, min_size=samples, max_size=samples))
        contig = "chr22" if pos < 6 else "chrX"
        line = f"{contig} {pos} C {alts} {filters} ."
        alone.append(" ".join([line, "GT", *genotypes]))
        beside.append(" ".join([line, "GT:XX", *genotypes]))
    names = [f"S{n}" for n in range(samples)]
    with TemporaryDirectory() as folder:
        a, b = (
            read_text(
                Path(folder), text_of(*lines, samples=names), samples=names, callability="blocks"
            )
            for lines in (alone, beside)
        )
    assert a.result.receipt == b.result.receipt
    assert (a.calls, a.callable) == (b.calls, b.callable)


def test_a_gt_is_not_remembered_for_another_record(tmp_path: Path) -> None:
    """The same bytes mean other things where FILTER or the kinds of alternates differ."""
    lines = [
        "chr22 1 C G PASS . GT 0/1 1/1",
        "chr22 2 C G q10 . GT 0/1 1/1",
        "chr22 3 C *,G PASS . GT 0/1 1/1",
        "chr22 4 C <DEL>,G PASS . GT 0/1 1/1",
        "chr22 5 C G,T PASS . GT 0/1 1/1",
    ]
    found = read_text(tmp_path, text_of(*lines, samples="ST"), samples="ST")
    dosages = {
        (r["pos"], r["sample"]): (r["dosage"] & 3, r["dosage"] >> 2 & 3) for r in found.calls
    }
    assert dosages == {
        (1, 1): (1, 1),
        (1, 2): (2, 2),
        (2, 1): (0, 1),
        (2, 2): (0, 2),
        (5, 1): (1, 1),
        (5, 2): (2, 2),
    }


def test_refcall_with_one_alternate_is_not_a_failure_with_two(tmp_path: Path) -> None:
    lines = ["chr22 1 C G,T q10 . GT 0/0", "chr22 2 C G RefCall . GT 0/0"]
    found = read_text(tmp_path, text_of(*lines), callability="blocks")
    assert codes(found) == [(1, 1, 0b10_00), (2, 2, KNOWN)]


def test_gt_alone_of_a_block_with_a_depth_in_info(tmp_path: Path) -> None:
    infos = [".", "MIN_DP=0", "MinDP=9", ".", "MIN_DP=12", "MIN_DP=."]
    lines = [f"chr22 {n} C <*> . {info} GT 0/0" for n, info in enumerate(infos, start=1)]
    found = read_text(tmp_path, text_of(*lines), callability="blocks")
    assert codes(found) == [
        (1, 1, KNOWN),
        (3, 3, 0b10_00),
        (4, 5, KNOWN),
        (6, 6, 0b10_00),
    ]


def codes(found: Reading, sample: int = 1) -> list[tuple[int, int, int]]:
    """Start, end and code of a sample's callable rows."""
    return [
        (row["start"], row["end"], row["code"]) for row in found.callable if row["sample"] == sample
    ]


KNOWN = 0b10_10
"""Two alleles known and passing, on an autosome."""


class TestBlocks:
    def test_len_differs_by_sample(self, tmp_path: Path) -> None:
        line = "chr22 101 C <*> . END=104 GT:LEN 0/0:7 0/0:3 0/0:. 0/0"
        found = read_text(
            tmp_path, text_of(line, samples="STUV"), samples="STUV", callability="blocks"
        )
        ends = {sample: codes(found, sample) for sample in (1, 2, 3, 4)}
        assert ends == {
            1: [(101, 107, KNOWN)],
            2: [(101, 103, KNOWN)],
            3: [(101, 104, KNOWN)],
            4: [(101, 104, KNOWN)],
        }

    def test_end_of_a_variant_record_makes_nothing_known(self, tmp_path: Path) -> None:
        line = "chr22 101 C G . END=200;MIN_DP=3 GT:LEN 0/1:7"
        assert codes(read_text(tmp_path, text_of(line), callability="blocks")) == [
            (101, 101, KNOWN)
        ]

    def test_cut_at_the_end_of_the_contig_and_at_pages(self, tmp_path: Path) -> None:
        lines = ("chr22 15999 C . . END=16001 GT 0/0", "chr22 50818460 C . . END=99999999 GT 0/0")
        found = read_text(tmp_path, text_of(*lines), callability="blocks")
        assert codes(found) == [
            (15999, 16000, KNOWN),
            (16001, 16001, KNOWN),
            (50818460, 50818468, KNOWN),
        ]

    def test_depth_and_quality_by_their_order(self, tmp_path: Path) -> None:
        lines = [
            "chr22 100 C . . MinDP=9;MIN_DP=12 GT:DP:RGQ 0/0:3:25",  # INFO/MIN_DP passes
            "chr22 200 C . . MinDP=9 GT:DP:RGQ 0/0:30:25",  # INFO/MinDP fails
            "chr22 300 C . . . GT:MIN_DP:DP:GQ:GQX 0/0:.:30:.:25",
            "chr22 400 C . . . GT:MIN_DP:DP:GQ 0/0:30:3:19",
            "chr22 500 C . . MIN_DP=0 GT 0/0",  # depth 0: a no-call
            "chr22 600 C . . . GT:DP 0/0:.",  # listed but missing fails
        ]
        found = read_text(tmp_path, text_of(*lines), callability="blocks")
        raw = 0b10_00
        assert [code for _, _, code in codes(found)] == [KNOWN, raw, KNOWN, raw, raw]
        assert [start for start, _, _ in codes(found)] == [100, 200, 300, 400, 600]


class TestMito:
    @pytest.mark.parametrize(
        ("fields", "dose"),
        [
            ("GT:AF 0/1:0.95", 2),
            ("GT:AF 0/1:0.949", 1),
            ("GT:AF 0/0:0.1", 1),
            ("GT:AF 0/1:0.099", 0),
            ("GT:HL 0/0:1", 2),
            ("GT:VAF 0/0:.5", 1),
            ("GT:AD 0/1:5,95", 2),
            ("GT:AD 0/1:6,94", 1),
            ("GT:AF:AD 0/1:.:0,7", 2),
            ("GT:AD 0/1:.,.", 2),
            ("GT 0/1", 2),
            ("GT 1", 2),
            ("GT 0", 0),
        ],
    )
    def test_band(self, tmp_path: Path, fields: str, dose: int) -> None:
        found = read_text(tmp_path, text_of(f"chrM 300 A G PASS . {fields}"))
        assert [row["dosage"] for row in found.calls] == ([dose | dose << 2] if dose else [])

    def test_fraction_is_kept(self, tmp_path: Path) -> None:
        found = read_text(tmp_path, text_of("chrM 300 A G,T PASS . GT:AF:DP 0/1:0.25,0.7301:120"))
        assert [(row["vaf"], row["dp"]) for row in found.calls] == [
            (pytest.approx(0.25), 120),
            (pytest.approx(0.7301), 120),
        ]


def test_figures_are_kept(tmp_path: Path) -> None:
    lines = [
        "chr22 100 A G PASS . GT:AD:DP:GQ 0/1:7,9:16:30.9",
        "chr22 101 A G PASS . GT:AD:DPI:GQX 0/1:7,.:16:3",
        "chr22 102 A G PASS . GT 0/1",
        "chr22 103 A T,G q1;q2 . GT:AD:DP 1/2:1,2,3:.",
    ]
    found = read_text(tmp_path, text_of(*lines))
    figures = [
        (r["pos"], r["alt"], r["dp"], r["gq"], r["ad_ref"], r["ad_alt"], r["filter"])
        for r in found.calls
    ]
    assert figures == [
        (100, "G", 16, 30, 7, 9, "PASS"),
        (101, "G", 16, 3, 7, None, "PASS"),
        (102, "G", None, None, None, None, "PASS"),
        (103, "G", None, None, 1, 3, "q1;q2"),
        (103, "T", None, None, 1, 2, "q1;q2"),
    ]


def test_sorted_by_bytes_of_ref_then_alt(tmp_path: Path) -> None:
    lines = ["chr22 9 C T,G,CA,CAA PASS . GT 1/2 3/4", "chr22 9 CA C PASS . GT 0/1 0/1"]
    found = read_text(
        tmp_path, text_of(*lines, samples="ST"), columns=(Column("S", 9), Column("T", 4))
    )
    rows = [(row["ref"], row["alt"], row["sample"]) for row in found.calls]
    assert rows == [
        ("C", "CA", 4),
        ("C", "CAA", 4),
        ("C", "G", 9),
        ("C", "T", 9),
        ("CA", "C", 4),
        ("CA", "C", 9),
    ]


def test_several_beds(tmp_path: Path) -> None:
    """A record passes where it starts in the sample's own BED, beside which nothing is known."""

    def bed(start: int, end: int) -> dict[str, Runs]:
        values = (
            np.array([start], np.int32),
            np.array([end], np.int32),
            np.array([FULL], np.uint8),
        )
        return {"22": Runs(*values)}

    beds = [bed(100, 200), bed(150, 160), bed(100, 200)]
    columns = tuple(Column(n, i, b) for i, (n, b) in enumerate(zip("STU", beds, strict=True), 1))
    lines = ["chr22 120 A G PASS . GT 0/1 0/1 ./.", "chr22 155 A G PASS . GT 0/0 0/1 0/1"]
    found = read_text(tmp_path, text_of(*lines, samples="STU"), callability="bed", columns=columns)
    assert codes(found, 1) == []
    assert codes(found, 2) == [(120, 120, 0b10_00)]
    assert codes(found, 3) == [(120, 120, 0)]
    passing = {(row["pos"], row["sample"]): row["dosage"] & 3 for row in found.calls}
    assert passing == {(120, 1): 1, (120, 2): 0, (155, 2): 1, (155, 3): 1}


class TestWindows:
    def test_full_windows_leave_the_same(self, tmp_path: Path) -> None:
        lines = [f"chr22 {40 * n} A G PASS . GT 0/1 ./1" for n in range(1, 400)]
        lines += ["chr22 20000 AAA A PASS . GT 1/1 0/1"] * 2
        text = text_of(*lines, samples="ST")
        whole = read_text(tmp_path, text, samples="ST")
        for margin, records in ((10, 4), (100, 9), (100_000, 4)):
            small = read_text(tmp_path, text, samples="ST", margin=margin, window_records=records)
            assert small.calls == whole.calls
            assert small.result.own_track is not None
            assert whole.result.own_track is not None
            assert [*small.result.own_track["22"].start] == [*whole.result.own_track["22"].start]
            assert codes(small, 2) == codes(whole, 2)

    def test_indel_that_shifts_past_what_was_settled(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        fasta = tmp_path / "ref.fa"
        fasta.write_text(">chr22:1001-1400\n" + "C" + "A" * 399 + "\n")
        import_reference(fasta, "GRCh38", tmp_path / "reference")
        lines = [f"chr22 {n} A T PASS . GT 0/1" for n in range(1010, 1390, 10)]
        text = text_of(*lines, "chr22 1395 AA A PASS . GT 0/1")
        with caplog.at_level(logging.INFO, logger="loaders.vcf_file"):
            small = read_text(
                tmp_path, text, reference=tmp_path / "reference", margin=30, window_records=6
            )
        assert "margin" in caplog.text
        assert small.keys[0] == "22-1001-CA-C"
        whole = read_text(tmp_path, text, reference=tmp_path / "reference")
        assert (small.calls, small.callable) == (whole.calls, whole.callable)

    def test_many_filters(self, tmp_path: Path) -> None:
        lines = [f"chr22 {n} A G f{n} . GT 0/1" for n in range(1, 300)]
        found = read_text(tmp_path, text_of(*lines), margin=5, window_records=8)
        assert [row["filter"] for row in found.calls] == [f"f{n}" for n in range(1, 300)]

    def test_long_ref_beside_many_alternates(self, tmp_path: Path) -> None:
        """Each alternate is kept with its REF: such a line takes far more room than its bytes."""
        ref = "ACGT" * 1000
        alts = [f"G{'ACGT'[n % 4]}{'A' * n}C" for n in range(300)]
        lines = [f"chr22 {n} {ref} {','.join(alts)} PASS . GT 300/{n}" for n in range(1, 13)]
        found = read_text(tmp_path, text_of(*lines), margin=1, window_records=5)
        assert found.result.receipt.alleles.loaded == 12 * 2
        assert set(found.keys) == {
            f"22-{n}-{ref}-{alts[allele - 1]}" for n in range(1, 13) for allele in (n, 300)
        }

    def test_all_alternates_of_m_in_all_samples(self, tmp_path: Path) -> None:
        """On M a sample may carry every alternate: a line may have many more calls than samples."""
        names = [f"S{n}" for n in range(300)]
        alts = ",".join(f"C{'ACGT'[n % 4]}{'A' * (n // 4)}" for n in range(900))
        sample = "0/1:" + ",".join(["1"] * 900)
        lines = [f"chrM {n} T {alts} PASS . GT:AF {' '.join([sample] * 300)}" for n in range(1, 10)]
        found = read_text(tmp_path, text_of(*lines, samples=names), samples=names, out=None)
        assert found.result.receipt.loaded == 9
        assert found.result.receipt.alleles.loaded == 9 * 900

"""Each data line is loaded, reference or set aside; each reason and warning has its case."""

from pathlib import Path

import pytest

from loaders.jobs import Column
from loaders.reference import import_reference
from schemas.errors import BatchRefused
from schemas.reasons import REASONS, SET_ASIDE_ORDER, Kind
from tests.loaders.reading import header, read_text, record, text_of

GOOD = "chr22 20000000 A G PASS . GT:DP:GQ 0/1:30:40"
LONG = ",".join(f"A{'C' * n}" for n in range(1, 1025))
SET_ASIDE = {
    "contig_not_counted": "chrUn_1 5 A G PASS . GT 0/1",
    "pos_beyond_contig": "chr22 50818469 A G PASS . GT 0/1",
    "line_malformed": "chr22 30000000 A G PASS . GT 0/1 0/1",
    "ref_alphabet": "chr22 30000000 AQ G PASS . GT 0/1",
    "ref_mismatch": "chr22 40000002 A G PASS . GT 0/1",
    "end_before_pos": "chr22 30000000 A <NON_REF> . END=29999999 GT 0/0",
    "malformed_field": "chr22 30000000 A G PASS . GT:DP 0/1:x",
    "gt_index": "chr22 30000000 A G PASS . GT 0/2",
    "ploidy": "chr22 30000000 A G PASS . GT 0/0/1",
    "y_par": "chrY 2781479 A G PASS . GT 1",
    "symbolic": "chr22 30000000 A <DEL>,A[chr2:5[ PASS . GT 0/1",
    "alt_malformed": "chr22 30000000 A A!,A PASS . GT 0/1",
}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten bases of chr22, from 40 000 001 on."""
    folder = tmp_path_factory.mktemp("reference")
    fasta = folder / "ref.fa"
    fasta.write_text(">chr22:40000001-40000010\nGGCATTTTNA\n")
    import_reference(fasta, "GRCh38", folder / "imported")
    return folder / "imported"


CLINICAL = {
    "calendar_time", "consent_unclear", "field_not_kept", "field_unknown", "free_text",
    "not_observed", "statement_uncoded", "statement_void",
}  # fmt: skip
"""What is set aside of clinical documents, not of lines: see `test_phenopackets`, `test_fhir`."""


def test_every_reason_has_its_case() -> None:
    assert set(SET_ASIDE) == set(SET_ASIDE_ORDER)
    kinds = (Kind.DEFECT, Kind.OUT_OF_SCOPE)
    known = {code for code, reason in REASONS.items() if reason.kind in kinds}
    assert set(SET_ASIDE) | CLINICAL == known


@pytest.mark.parametrize("reason", SET_ASIDE)
def test_line_is_set_aside(tmp_path: Path, reference: Path, reason: str) -> None:
    found = read_text(tmp_path, text_of(GOOD, SET_ASIDE[reason]), reference=reference)
    assert found.set_aside == {reason: (4,)}
    receipt = found.result.receipt
    assert (receipt.records, receipt.loaded, receipt.reference) == (2, 1, 0)
    seen = {"symbolic": 2, "alt_malformed": 2, "end_before_pos": 0}.get(reason, 1)
    assert receipt.alleles.set_aside == seen
    assert receipt.reconciles
    assert found.keys == ["22-20000000-A-G"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("chr22 30000000 A . . END=29999999 GT:LEN 0/0:5", "end_before_pos"),
        ("chr22 30000000 A . . . GT:LEN 0/0:0", "end_before_pos"),
        ("chr22 30000000 A . . END=x GT 0/0", "malformed_field"),
        ("chr22 30000000 A . . MIN_DP=-3 GT 0/0", "malformed_field"),
        ("chr22 30000000 A G PASS . GT 0//1", "malformed_field"),
        ("chr22 30000000 A G PASS . GT a/1", "malformed_field"),
        ("chr22 30000000 A G PASS . GT 0/-1", "malformed_field"),
        ("chr22 30000000 A G PASS . GT:GQ 0/1:4.x", "malformed_field"),
        ("chr22 30000000 A G PASS . GT:AD 0/1:1,-2", "malformed_field"),
        ("chr22 30000000 A G PASS . GT:DP 0/1:5:6", "malformed_field"),
        ("chr22 30000000 A G PASS . GT:DP:DP 0/1:5:6", "malformed_field"),
        ("chrM 300 A G PASS . GT:AF 0/1:half", "malformed_field"),
        ("chr22 30000000 A G PASS . GT 1/0/9", "gt_index"),
        ("chr22 30000000 A . PASS . GT 0/1", "gt_index"),
        ("chr22 0 A G PASS . GT 0/1", "pos_beyond_contig"),
        ("chr22 30000000 A G PASS .", "line_malformed"),
        (f"chr22 30000000 A {LONG} PASS . GT 0/1", "line_malformed"),
        ("chrM 16570 A G PASS . GT 1", "pos_beyond_contig"),
        ("GL000207.1 1 A G PASS . GT 1", "contig_not_counted"),
    ],
)
def test_shape_of_a_reason(tmp_path: Path, line: str, reason: str) -> None:
    assert read_text(tmp_path, text_of(line)).set_aside == {reason: (3,)}


@pytest.mark.parametrize("sample", ["0/1:9", "0/1:9:nan", "1:.:.", "./.", ".:3:INF", "0/1:5:1e1"])
def test_values_as_the_specification_writes_them(tmp_path: Path, sample: str) -> None:
    line = f"chr22 30000000 A G PASS . GT:DP:GQ {sample}"
    assert read_text(tmp_path, text_of(line)).set_aside == {}


def test_the_first_of_several_reasons_counts(tmp_path: Path) -> None:
    lines = [
        "chr22 30000000 Q <DEL> PASS . GT 0/2",
        "chr22 30000001 A <DEL> PASS . GT 0/0/1",
        "chr22 30000002 A <DEL> PASS . GT:DP 0/9:x",
    ]
    found = read_text(tmp_path, text_of(*lines))
    assert found.set_aside == {"ref_alphabet": (3,), "ploidy": (4,), "malformed_field": (5,)}


def test_one_sample_sets_the_line_aside_for_all(tmp_path: Path) -> None:
    lines = [GOOD.replace("0/1:30:40", sample) for sample in ("0/1 0/2", "0/2 0/1", "1/1 0/1")]
    text = text_of(*(line.replace("GT:DP:GQ", "GT") for line in lines), samples="ST")
    found = read_text(tmp_path, text, samples="ST")
    assert found.set_aside == {"gt_index": (3, 4)}
    assert [row["sample"] for row in found.calls] == [1, 2]


def test_only_the_first_examples_are_kept(tmp_path: Path) -> None:
    found = read_text(tmp_path, text_of(*[SET_ASIDE["ploidy"]] * 9))
    (entry,) = found.result.receipt.set_aside
    assert (entry.records, entry.examples) == (9, (3, 4, 5, 6, 7))


WARNINGS = {
    "info_array_length": "chr22 20000000 A G,T PASS AC=1 GT 0/1",
    "format_array_length": "chr22 20000000 A G PASS . GT:AD 0/1:3,4,5",
    "allele_symbolic": "chr22 20000000 A G,<DEL> PASS . GT 0/1",
    "allele_malformed": "chr22 20000000 A G,A! PASS . GT 0/1",
    "no_reference": "chr22 20000000 AA A PASS . GT 0/1",
}


@pytest.mark.parametrize("warning", WARNINGS)
def test_line_is_kept_with_a_warning(tmp_path: Path, warning: str) -> None:
    found = read_text(tmp_path, text_of(WARNINGS[warning], GOOD))
    assert found.warnings == {warning: (3,)}
    assert found.result.receipt.loaded == 2


@pytest.mark.parametrize(
    ("info", "warns"),
    [
        ("AC=1,2", False),
        ("AC=.", False),
        ("AF=0.1,0.2,0.3", True),
        ("MLEAC=1", True),
        ("MLEAF=1,1", False),
        ("XR=1,2", True),
        ("XR=1,2,3", False),
        ("X1=1,2,3,4", False),
        ("UNDECLARED=1", False),
        ("DB;AC=1;XR", True),
    ],
)
def test_arrays_of_info_have_a_value_for_each_allele(
    tmp_path: Path, info: str, warns: bool
) -> None:
    text = 'Type=Integer,Description="">'
    head = [
        f"##INFO=<ID=AC,Number=1,{text}",
        f"##INFO=<ID=MLEAC,Number=.,{text}",
        f"##INFO=<ID=MLEAF,Number=.,{text}",
        f"##INFO=<ID=XR,Number=R,{text}",
        f"##INFO=<ID=X1,Number=1,{text}",
    ]
    found = read_text(tmp_path, text_of(f"chr22 5 A G,T PASS {info} GT 0/1", head=head))
    assert ("info_array_length" in found.warnings) == warns


def test_allele_set_aside_is_missing_in_its_genotypes(tmp_path: Path) -> None:
    lines = [f"chr22 20000000 A G,<DEL>,A! PASS . GT {gt}" for gt in ("0/2", "1/3", "1/1")]
    found = read_text(tmp_path, text_of(*lines[:2]), callability="blocks")
    assert [(row["gt"], row["dosage"]) for row in found.calls] == [("1/3", 0b01_01)]
    assert found.result.receipt.alleles.to_json() == {"loaded": 1, "not_carried": 1, "set_aside": 4}


class TestRefusals:
    @pytest.mark.parametrize("pos", ["x", "", "-5", "1e6", "+7", "5.0", "9" * 19])
    def test_pos_unusable(self, tmp_path: Path, pos: str) -> None:
        text = text_of(GOOD) + record(GOOD).replace("20000000", pos) + "\n"
        with pytest.raises(BatchRefused, match=r"pos_unusable.*line 4"):
            read_text(tmp_path, text)

    def test_pos_goes_back(self, tmp_path: Path) -> None:
        with pytest.raises(BatchRefused, match=r"file_unsorted.*line 4"):
            read_text(tmp_path, text_of(GOOD, GOOD.replace("20000000", "19999999")))

    @pytest.mark.parametrize("back", ["chr22", "22"])
    def test_contig_comes_back(self, tmp_path: Path, back: str) -> None:
        lines = (GOOD, GOOD.replace("chr22", "chr21"), GOOD.replace("chr22", back))
        with pytest.raises(BatchRefused, match=r"file_unsorted.*line 5"):
            read_text(tmp_path, text_of(*lines))

    def test_uncounted_contig_comes_back(self, tmp_path: Path) -> None:
        lines = [GOOD.replace("chr22", name) for name in ("chrUn", "chr22", "chrUn")]
        with pytest.raises(BatchRefused, match="file_unsorted"):
            read_text(tmp_path, text_of(*lines))

    def test_other_columns_than_planned(self, tmp_path: Path) -> None:
        with pytest.raises(BatchRefused, match="sample_absent"):
            read_text(tmp_path, text_of(GOOD, samples="T"))

    def test_no_sample_column(self, tmp_path: Path) -> None:
        with pytest.raises(BatchRefused, match="header_malformed"):
            read_text(tmp_path, header(()), samples=())


class TestShapes:
    def expect_two(self, tmp_path: Path, text: str | bytes) -> None:
        found = read_text(tmp_path, text)
        assert found.keys == ["22-20000000-A-G", "22-20000007-C-T"]
        assert found.set_aside == {}

    lines = (GOOD, "chr22 20000007 C T PASS . GT 0/1")

    def test_crlf(self, tmp_path: Path) -> None:
        self.expect_two(tmp_path, text_of(*self.lines).replace("\n", "\r\n"))

    def test_last_newline_missing(self, tmp_path: Path) -> None:
        self.expect_two(tmp_path, text_of(*self.lines).rstrip("\n"))
        self.expect_two(tmp_path, text_of(*self.lines).replace("\n", "\r\n").rstrip("\r\n"))

    def test_blank_line_is_malformed_and_parts_no_contig(self, tmp_path: Path) -> None:
        first, second = (record(line) for line in self.lines)
        found = read_text(tmp_path, header("S") + f"\n{first}\n\n{second}\n\n")
        assert found.set_aside == {"line_malformed": (3, 5, 7)}
        assert found.keys == ["22-20000000-A-G", "22-20000007-C-T"]

    def test_no_line_at_all(self, tmp_path: Path) -> None:
        for text in (header("S"), header("S").rstrip("\n")):
            found = read_text(tmp_path, text)
            assert found.result.receipt.records == 0
            assert found.result.written == ()

    @pytest.mark.parametrize("version", ["4.1", "4.2", "4.3", "4.4", "4.5"])
    def test_version(self, tmp_path: Path, version: str) -> None:
        text = text_of(*self.lines).replace("VCFv4.2", f"VCFv{version}")
        self.expect_two(tmp_path, text)

    def test_contig_names(self, tmp_path: Path) -> None:
        lines = ["1 5 A G PASS . GT 0/1", "chrX 5 A G PASS . GT 0/1", "MT 5 A G PASS . GT 1"]
        found = read_text(tmp_path, text_of(*lines))
        assert found.keys == ["1-5-A-G", "X-5-A-G", "M-5-A-G"]
        assert found.result.contigs == ("1", "X", "M")

    def test_only_declared_contigs(self, tmp_path: Path) -> None:
        found = read_text(tmp_path, text_of(*self.lines), contigs=("21", "X"))
        assert found.set_aside == {"contig_not_counted": (3, 4)}
        assert found.result.contigs == ("21", "X")

    def test_a_file_that_declares_none_that_is_counted_covers_none(self, tmp_path: Path) -> None:
        found = read_text(tmp_path, text_of(*self.lines), contigs=(), callability="blocks")
        assert (found.result.contigs, found.result.own_track, found.calls) == ((), {}, [])
        assert "contig_not_counted" in found.set_aside

    def test_mitochondrial_file_counts_m_alone(self, tmp_path: Path) -> None:
        lines = (GOOD, "chrM 5 A G PASS . GT 1")
        found = read_text(tmp_path, text_of(*lines), kind="mitochondrial")
        assert found.set_aside == {"contig_not_counted": (3,)}
        assert (found.keys, found.result.contigs) == (["M-5-A-G"], ("M",))

    def test_m_of_a_sample_with_a_mitochondrial_file_is_not_kept(self, tmp_path: Path) -> None:
        lines = ("chrX 5 A G PASS . GT 0/1 0/1", "chrM 5 A G PASS . GT 1 1")
        columns = (Column("S", 1, skip_mito=True), Column("T", 2))
        found = read_text(tmp_path, text_of(*lines, samples="ST"), columns=columns)
        assert [(row["contig"], row["sample"]) for row in found.calls] == [
            ("X", 1), ("X", 2), ("M", 2)
        ]  # fmt: skip
        assert found.result.receipt.loaded == 2

    def test_all_columns_ignored(self, tmp_path: Path) -> None:
        lines = [f"chr22 {pos} A G PASS . GT 0/1" for pos in range(1, 200)]
        lines.append("chr22 300 A G PASS . GT 0/2")
        found = read_text(tmp_path, text_of(*lines), columns=(Column("S", None),), window_records=5)
        receipt = found.result.receipt
        assert (receipt.loaded, receipt.reference) == (0, 199)
        assert list(found.set_aside) == ["gt_index"]
        assert found.result.written == ()

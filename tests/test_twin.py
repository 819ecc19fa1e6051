"""The twin itself, proved on cases counted by hand: 4, 5.2, 5.3, 5.5.

Each case is a VCF of a few lines; the numbers in the asserts were worked out on paper from the
sentence of DESIGN that the test's name points to.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.twin import Bed, Reference, TwinFile, TwinRefusal
from tests.twin.tiny import key, tiny_file

GOOD = "GT:GQ:DP"
Read = Callable[..., TwinFile]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read lines written as ``contig pos ref alt filter info format columns...``."""
    return partial(tiny_file, tmp_path)


def weights(file: TwinFile, contig: str, at: range, ploidy: int = 2, raw: bool = False) -> str:
    """Give w over positions as digits."""
    return "".join(str(file.weight("S", contig, p, ploidy, not raw)) for p in at)


# Section 4: each data line is one of loaded, reference, set_aside; the alleles likewise.


def test_receipt_counts_each_line_once_and_each_allele_once(read: Read) -> None:
    file = read(
        "22 100 A G PASS . GT 0/1 0/0",  # loaded, G loaded
        "22 101 A G,T PASS . GT 0/0 0/2",  # loaded, T loaded, G not carried
        "22 102 A G PASS . GT 0/0 ./.",  # reference, G not carried
        "22 103 A *,<NON_REF> PASS . GT 0/1 2/2",  # reference, no allele to count
        "22 104 A <DEL> PASS . GT 0/1 0/0",  # set aside, 1 allele
        "22 105 A G,<DEL>,G[22:9[ PASS . GT 0/2 0/3",  # reference, 1 not carried, 2 set aside
        "22 106 A . PASS . GT 0/0 0/0",  # reference
        "chrUn 5 A G,C PASS . GT 0/1 1/1",  # set aside, 2 alleles
        samples="S T",
    )
    receipt = file.receipt
    assert (receipt.records, receipt.loaded, receipt.reference) == (8, 2, 4)
    assert receipt.set_aside == {"symbolic": 1, "contig_not_counted": 1}
    assert receipt.alleles == {"loaded": 2, "not_carried": 3, "set_aside": 5}
    assert receipt.warnings == {"allele_symbolic": 1}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("22 100 A G PASS . GT 0/2", "gt_index"),
        ("22 100 A . PASS . GT 0/1", "gt_index"),
        ("22 100 A G PASS . GT 0/0/1", "ploidy"),
        ("22 100 Q G PASS . GT 0/1", "ref_alphabet"),
        ("22 1002 C G PASS . GT 0/1", "ref_mismatch"),
        ("22 50818469 A G PASS . GT 0/1", "pos_beyond_contig"),
        ("22 100 A G PASS . GT 0/x", "malformed_field"),
        ("22 100 A G PASS . GT:DP 0/1:many", "malformed_field"),
        ("22 100 A . PASS END=abc GT 0/0", "malformed_field"),
        ("22 100 A G! PASS . GT 0/1", "alt_malformed"),
        ("22 100 A . PASS END=99 GT 0/0", "end_before_pos"),
        ("22 100 A <*> PASS . GT:LEN 0/0:0", "end_before_pos"),
        ("22 100 A A]22:5] PASS . GT 0/1", "symbolic"),
        ("GL000207.1 100 A G PASS . GT 0/1", "contig_not_counted"),
        ("21 100 A G PASS . GT 0/1", "contig_not_counted"),  # not declared by the file
        ("Y 10001 A G PASS . GT 0/1", "y_par"),
        ("Y 57217415 A G PASS . GT 0/1", "y_par"),
    ],
)
def test_set_aside_line_names_its_reason(read: Read, line: str, reason: str) -> None:
    reference = Reference([("22", 1001, "NACGT")])
    file = read(line, contigs=["chr22", "Y"], reference=reference)
    assert file.receipt.set_aside == {reason: 1}
    assert file.receipt.defects == (reason not in ("symbolic", "contig_not_counted", "y_par"))


@pytest.mark.parametrize(
    "line",
    [
        "22 100 r G PASS . GT 0/1",  # an IUPAC letter
        "22 1001 A G PASS . GT 0/1",  # the reference has N
        "22 1002 a G PASS . GT 0/1",  # case does not matter
        "22 1005 TCC G PASS . GT 0/1",  # beyond what the reference holds
        "22 50818468 A G PASS . GT 0/1",  # the last base
        "22 100 A G PASS END=5 GT 0/1",  # END of a variant record is not read
        "22 100 A G PASS . GT:AF 0/1:x",  # AF is read on M alone
        "Y 2781480 A G PASS . GT 1",  # the first base after the PAR
        "MT 16569 A G PASS . GT 1",
    ],
)
def test_line_at_the_edge_of_a_rule_is_kept(read: Read, line: str) -> None:
    file = read(line, reference=Reference([("22", 1001, "NACGT")]))
    assert (file.receipt.loaded, file.receipt.set_aside) == (1, {})


def test_one_samples_defect_sets_the_line_aside_for_all(read: Read) -> None:
    file = read("22 100 AT G PASS . GT 0/1 0/5", samples="S T", callability="bed",
                bed=Bed([("22", 90, 110)]))  # fmt: skip
    assert file.calls("S", 2, False) == {}
    # A variant record with no known allele: 5.3a at 100, 5.3c at 101, the BED around.
    assert weights(file, "22", range(99, 103)) == "2002"
    assert weights(file, "22", range(99, 103), raw=True) == "2002"


def test_position_that_is_no_number_refuses(read: Read) -> None:
    with pytest.raises(TwinRefusal, match="unusable_pos"):
        read("22 abc A G PASS . GT 0/1")


@pytest.mark.parametrize(("good", "is_refused"), [(0, True), (10_988, True), (10_989, False)])
def test_too_many_defects_is_more_than_ten_and_a_thousandth(
    read: Read, good: int, is_refused: bool
) -> None:
    lines = ["22 100 A G PASS . GT 0/9"] * 11 + ["22 200 A G PASS . GT 0/1"] * good
    assert read(*lines).receipt.has_too_many_defects is is_refused


def test_mitochondrial_file_holds_m_only(read: Read) -> None:
    file = read("22 5 A G . . GT 0/1", "M 5 A G . . GT 0/1", kind="mitochondrial")
    assert file.receipt.set_aside == {"contig_not_counted": 1}
    assert file.receipt.loaded == 1


def test_m_line_is_loaded_by_vaf_alone(read: Read) -> None:
    file = read("M 5 A G,C,T . . GT:AF 0/0:0.1,0.099,.", "M 6 A G . . GT:AF 0/1:0.01")
    assert file.receipt.alleles == {"loaded": 2, "not_carried": 2, "set_aside": 0}


def test_ignored_column_is_checked_and_loads_nothing(read: Read) -> None:
    lines = ("22 100 A G . . GT 0/0 0/1", "22 101 A G . . GT 0/0 0/7")
    file = read(*lines, samples="S W", ignored={"W"})
    assert (file.receipt.loaded, file.receipt.reference) == (0, 1)
    assert file.receipt.set_aside == {"gt_index": 1}
    assert file.receipt.alleles == {"loaded": 0, "not_carried": 1, "set_aside": 1}


# 5.2: alleles.


def test_alleles_are_split_trimmed_and_left_aligned(read: Read) -> None:
    reference = Reference([("22", 101, "GCACACAT")])  # G101 C A C A C A T108
    file = read(
        "22 105 AC A . . GT 0/1",
        "22 106 CAT CT,CGT,TAT . . GT 1/2",
        reference=reference,
    )
    # C106 stands between two As and A107 between C and T: deleting one of them cannot be said
    # further left. CAT>CT is CA>C, CAT>CGT is A107G, CAT>TAT is C106T.
    assert set(file.calls("S", 2, False)) == {
        key("22-105-AC-A"), key("22-106-CA-C"), key("22-107-A-G"),
    }  # fmt: skip
    assert [a.key for a in file.records[1].alleles][2] == key("22-106-C-T")


def test_repeat_unit_moves_to_its_first_place_as_far_as_bases_are_known(read: Read) -> None:
    line = "22 105 ACA A . . GT 0/1"  # CA out of GCACACAT
    whole = read(line, reference=Reference([("chr22", 101, "GCACACAT")]))
    assert set(whole.calls("S", 2, False)) == {key("22-101-GCA-G")}
    part = read(line, reference=Reference([("22", 103, "ACACAT")]))
    assert set(part.calls("S", 2, False)) == {key("22-103-ACA-A")}
    none = read(line, reference=Reference([("22", 106, "CAT")]))
    assert set(none.calls("S", 2, False)) == {key("22-105-ACA-A")}


def test_one_call_per_key_the_passing_one_with_the_largest_dosage(read: Read) -> None:
    file = read(
        f"22 100 A G PASS . {GOOD} 0/1:30:30",
        f"22 100 AT GT LowQual . {GOOD} 1/1:30:30",
    )
    assert file.calls("S", 2, True) == {key("22-100-A-G"): 1}
    assert file.calls("S", 2, False) == {key("22-100-A-G"): 2}


def test_identical_alts_share_a_key(read: Read) -> None:
    file = read("22 100 A G,G . . GT 1/2")
    assert file.calls("S", 2, True) == {key("22-100-A-G"): 2}
    assert file.calls("S", 1, True) == {key("22-100-A-G"): 1}


# 5.3: known alleles.


def test_block_weight_follows_len_then_end_then_ref(read: Read) -> None:
    file = read(
        "22 100 AC <NON_REF> . . GT 0/0",
        "22 110 A . . END=112 GT 0/0",
        "22 120 A <*> . END=129 GT:LEN 0/0:2",
        "22 130 A <*> . END=131 GT:LEN 0/0:.",
        "22 50818467 A . . END=50818999 GT 0/0",
    )
    assert weights(file, "22", range(99, 103)) == "0220"
    assert weights(file, "22", range(109, 114)) == "02220"
    assert weights(file, "22", range(119, 123)) == "0220"
    assert weights(file, "22", range(129, 133)) == "0220"
    assert weights(file, "22", range(50818466, 50818470)) == "0220"


def test_a_variant_record_at_p_rules_over_blocks(read: Read) -> None:
    file = read("22 100 A . . END=110 GT 0/0", "22 105 A G PASS . GT ./1")
    assert weights(file, "22", range(103, 108)) == "22122"


def test_a_normalised_positions_start_too(read: Read) -> None:
    # CT>CG is T101G, carried or not: the record starts at 100 and at 101.
    file = read("22 100 CT CG,A . . GT ./0", "22 90 A . . END=110 GT 0/0")
    assert weights(file, "22", range(99, 103)) == "2112"


def test_a_takes_known_of_one_record_or_alternates_of_all(read: Read) -> None:
    # One record each: 1 known allele (./1). Alternates called: A>G, A>T once each: 2.
    file = read("22 100 A G . . GT ./1", "22 100 A T . . GT 1/.", "22 100 A T . . GT ./1")
    assert weights(file, "22", range(100, 101)) == "2"
    # The same key twice counts once: 1.
    same = read("22 100 A G . . GT ./1", "22 100 A G . . GT 1/.")
    assert weights(same, "22", range(100, 101)) == "1"
    # Three alternates, capped at the ploidy.
    capped = read("22 100 A G,C . . GT 1/2", "22 100 A T . . GT 0/1")
    assert weights(capped, "22", range(100, 101)) == "2"


def test_a_counts_passing_records_only(read: Read) -> None:
    file = read("22 100 A G PASS . GT ./1", "22 100 A T q10 . GT 0/1")
    assert weights(file, "22", range(100, 101)) == "1"
    assert weights(file, "22", range(100, 101), raw=True) == "2"


def test_star_is_known_and_has_no_key(read: Read) -> None:
    file = read("22 100 A *,G . . GT 1/2")
    assert file.calls("S", 2, True) == {key("22-100-A-G"): 1}
    assert weights(file, "22", range(100, 101)) == "2"
    # Two records, each known 1: the star is no alternate of (a)'s second number.
    two = read("22 100 A * . . GT ./1", "22 100 A G . . GT ./1")
    assert weights(two, "22", range(100, 101)) == "1"


def test_called_non_ref_and_allele_set_aside_are_missing(read: Read) -> None:
    file = read("22 100 A G,<NON_REF> . . GT 1/2", "22 101 A G,<DEL> . . GT 1/2",
                "22 102 A <NON_REF> . . GT 0/1")  # fmt: skip
    assert weights(file, "22", range(100, 103)) == "111"
    assert file.calls("S", 2, True) == {key("22-100-A-G"): 1, key("22-101-A-G"): 1}


def test_b_blocks_and_calling_records_cover_before_c_others(read: Read) -> None:
    deletion = "22 100 ACGT A . . GT {}"
    half = "22 102 GT . . . GT ./0"  # a block over 102-103, one known allele
    # 0/0 over 101-103 is (c): 2 where no block is, but the block of (b) rules where it covers.
    assert weights(read(deletion.format("0/0"), half), "22", range(99, 105)) == "022110"
    # 0/1 is of (b): the greatest of block and record.
    assert weights(read(deletion.format("0/1"), half), "22", range(99, 105)) == "022220"


def test_b_is_zero_where_none_passes_and_does_not_fall_to_c(read: Read) -> None:
    file = read("22 100 ACG A q10 . GT 0/1", "22 101 CG C PASS . GT 0/0")
    # 102: the failing deletion is of (b), the passing 0/0 only of (c).
    assert weights(file, "22", range(102, 103)) == "0"
    assert weights(file, "22", range(102, 103), raw=True) == "2"


def test_called_star_makes_a_record_one_of_b(read: Read) -> None:
    file = read("22 100 ACG * q10 . GT 0/1", "22 100 ACG A PASS . GT 0/0")
    assert weights(file, "22", range(101, 103)) == "00"


def test_d_bed_gives_the_ploidy_inside_only(read: Read) -> None:
    file = read("22 100 A G . . GT ./.", callability="bed", bed=Bed([("22", 99, 101)]))
    assert weights(file, "22", range(98, 103)) == "02020"
    assert weights(file, "22", range(98, 103), ploidy=1) == "01010"


def test_bed_record_outside_does_not_pass(read: Read) -> None:
    # POS 100 outside; T101G's normalised POS is inside: it passes. 105 is wholly outside.
    lines = ("22 100 CT CG . . GT 0/1", "22 105 A . . END=110 GT 0/0", "22 112 A G . . GT 0/1")
    file = read(*lines, callability="bed", bed={"S": Bed([("22", 101, 101), ("22", 106, 107)])})
    assert weights(file, "22", range(99, 114)) == "022000000000000"
    assert weights(file, "22", range(99, 114), raw=True) == "022000222222020"
    assert set(file.calls("S", 2, True)) == {key("22-101-T-G")}


def test_sites_know_only_where_a_record_starts(read: Read) -> None:
    file = read(
        "22 100 ACG A . . GT 0/1", "22 105 A . . END=110 GT 0/0", "22 112 CT CG . . GT 0/0",
        callability="sites",
    )  # fmt: skip
    assert weights(file, "22", range(99, 115)) == "0200002000000220"


def test_callability_never_reaches_beyond_declared_contigs(read: Read) -> None:
    file = read(callability="bed", bed=Bed([("21", 1, 9), ("22", 1, 9)]), contigs=["chr21"])
    assert (weights(file, "21", range(9, 11)), weights(file, "22", range(9, 11))) == ("20", "00")


# 5.5: ploidy.


def test_haploid_place_takes_one_allele_and_no_heterozygote(read: Read) -> None:
    lines = [f"X {p} A G,T . . GT {gt}" for p, gt in
             enumerate(["1/1", "0/1", "1/2", "0/0", "1", "./1", "."], 100)]  # fmt: skip
    file = read(*lines, "X 200 A *,G,<DEL> . . GT 1/2", "X 201 A *,G,<DEL> . . GT 3/2")
    assert weights(file, "X", range(100, 107), ploidy=1) == "1001110"
    assert weights(file, "X", range(100, 107), ploidy=1, raw=True) == "1001110"
    assert weights(file, "X", range(200, 202), ploidy=1) == "01"
    assert file.calls("S", 1, False) == dict.fromkeys(
        map(key, ["X-100-A-G", "X-104-A-G", "X-105-A-G", "X-201-A-G"]), 1
    )
    assert weights(file, "X", range(100, 107)) == "2222110"
    assert weights(file, "X", range(100, 107), ploidy=0) == "0000000"


def test_heterozygote_at_ploidy_one_leaves_the_place_to_c(read: Read) -> None:
    file = read("X 100 ACG A . . GT 0/1", "X 101 CG C . . GT 0/0")
    assert weights(file, "X", range(102, 103), ploidy=1) == "1"  # (c): 0/0 is known there
    assert weights(file, "X", range(102, 103), ploidy=2) == "2"

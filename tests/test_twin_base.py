"""The twin's base, proved on cases counted by hand (DESIGN 5.1, 5.5 to 5.8, 5.10, 5.11, 6)."""

from pathlib import Path

import pytest

from tests.twin import Row, TwinBase, count_base, faf95, ploidy_at, read_batch
from tests.twin.tiny import key, tiny_batch

# 5.5


@pytest.mark.parametrize(
    ("place", "ploidies"),  # XX, XY, other, unknown
    [
        (("22", 5), (2, 2, 2, 2)),
        (("X", 2781479), (2, 2, 2, 2)),
        (("X", 2781480), (2, 1, 0, 0)),
        (("X", 10000), (2, 1, 0, 0)),
        (("X", 155701383), (2, 2, 2, 2)),
        (("Y", 2781480), (0, 1, 0, 0)),
        (("Y", 2781479), (0, 0, 0, 0)),
        (("M", 5), (1, 1, 1, 1)),
    ],
)
def test_ploidy(place: tuple[str, int], ploidies: tuple[int, ...]) -> None:
    sexes = ("XX", "XY", "other", "unknown")
    assert tuple(ploidy_at("GRCh38", sex, *place) for sex in sexes) == ploidies


# The base.

SHEET = """
sample_id person_id sex father_id mother_id affected indication cohort
c         C         XY  F         M         1        cardio     -
f         F         XY  -         -         0        cardio     -
m         M         XX  -         -         -        cardio     -
u         U         unknown - -             0        -          POPGEN
"""
TRIO = [
    "c f m u",
    "22 100 A G PASS . GT:DP 0/1:30 0/1:30 0/0:30 1/1:30",
    "22 101 A G PASS . GT:DP ./.:30 0/1:9 0/0:30 0/0:30",
    "X 5000000 A G PASS . GT:DP 1:30 0/0:30 0/1:30 1/1:30",
    "Y 5000000 A G PASS . GT:DP 1/1:30 0/1:30 1/1:30 ./.:30",
    "M 100 A G PASS . GT:DP:AF 1:200:0.99 1:200:0.5 0:200:0.01 1:50:0.99",
]


def rows(base: TwinBase, stratum: str, purpose: str = "care") -> dict[str, Row]:
    """Give a stratum's rows by variant id."""
    return {str(k): row for (p, s, k), row in base.rows.items() if (p, s) == (purpose, stratum)}


def base_of(*folders: Path, withdrawn: tuple[str, ...] = ()) -> TwinBase:
    batches = [read_batch(folder, withdrawn=withdrawn) for folder in folders]
    return count_base(batches, "GRCh38")


def test_base_of_a_trio(tmp_path: Path) -> None:
    base = base_of(tiny_batch(tmp_path / "N1", SHEET, {"a.vcf": TRIO}))
    # U's cohort is a pilot: no care. C XY, F XY, M XX.
    assert rows(base, "all") == {
        "22-100-A-G": Row(2, 6, 2, 0, 0, 3, 2, 6),
        "22-101-A-G": Row(0, 2, 0, 0, 0, 1, 1, 4),
        "X-5000000-A-G": Row(2, 4, 1, 0, 1, 3, 2, 4),
        "Y-5000000-A-G": Row(1, 1, 0, 0, 1, 1, 1, 1),
        "M-100-A-G": Row(2, 3, 1, 1, 0, 3, 2, 3),
    }
    assert rows(base, "founder=1")["22-100-A-G"] == Row(1, 4, 1, 0, 0, 2, 1, 4)
    assert rows(base, "indication=cardio,affected=1")["22-100-A-G"] == Row(1, 2, 1, 0, 0, 1, 1, 2)
    strata = {s for _, s, _ in base.rows}
    assert strata == {
        "all", "sex=XX", "sex=XY", "platform=SEQOIA", "assay=WGS", "affected=0", "affected=1",
        "affected=unknown", "founder=0", "founder=1", "indication=cardio", "region=unknown",
        "cohort=unknown", "indication=cardio,affected=0", "indication=cardio,affected=1",
        "indication=cardio,affected=unknown",
    }  # fmt: skip
    assert {p for p, _, _ in base.rows} == {"care"}


def test_consents_decide_purposes(tmp_path: Path) -> None:
    consents = """
    person_id scope    status    signed_on
    C         research given     2026-01-01
    C         research withdrawn 2026-02-01
    F         research withdrawn 2026-01-01
    F         research given     2026-02-01
    M         research given     2026-01-01
    M         research opposed   2026-01-01
    M         care     refused   2026-01-01
    F         care     opposed   2026-01-01
    U         research given     2026-01-01
    U         industry given     2026-01-01
    """
    base = base_of(tiny_batch(tmp_path / "N1", SHEET, {"a.vcf": TRIO}, consents=consents))
    members = {p: {m.sample.person_id for m in base.members(p, "all")} for p in
               ("care", "research", "industry")}  # fmt: skip
    assert members == {"care": {"C", "F"}, "research": {"F", "U"}, "industry": {"U"}}
    # F 0/1, U 1/1 of unknown sex, counted on autosomes and M: U's M fails by depth.
    assert rows(base, "all", "research") == {
        "22-100-A-G": Row(3, 4, 1, 1, 0, 2, 3, 4),
        "22-101-A-G": Row(0, 2, 0, 0, 0, 1, 1, 4),
        "M-100-A-G": Row(1, 1, 1, 0, 0, 1, 2, 2),
    }


def test_counted_sample_is_by_assay_then_date_then_batch_then_id(tmp_path: Path) -> None:
    head = "sample_id person_id sex assay collected_on material\n"
    one = head + "a P XX WES 2026-05-01 -\nb P XX WGS - -\nt P XX WGS 2026-09-09 tumour"
    two = head + "a P XX WGS 2026-01-01 -\nr P XX RNA 2026-09-09 -"
    three = head + "a P XX WGS 2026-01-01 germline"
    line = "22 100 A G PASS . GT"
    first = tiny_batch(tmp_path / "N1", one, {"a.vcf": ["a b t", f"{line} 1/1 0/0 1/1"]})
    second = tiny_batch(tmp_path / "N2", two, {"a.vcf": ["a r", f"{line} 0/1 1/1"]})
    third = tiny_batch(tmp_path / "N10", three, {"a.vcf": ["a", f"{line} 1/1"]})
    for folders, expected in [
        ((first,), None),  # b: WGS before WES, whatever the dates
        ((second, first), 1),  # dated before missing
        ((first, third, second), 1),  # N2 after N10, by bytes
        ((first, third), 2),
    ]:
        found = rows(base_of(*folders), "all").get("22-100-A-G")
        assert (found and found.ac) == expected


def test_withdrawn_person_leaves_founder_of_the_child_alone(tmp_path: Path) -> None:
    folder = tiny_batch(tmp_path / "N1", SHEET, {"a.vcf": TRIO})
    base = base_of(folder, withdrawn=("F",))
    assert rows(base, "all")["22-100-A-G"] == Row(1, 4, 1, 0, 0, 2, 1, 4)
    assert "22-101-A-G" not in rows(base, "all")  # only F carried it
    assert rows(base, "founder=0")["22-100-A-G"].persons == 1


def test_mitochondrial_file_alone_counts_for_m(tmp_path: Path) -> None:
    files = {
        "a.vcf": ["S", "22 100 A G PASS . GT 0/1", "M 5 A G PASS . GT 1", "M 7 A G PASS . GT 0"],
        "m.vcf": ["S", "M 6 A G PASS . GT:AF 1:0.5"],
    }
    entries = {"m.vcf": {"kind": "mitochondrial"}}
    sheet = "sample_id person_id sex\nS P XX"
    base = base_of(tiny_batch(tmp_path / "N1", sheet, files, entries))
    assert set(rows(base, "all")) == {"22-100-A-G", "M-6-A-G"}
    assert [base.an_at("care", "all", "M", p) for p in (5, 6, 7)] == [0, 1, 0]


def test_states(tmp_path: Path) -> None:
    folder = tmp_path / "N1"
    lines = ["S", "22 100 A G PASS . GT 0/1", "22 101 A G q10 . GT 0/1",
             "22 102 A G,C PASS . GT:GQ 0/0:30", "22 103 A G PASS . GT ./."]  # fmt: skip
    sheet = "sample_id person_id sex callable_bed\nS P XX own.bed"
    entry = {"callability": "bed", "callable_bed": "file.bed"}
    tiny_batch(folder, sheet, {"a.vcf": lines}, {"a.vcf": entry})
    (folder / "file.bed").write_text("chr22\t0\t1000\n")
    (folder / "own.bed").write_text("track name=x\nchr22\t98\t105\n")
    base = base_of(folder)
    states = {p: base.state("care", "all", key(f"22-{p}-A-G")) for p in (98, 99, *range(100, 107))}
    assert states == {
        98: ("not_assayed", False),
        99: ("callable_not_seen", False),
        100: ("seen", False),
        101: ("not_callable", False),
        102: ("callable_not_seen", False),
        103: ("not_callable", False),
        104: ("callable_not_seen", False),
        105: ("callable_not_seen", False),
        106: ("not_assayed", False),
    }
    assert base.state("care", "sex=XY", key("22-100-A-G")) == ("not_assayed", False)


def test_raw_only_and_hidden(tmp_path: Path) -> None:
    lines = ["S T", "22 100 A G PASS . GT:GQ 0/1:5 0/0:30", "22 101 A G PASS . GT:GQ 0/1:30 0/0:1"]
    sheet = "sample_id person_id sex\nS P XX\nT Q XX"
    consents = "person_id scope status signed_on\nP research given 2026-01-01"
    base = base_of(tiny_batch(tmp_path / "N1", sheet, {"a.vcf": lines}, consents=consents))
    assert base.state("care", "all", key("22-100-A-G")) == ("callable_not_seen", True)
    seen = key("22-101-A-G")
    assert base.state("research", "sex=XX", seen, is_disclosed=False) == ("hidden", False)
    assert base.state("research", "sex=XX", seen) == ("seen", False)


def test_files_of_disjoint_contigs_each_speak_for_their_own(tmp_path: Path) -> None:
    files = {
        "a.vcf": ["S", "22 100 A G PASS . GT ./.", "22 200 A G PASS . GT 0/1"],
        "b.vcf": ["S", "21 100 A G PASS . GT 0/1"],
    }
    bed = {"callability": "bed", "callable_bed": "wgs.bed"}
    entries = {"a.vcf": {**bed, "contigs": ["chr22"]}, "b.vcf": {**bed, "contigs": ["chr21"]}}
    for name, said in (("declared", entries), ("found", {"a.vcf": bed, "b.vcf": bed})):
        sheet = "sample_id person_id sex\nS P XX"
        folder = tiny_batch(tmp_path / name, sheet, files, said)
        (folder / "wgs.bed").write_text("chr21\t0\t999\nchr22\t0\t999\nchr20\t0\t999\n")
        base = base_of(folder)
        assert [base.an_at("care", "all", "22", p) for p in (99, 100)] == [2, 0]
        # Where nothing is declared the BED of both files reaches contigs without a record.
        assert base.an_at("care", "all", "20", 5) == (0 if name == "declared" else 2)


@pytest.mark.parametrize(
    ("ac", "an", "expected"),  # gnomAD's own values, FINDINGS
    [
        (2, 100_000, 3.553615e-6),
        (10, 250_000, 2.170162e-5),
        (100, 251_000, 3.352162e-4),
        (1, 100, 0.0),
        (5, 0, 0.0),
    ],
)
def test_faf95(ac: int, an: int, expected: float) -> None:
    assert faf95(ac, an) == pytest.approx(expected, rel=1e-6)
    assert Row(ac=9, an=100, n_hom=1).faf95("M") == 0.0

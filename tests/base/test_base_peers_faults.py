"""Faults that tools of this kind have had, each as a case that the base must get right."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest

from cad.build.run import build_base
from cad.push import push_batch
from cad.query import BaseReader, find_region, find_variant, open_base
from cad.query.depth_runs import find_depth
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.registry.numbers import latest_commit
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from schemas.errors import BatchRefused
from tests.base.nights import Nights
from tests.base.reading import assert_same_base, base_frame
from tests.batch_dir import BatchDir, vcf
from tests.genomes import Tube, World, push_dir
from tests.pushed import batch_ids
from tests.twin.tiny import tiny_batch

Figures = dict[str, tuple[int, ...]]


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    with Nights(tmp_path / "warehouse", "GRCh38") as made:
        yield made


def one_file(folder: Path, sheet: str, lines: Sequence[str], **entry: object) -> Path:
    """A batch with one file; the sheet's rows are sample, person and sex."""
    rows = [row.split() for row in sheet.splitlines() if row.strip()]
    columns = " ".join(row[0] for row in rows)
    text = "\n".join(["sample_id person_id sex", *(" ".join(row) for row in rows)])
    return tiny_batch(folder, text, {"a.vcf": [columns, *lines]}, {"a.vcf": entry})


def figures(base: pl.DataFrame, *names: str, stratum: str = "all") -> Figures:
    """Chosen figures of everybody by variant."""
    rows = base.filter(purpose="care", stratum=stratum)
    return {
        "-".join(map(str, row[:4])): row[4:]
        for row in rows.select("contig", "pos", "ref", "alt", *names).rows()
    }


class TestLoadThenWithdraw:
    LINES = (
        "22 100 A G PASS . GT:GQ 0/1:10",
        "22 200 C T PASS . GT:GQ 1/1:10",
    )
    OTHERS = (
        "22 100 A G PASS . GT:GQ 0/1:99",
        "22 300 G T PASS . GT:GQ 0/1:99",
    )

    @pytest.mark.parametrize("gone", ["P1", "P2"])
    def test_takes_away_what_was_added_and_no_more(
        self, gone: str, nights: Nights, tmp_path: Path
    ) -> None:
        """A delete that applies another threshold than the load takes observations of others."""
        own = one_file(tmp_path / "OWN", "a P1 XX", self.LINES)
        other = one_file(tmp_path / "OTHER", "b P2 XX", self.OTHERS)
        both = nights.push_and_build(own, other)
        assert figures(both, "ac", "ac_raw")["22-100-A-G"] == (1, 2)
        withdraw(nights.warehouse, gone)
        nights.build()
        with Nights(tmp_path / "never", "GRCh38") as never:
            left = never.push_and_build(other if gone == "P1" else own)
        assert_same_base(base_frame(nights.warehouse), left)
        assert figures(left, "ac", "ac_raw")["22-100-A-G"] == ((1, 1) if gone == "P1" else (0, 1))

    def test_gives_back_the_state_before(self, nights: Nights, tmp_path: Path) -> None:
        """A load that cannot be undone: after load and withdrawal all is as it was, row for row."""
        before = nights.push_and_build(one_file(tmp_path / "OTHER", "b P2 XX", self.OTHERS))
        after = nights.push_and_build(one_file(tmp_path / "OWN", "a P1 XX", self.LINES))
        assert not before.equals(after)
        withdraw(nights.warehouse, "P1")
        nights.build()
        assert_same_base(base_frame(nights.warehouse), before)

    def test_leaves_no_figure_stale(self, nights: Nights, tmp_path: Path) -> None:
        """A delete that skips the statistics: a variant of the person alone goes, and AN falls."""
        own = one_file(tmp_path / "OWN", "a P1 XX", self.LINES, callability="blocks")
        block = "22 150 A . PASS END=250 GT 0/0"
        other = one_file(tmp_path / "OTHER", "b P2 XX", [block], callability="blocks")
        nights.push_and_build(own, other)
        assert answer(nights.warehouse, "22-200-C-T") == ("callable_not_seen", 0, 2, 2, 4)
        withdraw(nights.warehouse, "P1")
        nights.build()
        assert answer(nights.warehouse, "22-200-C-T") == ("callable_not_seen", 0, 2, 0, 2)

    def test_reads_the_persons_own_files_only(self, nights: Nights, tmp_path: Path) -> None:
        """A delete that walks through everything stored: its cost goes with the person's data."""
        for number in range(4):
            batch = one_file(tmp_path / f"B{number}", f"s P{number} XX", self.OTHERS)
            nights.push(batch)
        nights.build()
        with reading(nights.warehouse.engine) as connection:
            files = lake_files(connection, latest_commit(connection), "calls")
        withdraw(nights.warehouse, "P2")
        report = nights.build()
        assert len(files) == 4
        assert sum(path in report.files_read for path in (file.path for file in files)) == 1


def answer(warehouse: Warehouse, variant: str) -> tuple[str, int, int, int, int]:
    """State, AC, AN, and both raw, of everybody."""
    with open_base(warehouse, "care") as base:
        found = find_variant(BaseReader(warehouse, base), variant, ["all"])
    (row,) = found["frequencies"]
    return found["state"], row["ac"], row["an"], row["ac_raw"], row["an_raw"]


def test_man_carries_one_allele_on_x(nights: Nights, tmp_path: Path) -> None:
    """A man's 1/1 on X counted as homozygous and as hemizygous: it is one allele, hemizygous."""
    lines = ("X 90000000 A G PASS . GT 1/1 1 0/1", "X 90000001 A G PASS . GT 0/0 1/1 1/1")
    base = nights.push_and_build(one_file(tmp_path / "B", "m P1 XY\nn P2 XY\nw P3 XX", lines))
    assert figures(base, "ac", "an", "n_het", "n_hom", "n_hemi") == {
        "X-90000000-A-G": (3, 4, 1, 0, 2),
        "X-90000001-A-G": (3, 4, 0, 1, 1),
    }


class TestOneVcfTwice:
    def test_under_a_second_batch_and_sample_id(self, nights: Nights, tmp_path: Path) -> None:
        """The same VCF under a second name counted twice: a person counts once."""
        lines = ("22 100 A G PASS . GT 0/1",)
        once = nights.push_and_build(one_file(tmp_path / "B1", "a P1 XX", lines))
        twice = nights.push_and_build(one_file(tmp_path / "B2", "again P1 XX", lines))
        assert_same_base(twice, once)
        assert figures(twice, "ac", "an", "persons") == {"22-100-A-G": (1, 2, 1)}

    def test_under_a_second_person_id(self, sqlite_warehouse: Warehouse, tmp_path: Path) -> None:
        """The same VCF under a second pseudonym: found at the door, and refused where asked."""
        world = World(autosomal=660)
        genome = world.founder("XX")
        first = push_dir(tmp_path / "N1", world, [Tube("a", "A", "XX", genome)])
        second = push_dir(tmp_path / "N2", world, [Tube("b", "B", "XX", genome)])
        push_batch(sqlite_warehouse, first)
        with pytest.raises(BatchRefused, match="same_genome_two_persons"):
            push_batch(sqlite_warehouse, second, strict=True)
        assert batch_ids(sqlite_warehouse) == ["N1"]
        receipt = push_batch(sqlite_warehouse, second)
        assert "same_genome_two_persons" in {one.reason for one in receipt.warnings}


class TestGenotypes:
    def test_two_alternates_are_two_alleles(self, nights: Nights, tmp_path: Path) -> None:
        """1/2 counted as one copy of the first alternate: it is one copy of each."""
        lines = ("22 100 A G,T PASS . GT 1/2 2/2 0/1",)
        base = nights.push_and_build(one_file(tmp_path / "B", "a P1 XX\nb P2 XX\nc P3 XX", lines))
        assert figures(base, "ac", "an", "n_het", "n_hom") == {
            "22-100-A-G": (2, 6, 2, 0),
            "22-100-A-T": (3, 6, 1, 1),
        }

    def test_no_calls_and_half_calls(self, nights: Nights, tmp_path: Path) -> None:
        """No-calls read as reference, half-calls as hemizygous: what is missing is not in AN."""
        sheet = "\n".join(f"s{n} P{n} XX" for n in range(6))
        lines = ("22 100 A G PASS . GT ./. . ./1 0/. 0/1 .|.",)
        base = nights.push_and_build(one_file(tmp_path / "B", sheet, lines))
        found = figures(base, "ac", "an", "n_het", "n_hom", "n_hemi", "persons")
        assert found == {"22-100-A-G": (2, 4, 2, 0, 0, 3)}

    def test_no_line_vanishes(self, nights: Nights, tmp_path: Path) -> None:
        """Records with several alternates dropped silently: each line is accounted for."""
        lines = (
            "22 100 A G,T PASS . GT 0/1",
            "22 110 A AT,ATT PASS . GT 1/2",
            "22 120 A G PASS . GT 0/0",
            "22 130 A <DEL> PASS . GT 0/1",
            "22 140 A G PASS . GT 0/2",
        )
        receipt = nights.push(one_file(tmp_path / "B", "a P1 XX", lines))
        nights.build()
        (file,) = receipt.files
        assert (file.records, file.loaded, file.reference) == (5, 2, 1)
        assert {one.reason: one.examples for one in file.set_aside} == {
            "symbolic": (6,),
            "gt_index": (7,),
        }
        found = set(figures(base_frame(nights.warehouse), "ac"))
        assert found == {"22-100-A-G", "22-110-A-AT", "22-110-A-ATT"}


class TestQuestions:
    LINES = (
        "22 100 A G PASS . GT 0/1",
        "22 150 A ATT PASS . GT 0/1",
        "22 160 ACC A PASS . GT 0/1",
        "22 170 AC GT PASS . GT 1/1",
        "22 200 C T PASS . GT 0/1",
    )
    KEYS = ("22-100-A-G", "22-150-A-ATT", "22-160-ACC-A", "22-170-AC-GT", "22-200-C-T")

    def test_interval_holds_both_its_ends(self, nights: Nights, tmp_path: Path) -> None:
        """An interval open at its ends: variants at its first and last base belong to it."""
        nights.push_and_build(one_file(tmp_path / "B", "a P1 XX", self.LINES))
        with open_base(nights.warehouse, "care") as base:
            reader = BaseReader(nights.warehouse, base)
            found = [one["variant"] for one in find_region(reader, "22:100-200")["variants"]]
            (depth,) = find_depth(reader, "22:100-200", ["all"])["strata"]
        assert found == list(self.KEYS)
        assert [(run["start"], run["an"]) for run in depth["runs"] if run["an"]] == [
            (100, 2), (150, 2), (160, 2), (170, 2), (200, 2)
        ]  # fmt: skip

    def test_kind_of_variant_need_not_be_told(self, nights: Nights, tmp_path: Path) -> None:
        """Indels missed unless their kind is asked for: every variant is found by its key."""
        nights.push_and_build(one_file(tmp_path / "B", "a P1 XX", self.LINES))
        states = {key: answer(nights.warehouse, key)[:3] for key in self.KEYS}
        assert states == {key: ("seen", 2 if key == "22-170-AC-GT" else 1, 2) for key in self.KEYS}


class TestDenominators:
    def test_differ_from_place_to_place(self, nights: Nights, tmp_path: Path) -> None:
        """One denominator for all loci: those count who were looked at there."""
        genome = one_file(tmp_path / "WGS", "a P1 XX\nb P2 XX", ["22 100 A G PASS . GT 0/1 0/0"])
        panel = BatchDir(tmp_path / "PANEL")
        panel.manifest["batch_id"] = "PANEL"
        panel.put("panel.bed", b"chr22\t199\t300\n")
        lines = ("chr22 250 . A G . PASS . GT 1/1",)
        panel.add("p.vcf", vcf("c", lines=lines), callability="bed", callable_bed="panel.bed")
        panel.sheet("sample_id|person_id|sex|assay", "c|P3|XX|panel")
        base = nights.push_and_build(genome, panel.write())
        assert figures(base, "ac", "an", "persons") == {
            "22-100-A-G": (1, 4, 2),
            "22-250-A-G": (2, 2, 1),
        }

    def test_no_frequency_exceeds_one(self, nights: Nights, tmp_path: Path) -> None:
        """Frequencies over 100 %, for carriers who are not in the denominator."""
        lines = (
            "22 98 ATAC A PASS . GT 0/1",  # the deletion spans the next records
            "22 100 A G PASS . GT 1/1",
            "22 100 A G,T q10 . GT 1/2",
            "22 101 C G PASS . GT:GQ 1/1:.",
            "X 90000000 A G PASS . GT 1/1",
        )
        man = one_file(tmp_path / "B1", "a P1 XY", lines)
        bed = BatchDir(tmp_path / "B2")
        bed.manifest["batch_id"] = "B2"
        bed.put("b.bed", b"chr22\t0\t99\n")
        outside = vcf("b", lines=("chr22 100 . A G . PASS . GT 1/1",))
        bed.add("b.vcf", outside, callability="bed", callable_bed="b.bed")
        bed.sheet("sample_id|person_id|sex", "b|P2|XX")
        base = nights.push_and_build(man, bed.write())
        nights.check([("22", 95, 105), ("X", 89_999_999, 90_000_001)])
        assert figures(base, "ac", "an", "ac_raw", "an_raw") == {
            "22-98-ATAC-A": (1, 4, 1, 4),
            "22-100-A-G": (2, 2, 4, 4),
            "22-100-A-T": (0, 2, 1, 4),
            "22-101-C-G": (0, 0, 2, 2),
            "X-90000000-A-G": (1, 1, 1, 1),
        }
        assert base.filter(
            (pl.col("ac") > pl.col("an")) | (pl.col("ac_raw") > pl.col("an_raw"))
        ).is_empty()


def test_import_is_whole_or_nothing(nights: Nights, tmp_path: Path) -> None:
    """An import of several files that stops half-way and leaves some of them behind."""
    before = nights.push_and_build(
        one_file(tmp_path / "B1", "a P1 XX", ["22 100 A G PASS . GT 0/1"])
    )
    files = {
        "good.vcf": ["b", "22 100 A G PASS . GT 1/1"],
        "unsorted.vcf": ["c", "22 200 A G PASS . GT 1/1", "22 100 A G PASS . GT 1/1"],
    }
    sheet = "sample_id person_id sex\nb P2 XX\nc P3 XX"
    with pytest.raises(BatchRefused, match="unsorted"):
        push_batch(nights.warehouse, tiny_batch(tmp_path / "B2", sheet, files))
    build_base(nights.warehouse)
    assert batch_ids(nights.warehouse) == ["B1"]
    assert_same_base(base_frame(nights.warehouse), before)

"""What builds add beside the bins of a base: whoever reads it finds the base written at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cad.build.folding import fold_base
from cad.build.run import build_base
from cad.export.vcf import export_vcf
from cad.push import push_batch
from cad.query import BaseReader, Region, Variant, open_base
from cad.query.base import Place
from cad.query.depth_runs import depth_runs
from cad.query.reader import Figures
from cad.settings import Settings
from cad.sql_access import open_sql
from cad.sweep import sweep
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from schemas.contigs import BIN_SIZE, contig_length
from schemas.errors import Conflict
from tests.base.nights import ANY_SHARE
from tests.base.reading import assert_same_base, base_frame, files_of
from tests.batch_dir import BatchDir, vcf
from tests.twin.cohorts import Shape, random_batch_dirs

SHAPE = Shape(callabilities=("bed", "blocks"), batches=3, persons=8, samples=4)
ADDED = ("added_counts", "added_depth", "added_variants")


@dataclass(frozen=True)
class Three:
    """The same nights, kept beside the bins, written anew each night, and built at once."""

    added: Warehouse
    rewritten: Warehouse
    whole: Warehouse


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    folder = tmp_path_factory.mktemp("three")
    cohort = random_batch_dirs(1, folder / "cohort", SHAPE)
    ways = {"added": ANY_SHARE, "rewritten": 0, "whole": 0}
    made = {
        name: Warehouse.create(
            folder / name, "GRCh38", cohort.reference, settings=Settings(added_share=share)
        )
        for name, share in ways.items()
    }
    for night in cohort.batches:
        for name, warehouse in made.items():
            push_batch(warehouse, night)
            if name != "whole":
                build_base(warehouse)
    build_base(made["whole"])
    yield Three(**made)
    for warehouse in made.values():
        warehouse.close()


def assert_same_figures(found: Figures, expected: Figures) -> None:
    np.testing.assert_array_equal(found.counts, expected.counts)
    np.testing.assert_array_equal(found.depths, expected.depths)
    np.testing.assert_allclose(found.flags, expected.flags, rtol=1e-12)


def test_every_answer_is_that_of_the_base_written_at_once(three: Three) -> None:
    rows = [files_of(three.added, table, "care").num_rows for table in ADDED]
    assert all(rows), rows
    with open_base(three.added, "care") as one, open_base(three.whole, "care") as other:
        assert (one.variants, one.persons) == (other.variants, other.persons)
        names = [stratum.name for stratum in other.strata]
        assert [stratum.name for stratum in one.strata] == names
        found, expected = BaseReader(three.added, one), BaseReader(three.whole, other)
        seen = 0
        for place in {*one.places("base_depth"), *other.places("base_depth")}:
            region = region_of(place)
            variants = list(expected.between(region))
            assert [variant for variant, _ in found.between(region)] == [v for v, _ in variants]
            for (variant, told), (_, between) in zip(variants, found.between(region), strict=True):
                assert_same_figures(found.lookup(variant), told)
                assert_same_figures(between, told)
                unseen = Variant(variant.contig, variant.pos, variant.ref, "ACGTACGT")
                assert_same_figures(found.lookup(unseen), expected.lookup(unseen))
            assert_gathered_alike(found, expected, [variant for variant, _ in reversed(variants)])
            seen += len(variants)
            depths = [
                depth_runs(reader, region, [stratum.number for stratum in base.strata])
                for reader, base in ((found, one), (expected, other))
            ]
            for ours, theirs in zip(*depths, strict=True):
                for column, wanted in zip(ours, theirs, strict=True):
                    np.testing.assert_array_equal(column, wanted)
        assert seen == other.variants > 0


def assert_gathered_alike(found: BaseReader, expected: BaseReader, variants: list[Variant]) -> None:
    chosen = range(len(expected.base.strata))
    for reader in (found, expected):
        counts, depths = reader.gather(variants, chosen)
        for variant, *figures in zip(variants, counts, depths, strict=True):
            told = expected.lookup(variant)
            np.testing.assert_array_equal(figures[0], told.counts)
            np.testing.assert_array_equal(figures[1], told.depths)


def region_of(place: Place) -> Region:
    last = min((place.bin + 1) * BIN_SIZE, contig_length("GRCh38", place.contig))
    return Region(place.contig, place.bin * BIN_SIZE + 1, last)


def test_what_passed_a_threshold_is_noted_alike(three: Three) -> None:
    noted = [
        pl.from_arrow(files_of(warehouse, "base_changes", "care")).sort(pl.all())  # type: ignore[union-attr]
        for warehouse in (three.added, three.rewritten)
    ]
    assert noted[0].height > 0
    assert noted[0].equals(noted[1])


def test_exports_and_sql_read_bins_as_a_whole(three: Three, tmp_path: Path) -> None:
    lines, rows = [], []
    for name, warehouse in (("added", three.added), ("whole", three.whole)):
        export_vcf(warehouse, tmp_path / f"{name}.vcf.gz", raw_only=True)
        text = pl.read_csv(
            tmp_path / f"{name}.vcf.gz", has_header=False, separator="\t", comment_prefix="##"
        )
        lines.append(text)
        with open_sql(warehouse) as sql:
            query = "SELECT * FROM frequencies ORDER BY contig, pos, ref, alt, stratum"
            rows.append(pl.from_arrow(sql.ask(query).rows))
    assert lines[0].equals(lines[1])
    assert rows[0].equals(rows[1])  # type: ignore[union-attr]


def test_folding_changes_files_and_nothing_else(three: Three) -> None:
    before = base_frame(three.added)
    assert fold_base(three.added).bins > 0
    assert all(files_of(three.added, table, "care").num_rows == 0 for table in ADDED)
    assert_same_base(base_frame(three.added), before)
    assert fold_base(three.added).bins == 0


def night(folder: Path, number: int, *persons: str) -> Path:
    """A batch of persons who are heterozygous at one position."""
    made = BatchDir(folder / f"night-{number}")
    made.manifest["batch_id"] = f"NIGHT-{number}"
    line = "chr22 100 . A G . PASS . GT " + " ".join(["0/1"] * len(persons))
    made.add("all.vcf", vcf(*persons, lines=(line,)))
    made.sheet("sample_id|person_id|sex", *(f"{one}|P-{one}|XX" for one in persons))
    return made.write()


@pytest.fixture
def two_nights(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.create(tmp_path / "w", "GRCh38") as warehouse:
        push_batch(warehouse, night(tmp_path, 1, "A", "B"))
        build_base(warehouse)
        push_batch(warehouse, night(tmp_path, 2, "C"))
        build_base(warehouse)
        assert files_of(warehouse, "added_counts", "care").num_rows
        yield warehouse


def test_nobody_is_taken_out_beside_a_bin(two_nights: Warehouse) -> None:
    withdraw(two_nights, "P-C")
    build_base(two_nights)
    assert not any(files_of(two_nights, table, "care").num_rows for table in ADDED)
    assert not list(two_nights.lake.folder.rglob("added_*"))
    sweep(two_nights)
    assert base_frame(two_nights).filter(stratum="all", purpose="care")["ac"].to_list() == [2]


def test_a_recount_reads_no_figure_of_the_base(two_nights: Warehouse, tmp_path: Path) -> None:
    expected = base_frame(two_nights)
    for file in two_nights.lake.folder.rglob("*"):
        if file.name.startswith(("base_", "added_")) and "changes" not in file.name:
            file.write_bytes(b"damaged")
    report = build_base(two_nights, recount=True)
    assert (report.persons_added, report.persons_removed) == (0, 0)
    assert_frame_equal(base_frame(two_nights), expected)
    assert not files_of(two_nights, "added_counts", "care").num_rows
    for number, person in ((6, "G"), (7, "H")):
        push_batch(two_nights, night(tmp_path, number, person))
        withdraw(two_nights, f"P-{'AG'[number - 6]}")
        build_base(two_nights, recount=number == 7)
    with Warehouse.create(tmp_path / "never-saw", "GRCh38") as other:
        push_batch(other, night(tmp_path / "others", 1, "B", "C", "H"))
        build_base(other)
        assert_same_base(base_frame(two_nights), base_frame(other))


def test_of_a_build_and_a_folding_one_wins(two_nights: Warehouse, tmp_path: Path) -> None:
    def overtake(_done: int, _total: int) -> None:
        push_batch(two_nights, night(tmp_path, 3, "D"))
        with Warehouse.open(two_nights.path, Settings(added_share=0)) as other:
            build_base(other)

    with pytest.raises(Conflict, match="base_conflict"):
        fold_base(two_nights, overtake)
    assert base_frame(two_nights).filter(stratum="all", purpose="care")["ac"].to_list() == [4]
    folded: list[int] = []

    def fold(_done: int, _total: int) -> None:
        folded.append(fold_base(two_nights).bins)

    push_batch(two_nights, night(tmp_path, 4, "E"))
    build_base(two_nights)
    push_batch(two_nights, night(tmp_path, 5, "F"))
    build_base(two_nights, fold)
    assert folded == [1]
    assert base_frame(two_nights).filter(stratum="all", purpose="care")["ac"].to_list() == [6]

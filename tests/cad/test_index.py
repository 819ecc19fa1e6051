"""The key index says of every variant what the tables it was made of say."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from cad.build.merge import sum_rows
from cad.flags import FLAG_FIELDS
from cad.index import COUNT_FIELDS, DEPTH_FIELDS, IndexCache, IndexReader, IndexRow, IndexWriter
from schemas.errors import Unavailable
from schemas.tables import BASE_COUNTS

COUNTS = pa.schema([field for field in BASE_COUNTS if field.name != "contig"])
Counts = dict[int, tuple[int, ...]]
Variant = tuple[tuple[int, str, str], Counts, tuple[list[int], ...]]


def drawn(rng: Random, variants: int, strata: int, high: int) -> list[Variant]:
    """Variants of a base: crowded positions, lists of several lengths, small and large figures."""
    places = [rng.randint(1, variants * 2) for _ in range(variants)] + [7] * 200
    keys = sorted(
        {(pos, rng.choice("ACGT") * rng.randint(1, 9), "ACGT"[n % 4] * rng.randint(1, 99))
         for n, pos in enumerate(places)}
    )  # fmt: skip
    found = []
    for key in keys:
        carried = rng.sample(range(1, strata + 1), rng.randint(1, strata))
        counts = {no: tuple(rng.randint(0, high) for _ in COUNT_FIELDS) for no in sorted(carried)}
        width = rng.randint(1, strata)
        depths = tuple([rng.randint(0, high) for _ in range(width)] for _ in DEPTH_FIELDS)
        found.append((key, counts, depths))
    return found


def write_index(path: Path, variants: Sequence[Variant], at_once: int = 1_000) -> None:
    """Write variants, some at a time; those of a position stay together."""
    writer = IndexWriter(path)
    width = max((len(values) for _, _, depths in variants for values in depths), default=0)
    for _, some in groupby(variants, lambda one: one[0][0] // at_once):
        own = list(some)
        rows = [
            {"pos": pos, "ref": ref, "alt": alt, "stratum": stratum,
             **dict(zip(COUNT_FIELDS, figures, strict=True))}
            for (pos, ref, alt), by_stratum, _ in own
            for stratum, figures in by_stratum.items()
        ]  # fmt: skip
        table = pa.Table.from_pylist(rows, COUNTS)
        sums = sum_rows([], table)
        padded = [[values + [0] * (width - len(values)) for values in one] for _, _, one in own]
        depths = np.array(padded, np.int32).transpose(0, 2, 1)
        flags = np.full((len(FLAG_FIELDS), len(own)), np.nan)
        writer.write(sums.variants, sums.ends(), sums.entries(), depths, flags)
    writer.close()


def plain(row: IndexRow) -> Variant:
    """A row as `drawn` gives it, but for the zeros that pad lists of its block."""
    counts = {no: tuple(figures) for no, *figures in row.counts.tolist()}
    depths = tuple(row.depths.tolist())
    return (row.pos, row.ref, row.alt), counts, depths


def padded(variant: Variant, width: int) -> Variant:
    key, counts, depths = variant
    return key, counts, tuple(values + [0] * (width - len(values)) for values in depths)


@pytest.mark.parametrize(
    ("variants", "strata", "high"), [(1, 1, 1), (40, 3, 255), (700, 17, 300), (300, 120, 70_000)]
)
def test_every_variant_is_found(tmp_path: Path, variants: int, strata: int, high: int) -> None:
    rng = Random(variants)
    written = drawn(rng, variants, strata, high)
    path = tmp_path / "new" / "index.sqlite"
    write_index(path, written)
    reader = IndexReader(path)
    for variant in written:
        row = reader.lookup(*variant[0])
        assert row is not None
        assert plain(row) == padded(variant, row.depths.shape[1])
    keys = {key for key, _, _ in written}
    for pos in range(0, 2 * variants + 3):
        assert (reader.lookup(pos, "A", "C") is not None) == ((pos, "A", "C") in keys)
    reader.close()


def test_regions_hold_what_lies_in_them(tmp_path: Path) -> None:
    rng = Random(5)
    written = drawn(rng, 500, 4, 9)
    write_index(tmp_path / "index", written, at_once=90)
    reader = IndexReader(tmp_path / "index")
    for _ in range(200):
        start = rng.randint(0, 1100)
        end = start + rng.choice([0, 1, 5, 60, 2000])
        inside = [key for key, _, _ in written if start <= key[0] <= end]
        assert [plain(row)[0] for row in reader.between(start, end)] == inside
    assert [key for block in reader.blocks() for key in zip(
        block.pos.tolist(), *zip(*block.alleles(), strict=True), strict=True
    )] == [key for key, _, _ in written]  # fmt: skip
    reader.close()


def test_position_is_never_cut_in_two(tmp_path: Path) -> None:
    crowd = [
        ((9, "A" * n, "C"), {1: (1, 0, 0, 1, 0, 0)}, ([2], [2], [1], [1])) for n in range(1, 300)
    ]
    write_index(tmp_path / "index", crowd)
    reader = IndexReader(tmp_path / "index")
    assert all(reader.lookup(*key) is not None for key, _, _ in crowd)
    assert sum(1 for _ in reader.blocks()) == 1
    reader.close()


def test_variants_out_of_order_are_refused(tmp_path: Path) -> None:
    written = drawn(Random(1), 30, 3, 9)
    with pytest.raises(ValueError, match="not sorted"):
        write_index(tmp_path / "c", written[::-1], at_once=1)
    with pytest.raises(ValueError, match="not sorted"):
        write_index(tmp_path / "d", [written[0], written[-1], written[0]], at_once=1)


def test_base_without_variants_has_no_index(tmp_path: Path) -> None:
    write_index(tmp_path / "index", [])
    assert not (tmp_path / "index").exists()


def test_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        IndexReader(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()
    (tmp_path / "text").write_text("not an index " * 999)
    with pytest.raises(Unavailable, match="lake_file_damaged"):
        IndexReader(tmp_path / "text")
    path = tmp_path / "index"
    write_index(path, drawn(Random(2), 400, 30, 9))
    whole = path.read_bytes()
    for cut in (100, len(whole) // 2):
        path.write_bytes(whole[:cut])
        with pytest.raises(Unavailable, match="lake_file_damaged"):
            list(IndexReader(path).between(1, 10_000))


def test_cache_lets_go_of_the_least_recently_used(tmp_path: Path) -> None:
    written = drawn(Random(3), 20, 2, 9)
    paths = [tmp_path / str(number) for number in range(3)]
    for path in paths:
        write_index(path, written)
    cache = IndexCache(size=2)
    first, second = cache.reader(paths[0]), cache.reader(paths[1])
    assert cache.reader(paths[0]) is first
    third = cache.reader(paths[2])
    assert cache.reader(paths[0]) is first
    assert cache.reader(paths[1]) is not second
    # Whoever still holds a reader may go on reading.
    assert second.lookup(*written[0][0]) is not None
    assert third.lookup(*written[-1][0]) is not None
    cache.close()


def test_threads_share_a_reader(tmp_path: Path) -> None:
    written = drawn(Random(4), 300, 5, 9)
    write_index(tmp_path / "index", written)
    reader = IndexReader(tmp_path / "index")
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda variant: reader.lookup(*variant[0]), written * 3))
    assert [row and plain(row)[:2] for row in rows] == [variant[:2] for variant in written * 3]
    reader.close()

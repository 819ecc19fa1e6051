"""Counts as files: what is one variant, and which differences are seen."""

from pathlib import Path

import pytest

from benchmarks.counts_file import (
    Counts,
    add_counts,
    digest,
    first_differences,
    trimmed,
    write_counts,
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ((100, "A", "G"), (100, "A", "G")),
        ((100, "AT", "GT"), (100, "A", "G")),
        ((100, "CTT", "CT"), (100, "CT", "C")),
        ((100, "CA", "CATA"), (100, "C", "CAT")),
        ((100, "TTG", "TTC"), (102, "G", "C")),
    ],
)
def test_variants_are_trimmed_suffix_first(
    written: tuple[int, str, str], expected: tuple[int, str, str]
) -> None:
    assert trimmed(*written) == expected


def test_records_of_one_variant_add_up(tmp_path: Path) -> None:
    counts: Counts = {}
    add_counts(counts, (5, "A", "G"), {"all": (2, 10)})
    add_counts(counts, (5, "A", "G"), {"all": (1, 12)})
    add_counts(counts, (4, "C", "T"), {"all": (0, 12)})
    write_counts(tmp_path / "one", counts)
    assert (tmp_path / "one").read_text() == "5\tA\tG\tall\t3\t12\n"
    assert digest(tmp_path / "one").ac == 3


def test_differences_are_shown_by_line(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write_counts(one, {(5, "A", "G"): {"all": (1, 4)}, (6, "A", "G"): {"all": (1, 4)}})
    write_counts(two, {(5, "A", "G"): {"all": (2, 4)}})
    assert first_differences(one, one) == []
    assert len(first_differences(one, two)) == 2
    assert digest(one) != digest(two)

"""Variants and regions as people write them."""

from pathlib import Path

import pytest

from cad.query import parse_region, parse_variant
from loaders.reference import import_reference
from schemas.errors import BadQuestion


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reference")
    (folder / "ref.fa").write_text(">22:1001-1020\nGATTACACACACACAGGGTT\n")
    import_reference(folder / "ref.fa", "GRCh38", folder / "held")
    return folder / "held"


@pytest.mark.parametrize(
    ("text", "expected", "normalised_from"),
    [
        ("22-16050075-A-G", "22-16050075-A-G", None),
        ("chr22-16050075-a-g", "22-16050075-A-G", None),
        (" CHRx-1-A-G\n", "X-1-A-G", None),
        ("MT-5-A-G", "M-5-A-G", None),
        ("chrM-5-A-G", "M-5-A-G", None),
        ("22-100-CAG-CGG", "22-101-A-G", "22-100-CAG-CGG"),
        ("22-100-R-A", "22-100-R-A", None),
        ("1-248956422-A-AT", "1-248956422-A-AT", None),
    ],
)
def test_variant(text: str, expected: str, normalised_from: str | None) -> None:
    variant = parse_variant(text, "GRCh38")
    assert (str(variant), variant.normalised_from) == (expected, normalised_from)
    assert variant.is_aligned


@pytest.mark.parametrize(
    "text",
    [
        "22-100-A", "22-100-A-G-T", "22:100-A-G", "22-100-A-A", "22-100-A-a", "22-x-A-G",
        "22--5-A-G", "22-0-A-G", "22-50818469-A-G", "22-50818468-AC-A", "22-100-A-<DEL>",
        "22-100-A-*", "22-100-A-", "22-100-A-R", "22-100-Q-A", "23-100-A-G", "GL000191.1-100-A-G",
        "22-١٠٠-A-G", "", "22-99999999999-A-G",
    ],
)  # fmt: skip
def test_variant_that_is_none(text: str) -> None:
    with pytest.raises(BadQuestion) as error:
        parse_variant(text, "GRCh38")
    assert (error.value.reason, error.value.where) == ("variant_malformed", text)


def test_positions_are_the_assemblys(reference: Path) -> None:
    assert parse_variant("22-51304566-A-G", "GRCh37").pos == 51_304_566
    with pytest.raises(BadQuestion, match="1 to 50818468"):
        parse_variant("22-51304566-A-G", "GRCh38")


def test_variant_is_left_aligned_where_the_reference_tells(reference: Path) -> None:
    moved = parse_variant("22-1011-A-ACA", "GRCh38", reference)
    assert (str(moved), moved.normalised_from) == ("22-1004-T-TAC", "22-1011-A-ACA")
    assert parse_variant("22-1011-A-ACA", "GRCh38").is_aligned is False
    assert parse_variant("22-2000-A-ACA", "GRCh38", reference).is_aligned is False
    with pytest.raises(BadQuestion, match="ref_mismatch_query"):
        parse_variant("22-1011-C-T", "GRCh38", reference)


def test_region() -> None:
    region = parse_region("chr22:16050000-16060000", "GRCh38")
    assert (region.contig, region.start, region.end) == ("22", 16_050_000, 16_060_000)
    assert str(parse_region("MT:5-5", "GRCh37")) == "M:5-5"


@pytest.mark.parametrize(
    "text", ["22", "22:5", "22:9-5", "22:0-5", "22:1-50818469", "22:1-2-3", "99:1-2", "22-1-2", ""]
)
def test_region_that_is_none(text: str) -> None:
    with pytest.raises(BadQuestion) as error:
        parse_region(text, "GRCh38")
    assert (error.value.reason, error.value.where) == ("region_malformed", text)

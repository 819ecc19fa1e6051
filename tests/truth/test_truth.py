"""Cases counted by hand, one for each rule of DESIGN 5: the warehouse and the twin must agree."""

from pathlib import Path

import polars as pl
import pytest

from tests.base.nights import Nights
from tests.base.reading import PARTS, Depth
from tests.truth.cases import Figures, read_case

CASES = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("case_file", CASES, ids=lambda path: path.stem)
def test_case_counted_by_hand(case_file: Path, tmp_path: Path) -> None:
    case = read_case(case_file, tmp_path / "case")
    assert case.base or case.depth
    with Nights(tmp_path / "warehouse", "GRCh38", case.reference) as nights:
        base = nights.push_and_build(*case.batches)
        twin = nights.expected()
        for wanted in case.base:
            assert variants(base, wanted) == wanted.rows, f"{wanted.purpose} {wanted.stratum}"
        for wanted in case.depth:
            depth = Depth.read(nights.warehouse, wanted.purpose)
            for place, figures in wanted.rows.items():
                contig, pos = place.split(":")
                found = dict(
                    zip(PARTS, depth.at(wanted.stratum, contig, [int(pos)])[0], strict=True)
                )
                ours = {name: found[name] for name in figures}
                assert ours == figures, f"{wanted.purpose} {wanted.stratum} {place}"
                theirs = twin.an_at(wanted.purpose, wanted.stratum, contig, int(pos))
                assert theirs == figures.get("an", theirs)
        nights.check()


def variants(base: pl.DataFrame, wanted: Figures) -> dict[str, dict[str, int]]:
    """The base's figures of the stratum, of those that the case names."""
    names = list(next(iter(wanted.rows.values()), {}))
    rows = base.filter(purpose=wanted.purpose, stratum=wanted.stratum)
    return {
        "-".join(map(str, row[:4])): dict(zip(names, row[4:], strict=True))
        for row in rows.select("contig", "pos", "ref", "alt", *names).rows()
    }


def test_each_rule_about_counting_has_a_case() -> None:
    rules = {path.name.split("-")[0] for path in CASES}
    assert rules == {"5.1", "5.2", "5.3", "5.4", "5.5", "5.6", "5.7", "5.8"}


def test_a_wrong_figure_is_found(tmp_path: Path) -> None:
    text = CASES[0].read_text().replace("22-100-A-G  1  2", "22-100-A-G  1  3")
    (tmp_path / "wrong.txt").write_text(text)
    with pytest.raises(AssertionError, match="care all"):
        test_case_counted_by_hand(tmp_path / "wrong.txt", tmp_path)

"""Changes between two releases: those of what both tell."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cad.build.run import build_base
from cad.push import push_batch
from cad.reanalysis import find_changes
from cad.releases.create import create_release
from cad.warehouse import Warehouse
from schemas.errors import NotFound
from tests.cli import cad_json
from tests.releases.released import Document, batch_of, of_release, released, variants

FOUNDERS = "founder=1"


def test_changes_between_two_releases_are_those_of_what_both_tell(tmp_path: Path) -> None:
    """A slow twin over the answers of both; some of it hidden, some passed and some first seen."""
    with released(tmp_path / "w", [batch_of(tmp_path / "N1", 7, 14)]) as warehouse:
        push_batch(warehouse, batch_of(tmp_path / "N2", 8, 60, prefix="Q"), replace=False)
        build_base(warehouse)
        create_release(warehouse, "R2")
        kinds = set()
        for purpose in ("care", "research"):
            answer = find_changes(warehouse, "R1", purpose, "R2")
            assert (answer["since"]["release"], answer["release"]) == ("R1", "R2")
            found = {
                (one["variant"], change["stratum"], change["what"]): change
                for one in answer["variants"]
                for change in one["changes"]
            }
            expected = {}
            for variant in variants():
                sides = [told_rows(warehouse, purpose, variant, name) for name in ("R1", "R2")]
                for stratum in ("all", FOUNDERS):
                    was, is_ = (side.get(stratum) for side in sides)
                    if was is not None and is_ is not None:
                        for what in slow_changes(stratum, was, is_):
                            expected[variant, stratum, what] = was["ac"], is_["ac"]
            assert {
                key: (one["before"]["ac"], one["after"]["ac"]) for key, one in found.items()
            } == expected
            kinds |= {what for *_, what in expected}
            for one in answer["variants"]:
                rows = told_rows(warehouse, purpose, one["variant"], "R2")
                for told in one["indications"]:
                    assert rows[f"indication={told['indication']}"]["ac"] == told["ac"]
        assert len(kinds) > 2
        # Up to the latest base, a release is the base that it froze.
        since = find_changes(warehouse, "R1")
        commit = since["since"]["commit"]
        assert since["variants"] == find_changes(warehouse, str(commit))["variants"]
        told = cad_json("changes", "--since", "R1", "--release", "R2", "-w", warehouse.path)
        assert told["variants"] == find_changes(warehouse, "R1", "care", "R2")["variants"]
        with pytest.raises(NotFound, match="release_unknown"):
            find_changes(warehouse, "1", "research", "R2")


def told_rows(warehouse: Warehouse, purpose: str, variant: str, name: str) -> dict[str, Document]:
    """By stratum, what a release tells of a variant, rows without an `ac` or an `an` left out."""
    answer = of_release(warehouse, purpose, variant, name)
    held = answer["state"] == "seen" or any(row["ac_raw"] for row in answer["frequencies"])
    return {
        row["stratum"]: row
        for row in answer["frequencies"]
        if row["ac"] is not None and row["an"] is not None and (held or row["stratum"] == "all")
    }


def slow_changes(stratum: str, was: Document, is_: Document) -> Iterator[str]:
    """What of the list befell a stratum, by its frequencies."""
    for what, limit in (("bs1", 0.01), ("ba1", 0.05)):
        above = [(one["af"] or 0.0) > limit for one in (was, is_)]
        if above[0] != above[1]:
            yield what
    if stratum == "all" and was["n_hom"] == 0 and is_["n_hom"]:
        yield "first_homozygote"
    if stratum == "all" and was["ac"] == 0 and is_["ac"]:
        yield "first_seen"

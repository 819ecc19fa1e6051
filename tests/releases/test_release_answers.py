"""Whatever answers from a release says what its files say: commands, annotated files, SQL."""

from pathlib import Path

import pysam
import pytest

from cad.annotate import annotate
from cad.query import BaseReader, find_variant, open_base
from cad.query.depth_runs import find_depth
from cad.releases.read import open_release
from cad.sql_release import open_release_sql
from cad.warehouse import Warehouse
from schemas.errors import BadQuestion, Forbidden, NotFound
from schemas.releases import RELEASE_VIEWS
from tests.cli import cad_json
from tests.releases.released import PLACES, of_release


def test_the_commands_answer_from_a_release(made: Warehouse, tmp_path: Path) -> None:
    where = ("-w", made.path, "--purpose", "research", "--release", "R1")
    assert cad_json("variant", "22-150-A-G", *where)["release"] == "R1"
    region = cad_json("region", "22:1-200", *where)
    assert {one["release"] for one in (region, *region["variants"])} == {"R1"}
    out = cad_json("export", "vcf", "-o", tmp_path / "a.vcf.gz", *where)
    assert out["release"] == "R1"
    assert cad_json("variant", "22-150-A-G", *where[:-1], "R9", code=1)["reason"] == (
        "release_unknown"
    )
    assert cad_json("release", "list", *where[:2])[0]["release"] == "R1"
    shown = cad_json("release", "show", "R1", *where[:2])
    assert shown["purposes"]["research"]["persons"] > 20
    audited = cad_json("audit", "show", *where[:2])
    assert {one["release"] for one in audited if one["what"] == "export"} == {"R1"}


@pytest.mark.parametrize("purpose", ["care", "research"])
def test_a_file_is_annotated_as_the_release_answers(
    made: Warehouse, tmp_path: Path, purpose: str
) -> None:
    """Every variant of it, and one at the same position that nobody carries."""
    asked = [f"{contig}-{pos}-A-{alt}" for contig, pos in PLACES for alt in "GT"]
    lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
    order = sorted(PLACES, key=lambda one: ("22", "X", "Y", "M").index(one[0]) * 10**9 + one[1])
    lines += [f"{contig}\t{pos}\t.\tA\tG,T\t.\t.\t." for contig, pos in order]
    (tmp_path / "in.vcf").write_text("\n".join(lines) + "\n")
    with open_release(made, "R1", purpose) as reader:
        names = [one.name for one in reader.base.strata]
        strata = ["all", "sex=XX", "sex=XY", *names[-2:]]
        answers = {(one, s): find_variant(reader, one, [s]) for one in asked for s in strata}
    for at, stratum in enumerate(strata):
        out = tmp_path / f"{at}.vcf.gz"
        found = annotate(
            made, tmp_path / "in.vcf", out, purpose=purpose, stratum=stratum, release="R1"
        )
        assert found.release == "R1"
        with pysam.VariantFile(str(out)) as file:
            for record in file:
                for place, alt in enumerate(record.alts or ()):
                    key = f"{record.chrom.removeprefix('chr')}-{record.pos}-A-{alt}"
                    answer = answers[key, stratum]
                    (row,) = answer["frequencies"]
                    assert record.info["CAD_STATE"][place] == answer["state"]
                    for name, field in (
                        ("ac", "AC"), ("an", "AN"), ("n_hom", "NHOMALT"), ("n_hemi", "NHEMI"),
                        ("persons", "PERSONS"),
                    ):  # fmt: skip
                        assert record.info[f"CAD_{field}"][place] == row[name], (key, stratum, name)
                    for name in ("af", "faf95"):
                        told = record.info[f"CAD_{name.upper()}"][place]
                        assert told == (None if row[name] is None else pytest.approx(row[name]))
        states = [answers[one, stratum]["state"] for one in asked]
        assert found.states == {one: states.count(one) for one in found.states or ()}
    with pytest.raises(Forbidden, match="not_allowed"):
        annotate(made, tmp_path / "in.vcf", tmp_path / "o.vcf.gz", own_family="F", release="R1")


def test_denominators_of_positions_are_those_of_all_outside_care(made: Warehouse) -> None:
    region = "X:4999990-5000010"
    with open_base(made, "research") as base:
        truth = find_depth(BaseReader(made, base), region)["strata"][0]["runs"]
    with open_release(made, "R1", "research") as reader:
        first, *others = find_depth(reader, region)["strata"]
        unseen = find_variant(reader, "X-5000000-A-T")
    # By persons and AN the number of women would follow.
    told = [
        (pos, run["an"], run["an_raw"])
        for run in truth
        for pos in range(run["start"], run["end"] + 1)
    ]
    assert first["hidden"]
    assert all(run["persons"] is run["assayed"] is None for run in first["runs"])
    assert told == [
        (pos, run["an"], run["an_raw"])
        for run in first["runs"]
        for pos in range(run["start"], run["end"] + 1)
    ]
    assert all(one["hidden"] and not one["runs"] for one in others)
    assert unseen["frequencies"][0]["persons"] is None
    assert {one["value"] for one in unseen["flags"]} == {None}
    with open_release(made, "R1", "research") as reader, open_base(made, "research") as base:
        of_base = find_depth(BaseReader(made, base), "22:90-110", ["all"])["strata"]
        assert find_depth(reader, "22:90-110", ["all"])["strata"] == of_base
    with open_release(made, "R1", "care") as reader, open_base(made, "care") as base:
        of_base = find_depth(BaseReader(made, base), region)["strata"]
        assert find_depth(reader, region)["strata"] == of_base
    answer = cad_json("depth", region, "-w", made.path, "--release", "R1", "--purpose", "research")
    assert answer["release"] == "R1"
    assert answer["strata"][0] == first


def test_sql_of_a_release_sees_what_it_tells_and_nothing_else(made: Warehouse) -> None:
    where = ("-w", made.path, "--purpose", "research", "--release", "R1")
    query = "SELECT stratum, ac, an, persons, hidden FROM frequencies WHERE contig = 'X'"
    rows = cad_json("sql", "-c", f"{query} AND pos = 5000000 AND alt = 'G'", *where)["rows"]
    told = of_release(made, "research", "X-5000000-A-G")["frequencies"]
    assert rows == [
        [one[name] for name in ("stratum", "ac", "an", "persons", "hidden")] for one in told
    ]
    with open_release_sql(made, "research", "R1") as access:
        tables = access.ask(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'"
        ).rows["table_name"]
        views = {one for one in tables.to_pylist() if not one.startswith("annotation_")}
        assert views == set(RELEASE_VIEWS)
        for name, schema in RELEASE_VIEWS.items():
            assert access.ask(f"FROM {name} LIMIT 0").rows.schema.names == schema.names
        outside = [
            path
            for path in made.path.rglob("*.parquet")
            if "/research/frequencies/" not in str(path) and path.name != "phenotypes.parquet"
        ]
        for path in outside:
            with pytest.raises(BadQuestion, match="sql_refused"):
                access.ask(f"FROM read_parquet('{path}')")
    with pytest.raises(NotFound, match="release_unknown"), open_release_sql(made, "care", "R9"):
        pass

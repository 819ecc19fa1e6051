"""Releases are frozen, checksummed, kept, and hide what section 7 of the design says."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pysam
import pytest
from sqlalchemy import select

from cad.annotate import annotate
from cad.build.people import PURPOSES
from cad.build.run import build_base
from cad.compact import compact
from cad.consents import import_consents
from cad.disclosure import Layout
from cad.export.parquet import export_parquet
from cad.export.vcf import export_vcf
from cad.faults import EXIT_CODE
from cad.push import push_batch
from cad.query import BaseReader, find_region, find_variant, open_base
from cad.query.depth_runs import find_depth
from cad.reanalysis import find_changes
from cad.registry.access_tables import release_person
from cad.registry.engine import reading
from cad.releases.create import create_release
from cad.releases.read import find_release_document, list_release_documents, open_release
from cad.sql_release import open_release_sql
from cad.sweep import sweep
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from schemas.errors import BadQuestion, CadError, Forbidden, NotFound
from schemas.releases import RELEASE_VIEWS
from tests.cad.test_withdraw import every_byte
from tests.cli import cad_json
from tests.crash import release_at, run
from tests.pushed import assert_swept_clean
from tests.releases.released import PLACES, batch_of, released

SMALL = 5
STEPS = ("release:purpose_written", "release:moved", "release:applied", "release:committed")
NULLED = ("ac", "af", "n_het", "n_hom", "n_hemi", "faf95", "ac_raw")
Document = dict[str, Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("released")
    with released(folder / "warehouse", [batch_of(folder / "N1", 7, 60)]) as warehouse:
        yield warehouse


def variants() -> list[str]:
    return [f"{contig}-{pos}-A-G" for contig, pos in PLACES]


def of_base(warehouse: Warehouse, purpose: str, variant: str) -> Document:
    with open_base(warehouse, purpose) as base:
        return find_variant(BaseReader(warehouse, base), variant)


def of_release(warehouse: Warehouse, purpose: str, variant: str, name: str = "R1") -> Document:
    with open_release(warehouse, name, purpose) as reader:
        return find_variant(reader, variant)


def test_care_is_told_as_it_was(made: Warehouse) -> None:
    for variant in variants():
        expected = of_base(made, "care", variant)
        found = of_release(made, "care", variant)
        expected.pop("vaf_histogram", None)
        assert found == expected | {"release": "R1"}


@pytest.mark.parametrize("purpose", ["research", "industry"])
def test_small_figures_are_hidden_and_others_are_true(made: Warehouse, purpose: str) -> None:
    hidden = shown = 0
    for variant in variants():
        truth = {row["stratum"]: row for row in of_base(made, purpose, variant)["frequencies"]}
        rows = of_release(made, purpose, variant)["frequencies"]
        assert [row["stratum"] for row in rows] == list(Layout.of(list(truth)).names)
        on_x = variant.startswith("X-5")
        for row in rows:
            true = truth[row["stratum"]]
            carriers = true["n_het"] + true["n_hom"] + true["n_hemi"]
            small = 1 <= carriers < SMALL or 1 <= true["ac_raw"] < SMALL and not true["ac"]
            few = true["persons"] < SMALL
            if row["stratum"] == "all":
                assert row["ac"] == true["ac"]
            elif few:
                assert row["hidden"]
                assert all(row[name] is None for name in (*NULLED, "an", "an_raw", "persons"))
            elif small and not (variant.startswith("Y") and row["stratum"] == "sex=XY"):
                assert row["hidden"]
                assert all(row[name] is None for name in NULLED)
            told = {name: value for name, value in row.items() if value is not None}
            assert {**true, **told, "hidden": True} == true | {"hidden": True}
            withheld = [name for name, value in row.items() if value is None != true[name]]
            is_hidden = any(row[name] is None and true[name] is not None for name in row)
            assert row["hidden"] is is_hidden, withheld
            hidden, shown = hidden + row["hidden"], shown + (not row["hidden"])
            if on_x and row["stratum"] == "all":
                sexes = [one for one in rows if one["stratum"].startswith("sex=")]
                if any(one["ac"] is None for one in sexes):
                    assert row["n_het"] is row["n_hom"] is row["n_hemi"] is None
    assert hidden > 20
    assert shown > 20


def test_each_dimension_with_a_hidden_value_hides_two(made: Warehouse) -> None:
    for purpose in ("research", "industry"):
        for variant in variants():
            by_dimension: dict[str, list[bool]] = {}
            for row in of_release(made, purpose, variant)["frequencies"][1:]:
                dimension = row["stratum"].partition("=")[0]
                if "," not in row["stratum"]:
                    by_dimension.setdefault(dimension, []).append(row["ac"] is None)
            for dimension, found in by_dimension.items():
                if not (dimension == "sex" and variant.startswith("Y")):
                    assert sum(found) != 1, (variant, dimension)


def test_a_hidden_stratum_has_the_state_hidden(made: Warehouse) -> None:
    with open_release(made, "R1", "research") as reader:
        answer = find_variant(reader, "22-100-A-G", ["indication=rare"])
        assert (answer["state"], answer["frequencies"][0]["ac"]) == ("hidden", None)
        assert find_variant(reader, "22-100-A-G")["state"] == "seen"
        with pytest.raises(CadError) as refused:
            find_variant(reader, "22-100-A-G", excluding_family="F1")
    assert refused.value.reason == "not_allowed"


def test_nobody_carries_an_unseen_variant(made: Warehouse) -> None:
    for purpose in PURPOSES:
        found = of_release(made, purpose, "22-100-A-T")
        expected = of_base(made, purpose, "22-100-A-T")
        assert (found["state"], found["release"]) == (expected["state"], "R1")
        assert found["frequencies"][0] == expected["frequencies"][0]
        hidden = {row["hidden"] for row in found["frequencies"][1:]}
        assert hidden == ({False} if purpose == "care" else {True})


@pytest.mark.parametrize("purpose", PURPOSES)
def test_regions_and_files_say_the_same(made: Warehouse, tmp_path: Path, purpose: str) -> None:
    export_parquet(made, tmp_path / "parquet", purpose=purpose, release="R1")
    export_vcf(made, tmp_path / "a.vcf.gz", purpose=purpose, release="R1")
    rows = {
        (f"{row['contig']}-{row['pos']}-{row['ref']}-{row['alt']}", row["stratum"]): row
        for path in (tmp_path / "parquet" / "frequencies").glob("*.parquet")
        for row in pq.read_table(path).to_pylist()
    }
    seen = set()
    for contig in ("22", "X", "Y", "M"):
        with open_release(made, "R1", purpose) as reader:
            answer = find_region(reader, f"{contig}:1-16569")
            answer["variants"] += (
                find_region(reader, f"{contig}:1-6000000")["variants"] if (contig in "XY") else []
            )
        for one in answer["variants"]:
            for row in one["frequencies"]:
                written = rows[one["variant"], row["stratum"]]
                assert {name: written[name] for name in row} == row
                seen.add((one["variant"], row["stratum"]))
    assert seen == set(rows)
    with pysam.VariantFile(str(tmp_path / "a.vcf.gz")) as file:
        lines = list(file)
        assert "##cad_release=R1\n" in str(file.header)
    assert {f"{line.chrom[3:]}-{line.pos}-A-G" for line in lines} == {
        name for name, stratum in rows if stratum == "all" and rows[name, "all"]["ac"]
    }
    for line in lines:
        name = f"{line.chrom[3:]}-{line.pos}-A-G"
        for stratum, field in (("all", "AC"), ("sex=XX", "AC_sex_XX"), ("sex=XY", "AN_sex_XY")):
            told = line.info.get(field)
            told = told[0] if isinstance(told, tuple) else told
            assert told == rows[name, stratum][field[:2].lower()]


def test_checksums_hold_and_the_files_stay(made: Warehouse) -> None:
    document = find_release_document(made, "R1")
    folder = made.path / document["files"][0]["path"]
    top = made.path / "/".join(folder.relative_to(made.path).parts[:2])
    sums = dict(line.split("  ")[::-1] for line in (top / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == {"manifest.json"} | {
        "/".join(Path(file["path"]).parts[2:]) for file in document["files"]
    }
    compact(made)
    sweep(made)
    for name, digest in sums.items():
        assert hashlib.sha256((top / name).read_bytes()).hexdigest() == digest, name
    for purpose in PURPOSES:
        assert (top / purpose / "sites.vcf.gz.tbi").exists()
    assert document["thresholds"]["min_gq"] == 20
    assert document["small_count"] == SMALL


def test_a_release_stays_what_it_was(tmp_path: Path) -> None:
    batches = [batch_of(tmp_path / "N1", 3, 40)]
    with released(tmp_path / "warehouse", batches) as warehouse:
        before = {
            (purpose, one): of_release(warehouse, purpose, one)
            for purpose in PURPOSES
            for one in (*variants(), "22-100-A-T")
        }
        push_batch(warehouse, batch_of(tmp_path / "N2", 4, 30, prefix="Q"))
        build_base(warehouse)
        create_release(warehouse, "R2")
        compact(warehouse)
        sweep(warehouse)
        for (purpose, one), expected in before.items():
            assert of_release(warehouse, purpose, one) == expected
        names = [one["release"] for one in list_release_documents(warehouse)]
        assert names == ["R1", "R2"]
        assert find_release_document(warehouse, "R2")["after"] == "R1"
        assert_swept_clean(warehouse)
        # What the first release hid the second does not show.
        for purpose in ("research", "industry"):
            for one in variants():
                hidden = {
                    row["stratum"]
                    for row in before[purpose, one]["frequencies"]
                    if row["ac"] is None
                }
                told = of_release(warehouse, purpose, one, "R2")["frequencies"]
                assert not {row["stratum"] for row in told if row["ac"] is not None} & hidden


def test_releases_keep_their_aggregates_when_somebody_withdraws(tmp_path: Path) -> None:
    with released(tmp_path / "warehouse", [batch_of(tmp_path / "N1", 3, 30)]) as warehouse:
        before = [of_release(warehouse, purpose, one) for purpose in PURPOSES for one in variants()]
        withdraw(warehouse, "P7")
        with pytest.raises(CadError) as refused:
            create_release(warehouse, "R2")
        assert refused.value.reason == "release_stale"
        build_base(warehouse)
        (told,) = list_release_documents(warehouse)
        assert told["withdrawn_since"] == 1
        after = [of_release(warehouse, purpose, one) for purpose in PURPOSES for one in variants()]
        assert after == before
        with reading(warehouse.engine) as connection:
            people = set(connection.scalars(select(release_person.c.person_id)))
        assert len(people) == 29
        assert "P7" not in people
        create_release(warehouse, "R2")
        assert [one["persons"]["care"] for one in list_release_documents(warehouse)] == [30, 29]
    assert b"sP7\t" not in every_byte(warehouse.path)


def test_a_base_that_counts_whom_it_may_not_is_not_released(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with released(tmp_path / "warehouse", [batch_of(tmp_path / "N1", 3, 30)]) as warehouse:
        later = tmp_path / "later.tsv"
        later.write_text("person_id\tscope\tstatus\tsigned_on\nP3\tresearch\trefused\t2026-02-01\n")
        import_consents(warehouse, later)
        with pytest.raises(CadError) as refused:
            create_release(warehouse, "R2")
        assert refused.value.reason == "release_stale"
        for name, reason in (("R1", "release_exists"), ("../R", "release_malformed")):
            with pytest.raises(CadError) as refused:
                create_release(warehouse, name)
            assert refused.value.reason == reason
        build_base(warehouse)
        create_release(warehouse, "R2")
        # One person alone changed for research, and nobody for industry or before.
        said = [one.message for one in caplog.records if one.levelname == "WARNING"]
        assert [one for one in said if "release" in one] == [
            "release R2 counts -1 for research beside R1: what `all` differs by is of so few"
        ]


def test_a_crash_leaves_no_half_release(tmp_path: Path) -> None:
    batch = batch_of(tmp_path / "N1", 3, 12)
    with Warehouse.create(tmp_path / "warehouse", "GRCh38") as warehouse:
        push_batch(warehouse, batch)
        build_base(warehouse)
        # Between these steps nothing is written that the earlier one does not leave behind too.
        for number, step in enumerate(STEPS):
            name = f"R{number}"
            assert run(release_at, warehouse.path, name, step) == EXIT_CODE, step
            names = [one["release"] for one in list_release_documents(warehouse)]
            is_made = step == "release:committed"
            assert (name in names) is is_made, step
            if is_made:
                assert of_release(warehouse, "research", "22-150-A-G", name)["release"] == name
        assert_swept_clean(warehouse)


def test_a_person_without_the_scope_changes_no_answer(tmp_path: Path) -> None:
    """Compared with a warehouse that never saw the person (P2 gives no consent here)."""
    found = {}
    with_all, without = batch_of(tmp_path / "a" / "N1", 11, 30), None
    sheet = with_all / "consents.tsv"
    rows = [row for row in sheet.read_text().splitlines() if not row.startswith("P2\t")]
    sheet.write_text("\n".join(rows) + "\n")
    without = batch_of(tmp_path / "b" / "N1", 11, 30, without=frozenset({2}))
    for name, batch in (("with", with_all), ("without", without)):
        with released(tmp_path / name, [batch]) as warehouse:
            for purpose in ("research", "industry"):
                out = tmp_path / f"{name}-{purpose}"
                export_parquet(warehouse, out / "base", purpose=purpose)
                export_parquet(warehouse, out / "release", purpose=purpose, release="R1")
                export_vcf(warehouse, out / "a.vcf.gz", purpose=purpose, release="R1")
                tables = {
                    path.relative_to(out).as_posix(): pq.read_table(path).to_pylist()
                    for path in sorted(out.rglob("*.parquet"))
                }
                with pysam.VariantFile(str(out / "a.vcf.gz")) as file:
                    lines = [str(line) for line in file]
                query = "SELECT * FROM frequencies ORDER BY ALL"
                sql = cad_json("sql", "-c", query, "-w", warehouse.path, "--purpose", purpose)
                answers = [of_base(warehouse, purpose, one) for one in variants()]
                answers += [of_release(warehouse, purpose, one) for one in variants()]
                for one in answers:
                    del one["commit"], one["built_at"]
                found[name, purpose] = (tables, lines, sql["rows"], answers)
    for purpose in ("research", "industry"):
        assert found["with", purpose] == found["without", purpose]


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

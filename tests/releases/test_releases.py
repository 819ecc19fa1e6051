"""Releases are frozen, checksummed, kept, and hide what section 7 of the design says."""

import hashlib
from pathlib import Path

import pyarrow.parquet as pq
import pysam
import pytest
from sqlalchemy import select

from cad.build.people import PURPOSES
from cad.build.run import build_base
from cad.compact import compact
from cad.consents import import_consents
from cad.disclosure import Layout
from cad.export.parquet import export_parquet
from cad.export.vcf import export_vcf
from cad.faults import EXIT_CODE
from cad.push import push_batch
from cad.query import find_region, find_variant
from cad.registry.access_tables import release_person
from cad.registry.engine import reading
from cad.releases.create import create_release
from cad.releases.read import find_release_document, list_release_documents, open_release
from cad.sweep import sweep
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from schemas.errors import CadError
from tests.cad.test_withdraw import every_byte
from tests.cli import cad_json
from tests.crash import release_at, run
from tests.pushed import assert_swept_clean
from tests.releases.released import (
    batch_of,
    of_base,
    of_release,
    released,
    variants,
)

SMALL = 5
STEPS = ("release:purpose_written", "release:moved", "release:applied", "release:committed")
NULLED = ("ac", "af", "n_het", "n_hom", "n_hemi", "faf95", "ac_raw")


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

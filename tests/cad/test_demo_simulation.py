"""The demo's simulated cohort: repeatable, consistent, with every planted feature, and true.

That its truth is true is shown by the slow twin, which reads the files the simulation wrote and
shares no code with it.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

import polars as pl
import pytest

from cad.demo.simulate import MIN_TRIOS, MIN_UNRELATED, DemoCohort, simulate_cohort
from cad.demo.truth import QUANTITIES
from tests.twin import TwinBatch, count_base, read_batch, read_reference
from tests.twin.count import count

BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
KEY = ["contig", "pos", "ref", "alt"]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> DemoCohort:
    """Give a cohort of the smallest size."""
    return simulate_cohort(
        tmp_path_factory.mktemp("demo"), trios=MIN_TRIOS, unrelated=MIN_UNRELATED
    )


@pytest.fixture(scope="module")
def batches(cohort: DemoCohort) -> list[TwinBatch]:
    """Give all accepted batches as the twin reads them."""
    reference = read_reference(cohort.reference)
    return [read_batch(path, reference=reference) for night in cohort.nights for path in night]


def lines_of(directory: Path) -> Iterator[list[str]]:
    """Give the data lines of a batch's VCFs, cut into columns."""
    for path in sorted(directory.glob("*.vcf.gz")):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            if line[0] != "#":
                yield line.split("\t")


def all_lines(cohort: DemoCohort) -> Iterator[list[str]]:
    """Give the data lines of all accepted batches."""
    for night in cohort.nights:
        for directory in night:
            yield from lines_of(directory)


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes(cohort: DemoCohort, tmp_path: Path) -> None:
    again = simulate_cohort(tmp_path / "a", trios=MIN_TRIOS, unrelated=MIN_UNRELATED)
    other = simulate_cohort(tmp_path / "b", 2, trios=MIN_TRIOS, unrelated=MIN_UNRELATED)
    assert digests(again.root) == digests(cohort.root)
    assert again.truth_rows(3).equals(cohort.truth_rows(3))
    assert digests(other.root)["reference.fa"] != digests(cohort.root)["reference.fa"]


def test_a_cohort_too_small_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unrelated people"):
        simulate_cohort(tmp_path, trios=MIN_TRIOS, unrelated=MIN_UNRELATED - 1)


# The truth.


@pytest.mark.parametrize("night", [1, 2, 3])
def test_counts_of_one_row_fit_each_other(cohort: DemoCohort, night: int) -> None:
    rows = cohort.truth_rows(night)
    weight_of_hom = pl.when(contig="M").then(1).otherwise(2)
    parts = pl.col("n_het") + weight_of_hom * pl.col("n_hom") + pl.col("n_hemi")
    assert rows.filter(pl.col("ac") != parts).is_empty()
    assert rows.filter(pl.col("ac") > pl.col("an")).is_empty()
    assert rows.filter(pl.col("ac_raw") > pl.col("an_raw")).is_empty()
    assert rows.filter(pl.col("an") > pl.col("an_raw")).is_empty()
    assert rows.filter(pl.col("persons") > pl.col("an")).is_empty()
    assert rows.filter(pl.col("stratum") == "all", pl.col("ac_raw") == 0).is_empty()
    assert rows.select("purpose", "stratum", *KEY).is_duplicated().sum() == 0


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            f"^{attribute}="
            for attribute in ("sex", "platform", "assay", "affected", "founder", "region", "cohort")
        ),
        "^indication=[^=]*$",
        "^indication=.*,affected=",
    ],
)
def test_a_dimension_sums_to_all(cohort: DemoCohort, pattern: str) -> None:
    rows = cohort.truth_rows(3)
    order = ["purpose", *KEY]
    total = rows.filter(pl.col("stratum") == "all").select(*order, *QUANTITIES).sort(order)
    of_dimension = rows.filter(pl.col("stratum").str.contains(pattern))
    summed = of_dimension.group_by(order).agg(pl.col(QUANTITIES).sum()).sort(order)
    assert of_dimension["stratum"].n_unique() > 1
    assert summed.equals(total)


@pytest.mark.parametrize("night", [1, 2, 3])
def test_the_twin_counts_the_same(cohort: DemoCohort, batches: list[TwinBatch], night: int) -> None:
    pushed = sum(len(paths) for paths in cohort.nights[:night])
    base = count_base(batches[:pushed], "GRCh38", (), cohort_purposes={})
    rows = cohort.truth_rows(night)
    for purpose, stratum in (
        ("care", "all"),
        ("care", "sex=XY"),
        ("research", "platform=SEQOIA"),
        ("industry", "founder=1"),
        ("care", "indication=Leucodystrophies,affected=1"),
    ):
        chosen = rows.filter(purpose=purpose, stratum=stratum)
        told = {row[2:6]: row[6:] for row in chosen.iter_rows()}
        members = base.members(purpose, stratum)
        counted = {tuple(key): astuple(count(members, key)) for key in base.keys(purpose)}
        assert told == counted, (purpose, stratum)
    strata = {name for person in base.members("care", "all") for name in person.strata}
    assert set(rows.filter(purpose="care")["stratum"]) == strata


def test_a_cohort_may_narrow_its_purposes(cohort: DemoCohort) -> None:
    rows = cohort.truth_rows(3, {"POPGEN": frozenset({"research", "industry"})})
    open_rows = cohort.truth_rows(3)
    assert "cohort=POPGEN" not in set(rows.filter(purpose="care")["stratum"])
    assert rows.filter(purpose="research").equals(open_rows.filter(purpose="research"))


def test_receipts_are_the_twins(cohort: DemoCohort, batches: list[TwinBatch]) -> None:
    for batch in batches:
        for told in cohort.receipts[batch.batch_id]:
            receipt = batch.files[told.path].receipt
            assert (told.loaded, told.reference) == (receipt.loaded, receipt.reference)
            assert told.set_aside == dict(receipt.set_aside)
            assert told.records == receipt.records


# The features the demo is there to show.


def test_manifests_name_and_sum_every_file(cohort: DemoCohort) -> None:
    for directory in [*(path for night in cohort.nights for path in night), cohort.bad_batch]:
        manifest = json.loads((directory / "manifest.json").read_text())
        sums = {entry["path"]: entry["sha256"] for entry in manifest["files"]}
        sums |= manifest["checksums"]
        found = digests(directory)
        found.pop("manifest.json")
        assert sums == found


def test_the_bad_batch_is_cut_and_comes_whole_the_next_night(cohort: DemoCohort) -> None:
    manifest = json.loads((cohort.bad_batch / "manifest.json").read_text())
    names = [entry["path"] for entry in manifest["files"]]
    cut = [n for n in names if not (cohort.bad_batch / n).read_bytes().endswith(BGZF_END)]
    assert len(cut) == 1
    assert cohort.bad_batch.parent.name == "night2"
    assert cohort.bad_batch not in [path for night in cohort.nights for path in night]
    whole = [path for path in cohort.nights[2] if path.name == manifest["batch_id"]]
    assert len(whole) == 1
    assert all((whole[0] / name).read_bytes().endswith(BGZF_END) for name in names)
    assert cohort.repush in cohort.nights[0]


def test_the_later_genome_counts_and_the_later_exome_does_not(cohort: DemoCohort) -> None:
    people = cohort.truth.people
    by_night = [
        {people[s.delivery.person].person_id: s for s in cohort.truth.counted(night)}
        for night in (2, 3)
    ]
    before, after = (counted[cohort.reanalysed] for counted in by_night)
    assert (before.platform, after.platform) == ("AURAGEN", "SEQOIA")
    assert before.delivery.collected_on < after.delivery.collected_on
    samples: dict[int, list[str]] = {}
    for sample in cohort.truth.samples:
        samples.setdefault(sample.delivery.person, []).append(sample.delivery.assay)
    twice = [person for person, assays in samples.items() if assays == ["WGS", "WES"]]
    assert len(twice) == 1
    assert by_night[1][people[twice[0]].person_id].delivery.assay == "WGS"


@pytest.mark.parametrize(
    ("feature", "genotype"),
    [
        ("no-call", r"\.[/|]\."),
        ("half-call", r"\./1|1\|\.|\.\|1"),
        ("two alternates", r"1[/|]2|2\|1"),
        ("unphased", r"0/1"),
        ("phased", r"0\|1"),
        ("haploid", r"1"),
    ],
)
def test_genotypes_of_each_form_occur(cohort: DemoCohort, feature: str, genotype: str) -> None:
    form = re.compile(genotype)
    entries = (entry.split(":")[0] for line in all_lines(cohort) for entry in line[9:])
    assert any(form.fullmatch(entry) for entry in entries), feature


def test_records_of_each_form_occur(cohort: DemoCohort) -> None:
    lines = list(all_lines(cohort))
    assert {line[0] for line in lines} >= {"22", "chr22", "X", "chrX", "MT", "chrM"}
    assert any("*" in line[4].split(",") for line in lines)
    assert any(len(line[3]) == len(line[4]) > 1 for line in lines)
    assert {line[6] for line in lines} >= {"PASS", ".", "LowQual"}
    assert {line[8] for line in lines} >= {"GT", "GT:AD:DP:GQ", "GT:AD:DP:GQ:FT", "GT:AF:DP"}
    plain = [
        dict(zip(line[8].split(":"), entry.split(":"), strict=False))
        for line in lines
        if line[8].startswith("GT:AD:DP:GQ")
        for entry in line[9:]
    ]
    assert any(entry.get("GQ", ".").isdigit() and int(entry["GQ"]) < 20 for entry in plain)
    assert any(entry.get("DP", ".").isdigit() and 0 < int(entry["DP"]) < 10 for entry in plain)
    assert any(entry["GT"] == "0/0" and entry.get("DP") == "0" for entry in plain)
    assert any(entry.get("FT") == "LowSupport" for entry in plain)
    aside = {reason for files in cohort.receipts.values() for f in files for reason in f.set_aside}
    assert aside == {"symbolic", "contig_not_counted", "y_par", "ref_mismatch", "gt_index"}


def test_platforms_write_an_indel_at_different_positions(cohort: DemoCohort) -> None:
    keys = {key[:2] for key in cohort.truth.keys if len(key[2]) != len(key[3])}
    written = {
        platform: {
            (line[0].removeprefix("chr"), int(line[1]))
            for night in cohort.nights
            for path in night
            if path.name.startswith(platform)
            for line in lines_of(path)
            if len(line[3]) != len(line[4]) and "<" not in line[4]
        }
        for platform in ("SEQOIA", "AURAGEN")
    }
    for places in written.values():
        nuclear = {place for place in places if place[0] in ("22", "X")}
        assert nuclear - keys, "some indels are written right of their canonical position"
        assert nuclear & keys, "and some at it"
    assert written["SEQOIA"] - written["AURAGEN"] - keys


def test_children_take_after_their_parents(cohort: DemoCohort) -> None:
    """Transmission shows in the counts: nobody unaffected carries the planted de novo variant."""
    contig, pos, ref, alt = cohort.shared
    rows = cohort.truth_rows(3).filter(contig=contig, pos=pos, ref=ref, alt=alt, purpose="care")
    carried = dict(rows.filter(pl.col("ac") > 0).select("stratum", "ac").iter_rows())
    assert carried["all"] == carried["indication=Leucodystrophies,affected=1"]
    assert carried["all"] == carried["founder=0"] == carried["affected=1"]


def test_notable_variants_are_what_they_say(cohort: DemoCohort) -> None:
    shared, hemizygous, mixed, silent, nowhere = cohort.notable()
    assert shared.expected["ac"] == 2
    assert hemizygous.variant.startswith("X-")
    assert hemizygous.expected["n_hemi"] >= 2
    assert mixed.variant.startswith("M-")
    assert mixed.expected["n_het"] >= 1
    assert (silent.state, silent.expected["ac_raw"]) == ("callable_not_seen", 0)
    assert silent.expected["an"] > len(cohort.truth.people)
    assert (nowhere.state, dict(nowhere.expected)) == ("not_assayed", {})

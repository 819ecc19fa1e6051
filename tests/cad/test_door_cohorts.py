"""The door on cohorts that have what real genomes have: linkage, artefacts, relatives."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pysam
import pytest

from cad.demo.simulate import MIN_TRIOS, MIN_UNRELATED, DemoCohort, simulate_cohort
from cad.door import DoorThresholds, examine
from cad.push import push_batch
from cad.settings import Settings
from cad.status import read_status
from cad.warehouse import Warehouse
from schemas.receipt import ReasonCount
from tests.genomes import looked_at

SENSITIVE = DoorThresholds(min_x_calls=45, min_tested=50, min_shared=50)
"""Limits low enough for most of the demo's persons, who have 300 kb of 22 and 50 kb of X.

Not lower, and not so in fewer windows: within one place a woman is homozygous, and a mother and her
son are alike.
"""


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> DemoCohort:
    out = tmp_path_factory.mktemp("cohort")
    return simulate_cohort(out, trios=MIN_TRIOS, unrelated=MIN_UNRELATED)


@pytest.fixture
def demo(tmp_path: Path, cohort: DemoCohort) -> Iterator[Warehouse]:
    with Warehouse.create(
        tmp_path / "demo", "GRCh38", cohort.reference, settings=Settings(threads=2)
    ) as made:
        yield made


def warned(warehouse: Warehouse, batch: Path, out: Path) -> tuple[ReasonCount, ...]:
    """The warnings of a batch under the sensitive limits."""
    arrivals = looked_at(warehouse, batch, out)
    return examine(warehouse, arrivals, out / "spill", SENSITIVE).warnings


def rewritten(batch: Path, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    """Change the sheet of a batch in its place."""
    path = batch / "samples.tsv"
    with path.open(newline="", encoding="utf-8") as lines:
        rows = change(list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)))
    with path.open("w", encoding="utf-8") as out:
        out.write("\t".join(rows[0]) + "\n")
        out.writelines("\t".join(row.values()) + "\n" for row in rows)
    manifest = json.loads((batch / "manifest.json").read_text())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest["checksums"]["samples.tsv"] = digest
    (batch / "manifest.json").write_text(json.dumps(manifest))


def test_nothing_fires_on_the_demo(tmp_path: Path, demo: Warehouse, cohort: DemoCohort) -> None:
    batches = [batch for night in cohort.nights for batch in night]
    for batch in batches:
        assert warned(demo, batch, tmp_path / batch.name) == ()
        push_batch(demo, batch)
    status = read_status(demo)
    assert status.samples > len(cohort.truth.people)  # a genome and an exome came twice
    assert status.findings == []


def test_what_is_planted_in_the_demo_fires(tmp_path: Path) -> None:
    cohort = simulate_cohort(tmp_path / "planted", trios=MIN_TRIOS, unrelated=MIN_UNRELATED)
    batch = next(one for one in cohort.nights[0] if one.name.startswith("SEQOIA"))
    children = []

    def swap_fathers(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        children.extend(line for line, row in enumerate(rows, start=2) if row["father_id"])
        fathers = [rows[line - 2]["father_id"] for line in children]
        for line, father in zip(children, fathers[1:] + fathers[:1], strict=True):
            rows[line - 2]["father_id"] = father
        women = [row for row in rows if row["sex"] == "XX" and not row["father_id"]]
        for row in women:
            row["sex"] = "XY"
        return rows

    rewritten(batch, swap_fathers)
    with Warehouse.create(tmp_path / "w", "GRCh38", cohort.reference) as warehouse:
        found = {one.reason: one for one in warned(warehouse, batch, tmp_path / "out")}
    assert set(found["parent_discordant"].examples) <= set(children)
    assert found["parent_discordant"].records > len(children) // 2
    assert found["sex_discordant"].records >= 1


@pytest.fixture
def grch37(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.create(tmp_path / "w37", "GRCh37", settings=Settings(threads=2)) as made:
        yield made


def subset(source: Path, folder: Path, files: list[dict[str, str]], sheet: list[str]) -> Path:
    """A `sites` batch of files with some columns of a VCF each, by the sample ids they get."""
    folder.mkdir(parents=True)
    entries = []
    for number, columns in enumerate(files):
        path = folder / f"some{number}.vcf.gz"
        with pysam.VariantFile(str(source)) as found:
            found.subset_samples(list(columns))
            with pysam.VariantFile(str(path), "wz", header=found.header) as out:
                for record in found:
                    out.write(record)
        entry = {"path": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        kind = {"kind": "germline", "callability": "sites", "samples": columns}
        entries.append({**entry, **kind})
    manifest = {
        "format": "cad-batch/1", "batch_id": folder.name, "platform": "SEQOIA",
        "assembly": "GRCh37", "pipeline": {"name": "real", "version": "1"}, "files": entries,
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    text = "\n".join(row.replace(" ", "\t").replace("-", "") for row in sheet)
    (folder / "samples.tsv").write_text(text + "\n")
    return folder


@pytest.mark.realdata
def test_a_real_trio_and_its_parents_exchanged(
    testdata: Path, tmp_path: Path, grch37: Warehouse
) -> None:
    source = testdata / "genotypes" / "giab_ashkenazim_trio.GRCh37.vcf.gz"
    columns = {"HG002": "c", "HG003": "f", "HG004": "m"}
    head = "sample_id person_id sex father_id mother_id"
    for name, rows, expected in (
        ("right", ["c C XY F M", "f F XY - -", "m M XX - -"], ()),
        # The spouse is no parent: of the father, and of the mother.
        ("wrong", ["c C XY F M", "f F XY - M", "m M XX F -"], (3, 4)),
    ):
        batch = subset(source, tmp_path / name, [columns], [head, *rows])
        arrivals = looked_at(grch37, batch, tmp_path / f"{name}-out")
        found = examine(grch37, arrivals, tmp_path / "spill").warnings
        assert tuple(line for one in found for line in one.examples) == expected
        assert {one.reason for one in found} <= {"parent_discordant"}


@pytest.mark.realdata
@pytest.mark.slow
def test_of_three_hundred_real_strangers_only_the_repeated_are_one(
    testdata: Path, tmp_path: Path, grch37: Warehouse
) -> None:
    source = testdata / "genotypes" / "1kg_chr20_300.GRCh37.vcf.gz"
    with pysam.VariantFile(str(source)) as file:
        names = list(file.header.samples)
    repeated = {name: f"again{number}" for number, name in enumerate(names[:4])}
    rows = [f"{name} {name} unknown" for name in names]
    rows += ["again0 NEW0 unknown", f"again1 {names[1]} unknown",
             f"again2 {names[7]} unknown", "again3 NEW3 unknown"]  # fmt: skip
    files = [{name: name for name in names}, repeated]
    batch = subset(source, tmp_path / "all", files, ["sample_id person_id sex", *rows])
    arrivals = looked_at(grch37, batch, tmp_path / "out")
    # Three megabases of one chromosome, where the defaults say nothing of one genome.
    limits = replace(DoorThresholds(), min_windows=3)
    found = {
        (one.kind, one.line): one.other_no
        for one in examine(grch37, arrivals, tmp_path / "spill", limits).findings
    }
    numbers = {one.line: one.sample_no for one in arrivals.samples}
    again = [len(names) + 2 + number for number in range(4)]
    assert found == {
        ("same_genome_two_persons", 2): numbers[again[0]],
        ("same_genome_two_persons", again[0]): numbers[2],
        ("same_genome_two_persons", 4): numbers[again[2]],
        ("same_genome_two_persons", again[2]): numbers[4],
        ("two_genomes_one_person", 9): numbers[again[2]],
        ("two_genomes_one_person", again[2]): numbers[9],
        ("same_genome_two_persons", 5): numbers[again[3]],
        ("same_genome_two_persons", again[3]): numbers[5],
    }

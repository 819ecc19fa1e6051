"""Persons by VAF on M: by hand, against the base's own counts, and without a family."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cad.query import BaseReader, find_region, find_variant, open_base
from cad.warehouse import Warehouse
from schemas.errors import Conflict
from tests.batch_dir import BatchDir, vcf
from tests.cli import cad, cad_json
from tests.queried import PURPOSES, Queried, built, queried, refusing_care
from tests.twin.cohorts import Shape

PERSONS = {
    # AF, filter of the genotype, depth; what it adds.
    "P1": "0/1:0.05:500", "P2": "0/1:0.1:500", "P3": "0/1:0.3:500", "P4": "0/1:0.7:500",
    "P5": "1/1:0.95:500", "P6": "1/1:1:500", "P7": "1/1:.:500", "P8": "0/1:0.55:99",
    "P9": "0/0:0:500",
}  # fmt: skip


@pytest.fixture(scope="module")
def nine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("mito")
    made = BatchDir(folder / "batch")
    columns = " ".join(PERSONS.values())
    lines = (
        f"chrM 73 . A G . PASS . GT:AF:DP {columns}",
        f"chrM 99 . A G . q . GT:AF:DP {columns}",
    )
    formats = (
        b'##FORMAT=<ID=AF,Number=A,Type=Float,Description="Fraction">\n'
        b'##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">\n##contig'
    )
    text = vcf(*PERSONS, lines=lines).replace(b"chr22,length=50818468", b"chrM,length=16569")
    made.add("m.vcf", text.replace(b"##contig", formats, 1), kind="mitochondrial")
    families = ["F1" if person in ("P3", "P6") else "" for person in PERSONS]
    rows = (f"{one}|{one}|XX|{home}" for one, home in zip(PERSONS, families, strict=True))
    made.sheet("sample_id|person_id|sex|family_id", *rows)
    with built(folder / "warehouse", [made.write()], None) as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queried]:
    shape = Shape(persons=9, batches=3, lines=60, contigs=("22", "M"))
    with queried(tmp_path_factory.mktemp("query"), seed=4, shape=shape) as found:
        yield found


def ask(warehouse: Warehouse, text: str, purpose: str = "care", **more: Any) -> dict[str, Any]:
    with open_base(warehouse, purpose) as base:
        return find_variant(BaseReader(warehouse, base), text, **more)


def test_by_hand(nine: Warehouse) -> None:
    # P1 is reference, P8 too shallow; P7 tells of no fraction and is homoplasmic.
    answer = ask(nine, "M-73-A-G", strata=["all"])
    assert answer["vaf_histogram"] == [0, 1, 0, 1, 0, 0, 0, 1, 0, 3]
    assert (answer["frequencies"][0]["n_het"], answer["frequencies"][0]["n_hom"]) == (3, 3)
    without = ask(nine, "M-73-A-G", excluding_family="F1")
    assert without["vaf_histogram"] == [0, 1, 0, 0, 0, 0, 0, 1, 0, 2]
    # Nobody passes at 99, nobody looked at 200, nobody consents to research.
    for text, purpose in (("M-99-A-G", "care"), ("M-200-A-G", "care"), ("M-73-A-G", "research")):
        assert ask(nine, text, purpose)["vaf_histogram"] == [0] * 10
    assert "vaf_histogram" not in ask(nine, "22-73-A-G")


@pytest.mark.parametrize("purpose", PURPOSES)
def test_bins_come_to_the_counts_of_the_base(cohort: Queried, purpose: str) -> None:
    carriers = 0
    with open_base(cohort.warehouse, purpose) as base:
        reader = BaseReader(cohort.warehouse, base)
        answer = find_region(reader, "M:1-16569")
        for one in answer["variants"]:
            row = one["frequencies"][0]
            assert sum(one["vaf_histogram"]) == row["n_het"] + row["n_hom"]
            # Nobody below the least fraction is a carrier; homoplasmy begins at 0.95.
            assert one["vaf_histogram"][0] == 0
            assert one["vaf_histogram"][9] >= row["n_hom"]
            assert one == find_variant(reader, one["variant"])
            carriers += sum(one["vaf_histogram"])
    assert purpose != "care" or carriers > 10


def test_family_is_left_out_as_if_it_had_never_counted(cohort: Queried, tmp_path: Path) -> None:
    (tmp_path / "copies").mkdir()
    copies = refusing_care(cohort.batches, {"P1", "P2", "P3"}, tmp_path / "copies")
    changed = 0
    with built(tmp_path / "without", copies, cohort.reference) as without:
        for contig, pos, ref, alt in cohort.scans["care"].variants:
            if contig == "M":
                text = f"M-{pos}-{ref}-{alt}"
                ours = ask(cohort.warehouse, text, excluding_family="F1")["vaf_histogram"]
                assert ours == ask(without, text)["vaf_histogram"]
                changed += ours != ask(cohort.warehouse, text)["vaf_histogram"]
    assert changed > 2


def test_a_base_that_was_replaced(tmp_path: Path, nine: Warehouse) -> None:
    made = BatchDir(tmp_path / "batch")
    made.manifest["batch_id"] = "NIGHT-2"
    made.add("one.vcf", vcf("Q1", lines=("chr22 100 . A G . PASS . GT 0/1",)))
    made.sheet("sample_id|person_id|sex", "Q1|Q1|XX")
    with open_base(nine, "care") as base:
        reader = BaseReader(nine, base)
        assert cad("push", made.write(), "-w", nine.path).exit_code == 0
        find_variant(reader, "M-73-A-G")
        assert cad("build", "-w", nine.path).exit_code == 0
        with pytest.raises(Conflict, match="base_conflict"):
            find_variant(reader, "M-73-A-G")
    # Q1 has no file of M.
    assert sum(ask(nine, "M-73-A-G")["vaf_histogram"]) == 6


def test_the_command(nine: Warehouse) -> None:
    assert cad_json("variant", "MT-73-A-G", "-w", nine.path)["vaf_histogram"][9] == 3
    shown = cad("variant", "M-73-A-G", "-w", nine.path).stdout.splitlines()
    words = [line.split() for line in shown]
    first = words.index(["VAF", "persons"])
    bars = words[first : first + 10]
    assert [row[:2] for row in bars[1:]] == [
        [f"0.{tenth}-{'1.0' if tenth == 9 else f'0.{tenth + 1}'}", count]
        for tenth, count in zip(range(1, 10), "101000103", strict=True)
    ]
    assert (bars[9][2], bars[1][2]) == ("#" * 30, "#" * 10)
    assert "VAF" not in cad("variant", "M-200-A-G", "-w", nine.path).stdout

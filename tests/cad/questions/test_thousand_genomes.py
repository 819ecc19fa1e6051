"""Variants of 2 504 real people against ICD-10 codes made up for them, recounted from the files."""

import csv
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam
import pytest
from scipy.stats import fisher_exact

from cad.cohort.filter import parse_filter
from cad.cohort.select import Cohort, latest_cohort
from cad.push import push_batch
from cad.query.parse import Region, Variant
from cad.questions.association import Association
from cad.questions.carriers import read_carrying
from cad.questions.enrichment import assessed
from cad.questions.phenotype import compare
from cad.settings import Settings
from cad.warehouse import Warehouse
from tests.batch_dir import BatchDir
from tests.twin.alleles import normalise

pytestmark = pytest.mark.realdata
Key = tuple[int, str, str]
CODES = 6
RECORDS = 90


@dataclass(frozen=True)
class People:
    """A pushed warehouse, the file it was read from, and each person's codes."""

    cohort: Cohort
    vcf: Path
    codes: Mapping[str, frozenset[str]]


@pytest.fixture(scope="module")
def people(testdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    folder = tmp_path_factory.mktemp("kg")
    codes = _codes(testdata / "clinical" / "cineca_synthetic_1000g_individuals.csv")
    made = BatchDir(folder / "batch")
    made.manifest["assembly"] = "GRCh37"
    text = _with_gaps(testdata / "genotypes" / "1kg_phase3_chr22_2504.GRCh37.vcf.gz")
    made.add("chr22.vcf", text)
    # Who has no code at all is known to be well, or nobody would know what they are without.
    rows = [f"{one}|{one}|unknown|{0 if not own else 1}" for one, own in codes.items()]
    made.sheet("sample_id|person_id|sex|affected", *rows)
    features = [f"{one}|ICD10|{code}" for one, own in codes.items() for code in sorted(own)]
    made.sheet("person_id|system|code", *features, name="phenotypes.tsv")
    made.write()
    settings = Settings(threads=2)
    with Warehouse.create(folder / "warehouse", "GRCh37", settings=settings) as warehouse:
        push_batch(warehouse, made.path)
        with latest_cohort(warehouse) as cohort:
            yield People(cohort, made.path / "chr22.vcf", codes)


def _codes(path: Path) -> dict[str, frozenset[str]]:
    with path.open(encoding="utf-8-sig") as file:
        return {
            row["id"]: frozenset(
                code.removeprefix("ICD10:")
                for code in row["diseases|diseaseCode|id"].split("|")
                if code
            )
            for row in csv.DictReader(file)
        }


def _with_gaps(path: Path) -> bytes:
    """The file's text with one genotype in thirteen lost, so that denominators differ."""
    lines = []
    with pysam.BGZFile(str(path)) as file:
        for number, raw in enumerate(file):
            line = raw.decode()
            if not line.startswith("#"):
                cells = line.split("\t")
                first = 9 + number * 5 % 13
                cells[first::13] = ["./."] * len(cells[first::13])
                line = "\t".join(cells)
            lines.append(line)
    return ("\n".join(lines) + "\n").encode()


def _recount(path: Path) -> dict[Key, dict[str, bool | None]]:
    """By variant of some random records: whether each person carries it, None where unknown."""
    rng = random.Random(22)
    found: dict[Key, dict[str, bool | None]] = {}
    with pysam.VariantFile(str(path)) as file:
        for record in file:
            if rng.random() > RECORDS / 6109 or (record.alts or ("<",))[0].startswith("<"):
                continue
            genotypes = {name: one["GT"] for name, one in record.samples.items()}
            for place, alt in enumerate(record.alts or (), start=1):
                key = normalise("22", record.pos, record.ref or "", alt, None)
                found[key.pos, key.ref, key.alt] = {
                    name: None if None in gt else place in gt for name, gt in genotypes.items()
                }
    return found


def test_tables_of_random_pairs_equal_a_recount_and_scipy(people: People) -> None:
    wanted = _recount(people.vcf)
    known_codes = sorted({code for own in people.codes.values() for code in own})
    chosen = random.Random(7).sample(known_codes, CODES)
    members = people.cohort.members("care")
    checked = 0
    for code in chosen:
        groups, left_out = compare(members, parse_filter([f"ICD10:{code}"]), relatives=False)
        assert set(left_out.values()) == {0}
        read = Association(groups, min_carriers=1).read(Region("22", 1, 51_304_566))
        found = assessed(read.tables)
        place = {read.variants.key(at)[1:]: at for at in range(read.variants.size)}
        cases = {
            one for one, own in people.codes.items() if any(each.startswith(code) for each in own)
        }
        for key, carries in wanted.items():
            cells = [
                sum(has is wish and (name in cases) is is_case for name, has in carries.items())
                for is_case in (True, False)
                for wish in (True, False)
            ]
            if cells[0] + cells[2] == 0:
                assert key not in place
                continue
            at = place[key]
            assert read.tables[at].tolist() == cells
            chance = fisher_exact(np.reshape(cells, (2, 2))).pvalue
            assert found.p[at] == pytest.approx(chance, rel=1e-9)
            checked += 1
    assert checked > CODES * RECORDS / 2


def test_carriers_and_those_callable_equal_a_recount(people: People) -> None:
    members = people.cohort.members("care", parse_filter(["ICD10:E10|I42"]))
    within = set(members.persons)
    wanted = {
        one
        for one, own in people.codes.items()
        if any(code.startswith(("E10", "I42")) for code in own)
    }
    assert within == wanted
    for key, carries in [*_recount(people.vcf).items()][:10]:
        found = read_carrying(members, Variant("22", *key)).counts()
        own = [has for name, has in carries.items() if name in within]
        assert found["carriers"] == own.count(True)
        assert found["callable"] == len(own) - own.count(None)

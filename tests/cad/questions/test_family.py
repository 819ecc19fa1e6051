"""Question 5: inheritance in families, against a recount cell by cell, Hail's cases and a trio."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pysam
import pytest

from cad.build.run import build_base
from cad.cohort.select import latest_cohort
from cad.push import push_batch
from cad.query import BaseReader, open_base
from cad.questions.family import Kept, find_inheritance
from cad.settings import Settings
from cad.warehouse import Warehouse
from schemas.errors import BadQuestion, NotFound
from tests.batch_dir import BatchDir
from tests.cli import cad, cad_json
from tests.planted import PERSONS, SITES, Planted

FAMILIES = [f"F{number}" for number in range(10)]
ALL = Kept(max_af=1.0, max_gnomad_af=1.0)


def ask(warehouse: Warehouse, family: str, kept: Kept = ALL, **more: Any) -> dict[str, Any]:
    with open_base(warehouse, "care") as base, latest_cohort(warehouse) as cohort:
        return find_inheritance(BaseReader(warehouse, base), cohort, family, kept, **more)


def places(answer: Mapping[str, Any], mode: str) -> set[tuple[str, ...]]:
    """The variants, or pairs of them, found by one mode, with the phase of pairs."""
    return {
        (
            *(one["variant"] for one in found["variants"]),
            *([found["phase"]] if found["phase"] else []),
        )
        for found in answer["findings"]
        if found["mode"] == mode
    }


class Trio:
    """One planted family: its three members' cells, and what is said of each site."""

    def __init__(self, planted: Planted, family: str) -> None:
        self.planted = planted
        first = 4 * int(family[1:])
        self.child, self.father, self.mother = PERSONS[first : first + 3]

    def is_clear(self, person: str, at: int) -> bool:
        return self.planted.passes(person, at) and not self.planted.dosage(person, at)

    def is_whole(self, person: str, at: int) -> bool:
        alleles, _ = self.planted.cells[person, at]
        return self.planted.passes(person, at) and all(alleles)

    def expected(self) -> dict[str, set[tuple[str, ...]]]:
        """The findings by mode, sentence by sentence."""
        found: dict[str, set[tuple[str, ...]]] = {
            mode: set() for mode in ("de_novo", "recessive", "compound", "x_linked")
        }
        names = ["-".join(map(str, site.key)) for site in SITES]
        son = self.planted.sheet[self.child]["sex"] == "XY"
        for at, site in enumerate(SITES):
            x, copies = site.contig == "X", self.planted.dosage(self.child, at)
            givers = [self.mother] if x and son else [self.father, self.mother]
            if copies == 1 and all(self.is_clear(one, at) for one in givers):
                found["de_novo"].add((names[at],))
            unaffected = any(self.is_whole(one, at) for one in (self.father, self.mother))
            possible = not any(self.is_clear(one, at) for one in givers) and not unaffected
            if self.is_whole(self.child, at) and copies and possible:
                found["x_linked" if x else "recessive"].add((names[at],))
        hets = [
            at for at in range(len(SITES))
            if self.planted.dosage(self.child, at) == 1
            and len(self.planted.cells[self.child, at][0]) == 2
        ]  # fmt: skip
        for one, other in combinations(hets, 2):
            if SITES[one].symbol != SITES[other].symbol:
                continue
            origins = {self.origin(one), self.origin(other)}
            if origins == {"father", "mother"}:
                found["compound"].add((names[one], names[other], "trans"))
            elif "unknown" in origins:
                found["compound"].add((names[one], names[other], "unphased"))
        return found

    def origin(self, at: int) -> str:
        carries = [bool(self.planted.dosage(one, at)) for one in (self.father, self.mother)]
        clear = [self.planted.passes(one, at) and not c
                 for one, c in zip((self.father, self.mother), carries, strict=True)]  # fmt: skip
        for parent, other in ((0, 1), (1, 0)):
            silent = not carries[parent] and not clear[parent]
            if (carries[parent] and not carries[other]) or (silent and clear[other]):
                return ("father", "mother")[parent]
        return "unknown"


@pytest.mark.parametrize("family", FAMILIES)
def test_findings_of_a_family_are_those_of_a_recount(planted: Planted, family: str) -> None:
    answer = ask(planted.warehouse, family)
    expected = Trio(planted, family).expected()
    assert {mode: places(answer, mode) for mode in expected} == expected
    assert [row["child"] for row in answer["members"]] == [True, False, False]


def test_the_families_show_each_mode(planted: Planted) -> None:
    found: dict[str, int] = {}
    for family in FAMILIES:
        for mode, own in Trio(planted, family).expected().items():
            found[mode] = found.get(mode, 0) + len(own)
    assert all(count > 3 for count in found.values()), found


def test_only_what_is_rare_elsewhere_and_changes_a_gene_is_kept(planted: Planted) -> None:
    names = {"-".join(map(str, site.key)): at for at, site in enumerate(SITES)}
    kept = Kept(max_af=0.2, impacts=("HIGH",), genes=("ONE", "TWO"), modes=("compound", "de_novo"))
    counted = left = 0
    for family in FAMILIES:
        whole = ask(planted.warehouse, family)["findings"]
        others = [
            one for one, row in planted.sheet.items()
            if not row["father_id"] and row["family_id"] != family
        ]  # fmt: skip
        for one in (one for found in whole for one in found["variants"]):
            at = names[one["variant"]]
            cells = [planted.cells[who, at][0] for who in others if planted.passes(who, at)]
            figures = (one["founders"]["ac"], one["founders"]["an"])
            assert figures == (sum(map(sum, cells)), sum(map(len, cells)))
        expected = [
            found
            for found in whole
            if found["mode"] in kept.modes
            and all(
                one["founders"]["af"] <= 0.2
                and SITES[names[one["variant"]]].impact == "HIGH"
                and SITES[names[one["variant"]]].symbol != "THREE"
                for one in found["variants"]
            )
        ]
        assert ask(planted.warehouse, family, kept)["findings"] == expected
        counted, left = counted + len(expected), left + len(whole) - len(expected)
    assert counted > 2
    assert left > 3


def test_evidence_and_a_family_of_another_platform(planted: Planted) -> None:
    answer = ask(planted.warehouse, "F1", platform="AURAGEN")
    for found in answer["findings"]:
        for one in found["variants"]:
            at = next(n for n, s in enumerate(SITES) if "-".join(map(str, s.key)) == one["variant"])
            for row in one["genotypes"]:
                alleles, depth = planted.cells[row["person"], at]
                assert row["copies"] == planted.dosage(row["person"], at)
                assert row["dp"] == (depth if any(alleles) else None)
    with pytest.raises(NotFound):
        ask(planted.warehouse, "F1", platform="SEQOIA")
    with pytest.raises(NotFound):
        ask(planted.warehouse, "F99")
    with pytest.raises(BadQuestion):
        ask(planted.warehouse, "F1", Kept(impacts=("WORST",)))


def test_the_command_answers_as_the_function(planted: Planted) -> None:
    words = ("family", "F3", "-w", planted.warehouse.path, "--max-af", 1, "--max-gnomad-af", 1)
    assert cad_json(*words) == ask(planted.warehouse, "F3")
    shown = cad(*words, "--mode", "compound", "--gene", "ONE")
    assert "compound, " in shown.stdout
    assert cad_json(*words, "--mode", "none", code=1)["reason"] == "request_malformed"


def pushed(folder: Path, text: str, rows: list[str], **entry: Any) -> Warehouse:
    """A built warehouse for GRCh37 with one joint file."""
    made = BatchDir(folder / "batch")
    made.manifest["assembly"] = "GRCh37"
    made.add("joint.vcf", text.encode(), **entry)
    made.sheet("sample_id|person_id|sex|family_id|father_id|mother_id|affected", *rows)
    warehouse = Warehouse.create(folder / "w", "GRCh37", settings=Settings(threads=2))
    push_batch(warehouse, made.write())
    build_base(warehouse)
    return warehouse


def pedigree(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines()]


def sheet_rows(people: list[list[str]]) -> list[str]:
    named = {row[1] for row in people}
    return [
        "|".join(
            (one, one, {"1": "XY", "2": "XX"}.get(sex, "unknown"), family,
             father if father in named else "", mother if mother in named else "",
             {"1": "0", "2": "1"}.get(affected, "unknown"))
        )
        for family, one, father, mother, sex, affected in people
    ]  # fmt: skip


@pytest.mark.realdata
def test_de_novo_is_what_hail_codes_as_an_allele_of_no_parent(
    testdata: Path, tmp_path: Path
) -> None:
    folder = testdata / "peers" / "hail"
    people = pedigree(folder / "mendel.fam")
    lines = []
    # Its file has no reads of any alternate: depths are left out, or nothing would pass.
    for line in (folder / "mendel.vcf").read_text().splitlines():
        cells = line.split("\t")
        if not line.startswith("#"):
            gts = [cell.split(":")[0] for cell in cells[9:]]
            cells = [*cells[:8], "GT", *gts]
        lines.append("\t".join(cells))
    text = "\n".join(line for line in lines if "FORMAT=<" not in line or "ID=GT" in line) + "\n"
    with pushed(tmp_path, text, sheet_rows(people)) as warehouse:
        trios = [row for row in people if row[2] != "0" and row[3] != "0"]
        expected = mendel_codes(text, trios)
        assert expected["Son1"] == {"1-2-C-T", "X-2-C-T", "Y-2-C-T"}
        for family in {row[0] for row in trios}:
            answer = ask(warehouse, family)
            for row in (row for row in trios if row[0] == family):
                found = {
                    one["variants"][0]["variant"]
                    for one in answer["findings"]
                    if (one["child"], one["mode"]) == (row[1], "de_novo")
                }
                assert found == expected[row[1]]


def mendel_codes(text: str, trios: list[list[str]]) -> dict[str, set[str]]:
    """By child: variants of Hail's codes 2, 10 and 12 (hail.methods.mendel_errors).

    Het of two homozygous references; on X and Y outside the PARs a son's only copy, where the
    mother, or the father, is homozygous reference.
    """
    found: dict[str, set[str]] = {row[1]: set() for row in trios}
    header: list[str] = []
    par = {"X": ((60001, 2699520), (154931044, 155260560)),
           "Y": ((10001, 2649520), (59034050, 59363566))}  # fmt: skip
    for line in text.splitlines():
        cells = line.split("\t")
        if line.startswith("#CHROM"):
            header = cells
        if line.startswith("#"):
            continue
        contig, pos = cells[0], int(cells[1])
        inside = any(a <= pos <= b for a, b in par.get(contig, ()))
        if contig == "Y" and inside:
            continue
        for _, child, father, mother, sex, _ in trios:
            gts = {one: cells[header.index(one)] for one in (child, father, mother)}
            hemi = contig in par and not inside and sex == "1"
            if hemi:
                parent = mother if contig == "X" else father
                is_new = gts[child] == "1/1" and gts[parent] == "0/0"
            elif contig == "Y":
                is_new = False
            else:
                is_new = gts[child] == "0/1" and gts[father] == gts[mother] == "0/0"
            # A man's heterozygous call of his only X is none (DESIGN 5.5): his X is not known.
            if is_new:
                found[child].add("-".join((contig, cells[1], cells[3], cells[4])))
    return found


@pytest.fixture(scope="module")
def ashkenazi(
    testdata: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Warehouse, Path]]:
    folder = tmp_path_factory.mktemp("trio")
    source = testdata / "genotypes" / "giab_ashkenazim_trio.GRCh37.vcf.gz"
    made = BatchDir(folder / "batch")
    made.manifest["assembly"] = "GRCh37"
    made.add("trio.vcf.gz", source.read_bytes())
    rows = sheet_rows(pedigree(testdata / "genotypes" / "ashk-trio.ped"))
    made.sheet("sample_id|person_id|sex|family_id|father_id|mother_id|affected", *rows)
    with Warehouse.create(folder / "w", "GRCh37", settings=Settings(threads=2)) as warehouse:
        push_batch(warehouse, made.write())
        build_base(warehouse)
        yield warehouse, source


def passing_genotype(call: Any, record: Any) -> tuple[int, ...] | None:
    """A genotype that passes by DESIGN 5.4, else None."""
    alleles = call.alleles and call.allele_indices
    if not alleles or None in alleles or set(record.filter.keys()) - {"PASS"}:
        return None
    gq, dp = call.get("GQ"), call.get("DP")
    gq = call.get("RGQ") if gq is None else gq
    if gq is None or dp is None or gq < 20 or dp < 10:
        return None
    if len(set(alleles)) == 2:
        ad = call["AD"]
        if None in ad or any(ad[one] < 0.2 * sum(ad) or not sum(ad) for one in set(alleles) - {0}):
            return None
    return tuple(sorted(alleles))


@pytest.mark.realdata
def test_a_real_trio_has_what_pysam_finds(ashkenazi: tuple[Warehouse, Path]) -> None:
    warehouse, path = ashkenazi
    answer = ask(warehouse, "ash", Kept(max_af=1, max_gnomad_af=1, modes=("de_novo", "recessive")))
    expected: dict[str, set[tuple[str, ...]]] = {"de_novo": set(), "recessive": set()}
    checked = set()
    with pysam.VariantFile(str(path)) as file:
        records = list(file)
    spans = [(record.chrom, record.pos, record.stop) for record in records]
    for place, record in enumerate(records):
        near = [one for n, one in enumerate(spans) if abs(n - place) in (1, 2, 3)]
        # What records that overlap say together is for the twin.
        if any(c == record.chrom and a <= record.stop and record.pos <= b for c, a, b in near):
            continue
        if (
            len(record.alts or ()) != 1
            or "*" in record.alts
            or len(record.alts[0]) > 1 < len(record.ref)
        ):
            continue
        key = f"{record.chrom}-{record.pos}-{record.ref}-{record.alts[0]}"
        checked.add(key)
        child, father, mother = (
            passing_genotype(record.samples[name], record) for name in ("HG002", "HG003", "HG004")
        )
        if child == (0, 1) and father == mother == (0, 0):
            expected["de_novo"].add((key,))
        # Whether the parents are affected is not known: they may be homozygous.
        if child == (1, 1) and (0, 0) not in (father, mother):
            expected["recessive"].add((key,))
    assert len(checked) > 8000
    for mode, own in expected.items():
        found = {one for one in places(answer, mode) if one[0] in checked}
        assert found == own
    assert expected["de_novo"]
    assert len(expected["recessive"]) > 50

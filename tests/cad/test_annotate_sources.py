"""Fields of sources written into a VCF: as bcftools joins them, by any writing of a variant."""

import gzip
import subprocess
import sys
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from random import Random
from urllib.parse import unquote

import pysam
import pytest

from cad.annotate import annotate
from cad.annotation.load import add_annotation
from cad.query import parse_variant
from cad.warehouse import Warehouse
from schemas.annotations import GNOMAD, GNOMAD_GROUPS
from schemas.errors import BadQuestion, NotFound
from tests.annotations import clinvar_line, held, sites
from tests.cli import cad_json

FIELDS = {
    "CLNSIG": "significance", "CLNREVSTAT": "review_status", "CLNDN": "diseases",
    "CLNVC": "variant_type", "ALLELEID": "allele_id", "GENEINFO": "genes", "MC": "consequences",
    "RS": "rs",
}  # fmt: skip


def infos(path: Path) -> list[tuple[str, dict[str, str]]]:
    """By line: where it stands, and its INFO entries."""
    found = []
    with gzip.open(path, "rt") as file:
        for line in file:
            if not line.startswith("#"):
                cells = line.rstrip("\n").split("\t")
                entries = (entry.partition("=") for entry in cells[7].split(";"))
                found.append((":".join(cells[:5]), {key: value for key, _, value in entries}))
    return found


def bcftools(*words: object) -> None:
    call = [sys.executable, "-m", "benchmarks.steps.bcftools", *map(str, words)]
    subprocess.run(call, check=True, capture_output=True)


def text_lines(path: Path) -> list[str]:
    with gzip.open(path, "rt") as file:
        return file.read().splitlines()


@pytest.mark.realdata
def test_clinvar_is_joined_as_bcftools_joins_it(testdata: Path, tmp_path: Path) -> None:
    source = testdata / "annotation" / "clinvar_2000.vcf.gz"
    lines = text_lines(source)
    plain = tmp_path / "clinvar.vcf"
    plain.write_text("\n".join(lines) + "\n")
    pysam.tabix_index(str(plain), preset="vcf", force=True)
    rng, asked = Random(5), []
    known = {tuple(line.split("\t")[i] for i in (1, 3, 4)) for line in lines if line[0] != "#"}
    for line in lines:
        if not line.startswith("#") and line.split("\t")[4] != ".":
            contig, pos, _, ref, alt, *_ = line.split("\t")
            kind = rng.random()
            if kind < 0.6:
                asked.append(f"{contig}\t{pos}\t.\t{ref}\t{alt}\t.\t.\tDP=1")
            elif kind < 0.8 and len(ref) == len(alt) == 1:
                other = next(
                    (base for base in "ACGT" if base != ref and (pos, ref, base) not in known), ref
                )
                if other == ref:
                    continue
                known.add((pos, ref, other))
                asked.append(f"{contig}\t{pos}\t.\t{ref}\t{other}\t.\t.\t.")
    mine = tmp_path / "in.vcf"
    head = ["##fileformat=VCFv4.2", "##contig=<ID=1,length=249250621>"]
    head += ['##INFO=<ID=DP,Number=1,Type=Integer,Description="">']
    title = "\t".join("#CHROM POS ID REF ALT QUAL FILTER INFO".split())
    mine.write_text("\n".join([*head, title, *asked]) + "\n")
    pysam.tabix_index(str(mine), preset="vcf", force=True)
    packed, theirs = f"{mine}.gz", tmp_path / "theirs.vcf.gz"
    wanted = ",".join(f"INFO/{key}" for key in FIELDS)
    bcftools("annotate", "-a", f"{plain}.gz", "-c", wanted, "-Oz", "-o", theirs, packed)
    with Warehouse.create(tmp_path / "w", "GRCh37") as warehouse:
        add_annotation(warehouse, "clinvar", source, "2023-07-10")
        words = [f"clinvar:{'+'.join(FIELDS.values())}"]
        ours = tmp_path / "ours.vcf.gz"
        made = annotate(warehouse, Path(packed), ours, annotation=words, figures=False)
    # bcftools writes the records of one position in another order.
    expected, found = (sorted(infos(path), key=itemgetter(0)) for path in (theirs, ours))
    assert [place for place, _ in found] == [place for place, _ in expected]
    # Of two lines of one variant bcftools joins the first alone: none is asked twice here.
    assert len({place for place, _ in found}) == len(found)
    joined = 0
    for (place, own), (_, other) in zip(found, expected, strict=True):
        for key, column in FIELDS.items():
            value = (
                unquote(own[f"CAD_clinvar_{column}"]) if f"CAD_clinvar_{column}" in own else None
            )
            assert (None if value == "." else value) == other.get(key), (place, key)
        joined += "CLNSIG" in other or "ALLELEID" in other
    assert joined == made.annotations[0]["found"] > 1_000
    assert len(found) - joined > 200


@pytest.mark.realdata
def test_gnomad_is_kept_to_the_digit(testdata: Path, tmp_path: Path) -> None:
    source = testdata / "annotation" / "gnomad_r2.1.1_exomes_sample.GRCh37.vcf.gz"
    with Warehouse.create(tmp_path / "w", "GRCh37") as warehouse:
        assert add_annotation(warehouse, "gnomad-exomes", source, "2.1.1").rows == 100
        rows = {
            f"{r['contig']}:{r['pos']}:{r['ref']}:{r['alt']}": r
            for r in held(warehouse, "gnomad-exomes")
        }
    older = {"remaining": "oth", "XX": "female", "XY": "male", "grpmax": "popmax"}
    columns = {"grpmax": "popmax", "filter": None, "faf95_max": None, "faf95_max_group": None}
    for name in GNOMAD.names[4:]:
        figure, _, group = name.partition("_")
        figure = figure.upper() if figure in ("ac", "an", "af") else figure
        columns.setdefault(name, f"{figure}_{older.get(group, group)}" if group else figure)
    compared = 0
    for place, entries in infos(source):
        contig, pos, _, ref, alt = place.split(":")
        row = rows.pop(f"{contig}:{pos}:{ref}:{alt}")
        for column, key in columns.items():
            written = entries.get(key or "")
            if key is None:
                continue
            if written in (None, "."):
                assert column not in row, (place, column)
            elif column == "grpmax":
                assert row[column] == written
            else:
                assert Decimal(repr(row[column])) == Decimal(written), (place, column)
                compared += 1
    assert not rows
    assert compared > 60 * len(GNOMAD_GROUPS)


def shifted(
    reference: str, pos: int, unit: str, by: int, *, is_deletion: bool
) -> tuple[int, str, str]:
    """A deletion or insertion of whole units after `pos`, written `by` bases further right."""
    at = pos + by
    if is_deletion:
        return at, reference[at - 1 : at + len(unit)], reference[at - 1]
    inserted = (unit * (by // len(unit) + 2))[by % len(unit) :][: len(unit)]
    return at, reference[at - 1], reference[at - 1] + inserted


@pytest.mark.parametrize("seed", range(4))
def test_shifted_indels_in_repeats_meet_on_both_sides(tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    sequence, repeats = "", []
    while len(sequence) < 3_000:
        sequence += "".join(rng.choice("ACGT") for _ in range(rng.randint(5, 40)))
        unit = "".join(rng.choice("ACGT") for _ in range(rng.randint(1, 5)))
        times = rng.randint(3, 9)
        repeats.append((len(sequence), unit, times))
        sequence += unit * times
    fasta = tmp_path / "r.fa"
    fasta.write_text(f">chr22\n{sequence}\n")
    told, asked = [], []
    for number, (start, unit, times) in enumerate(repeats, start=1):
        is_deletion = rng.random() < 0.5
        room = len(unit) * (times - (1 if is_deletion else 0))
        for lines in (told, asked):
            by = rng.randint(0, room)
            pos, ref, alt = shifted(sequence, start, unit, by, is_deletion=is_deletion)
            padding = sequence[pos - 1 + len(ref) :][: rng.randint(0, 3)]
            lines.append((pos, ref + padding, alt + padding, number))
    source = sites(tmp_path / "c.vcf", [clinvar_line(*one) for one in sorted(told)])
    mine = sites(
        tmp_path / "in.vcf",
        [f"chr22 {pos} {number} {ref} {alt} . . ." for pos, ref, alt, number in sorted(asked)],
    )
    with Warehouse.create(tmp_path / "w", "GRCh38", reference=fasta) as warehouse:
        add_annotation(warehouse, "clinvar", source, "1")
        keys = {
            row["variation_id"]: (row["pos"], row["ref"], row["alt"])
            for row in held(warehouse, "clinvar")
        }
        for pos, ref, alt, number in asked:
            found = parse_variant(f"22-{pos}-{ref}-{alt}", "GRCh38", warehouse.reference)
            assert (found.pos, found.ref, found.alt) == keys[number]
        made = annotate(
            warehouse, mine, tmp_path / "o.vcf.gz", figures=False,
            annotation=["clinvar:variation_id"],
        )  # fmt: skip
    assert made.annotations[0]["found"] == len(asked)
    with gzip.open(tmp_path / "o.vcf.gz", "rt") as file:
        for line in file:
            if not line.startswith("#"):
                cells = line.rstrip("\n").split("\t")
                # Two repeats may be one: then both numbers lie at one key.
                number = int(cells[7].partition("variation_id=")[2])
                assert keys[number] == keys[int(cells[2])]


class TestFields:
    LINES = (
        clinvar_line(100, "A", "G", 1, "Pathogenic/Likely,_a;b%"),
        clinvar_line(100, "AC", "A", 2, "Benign"),
        clinvar_line(200, "C", "T", 3, "Other"),
    )

    @pytest.fixture
    def loaded(self, sqlite_warehouse: Warehouse, tmp_path: Path) -> Warehouse:
        lines = [one.replace("a;b", "a|b") for one in self.LINES]
        add_annotation(sqlite_warehouse, "clinvar", sites(tmp_path / "c.vcf", lines), "7")
        return sqlite_warehouse

    def run(
        self, warehouse: Warehouse, lines: list[str], words: str, **options: object
    ) -> list[str]:
        folder = warehouse.path.parent
        source = sites(folder / "in.vcf", lines)
        out = folder / "out.vcf.gz"
        for path in (out, out.with_name("out.vcf.gz.tbi")):
            path.unlink(missing_ok=True)
        annotate(warehouse, source, out, annotation=[words], figures=False)
        return text_lines(out)

    def test_values_stand_by_alternate_and_are_encoded(self, loaded: Warehouse) -> None:
        lines = self.run(
            loaded,
            ["chr22 100 . A C,G . . .", "chr22 100 . AC GC,A . . DP=3", "chr22 300 . A G . . .",
             "chrUn 100 . A G . . DP=1"],
            "clinvar:significance+variation_id",
        )  # fmt: skip
        assert [line.split("\t")[7] for line in lines if not line.startswith("#")] == [
            "CAD_clinvar_significance=.,Pathogenic/Likely%2C_a|b%25;CAD_clinvar_variation_id=.,1",
            "DP=3;CAD_clinvar_significance=Pathogenic/Likely%2C_a|b%25,Benign;"
            "CAD_clinvar_variation_id=1,2",
            ".",
            "DP=1",
        ]
        declared = [line for line in lines if "CAD_clinvar_significance" in line and line[0] == "#"]
        assert declared == [
            '##INFO=<ID=CAD_clinvar_significance,Number=A,Type=String,Description="Classification '
            'as written (CLNSIG).",Source="CAD clinvar",Version="7">'
        ]

    def test_a_second_run_leaves_nothing_of_the_first(self, loaded: Warehouse) -> None:
        first = self.run(loaded, ["chr22 100 . A G . . ."], "clinvar")
        again = loaded.path.parent / "again.vcf.gz"
        source = loaded.path.parent / "out.vcf.gz"
        annotate(loaded, source, again, annotation=["clinvar:variation_id"], figures=False)
        lines = text_lines(again)
        assert lines[-1].split("\t")[7] == "CAD_clinvar_variation_id=1"
        assert len([line for line in lines if "CAD_clinvar" in line]) == 2
        assert len([line for line in first if "CAD_clinvar" in line]) == 4

    def test_unknown_fields_and_sources_are_refused(self, loaded: Warehouse) -> None:
        for words, kind in (("clinvar:sig", BadQuestion), ("gnomad", NotFound)):
            with pytest.raises(kind):
                self.run(loaded, ["chr22 100 . A G . . ."], words)

    def test_command_tells_how_many_were_found(self, loaded: Warehouse, tmp_path: Path) -> None:
        source = sites(tmp_path / "in.vcf", ["chr22 100 . A G . . .", "chr22 101 . A G . . ."])
        words = ("annotate", source, "-o", tmp_path / "o.vcf.gz", "-w", loaded.path, "--no-figures")
        document = cad_json(*words, "--annotation", "clinvar@7")
        assert document["annotations"] == [
            {
                "source": "clinvar", "version": "7", "found": 1,
                "fields": [
                    f"CAD_clinvar_{name}" for name in ("significance", "stars", "variation_id")
                ],
            }
        ]  # fmt: skip
        assert document["states"] is None

"""Random small cohorts as batch directories: valid by the contract of section 4, nasty inside.

Persons come back over batches with other samples, files are split by sample, by contig or by kind,
and the lines of cohort_lines.py overlap each other. ``random_batch_dirs`` is the way in.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pysam

from tests.twin.cohort_lines import (
    Line,
    Place,
    draw_block,
    draw_places,
    draw_set_aside,
    draw_variant,
)
from tests.twin.facts import LENGTHS

_ORDER = ("21", "22", "X", "Y", "M")
_HEADER = """##fileformat=VCFv4.5
##FILTER=<ID=PASS,Description="All filters passed">
##FILTER=<ID=q10,Description="Low quality">
##FILTER=<ID=s50,Description="Few samples">
##FILTER=<ID=RefCall,Description="Called reference">
##ALT=<ID=NON_REF,Description="Any allele not seen">
##ALT=<ID=DEL,Description="Deletion">
##ALT=<ID=CN0,Description="Copy number 0">
##INFO=<ID=END,Number=1,Type=Integer,Description="Last position">
##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">
##INFO=<ID=MIN_DP,Number=1,Type=Integer,Description="Least depth">
##INFO=<ID=MinDP,Number=1,Type=Integer,Description="Least depth">
##INFO=<ID=AC,Number=A,Type=Integer,Description="Allele count">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=FT,Number=1,Type=String,Description="Filter of the genotype">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Depth by allele">
##FORMAT=<ID=AF,Number=A,Type=Float,Description="Fraction">
##FORMAT=<ID=VAF,Number=A,Type=Float,Description="Fraction">
##FORMAT=<ID=HL,Number=A,Type=Float,Description="Heteroplasmy">
"""
Plan = tuple[list[str], str, list[str] | None]  # samples, kind, declared contigs
_NUMBERS = ("GQ", "RGQ", "GQX", "DP", "DPI", "MIN_DP", "LEN")


@dataclass(frozen=True)
class Shape:
    """How large a cohort is and what it may hold; ``lines`` is the most a file has at a place."""

    assembly: str = "GRCh38"
    batches: int = 3
    persons: int = 7
    samples: int = 6
    lines: int = 14
    contigs: tuple[str, ...] = ("22", "X", "Y", "M")
    callabilities: tuple[str, ...] = ("bed", "sites")
    has_set_aside: bool = True
    has_mitochondrial_files: bool = True
    is_compressed: bool | None = None


@dataclass(frozen=True)
class Cohort:
    """What was written: batch directories in the order of their nights, and the reference.

    ``places`` are the stretches (contig, start, end) that hold the lines.
    """

    batches: list[Path]
    reference: Path
    assembly: str
    persons: list[str]
    places: list[tuple[str, int, int]] = field(default_factory=list)


def random_batch_dirs(seed: int | Random, out_dir: Path, shape: Shape | None = None) -> Cohort:
    """Write a cohort below ``out_dir``: batch directories and ``reference.fa`` beside them.

    A seed, or a ``Random``, decides everything. From hypothesis draw the seed: a cohort takes more
    draws than one example of ``st.randoms`` may make.
    """
    rng = seed if isinstance(seed, Random) else Random(seed)
    form = shape or Shape()
    places = draw_places(rng, form.assembly, form.contigs)
    out_dir.mkdir(parents=True, exist_ok=True)
    reference = out_dir / "reference.fa"
    reference.write_text(_reference_text(rng, places))
    persons = [f"P{n}" for n in range(1, form.persons + 1)]
    sexes = {p: rng.choice(["XX", "XX", "XY", "XY", "XY", "other", "unknown"]) for p in persons}
    sexes.update({"P1": "XY", "P2": "XX"})  # the parents of P3
    writer = _Writer(rng, form, places, sexes)
    nights = rng.sample(range(1, 100), form.batches)
    folders = [writer.write_batch(out_dir / f"SEQ-2026-{night:03}") for night in sorted(nights)]
    spans = [(p.contig, p.start, p.end) for p in places]
    return Cohort(folders, reference, form.assembly, persons, spans)


def _reference_text(rng: Random, places: Iterable[Place]) -> str:
    """Write the places as FASTA records: M from its start, the others as parts, some cut short."""
    text = ""
    for place in places:
        chrom = rng.choice(["", "chr"]) + place.contig
        cut = rng.choice([0, 0, 0, 45, 60])
        bases = place.bases
        if place.first == 1:
            text += f">{chrom}\n{bases}\n"
            continue
        if place.contig == "M":
            continue  # its far end is not covered
        first, bases = place.first + cut, bases[cut:]
        text += f">{chrom}:{first}-{first + len(bases) - 1} part\n{bases[:50]}\n{bases[50:]}\n"
    return text


@dataclass
class _Writer:
    """Writes one batch after another; each draws from the same persons and places."""

    rng: Random
    form: Shape
    places: list[Place]
    sexes: dict[str, str]

    def write_batch(self, folder: Path) -> Path:
        """Write one batch directory."""
        folder.mkdir(parents=True)
        sheet = self._draw_sheet(folder.name)
        ids = [row["sample_id"] for row in sheet]
        entries = [
            self._write_file(folder, n, *plan) for n, plan in enumerate(self._draw_files(ids), 1)
        ]
        if any("callable_bed" in entry for entry in entries):
            self._override_beds(folder, sheet)
        _write_table(folder / "samples.tsv", sheet)
        if self.rng.random() < 0.7:
            persons = sorted({row["person_id"] for row in sheet})
            _write_table(folder / "consents.tsv", self._draw_consents(persons))
        manifest: dict[str, Any] = {
            "format": "cad-batch/1",
            "batch_id": folder.name,
            "platform": self.rng.choice(["SEQOIA", "AURAGEN"]),
            "assembly": self.form.assembly,
            "pipeline": {"name": "gatk", "version": "4.6.1"},
            "files": entries,
        }
        if self.rng.random() < 0.5:
            others = sorted(p for p in folder.iterdir() if p.suffix in (".tsv", ".bed"))
            manifest["checksums"] = {p.name: _sha256(p) for p in others}
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
        return folder

    def _draw_sheet(self, batch_id: str) -> list[dict[str, str]]:
        """Draw the samples: persons may have several, and come back from batch to batch."""
        rng = self.rng
        rows = []
        sexes = dict(self.sexes)
        if rng.random() < 0.2:
            sexes[f"P{self.form.persons}"] = "XX"  # a later batch may correct what one said
        for n in range(rng.randint(1, self.form.samples)):
            person = rng.choice(sorted(sexes))
            child = person == "P3"
            row = {
                "sample_id": f"S{n}" if rng.random() < 0.3 else f"{batch_id}_S{n}",
                "person_id": person,
                "sex": sexes[person],
                "material": rng.choice(["", "", "germline", "germline", "germline", "tumour"]),
                "assay": rng.choice(["", "", "WGS", "WGS", "WES", "panel", "RNA"]),
                "family_id": "F1" if person in ("P1", "P2", "P3") else "",
                "father_id": "P1" if child else "",
                "mother_id": "P2" if child and rng.random() < 0.5 else "",
                "affected": rng.choice(["", "0", "1", "unknown"]),
                "indication": rng.choice(["", "cardio", "leuco"]),
                "region": rng.choice(["", "FR-IDF", "FR-ARA"]),
                "cohort": rng.choice(["", "", "pilot-a", "POPGEN"]),
                "collected_on": rng.choice(["", "2026-01-05", "2026-03-01", "2026-11-20"]),
            }
            rows.append(row)
        hidden = {c for c in ("region", "cohort") if rng.random() < 0.2}
        return [{k: v for k, v in row.items() if k not in hidden} for row in rows]

    def _override_beds(self, folder: Path, sheet: list[dict[str, str]]) -> None:
        for n, row in enumerate(sheet):
            row["callable_bed"] = ""
            if self.rng.random() < 0.3:
                row["callable_bed"] = f"own{n}.bed"
                (folder / row["callable_bed"]).write_text(self._draw_bed())

    def _draw_consents(self, persons: Sequence[str]) -> list[dict[str, str]]:
        rng = self.rng
        return [
            {
                "person_id": rng.choice(persons),
                "scope": rng.choice(["care", "research", "research", "industry", "recontact"]),
                "status": rng.choice(
                    ["given", "given", "given", "refused", "opposed", "withdrawn"]
                ),
                "text_version": "v1",
                "signed_on": rng.choice(["2026-01-01", "2026-01-02", "2026-02-01"]),
            }
            for _ in range(rng.randint(1, 6))
        ]

    def _draw_bed(self) -> str:
        lines: list[tuple[str, int, int]] = []
        for place in self.places:
            for _ in range(self.rng.randint(0 if lines else 1, 3)):
                start = self.rng.randint(place.start - 1, place.end - 1)
                end = min(
                    start + self.rng.randint(1, 30), LENGTHS[self.form.assembly][place.contig]
                )
                lines.append((place.contig, start, end))
        chrom = self.rng.choice(["", "chr"])
        return "".join(f"{chrom}{c}\t{start}\t{end}\n" for c, start, end in sorted(lines))

    def _draw_files(self, ids: list[str]) -> list[Plan]:
        """Draw how samples and contigs are laid out: columns, kind and declared contigs."""
        rng, contigs = self.rng, [c for c in _ORDER if c in self.form.contigs]
        layout = rng.choice(["joint", "joint", "single", "split"])
        if layout == "single":
            files: list[Plan] = [([i], "germline", None) for i in ids]
        elif layout == "split" and len(contigs) > 1:
            at = rng.randint(1, len(contigs) - 1)
            files = [(ids, "germline", contigs[:at]), (ids, "germline", contigs[at:])]
        else:
            files = [(ids, "germline", contigs if rng.random() < 0.3 else None)]
        if self.form.has_mitochondrial_files and rng.random() < 0.4:
            some = rng.sample(ids, rng.randint(1, len(ids)))
            files.append((some, "mitochondrial", None))
        return files

    def _write_file(
        self, folder: Path, number: int, ids: list[str], kind: str, contigs: list[str] | None
    ) -> dict[str, Any]:
        rng = self.rng
        callability = rng.choice(self.form.callabilities)
        order = rng.sample(ids, len(ids))
        columns = {i: f"COL{n}" if rng.random() < 0.3 else i for n, i in enumerate(order)}
        lines = self._draw_lines(kind, callability, contigs, len(ids))
        prefix = rng.choice(["", "chr"])
        content = _vcf_text(self.form.assembly, prefix, list(columns.values()), lines)
        is_packed = self.form.is_compressed
        if is_packed is None:
            is_packed = rng.random() < 0.6
        path = folder / f"file{number}.vcf"
        path.write_text(content)
        if is_packed:
            packed = folder / f"{path.name}.gz"
            pysam.tabix_compress(str(path), str(packed), force=True)
            path.unlink()
            path = packed
        entry: dict[str, Any] = {"path": path.name, "sha256": _sha256(path), "kind": kind}
        entry["callability"] = callability
        if callability == "bed":
            entry["callable_bed"] = f"file{number}.bed"
            (folder / f"file{number}.bed").write_text(self._draw_bed())
        if contigs is not None:
            entry["contigs"] = [prefix + c for c in contigs]
        if rng.random() < 0.3:
            entry["records"] = len(lines)
        renamed = {column: i for i, column in columns.items() if column != i}
        return {**entry, "samples": renamed} if renamed else entry

    def _draw_lines(
        self, kind: str, callability: str, contigs: list[str] | None, n_samples: int
    ) -> list[Line]:
        """Draw a file's lines; a few stand on contigs it does not count."""
        rng, is_gvcf = self.rng, callability == "blocks"
        lines = []
        scope = ["M"] if kind == "mitochondrial" else contigs or list(_ORDER)
        counted = [place for place in self.places if place.contig in scope]
        for place in self.places:
            foreign = place not in counted
            most = 1 if foreign else self.form.lines
            if foreign and not self.form.has_set_aside:
                continue
            for _ in range(rng.randint(0, most)):
                if rng.random() < (0.5 if is_gvcf else 0.12):
                    lines.append(draw_block(rng, place, n_samples))
                else:
                    lines.append(draw_variant(rng, place, n_samples, is_gvcf))
                if rng.random() < 0.15 and not foreign:
                    lines.append(_again(rng, place, lines[-1], n_samples))
        if self.form.has_set_aside:
            for _ in range(rng.randint(0, 3) if counted else 0):
                place = rng.choice(counted)
                lines.append(draw_set_aside(rng, place, n_samples, self.form.assembly))
        rank = {name: n for n, name in enumerate((*_ORDER, "GL000207.1"))}
        return sorted(lines, key=lambda line: (rank[line[0]], line[1]))


def _again(rng: Random, place: Place, line: Line, n_samples: int) -> Line:
    """Draw another record at the position of a line: its alleles again, or others."""
    contig, pos, cells = line
    _, _, other = draw_variant(rng, place, n_samples, is_gvcf=False)
    if place.ref(pos, len(other[1])).upper() == other[1].upper() and rng.random() < 0.5:
        return contig, pos, other
    return contig, pos, [*cells[:4], rng.choice(["PASS", "q10"]), *cells[5:]]


def _vcf_text(assembly: str, prefix: str, columns: Sequence[str], lines: Iterable[Line]) -> str:
    text = _HEADER
    for name in _NUMBERS:
        text += f'##FORMAT=<ID={name},Number=1,Type=Integer,Description="{name}">\n'
    names = {"M": _mito_name(prefix)}
    for contig in _ORDER:
        length = LENGTHS[assembly][contig]
        text += f"##contig=<ID={names.get(contig, prefix + contig)},length={length}>\n"
    text += "##contig=<ID=GL000207.1>\n"
    text += "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t" + "\t".join(columns) + "\n"
    for contig, pos, cells in lines:
        chrom = contig if contig.startswith("GL") else names.get(contig, prefix + contig)
        text += "\t".join([chrom, str(pos), *cells]) + "\n"
    return text


def _mito_name(prefix: str) -> str:
    """Write M as the usual files do: chrM, else MT."""
    return "chrM" if prefix else "MT"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_table(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n")

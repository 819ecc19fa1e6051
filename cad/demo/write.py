"""Files: the reference FASTA and the batch directories (DESIGN 4), byte for byte repeatable."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pysam

from cad.demo.batches import BatchPlan, Delivery, FilePlan
from cad.demo.genome import SLICES, Reference
from cad.demo.observe import cell_spans, in_exome_bed, in_genome_bed
from cad.demo.people import Person
from cad.demo.records import Line

GENOME_BED, EXOME_BED = "wgs.bed.gz", "exome.bed.gz"
_SHEET = (
    "sample_id",
    "person_id",
    "sex",
    "material",
    "assay",
    "family_id",
    "father_id",
    "mother_id",
    "affected",
    "proband",
    "indication",
    "region",
    "hospital",
    "cohort",
    "age_years",
    "collected_on",
    "prescribed_on",
    "callable_bed",
)


@dataclass(frozen=True)
class FileReceipt:
    """What the receipt must say of one file: data lines in all, and how each was taken.

    ``set_aside`` counts lines by reason.
    """

    path: str
    records: int
    loaded: int
    reference: int
    set_aside: Mapping[str, int]


def write_reference(path: Path, reference: Reference) -> None:
    """The slices as FASTA, 60 bases a line, records named like ``22:20000001-20300000``."""
    with path.open("w", encoding="ascii") as out:
        for piece in SLICES:
            bases = reference.sequences[piece.contig]
            out.write(f">{piece.fasta_name}\n")
            out.writelines(f"{bases[at : at + 60]}\n" for at in range(0, len(bases), 60))


def write_batch(
    directory: Path,
    plan: BatchPlan,
    people: list[Person],
    parts: list[tuple[FilePlan, list[tuple[str, list[Line]]]]],
    clean_cells: frozenset[int],
    *,
    truncate: bool = False,
) -> list[FileReceipt]:
    """Write one batch: VCFs, BEDs, sheets and the manifest that names and sums them all.

    ``truncate`` cuts the last VCF in the middle of a block, as an interrupted copy does; the
    manifest then holds the checksum of what is left, so that only the file's own end can tell.
    """
    directory.mkdir(parents=True)
    entries: list[dict[str, object]] = []
    receipts: list[FileReceipt] = []
    for file, texts in parts:
        for (name, contigs), (header, lines) in zip(file.parts, texts, strict=True):
            body = header + "".join(f"{line.text}\n" for line in lines)
            _bgzip(directory / name, body)
            entries.append(_file_entry(name, contigs, file, len(lines)))
            fates = Counter(line.fate for line in lines)
            loaded, plain = fates.pop("loaded", 0), fates.pop("reference", 0)
            receipts.append(FileReceipt(name, len(lines), loaded, plain, dict(fates)))
    if truncate:
        last = directory / str(entries[-1]["path"])
        last.write_bytes(last.read_bytes()[: last.stat().st_size * 3 // 5])
    for entry in entries:
        entry["sha256"] = _sha256(directory / str(entry["path"]))
    _write_beds(directory, plan, clean_cells)
    _write_sheet(directory / "samples.tsv", plan, people)
    _write_consents(directory / "consents.tsv", plan, people)
    _write_phenotypes(directory / "phenotypes.tsv", plan, people)
    named = {str(entry["path"]) for entry in entries}
    others = sorted(path for path in directory.iterdir() if path.name not in named)
    manifest = {
        "format": "cad-batch/1",
        "batch_id": plan.batch_id,
        "platform": plan.platform,
        "assembly": "GRCh38",
        "pipeline": {"name": "simulated", "version": "1"},
        "files": entries,
        "checksums": {path.name: _sha256(path) for path in others},
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    (directory / "manifest.json").write_text(text + "\n", encoding="utf-8")
    return receipts


def columns_of(file: FilePlan) -> list[str]:
    """The VCF's sample columns: roles where the caller names them so, else sample ids."""
    return list(file.column_names) or [delivery.sample_id for delivery in file.deliveries]


def _file_entry(
    name: str, contigs: tuple[str, ...], file: FilePlan, records: int
) -> dict[str, object]:
    entry: dict[str, object] = {
        "path": name,
        "sha256": "",
        "kind": "germline",
        "callability": file.callability,
        "records": records,
    }
    if file.callability == "bed":
        entry["callable_bed"] = GENOME_BED
    if contigs:
        entry["contigs"] = list(contigs)
    if file.column_names:
        ids = [delivery.sample_id for delivery in file.deliveries]
        entry["samples"] = dict(zip(file.column_names, ids, strict=True))
    return entry


def _write_beds(directory: Path, plan: BatchPlan, clean_cells: frozenset[int]) -> None:
    """The BEDs the batch's files and samples name: 0-based, half open, contigs as in its VCFs."""
    prefix = "chr" if plan.files[0].style.chr_prefix else ""
    cells = [(piece.contig, cell) for piece in SLICES for cell in range(piece.cells)]
    genome = [
        (contig, cell)
        for contig, cell in cells
        if in_genome_bed(cell, contig == "22" and cell in clean_cells)
    ]
    beds = {}
    if any(file.callability == "bed" for file in plan.files):
        beds[GENOME_BED] = genome
    if any(delivery.assay == "WES" for delivery in plan.deliveries):
        beds[EXOME_BED] = [(contig, cell) for contig, cell in cells if in_exome_bed(contig, cell)]
    for name, kept in beds.items():
        spans = cell_spans(kept)
        rows = (f"{prefix}{contig}\t{first - 1}\t{last}\n" for contig, first, last in spans)
        _bgzip(directory / name, "".join(rows))


def _write_sheet(path: Path, plan: BatchPlan, people: list[Person]) -> None:
    rows = [_SHEET, *(_sheet_row(delivery, people) for delivery in plan.deliveries)]
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")


def _sheet_row(delivery: Delivery, people: list[Person]) -> tuple[str, ...]:
    """One row of samples.tsv, in the order of ``_SHEET``."""
    person = people[delivery.person]
    parents = [
        "" if index is None else people[index].person_id for index in (person.father, person.mother)
    ]
    alone = person.is_patient and not person.family_id.startswith("F")
    return (
        delivery.sample_id,
        person.person_id,
        person.sex,
        "germline",
        delivery.assay,
        person.family_id,
        *parents,
        person.affected,
        str(int(person.is_child or alone)),
        person.indication,
        person.region,
        f"H{delivery.person % 7 + 1:02d}" if person.is_patient else "",
        person.cohort,
        str(person.age),
        delivery.collected_on,
        delivery.collected_on if person.is_patient else "",
        EXOME_BED if delivery.assay == "WES" else "",
    )


def _write_consents(path: Path, plan: BatchPlan, people: list[Person]) -> None:
    rows = [("person_id", "scope", "status", "text_version", "signed_on")]
    for delivery in plan.deliveries:
        person = people[delivery.person]
        for scope, status, signed_on in person.consents.get(delivery.planned, []):
            rows.append((person.person_id, scope, status, "2025-1", signed_on))
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")


def _write_phenotypes(path: Path, plan: BatchPlan, people: list[Person]) -> None:
    rows = [("person_id", "system", "code")]
    for delivery in plan.deliveries:
        person = people[delivery.person]
        rows += [(person.person_id, "HPO", term) for term in sorted(person.features)]
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")


def batch_directory(plan: BatchPlan, *, refused: bool = False) -> str:
    """``night3/SEQOIA-2026-03-04-001``; the refused first try of a batch ends in ``-bad``."""
    night = plan.planned if refused else plan.pushed
    return f"night{night}/{plan.batch_id}{'-bad' if refused else ''}"


def _bgzip(path: Path, text: str) -> None:
    with pysam.BGZFile(str(path), "wb", None) as out:
        out.write(text.encode())


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

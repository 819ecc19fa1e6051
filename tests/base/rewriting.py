"""Batches taken apart and written anew: in another order, split by columns, or with mistakes."""

import csv
import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

Row = dict[str, str]


@dataclass(frozen=True)
class Vcf:
    """A variant file: its manifest entry, header lines, column names and the cells of each line."""

    entry: dict[str, Any]
    header: tuple[str, ...]
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    def sample(self, column: str) -> str:
        """The sample id that a column stands for."""
        renamed: dict[str, str] = self.entry.get("samples", {})
        return renamed.get(column, column)

    def with_columns(self, columns: Sequence[str]) -> "Vcf":
        """The same lines with these columns only, in this order."""
        places = [9 + self.columns.index(column) for column in columns]
        lines = tuple((*line[:9], *(line[place] for place in places)) for line in self.lines)
        renamed = {c: self.sample(c) for c in columns if self.sample(c) != c}
        entry = {name: value for name, value in self.entry.items() if name != "samples"}
        entry |= {"samples": renamed} if renamed else {}
        return Vcf(entry, self.header, tuple(columns), lines)


@dataclass(frozen=True)
class Batch:
    """A batch directory's content; ``others`` are its BED files."""

    manifest: dict[str, Any]
    sheet: tuple[Row, ...]
    consents: tuple[Row, ...]
    files: tuple[Vcf, ...]
    others: dict[str, bytes]

    @property
    def batch_id(self) -> str:
        """Its id."""
        return str(self.manifest["batch_id"])


def read(folder: Path) -> Batch:
    """Take a batch directory apart."""
    manifest = json.loads((folder / "manifest.json").read_text())
    files = tuple(_read_vcf(folder, entry) for entry in manifest.pop("files"))
    manifest.pop("checksums", None)
    consents = folder / "consents.tsv"
    return Batch(
        manifest,
        _read_table(folder / "samples.tsv"),
        _read_table(consents) if consents.exists() else (),
        files,
        {path.name: path.read_bytes() for path in folder.glob("*.bed")},
    )


def write(batch: Batch, parent: Path) -> Path:
    """Write a batch into a new folder named for its id."""
    folder = parent / batch.batch_id
    folder.mkdir(parents=True)
    for name, content in batch.others.items():
        (folder / name).write_bytes(content)
    _write_table(folder / "samples.tsv", batch.sheet)
    if batch.consents:
        _write_table(folder / "consents.tsv", batch.consents)
    entries = [_write_vcf(folder, file) for file in batch.files]
    (folder / "manifest.json").write_text(json.dumps({**batch.manifest, "files": entries}))
    return folder


def _read_table(path: Path) -> tuple[Row, ...]:
    with path.open(newline="") as lines:
        return tuple(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _write_table(path: Path, rows: Sequence[Row]) -> None:
    lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n")


def _read_vcf(folder: Path, entry: dict[str, Any]) -> Vcf:
    path = folder / entry["path"]
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    lines = text.splitlines()
    header = tuple(line for line in lines if line.startswith("##"))
    names = next(line for line in lines if line.startswith("#CHROM")).split("\t")
    cells = tuple(tuple(line.split("\t")) for line in lines if not line.startswith("#"))
    return Vcf(entry, header, tuple(names[9:]), cells)


def _write_vcf(folder: Path, file: Vcf) -> dict[str, Any]:
    fixed = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT")
    rows = [*file.header, "\t".join((*fixed, *file.columns)), *map("\t".join, file.lines)]
    content = ("\n".join(rows) + "\n").encode()
    name = file.entry["path"].removesuffix(".gz")
    (folder / name).write_bytes(content)
    return {**file.entry, "path": name, "sha256": hashlib.sha256(content).hexdigest()}


def shuffled(batch: Batch, rng: Random) -> Batch:
    """The same batch with its sheets, files and columns in another order, files under new names."""
    files = [
        file.with_columns(rng.sample(file.columns, len(file.columns)))
        for file in rng.sample(batch.files, len(batch.files))
    ]
    named = [
        replace(file, entry={**file.entry, "path": f"part{number}.vcf"})
        for number, file in enumerate(files)
    ]
    sheet = tuple(rng.sample(batch.sheet, len(batch.sheet)))
    consents = tuple(rng.sample(batch.consents, len(batch.consents)))
    return replace(batch, sheet=sheet, consents=consents, files=tuple(named))


def split_by_columns(batch: Batch, rng: Random) -> list[Batch]:
    """Several batches that hold a few samples each, with all lines of their files.

    Ids go up with the samples', so that 5.1 chooses the same sample of a person among them.
    """
    ids = sorted((row["sample_id"] for row in batch.sheet), key=str.encode)
    parts: list[list[str]] = [[]]
    for sample in ids:
        if parts[-1] and rng.random() < 0.6:
            parts.append([])
        parts[-1].append(sample)
    return [
        _part(batch, frozenset(part), f"{batch.batch_id}.{n:02}") for n, part in enumerate(parts)
    ]


def _part(batch: Batch, samples: frozenset[str], batch_id: str) -> Batch:
    sheet = tuple(row for row in batch.sheet if row["sample_id"] in samples)
    persons = {row["person_id"] for row in sheet}
    files = [
        file.with_columns([c for c in file.columns if file.sample(c) in samples])
        for file in batch.files
        if any(file.sample(c) in samples for c in file.columns)
    ]
    return replace(
        batch,
        manifest={**batch.manifest, "batch_id": batch_id},
        sheet=sheet,
        consents=tuple(row for row in batch.consents if row["person_id"] in persons),
        files=tuple(files),
    )


def misread(batch: Batch, rng: Random) -> Batch:
    """The batch with mistakes: genotypes of other samples, and attributes mixed up in the sheet."""
    turned = [
        replace(file, lines=tuple((*line[:9], *line[10:], line[9]) for line in file.lines))
        for file in batch.files
    ]
    return mislabelled(replace(batch, files=tuple(turned)), rng)


def mislabelled(batch: Batch, rng: Random) -> Batch:
    """The batch with the right files, and sheets in which persons, attributes, consents are wrong.

    Rows of one person agree on sex and parents, else the batch would be refused.
    """
    persons = [
        rng.choice(("P1", "P8", "P9", row["person_id"], row["person_id"])) for row in batch.sheet
    ]
    sexes = {person: rng.choice(("XX", "XY", "other", "unknown")) for person in persons}
    fathers = {person: rng.choice(("", "P0")) for person in persons}
    sheet = tuple(
        {
            name: {
                "person_id": person,
                "sex": sexes[person],
                "father_id": fathers[person],
                "mother_id": "",
            }.get(name, _mistake(name, value, rng))
            for name, value in row.items()
        }
        for person, row in zip(persons, batch.sheet, strict=True)
    )
    consents = tuple(
        {**row, "person_id": rng.choice(persons), "status": rng.choice(("given", "refused"))}
        for row in batch.consents
    )
    return replace(batch, sheet=sheet, consents=consents)


_VALUES = {
    "affected": ("", "0", "1"),
    "indication": ("", "cardio", "osseous"),
    "assay": ("", "WGS", "WES", "RNA"),
    "cohort": ("", "POPGEN", "pilot-b"),
    "collected_on": ("", "2026-05-05"),
}


def _mistake(name: str, value: str, rng: Random) -> str:
    return rng.choice(_VALUES[name]) if name in _VALUES and rng.random() < 0.5 else value


Mistake = Callable[[Batch, Random], Batch]
"""Makes a wrong batch of a right one, under the same id."""


def write_all(batches: Iterable[Batch], parent: Path) -> list[Path]:
    """Write batches below a folder."""
    return [write(batch, parent) for batch in batches]

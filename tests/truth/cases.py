"""Reads hand-written cases: batches and the figures they must lead to, in one page of text.

A case is a title (the rule and what is tried), notes, and sections, each a line that stands at the
margin with its content indented below:

``batch ID name=value ...``    begins a batch; ``platform`` may be given
``sheet``, ``consents``        its tables, blanks for tabs, ``-`` for nothing
``file NAME name=value ...``   a file of it: its columns, then lines of contig, pos, ref, alt,
                               filter, info, format and genotypes; ``bed`` and ``contigs`` are lists
                               with commas, ``bed`` of 1-based spans
``bed NAME``                   a BED that the sheet names: 1-based spans
``reference CONTIG:FIRST``     bases from that position on
``base PURPOSE STRATUM``       every variant of that stratum with the figures its heading names
``depth PURPOSE STRATUM``      figures at positions that need not hold a variant
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.twin.tiny import vcf_text


@dataclass(frozen=True)
class Figures:
    """Expected figures of one purpose and stratum: values by variant or position, then name."""

    purpose: str
    stratum: str
    rows: dict[str, dict[str, int]]


@dataclass
class Case:
    """A case as read; ``batches`` are directories written below the folder given."""

    title: str
    batches: list[Path] = field(default_factory=list)
    reference: Path | None = None
    base: list[Figures] = field(default_factory=list)
    depth: list[Figures] = field(default_factory=list)


def read_case(text: Path, folder: Path) -> Case:
    """Read a case and write its batches and reference below a folder."""
    title, _, rest = text.read_text().partition("\n")
    case = Case(title)
    batch: _Batch | None = None
    for head, body in _sections(rest):
        word, *words = head.split()
        if word == "batch":
            _write(batch, case)
            batch = _Batch(folder / words[0], _options(words[1:]))
        elif word == "reference":
            contig, _, first = words[0].partition(":")
            bases = "".join(body)
            case.reference = folder / "reference.fa"
            last = int(first) + len(bases) - 1
            case.reference.write_text(f">{contig}:{first}-{last}\n{bases}\n")
        elif word in ("base", "depth"):
            getattr(case, word).append(Figures(words[0], " ".join(words[1:]), _figures(body)))
        elif batch is not None:
            batch.add(word, words, body)
        else:
            raise ValueError(f"{text.name}: {head}")
    _write(batch, case)
    return case


def _sections(text: str) -> Iterable[tuple[str, list[str]]]:
    """Headings at the margin with the lines indented below; paragraphs in between are notes."""
    head, body = "", list[str]()
    for line in text.splitlines():
        if line.startswith(" "):
            body.append(line.strip())
        else:
            if body or head.startswith("batch"):
                yield head, body
            head, body = line, []
    if body:
        yield head, body


def _options(words: Iterable[str]) -> dict[str, Any]:
    return dict(word.split("=", 1) for word in words)


def _figures(lines: list[str]) -> dict[str, dict[str, int]]:
    _, *names = lines[0].split()
    rows = [line.split() for line in lines[1:]]
    return {key: dict(zip(names, map(int, values), strict=True)) for key, *values in rows}


def _write(batch: "_Batch | None", case: Case) -> None:
    if batch is not None:
        case.batches.append(batch.write())


class _Batch:
    """Gathers a batch's sections and writes its directory."""

    def __init__(self, folder: Path, options: dict[str, Any]) -> None:
        self.folder = folder
        self.options = options
        self.entries: list[dict[str, Any]] = []
        folder.mkdir(parents=True)

    def add(self, word: str, words: list[str], body: list[str]) -> None:
        """Add a sheet, consents, a BED or a file."""
        if word in ("sheet", "consents"):
            name = "samples.tsv" if word == "sheet" else "consents.tsv"
            rows = [["" if cell == "-" else cell for cell in line.split()] for line in body]
            (self.folder / name).write_text("".join("\t".join(row) + "\n" for row in rows))
        elif word == "bed":
            self._write_bed(words[0], body)
        else:
            self._add_file(words[0], _options(words[1:]), body)

    def _write_bed(self, name: str, spans: Iterable[str]) -> None:
        text = ""
        for contig, _, span in (item.partition(":") for item in spans):
            first, _, last = span.partition("-")
            text += f"{contig}\t{int(first) - 1}\t{last}\n"
        (self.folder / name).write_text(text)

    def _add_file(self, name: str, options: dict[str, Any], body: list[str]) -> None:
        content = vcf_text(body[1:], body[0]).encode()
        (self.folder / name).write_bytes(content)
        entry = {"path": name, "sha256": hashlib.sha256(content).hexdigest()}
        entry |= {"kind": "germline", "callability": "sites"}
        if "bed" in options:
            entry |= {"callability": "bed", "callable_bed": f"{name}.bed"}
            self._write_bed(f"{name}.bed", options.pop("bed").split(","))
        if "contigs" in options:
            options["contigs"] = options["contigs"].split(",")
        self.entries.append({**entry, **options})

    def write(self) -> Path:
        """Write the manifest."""
        manifest = {
            "format": "cad-batch/1",
            "batch_id": self.folder.name,
            "platform": self.options.get("platform", "SEQOIA"),
            "assembly": "GRCh38",
            "pipeline": {"name": "by hand", "version": "1"},
            "files": self.entries,
        }
        (self.folder / "manifest.json").write_text(json.dumps(manifest))
        return self.folder

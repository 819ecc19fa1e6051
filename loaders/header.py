"""The header of a VCF: its version, contigs, sample columns and the arrays it declares.

Source: the VCF specifications 4.1 to 4.5 (hts-specs), section 1.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loaders.bgzf import read_chunks
from schemas.contigs import ASSEMBLIES, Assembly, canonical_contig, contig_length
from schemas.errors import BatchRefused

_VERSION: Final = re.compile(r"##fileformat=VCFv4\.[0-5]")
_STRUCTURED: Final = re.compile(r"##(?P<kind>contig|INFO|FORMAT|FILTER|ALT)=(?P<body>.*)")
_ENTRY: Final = re.compile(
    r'(?P<key>[A-Za-z0-9_.]+)=(?P<value>"(?:[^"\\]|\\.)*"|[^",][^,]*|)(?:,|$)'
)
_NUMBER: Final = re.compile(r"[0-9]+|[ARG.]|LA|LR|LG|P|M")
_TYPES: Final = {
    "INFO": {"Integer", "Float", "Flag", "Character", "String"},
    "FORMAT": {"Integer", "Float", "Character", "String"},
}
_BY_ALTERNATE: Final = {"AC", "AF", "MLEAC", "MLEAF"}
"""INFO keys with a value for each alternate, whatever is declared (VCF 4.5 table 1; GATK)."""
_COLUMNS: Final = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")


@dataclass(frozen=True)
class Header:
    """What the header declares.

    `samples` is empty for a sites-only file; `contigs` maps names as written to their length or
    None; `info_arrays` maps INFO keys of Number A or R to that letter, AC and AF always; `size` is
    the header's length in bytes and `lines` its number of lines.
    """

    version: str
    contigs: dict[str, int | None]
    samples: tuple[str, ...]
    info_arrays: dict[str, str]
    size: int
    lines: int


def read_header(path: Path) -> Header:
    """Read and check a file's header.

    Raises:
        BatchRefused: `header_malformed`, `sample_duplicate`, or a reason of `loaders.bgzf`.
    """
    header, _, _ = split_header(path, read_chunks(path))
    return header


def split_header(path: Path, chunks: Iterator[bytes]) -> tuple[Header, bytes, Iterator[bytes]]:
    """Take the header off a stream: the header, the bytes after it, the chunks to come."""
    text = b""
    for chunk in chunks:
        text += chunk
        end = _header_end(text)
        if end is not None:
            return parse_header(text[:end], path.name), text[end:], chunks
    if text.rpartition(b"\n")[2].startswith(b"#CHROM"):
        return parse_header(text, path.name), b"", chunks
    raise _malformed("there is no #CHROM line", path.name)


def _header_end(text: bytes) -> int | None:
    start = 0 if text.startswith(b"#CHROM") else text.find(b"\n#CHROM") + 1
    if start == 0 and not text.startswith(b"#CHROM"):
        return None
    end = text.find(b"\n", start)
    return None if end < 0 else end + 1


def parse_header(text: bytes, name: str) -> Header:
    """Parse a whole header, from ``##fileformat`` to the ``#CHROM`` line.

    Raises:
        BatchRefused: `header_malformed` with the line, `sample_duplicate`.
    """
    try:
        lines = text.decode().splitlines()
    except UnicodeDecodeError:
        raise _malformed("the header is not UTF-8", name) from None
    if not _VERSION.fullmatch(lines[0]):
        raise _malformed("the first line is not ##fileformat=VCFv4.0 to VCFv4.5", f"{name}, line 1")
    contigs: dict[str, int | None] = {}
    info_arrays = {"AC": "A", "AF": "A"}
    for number, line in enumerate(lines[1:-1], start=2):
        _read_meta_line(line, f"{name}, line {number}", contigs, info_arrays)
    samples = _read_columns(lines[-1], f"{name}, line {len(lines)}")
    version = lines[0].removeprefix("##fileformat=")
    return Header(version, contigs, samples, info_arrays, len(text), len(lines))


def _read_meta_line(
    line: str, where: str, contigs: dict[str, int | None], info_arrays: dict[str, str]
) -> None:
    if not line.startswith("##") or "=" not in line or line.startswith("##="):
        raise _malformed("a header line is not ##key=value", where)
    match = _STRUCTURED.fullmatch(line)
    if not match:
        return
    kind, fields = match["kind"], _read_fields(match["body"], where)
    identifier = fields.get("ID", "")
    if not identifier:
        raise _malformed(f"a {kind} line has no ID", where)
    if kind == "contig":
        contigs.setdefault(identifier, _read_length(fields.get("length"), where))
    elif kind in _TYPES:
        _check_definition(kind, fields, where)
        if kind == "INFO" and (fields["Number"] in ("A", "R") or identifier in _BY_ALTERNATE):
            info_arrays[identifier] = "A" if identifier in _BY_ALTERNATE else fields["Number"]


def _read_fields(body: str, where: str) -> dict[str, str]:
    if not (body.startswith("<") and body.endswith(">")):
        raise _malformed("a structured header line is not enclosed in <>", where)
    inner, position, fields = body[1:-1], 0, {}
    while position < len(inner):
        match = _ENTRY.match(inner, position)
        if not match:
            raise _malformed("a structured header line is not key=value pairs", where)
        if match["key"] in fields:
            raise _malformed("a structured header line repeats a key", where)
        fields[match["key"]] = match["value"].strip('"')
        position = match.end()
    return fields


def _read_length(text: str | None, where: str) -> int | None:
    if text is None or text in ("", "."):
        return None
    if not text.isdecimal():
        raise _malformed("a contig's length is not a whole number", where)
    return int(text)


def _check_definition(kind: str, fields: dict[str, str], where: str) -> None:
    if not _NUMBER.fullmatch(fields.get("Number", "")):
        raise _malformed(f"a {kind} line has no usable Number", where)
    if fields.get("Type") not in _TYPES[kind]:
        raise _malformed(f"a {kind} line has no usable Type", where)
    if "Description" not in fields:
        raise _malformed(f"a {kind} line has no Description", where)


def _read_columns(line: str, where: str) -> tuple[str, ...]:
    columns = line.split("\t")
    if tuple(columns[:8]) != _COLUMNS:
        raise _malformed("the #CHROM line has not the eight fixed columns, tab separated", where)
    if len(columns) > 8 and columns[8] != "FORMAT":
        raise _malformed("the ninth column of the #CHROM line is not FORMAT", where)
    samples = tuple(columns[9:])
    if "" in samples:
        raise _malformed("a sample column has no name", where)
    if len(set(samples)) < len(samples):
        raise BatchRefused("sample_duplicate", "two columns have the same name", where)
    return samples


def check_assembly(header: Header, assembly: Assembly, name: str) -> None:
    """Refuse a file whose declared contig lengths contradict the assembly.

    Raises:
        BatchRefused: `assembly_mismatch`.
    """
    for written, length in header.contigs.items():
        contig = canonical_contig(written)
        if contig is None or length is None or length == contig_length(assembly, contig):
            continue
        other = [a for a in ASSEMBLIES if length == contig_length(a, contig) and a != assembly]
        hint = f", as in {other[0]}" if other else ""
        raise BatchRefused(
            "assembly_mismatch",
            f"contig {written} is declared with {length} bases{hint}; "
            f"{assembly} has {contig_length(assembly, contig)}",
            name,
        )


def _malformed(detail: str, where: str) -> BatchRefused:
    return BatchRefused("header_malformed", detail, where)

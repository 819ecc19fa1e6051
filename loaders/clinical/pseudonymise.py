"""A directory of clinical documents to one that names nobody, for the hospital to run.

What CAD reads of each document stays, under keyed pseudonyms (`loaders.clinical.keyed`); all else
goes, file names included. The result is read as a push would read it before it is there at all: it
appears whole, or not.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from loaders.clinical.fhir_parts import PERSON_SYSTEM
from loaders.clinical.keyed import Keyed
from loaders.clinical.read import read_documents
from loaders.clinical.recognise import Recognised, recognise
from loaders.clinical.strip_fhir import strip_fhir
from loaders.clinical.strip_packets import strip_packets
from loaders.clinical.strip_patients import Patients
from loaders.clinical.strip_tables import sheet_of, strip_omop, strip_pedigree, strip_sheet
from loaders.intake.batch import refuse_at_once
from loaders.intake.paths import read_bytes, resolve_path
from loaders.intake.tables import read_table
from schemas.errors import BatchRefused, Conflict, Unavailable
from schemas.sheets import SHEETS

SHORTEST_KEY: Final = 16
"""Bytes of a key that cannot be guessed; `openssl rand -hex 32` makes one of 64."""
_SAMPLES: Final = "samples.tsv"


@dataclass(frozen=True)
class PseudonymReport:
    """What was written, and how many values of which field were taken away.

    Attributes:
        output: the new directory.
        files: files written.
        persons: persons that were given a pseudonym.
        stripped: format, field and number of values, by format and field; never a value.
    """

    output: Path
    files: int
    persons: int
    stripped: tuple[tuple[str, str, int], ...]

    def to_json(self) -> dict[str, Any]:
        """The document that `cad pseudonymise` prints."""
        return {
            "output": str(self.output),
            "files": self.files,
            "persons": self.persons,
            "stripped": [
                {"format": kind, "field": field, "values": values}
                for kind, field, values in self.stripped
            ],
        }


def read_key(file: Path) -> bytes:
    """The hospital's key: the bytes of a file, without blanks around them.

    Raises:
        Unavailable: `key_unusable`.
    """
    try:
        key = file.read_bytes().strip()
    except OSError:
        raise Unavailable("key_unusable", "the key file cannot be read", file.name) from None
    if len(key) < SHORTEST_KEY:
        detail = f"expected {SHORTEST_KEY} bytes or more, as `openssl rand -hex 32` writes"
        raise Unavailable("key_unusable", detail, file.name)
    return key


def pseudonymise(
    directory: Path,
    key: bytes,
    out: Path,
    *,
    person_system: str = PERSON_SYSTEM,
    progress: Callable[[int, int], None] | None = None,
) -> PseudonymReport:
    """Write the documents of a directory anew, without what identifies.

    Args:
        directory: phenopackets, FHIR, OMOP tables, sheets of a batch and PED files, nothing else.
        key: the same key gives the same pseudonyms.
        out: does not exist yet, or is empty.
        person_system: of the FHIR identifier that holds the person's id in the other documents.
        progress: gets how many files are done, and how many there are.

    Raises:
        BatchRefused: a document is in no known format or cannot be read, or what is left of it
            still identifies.
        BadQuestion: `pedigree_malformed`.
        Conflict: `output_exists`.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Conflict("output_exists", "name another directory, or empty this one", out.name)
    if not directory.is_dir():
        raise BatchRefused("file_missing", "there is no such directory", directory.name)
    if out.resolve().is_relative_to(directory.resolve()):
        raise Conflict("output_exists", "the output lies within the documents", out.name)
    keyed = Keyed(key)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        sources = _write_all(directory, partial, keyed, person_system, progress)
        _check(partial, sources)
        os.replace(partial, out)
        _sync(out.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    stripped = tuple((*field, count) for field, count in sorted(keyed.stripped.items()))
    return PseudonymReport(out, len(sources), len(keyed.persons), stripped)


def _write_all(
    directory: Path,
    partial: Path,
    keyed: Keyed,
    person_system: str,
    progress: Callable[[int, int], None] | None,
) -> dict[str, str]:
    """The path of each new file with the path it was made of."""
    paths = sorted(one for one in directory.rglob("*") if one.is_symlink() or not one.is_dir())
    files = [_read(directory, one.relative_to(directory).as_posix()) for one in paths]
    patients = Patients(keyed, person_system)
    for file in files:
        for where, content in file.contents if file.kind == "fhir" else ():
            patients.learn(content, where)
    stripper = _Stripper(keyed, patients)
    for done, file in enumerate(files, start=1):
        try:
            name, stripped = stripper.strip(file)
        except RecursionError as error:
            detail = "it is nested too deeply"
            raise BatchRefused("document_malformed", detail, file.path) from error
        stripper.sources[name] = file.path
        _write(partial / name, stripped)
        if progress is not None:
            progress(done, len(files))
    for folder in (partial, *(one for one in partial.rglob("*") if one.is_dir())):
        _sync(folder)
    return stripper.sources


def _read(directory: Path, path: str) -> Recognised:
    """A file of the directory; of a sheet of a batch `table` is its name."""
    data = read_bytes(resolve_path(directory, path, path), path)
    header = data.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode("utf-8", "replace")
    sheet = sheet_of(header.strip("\r").split("\t"))
    if sheet is None:
        file = recognise(data, path)
        if file.kind in ("consents", "phenotypes"):
            return replace(file, table=f"{file.kind}.tsv")
        return file
    return Recognised(path, "phenotypes", "", data, table=sheet)


class _Stripper:
    """Strips files, and names new ones by what they hold and a number.

    Attributes:
        sources: path of each file by the name of the new one.
    """

    def __init__(self, keyed: Keyed, patients: Patients) -> None:
        self.sources: dict[str, str] = {}
        self._keyed = keyed
        self._patients = patients
        self._taken: Counter[str] = Counter()
        self._folders: dict[str, str] = {}

    def strip(self, file: Recognised) -> tuple[str, bytes]:
        """The name and the bytes of the file that stands for another."""
        keyed, path = self._keyed, file.path
        match file.kind:
            case "phenopacket":
                packets = [strip_packets(one, where, keyed) for where, one in file.contents]
                return self._named("phenopackets", packets)
            case "fhir":
                groups = [strip_fhir(one, self._patients, keyed) for one in _groups(file)]
                return self._named("fhir", groups)
            case "omop":
                data = strip_omop(file.data, file.table, path, keyed)
                return f"{self._folder(path)}/{file.table}.csv", data
            case "pedigree":
                data = strip_pedigree(file.data, path, keyed)
                return self._numbered("pedigrees", ".ped"), data
        return self._sheet(file.table), strip_sheet(file.data, file.table, path, keyed)

    def _named(self, folder: str, documents: list[Any]) -> tuple[str, bytes]:
        text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in documents)
        name = self._numbered(folder, ".json" if len(documents) == 1 else ".ndjson")
        return name, text.encode()

    def _numbered(self, folder: str, ending: str) -> str:
        self._taken[folder] += 1
        return f"{folder}/{self._taken[folder]:04d}{ending}"

    def _sheet(self, sheet: str) -> str:
        self._taken[sheet] += 1
        number = self._taken[sheet]
        return sheet if number == 1 else sheet.replace(".tsv", f"-{number}.tsv")

    def _folder(self, path: str) -> str:
        """The folder of OMOP tables that lay in one folder."""
        folder = path.rpartition("/")[0]
        return self._folders.setdefault(folder, f"omop/{len(self._folders) + 1:04d}")


def _groups(file: Recognised) -> list[list[Any]]:
    """Bundles of a file apart, or single resources together."""
    contents = [content for _, content in file.contents]
    if all(content["resourceType"] == "Bundle" for content in contents):
        return [[content] for content in contents]
    return [contents]


def _check(partial: Path, sources: dict[str, str]) -> None:
    """Read what was written as a push would; an error names the file it was made of.

    Raises:
        BatchRefused: what is left cannot be read, or still identifies.
    """
    sheets = [name for name in sources if re.fullmatch(r"samples(-\d+)?\.tsv", name)]
    try:
        for name in sheets:
            read_table((partial / name).read_bytes(), name, refuse_at_once, SHEETS[_SAMPLES])
        read_documents(partial, person_from="packet-id", skipped=sheets)
    except BatchRefused as error:
        raise BatchRefused(error.reason, error.detail, _source(error.where, sources)) from error


def _source(where: str | None, sources: dict[str, str]) -> str | None:
    for name, path in sources.items():
        if where is not None and where.startswith(name):
            return path + where.removeprefix(name)
    return where


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

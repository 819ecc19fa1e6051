"""A directory of clinical documents to records: each file is recognised by what it holds.

Read are tables in the form of phenotypes.tsv and consents.tsv, phenopackets and FHIR resources as
JSON or as lines of JSON, PED files, and the tables of OMOP, all plain or gzipped, wherever they lie
in the directory. A file that is none of these refuses the whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

from loaders.clinical.fhir import read_fhir
from loaders.clinical.mapping import CodeMap, add_mapped
from loaders.clinical.omop import read_omop
from loaders.clinical.packet_groups import read_packets
from loaders.clinical.packets import PersonFrom
from loaders.clinical.people import check_people
from loaders.clinical.recognise import Recognised, recognise
from loaders.clinical.sheets import read_consent_table, read_pedigree_table, read_phenotype_table
from loaders.intake.paths import read_bytes, resolve_path
from schemas.clinical_records import ClinicalDocument, ClinicalDocuments, ClinicalRecords
from schemas.clinical_values import FieldTally
from schemas.errors import BatchRefused

_TABLES: Final[dict[str, Callable[[bytes, str], tuple[ClinicalRecords, FieldTally]]]] = {
    "pedigree": read_pedigree_table,
    "consents": read_consent_table,
    "phenotypes": read_phenotype_table,
}


def read_documents(
    directory: Path,
    *,
    person_from: PersonFrom = "subject",
    mappings: Sequence[CodeMap] = (),
    skipped: Container[str] = (),
) -> ClinicalDocuments:
    """Read every document of a directory; nothing is kept where one of them cannot be.

    Args:
        directory: holds nothing but clinical documents.
        person_from: which id of a phenopacket is the person's.
        mappings: tables whose codes are added beside those of the documents.
        skipped: paths within the directory of files that are not read.

    Raises:
        BatchRefused: `document_unknown`, `document_malformed`, `identifying_data`,
            `person_conflict`, `path_not_allowed`, `file_missing`, or as tables are refused.
        BadQuestion: `pedigree_malformed`.
    """
    if not directory.is_dir():
        raise BatchRefused("file_missing", "there is no such directory", directory.name)
    files = sorted(one for one in directory.rglob("*") if one.is_symlink() or not one.is_dir())
    paths = (one.relative_to(directory).as_posix() for one in files)
    wanted = [path for path in paths if path not in skipped]
    return read_named(directory, wanted, person_from=person_from, mappings=mappings)


def read_named(
    directory: Path,
    paths: Iterable[str],
    *,
    person_from: PersonFrom = "subject",
    mappings: Sequence[CodeMap] = (),
) -> ClinicalDocuments:
    """`read_documents` of some files of a directory alone, as of a batch."""
    found = [_recognised(directory, path) for path in paths]
    documents = [
        replace(one, records=add_mapped(one.records, mappings))
        for one in (*_single_documents(found, person_from), *_omop_documents(found))
    ]
    documents.sort(key=lambda one: one.path.partition(", line ")[0])
    _check_ids(documents)
    check_people(documents)
    return ClinicalDocuments(tuple(documents))


def _recognised(directory: Path, path: str) -> Recognised:
    return recognise(read_bytes(resolve_path(directory, path, path), path), path)


def _single_documents(
    files: Iterable[Recognised], person_from: PersonFrom
) -> Iterator[ClinicalDocument]:
    for file in files:
        match file.kind:
            case "phenopacket":
                yield from _phenopackets(file, person_from)
            case "fhir":
                yield from _fhir(file)
            case "pedigree" | "consents" | "phenotypes":
                records, tally = _TABLES[file.kind](file.data, file.path)
                yield ClinicalDocument(file.path, file.path, file.sha256, file.kind, records, tally)


def _phenopackets(file: Recognised, person_from: PersonFrom) -> Iterator[ClinicalDocument]:
    """One document for each packet, family or cohort of a file."""
    for (path, content), digest in zip(file.contents, file.sums, strict=True):
        found = read_packets(content, path, person_from)
        yield ClinicalDocument(
            path, found.document_id, digest, "phenopacket", found.records, found.tally,
            tuple(sorted(found.vocabularies.items())),
        )  # fmt: skip


def _fhir(file: Recognised) -> Iterator[ClinicalDocument]:
    """One document for each Bundle of a file; lines of single resources are one together."""
    if all(content["resourceType"] == "Bundle" for _, content in file.contents):
        for (path, content), digest in zip(file.contents, file.sums, strict=True):
            records, tally = read_fhir([content], path)
            document_id = str(content.get("id") or path)
            yield ClinicalDocument(path, document_id, digest, "fhir", records, tally)
    else:
        records, tally = read_fhir([content for _, content in file.contents], file.path)
        yield ClinicalDocument(file.path, file.path, file.sha256, "fhir", records, tally)


def _omop_documents(files: Iterable[Recognised]) -> Iterator[ClinicalDocument]:
    """One document for the tables of each folder."""
    folders: dict[str, list[Recognised]] = {}
    for one in files:
        if one.kind == "omop":
            folders.setdefault(PurePosixPath(one.path).parent.as_posix(), []).append(one)
    for folder, tables in folders.items():
        records, tally = read_omop(tables)
        names = "".join(f"{one.path}\t{one.sha256}\n" for one in tables)
        digest = hashlib.sha256(names.encode()).hexdigest()
        yield ClinicalDocument(folder, folder, digest, "omop", records, tally)


def _check_ids(documents: Iterable[ClinicalDocument]) -> None:
    """Refuse two documents of one kind with one id: the one would replace the other.

    Raises:
        BatchRefused: `document_malformed`.
    """
    first: dict[tuple[str, str], str] = {}
    for one in documents:
        before = first.setdefault((one.kind, one.document_id), one.path)
        if before != one.path:
            raise BatchRefused("document_malformed", f"it has the id of {before}", one.path)

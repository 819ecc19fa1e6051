"""phenotypes.tsv, consents.tsv and pedigrees as clinical documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loaders.clinical.codes import canonical_code
from loaders.clinical.fhir_parts import kind_of
from loaders.clinical.gather import gather
from loaders.clinical.lifetime import time_of
from loaders.identifying import find_in_text
from loaders.intake.batch import refuse_at_once
from loaders.intake.tables import read_table
from loaders.pedigree import parse_pedigree
from schemas.clinical_records import (
    ClinicalRecords,
    ConsentRecord,
    FeatureRecord,
    PersonRecord,
    RelationRecord,
)
from schemas.clinical_values import FieldTally
from schemas.errors import BatchRefused
from schemas.sheets import CONSENT_COLUMNS, PHENOTYPE_COLUMNS, ConsentRow, PhenotypeRow


def read_phenotype_table(data: bytes, path: str) -> tuple[ClinicalRecords, FieldTally]:
    """The features of a table in the form of phenotypes.tsv; every cell is kept.

    Raises:
        BatchRefused: as `read_table`.
    """
    lines = read_table(data, path, refuse_at_once, PHENOTYPE_COLUMNS)
    found = []
    for line, cells in lines:
        row = PhenotypeRow(**cells)
        found.append(
            FeatureRecord(
                row.person_id, kind_of(row.system, "feature"), row.system,
                canonical_code(row.system, row.code), row.label, excluded=row.excluded,
                onset=time_of(row.onset) if row.onset is not None else None,
                severity=row.severity, recorded_on=row.recorded_on, source=f"line {line}",
            )
        )  # fmt: skip
    return ClinicalRecords(features=tuple(found)), _tally(data)


def read_consent_table(data: bytes, path: str) -> tuple[ClinicalRecords, FieldTally]:
    """The decisions of a table in the form of consents.tsv; every cell is kept.

    Raises:
        BatchRefused: as `read_table`.
    """
    lines = read_table(data, path, refuse_at_once, CONSENT_COLUMNS)
    rows = [(line, ConsentRow(**cells)) for line, cells in lines]
    consents = tuple(
        ConsentRecord(
            row.person_id, row.scope, row.status, row.signed_on, row.text_version,
            row.representative, row.of_age_from, source=f"line {line}",
        )
        for line, row in rows
    )  # fmt: skip
    return ClinicalRecords(consents=consents), _tally(data)


def read_pedigree_table(data: bytes, path: str) -> tuple[ClinicalRecords, FieldTally]:
    """The persons and parents of a PED file; columns beyond its six are set aside.

    Raises:
        BatchRefused: `identifying_data`, `document_malformed`.
        BadQuestion: `pedigree_malformed`.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BatchRefused("document_malformed", "the text is not UTF-8", path) from error
    kept = beyond = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if what := find_in_text(line):
            raise BatchRefused("identifying_data", f"holds {what}", f"{path}, line {number}")
        if line.strip() and not line.startswith("#"):
            cells = line.split("\t") if "\t" in line else line.split()
            kept += sum(bool(cell.strip()) for cell in cells[:6])
            beyond += sum(bool(cell.strip()) for cell in cells[6:])
    aside = {"field_not_kept": {"/column/*": beyond}} if beyond else {}
    return gather(_family(text, path)), FieldTally(kept, aside)


def _family(text: str, path: str) -> Iterator[Any]:
    for person_id, one in parse_pedigree(text, path).items():
        yield PersonRecord(
            person_id,
            sex=None if one.sex == "unknown" else one.sex,
            affected=None if one.affected == "unknown" else one.affected,
            family_id=one.family_id,
        )
        if one.father_id is not None:
            yield RelationRecord(person_id, "father", one.father_id)
        if one.mother_id is not None:
            yield RelationRecord(person_id, "mother", one.mother_id)


def _tally(data: bytes) -> FieldTally:
    """All filled cells below the header."""
    lines = data.decode("utf-8-sig").split("\n")[1:]
    return FieldTally(sum(bool(cell.strip("\r")) for line in lines for cell in line.split("\t")))

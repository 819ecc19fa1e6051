"""What a clinical document says, person by person, as rows of the registry.

One part for each document and person; each record is one row of one table. A code stands as the
document has it (HPO's are resolved on reading), a variant under the key of the warehouse's assembly
where it is of that assembly, and as written beside it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from cad.clinical.hpo import Hpo
from cad.clinical.variants import key_of, zygosity_of
from loaders.clinical.codes import of_curie
from schemas.clinical_records import (
    RECORD_LISTS,
    ClinicalDocument,
    ConsentRecord,
    Detail,
    FeatureRecord,
    FindingRecord,
    HistoryRecord,
    MeasurementRecord,
    PersonRecord,
    RelationRecord,
)
from schemas.clinical_values import LifeTime
from schemas.contigs import Assembly

Row = dict[str, Any]
_HPO: Final = "HPO"
_NO_FINDING: Final = "NO_FINDING"
"""Status of a diagnosis for which nothing was found."""
_TERM_FLAGS: Final = {"alternative": "term_replaced", "obsolete": "term_obsolete"}


@dataclass(frozen=True)
class Part:
    """What one document says of one person: rows by table, and how many values deserve a look.

    `sha256` is of the rows as the document has them, relatives named: what is said, however it is
    written. It stays the same when a relative withdraws and is named no more.
    """

    document: ClinicalDocument
    person_id: str
    rows: Mapping[str, Sequence[Row]]
    flags: Mapping[str, int]
    sha256: str


@dataclass(frozen=True)
class RowMaker:
    """Makes rows for a warehouse: its assembly and reference, and the release of HPO, if any."""

    assembly: Assembly
    reference: Path | None
    hpo: Hpo | None

    def parts(self, document: ClinicalDocument) -> list[Part]:
        """The parts of a document, in the order in which it names persons."""
        rows: dict[str, dict[str, list[Row]]] = {}
        flags: dict[str, Counter[str]] = defaultdict(Counter)
        everything = (getattr(document.records, name) for name in RECORD_LISTS)
        for one in chain.from_iterable(everything):
            table, row, noted = self._row(one)
            rows.setdefault(one.person_id, {}).setdefault(table, []).append(row)
            flags[one.person_id].update(noted)
        return [
            Part(document, owner, held, flags[owner], _digest(held)) for owner, held in rows.items()
        ]

    def _row(self, one: Any) -> tuple[str, Row, list[str]]:
        """Table, columns and flags of a record."""
        match one:
            case PersonRecord():
                return "person", _person(one), []
            case FeatureRecord():
                table = "phenotype" if one.kind == "feature" else "disease"
                return table, _feature(one), self._term_flags(one.system, one.code)
            case MeasurementRecord():
                return "measurement", _measurement(one), []
            case FindingRecord():
                return self._finding(one)
            case RelationRecord() | HistoryRecord():
                return "relation", _relation(one), []
            case ConsentRecord():
                return "consent", _consent(one), []
            case _:
                raise TypeError(type(one))

    def _term_flags(self, system: str, code: str) -> list[str]:
        if system != _HPO or self.hpo is None:
            return []
        status = self.hpo.status(code)
        if status is None:
            return ["term_newer"]
        return [_TERM_FLAGS[status]] if status in _TERM_FLAGS else []

    def _finding(self, one: FindingRecord) -> tuple[str, Row, list[str]]:
        row: Row = {
            "disease_code": None if one.disease is None else of_curie(one.disease.code).code,
            "progress": one.progress,
            "status": _NO_FINDING,
            **dict.fromkeys(
                ("acmg", "gene_id", "gene_symbol", "contig", "pos", "ref", "alt", "zygosity")
            ),
            "details": {"interpretation": one.interpretation_id},
        }
        finding = one.finding
        if finding is None:
            return "interpretation", row, []
        key, reason = key_of(finding, self.assembly, self.reference)
        row |= {
            "status": finding.status,
            "acmg": None if finding.acmg == "NOT_PROVIDED" else finding.acmg,
            "zygosity": zygosity_of(finding),
            "details": {**row["details"], **_told(asdict(finding))},
        }
        if finding.gene is not None:
            row |= {"gene_id": finding.gene.code, "gene_symbol": finding.gene.label}
        if key is not None:
            row |= {"contig": key.contig, "pos": key.pos, "ref": key.ref, "alt": key.alt}
        return "interpretation", row, [] if reason is None else [reason]


def _digest(rows: Mapping[str, Sequence[Row]]) -> str:
    text = json.dumps(rows, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _person(one: PersonRecord) -> Row:
    details = {
        "age": _time(one.age),
        "died": _time(one.died),
        "karyotypic_sex": one.karyotypic_sex,
    }
    return {
        "sex": one.sex,
        "birth_years": one.birth_years,
        "vital_status": one.vital_status,
        "age_band": one.age.band if one.age else None,
        "family_id": one.family_id,
        "affected": one.affected,
        "details": _told(details) or None,
    }


def _feature(one: FeatureRecord) -> Row:
    details = _details(one.details)
    if one.onset is not None and one.onset.label is not None:
        details.append({"name": "onset", "code": one.onset.told, "label": one.onset.label})
    if one.certainty is not None:
        details.append({"name": "certainty", "code": one.certainty})
    row = {
        "system": one.system,
        "code": one.code,
        "label": one.label,
        "excluded": one.excluded,
        "onset": one.onset.told if one.onset else None,
        "onset_band": one.onset.band if one.onset else None,
        "recorded_on": one.recorded_on,
        "mapped_from": one.mapped_from,
    }
    if one.kind == "feature":
        row["severity"] = one.severity
    elif one.severity is not None:
        details.append({"name": "severity", "code": one.severity})
    return {**row, "details": details or None}


def _measurement(one: MeasurementRecord) -> Row:
    return {
        "system": one.system,
        "code": one.code,
        "label": one.label,
        "value": one.value,
        "comparator": one.comparator,
        "unit": one.unit,
        "value_code": one.result.code if one.result else None,
        "value_label": one.result.label if one.result else None,
        "recorded_on": one.recorded_on,
    }


def _relation(one: RelationRecord | HistoryRecord) -> Row:
    if isinstance(one, RelationRecord):
        return {
            "relative_id": one.relative_id,
            "kind": one.kind,
            **dict.fromkeys(("system", "code", "label", "details", "mapped_from")),
        }
    details = {
        "called": one.relationship.label,
        "sex": one.relative_sex,
        "deceased": one.deceased,
        "onset": _time(one.onset),
        "codes": _details(one.details) or None,
    }
    return {
        "relative_id": None,
        "kind": one.relationship.code,
        "system": one.system,
        "code": one.code,
        "label": one.label,
        "details": _told(details) or None,
        "mapped_from": one.mapped_from,
    }


def _consent(one: ConsentRecord) -> Row:
    return {
        "scope": one.scope,
        "status": one.status,
        "signed_on": one.signed_on,
        "text_version": one.text_version,
        "by_representative": bool(one.by_representative),
        "of_age_from": one.of_age_from,
    }


def _time(time: LifeTime | None) -> str | None:
    return None if time is None else time.told


def _details(details: Iterable[Detail]) -> list[Row]:
    return [_told(asdict(one)) for one in details]


def _told(values: Mapping[str, Any]) -> Row:
    """What is said at all, texts without a value left out."""
    return {name: value for name, value in values.items() if value not in (None, "", (), [])}

"""Records of any kinds, one after another, to the lists of a document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from schemas.clinical_records import (
    ClinicalRecords,
    ConsentRecord,
    FeatureRecord,
    FindingRecord,
    HistoryRecord,
    MeasurementRecord,
    PersonRecord,
    RelationRecord,
)

_LISTS: Final[dict[type[Any], str]] = {
    PersonRecord: "persons",
    FeatureRecord: "features",
    MeasurementRecord: "measurements",
    FindingRecord: "findings",
    RelationRecord: "relations",
    HistoryRecord: "history",
    ConsentRecord: "consents",
}


def gather(records: Iterable[Any]) -> ClinicalRecords:
    """Each record in the list of its kind, in its order."""
    lists: dict[str, list[Any]] = {name: [] for name in _LISTS.values()}
    for one in records:
        lists[_LISTS[type(one)]].append(one)
    return ClinicalRecords(**{name: tuple(found) for name, found in lists.items()})

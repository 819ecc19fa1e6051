"""The tables of OMOP's common data model 5.4 as rows, and the concepts they name."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from loaders.clinical.codes import LOCAL, SystemCode, of_vocabulary
from loaders.identifying import find_identifying, find_in_text
from schemas.errors import BatchRefused

COLUMNS: Final[dict[str, frozenset[str]]] = {
    "person": frozenset(
        "person_id gender_concept_id year_of_birth month_of_birth day_of_birth birth_datetime "
        "race_concept_id ethnicity_concept_id location_id provider_id care_site_id "
        "person_source_value gender_source_value gender_source_concept_id race_source_value "
        "race_source_concept_id ethnicity_source_value ethnicity_source_concept_id".split()
    ),
    "death": frozenset(
        "person_id death_date death_datetime death_type_concept_id cause_concept_id "
        "cause_source_value cause_source_concept_id".split()
    ),
    "condition_occurrence": frozenset(
        "condition_occurrence_id person_id condition_concept_id condition_start_date "
        "condition_start_datetime condition_end_date condition_end_datetime "
        "condition_type_concept_id condition_status_concept_id stop_reason provider_id "
        "visit_occurrence_id visit_detail_id condition_source_value condition_source_concept_id "
        "condition_status_source_value".split()
    ),
    "observation": frozenset(
        "observation_id person_id observation_concept_id observation_date observation_datetime "
        "observation_type_concept_id value_as_number value_as_string value_as_concept_id "
        "qualifier_concept_id unit_concept_id provider_id visit_occurrence_id visit_detail_id "
        "observation_source_value observation_source_concept_id unit_source_value "
        "qualifier_source_value value_source_value observation_event_id "
        "obs_event_field_concept_id".split()
    ),
    "measurement": frozenset(
        "measurement_id person_id measurement_concept_id measurement_date measurement_datetime "
        "measurement_time measurement_type_concept_id operator_concept_id value_as_number "
        "value_as_concept_id unit_concept_id range_low range_high provider_id "
        "visit_occurrence_id visit_detail_id measurement_source_value "
        "measurement_source_concept_id unit_source_value unit_source_concept_id "
        "value_source_value measurement_event_id meas_event_field_concept_id".split()
    ),
}
"""The columns of each table."""

Row = dict[str, str]
"""The filled cells of a row by column."""


def read_rows(data: bytes, path: str) -> Iterator[Row]:
    """The rows of a CSV, whose columns are separated by commas, semicolons or tabs.

    Raises:
        BatchRefused: `document_malformed`.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BatchRefused("document_malformed", "the text is not UTF-8", path) from error
    header = text.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        titles = [title.strip().lower() for title in next(reader)]
        if len(set(titles)) != len(titles):
            raise BatchRefused("document_malformed", "a column stands twice", f"{path}, line 1")
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(titles):
                detail = f"{len(cells)} cells under a header of {len(titles)}"
                raise BatchRefused("document_malformed", detail, f"{path}, line {reader.line_num}")
            filled = zip(titles, map(str.strip, cells), strict=True)
            yield {title: cell for title, cell in filled if cell}
    except csv.Error as error:
        where = f"{path}, line {reader.line_num}"
        raise BatchRefused("document_malformed", "the quoting is broken", where) from error


def refuse_identifying(rows: Iterable[Row], path: str) -> None:
    """Refuse rows with direct identifiers, by their columns' names or in their text.

    Raises:
        BatchRefused: `identifying_data`.
    """
    for number, row in enumerate(rows, start=1):
        for finding in find_identifying(row):
            where = f"{path}, row {number}, column {finding.pointer.removeprefix('/')}"
            raise BatchRefused("identifying_data", f"holds {finding.what}", where)
        # A separator is no end of a phrase: what two cells say together counts, too.
        if what := find_in_text(" ".join(row.values())):
            raise BatchRefused("identifying_data", f"holds {what}", f"{path}, row {number}")


class Concepts:
    """What concept ids stand for, where the vocabulary table was given.

    Args:
        known: vocabulary, code and name by concept id.
    """

    def __init__(self, known: Mapping[str, tuple[str, str, str]]) -> None:
        self._known = known

    def __contains__(self, concept_id: str) -> bool:
        return concept_id in self._known

    def code(self, concept_id: str) -> tuple[SystemCode, str | None]:
        """System, code and label of a concept; of an unknown one the id itself, as a local code."""
        found = self._known.get(concept_id)
        if found is None:
            return SystemCode(LOCAL, f"OMOP:{concept_id}"), None
        vocabulary, code, name = found
        return of_vocabulary(vocabulary, code), name or None


def read_concepts(data: bytes, path: str, wanted: set[str]) -> Concepts:
    """The concepts that are wanted, of a table CONCEPT.

    Raises:
        BatchRefused: `document_malformed`.
    """
    found = {}
    for row in read_rows(data, path):
        concept_id = row.get("concept_id", "")
        if concept_id in wanted:
            vocabulary, code = row.get("vocabulary_id", ""), row.get("concept_code", "")
            found[concept_id] = (vocabulary, code, row.get("concept_name", ""))
    return Concepts(found)

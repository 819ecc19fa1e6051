"""OMOP tables: each cell kept or set aside, codes told in their vocabularies where known."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.clinical.omop import read_omop
from loaders.clinical.omop_tables import COLUMNS, Row
from loaders.clinical.read import read_documents
from loaders.clinical.recognise import recognise
from schemas.clinical_records import (
    ClinicalRecords,
    Detail,
    FeatureRecord,
    MeasurementRecord,
    PersonRecord,
)
from schemas.clinical_values import Code, FieldTally
from schemas.errors import BatchRefused

DAY = date(2024, 2, 3)
CONCEPTS: list[Row] = [
    {"concept_id": "1", "vocabulary_id": "ICD10", "concept_code": "G40.9",
     "concept_name": "Epilepsy"},
    {"concept_id": "2", "vocabulary_id": "SNOMED", "concept_code": "84757009",
     "concept_name": "Epilepsy"},
    {"concept_id": "3", "vocabulary_id": "HPO", "concept_code": "HP:0001250",
     "concept_name": "Seizure"},
    {"concept_id": "4", "vocabulary_id": "UCUM", "concept_code": "cm", "concept_name": "cm"},
    {"concept_id": "9", "vocabulary_id": "ICD10", "concept_code": "Z00", "concept_name": "Else"},
]  # fmt: skip


def csv_of(rows: Sequence[Row], first: str, separator: str = ",") -> bytes:
    """A table whose header holds every column of the rows, `first` at the front."""
    columns = [first, *dict.fromkeys(key for row in rows for key in row if key != first)]
    lines = [columns, *([f'"{row.get(column, "")}"' for column in columns] for row in rows)]
    return "\n".join(separator.join(line) for line in lines).encode() + b"\n"


MARKS = {
    "person": "gender_concept_id",
    "death": "death_date",
    "condition_occurrence": "condition_concept_id",
    "observation": "observation_concept_id",
    "measurement": "measurement_concept_id",
    "concept": "concept_code",
}


def read(
    *, concepts: Sequence[Row] = (), **tables: Sequence[Row]
) -> tuple[ClinicalRecords, FieldTally]:
    given_ = {**tables, **({"concept": concepts} if concepts else {})}
    return read_omop(
        recognise(csv_of(rows, MARKS[name]), f"omop/{name}.csv") for name, rows in given_.items()
    )


def refusal(**tables: Sequence[Row]) -> BatchRefused:
    with pytest.raises(BatchRefused) as caught:
        read(**tables)
    return caught.value


PERSON: Row = {
    "person_id": "7",
    "gender_concept_id": "8532",
    "year_of_birth": "1983",
    "race_concept_id": "0",
    "person_source_value": "H-1",
}
CONDITION: Row = {
    "condition_occurrence_id": "1",
    "person_id": "7",
    "condition_concept_id": "2",
    "condition_start_date": "2024-02-03",
    "condition_end_date": "2024-03-03",
    "condition_source_value": "G409",
    "condition_source_concept_id": "1",
}
OBSERVATION: Row = {
    "person_id": "7",
    "observation_concept_id": "3",
    "observation_date": "2024-02-03",
}


def test_persons() -> None:
    male = {"person_id": "8", "gender_concept_id": "8507"}
    other = {"person_id": "9", "gender_concept_id": "0", "month_of_birth": ""}
    records, tally = read(person=[PERSON, male, other])
    assert records.persons == (
        PersonRecord("7", sex="XX", birth_years="1980-1984"),
        PersonRecord("8", sex="XY"),
        PersonRecord("9"),
    )
    assert tally.set_aside == {
        "field_not_kept": {"/person/*/person_source_value": 1, "/person/*/race_concept_id": 1}
    }
    assert tally.total == 9


def test_who_died_and_of_what() -> None:
    death: Row = {
        "person_id": "7", "death_date": "2024-02-03", "death_type_concept_id": "32817",
        "cause_concept_id": "2", "cause_source_value": "G409", "cause_source_concept_id": "1",
    }  # fmt: skip
    unknown: Row = {"person_id": "8", "death_date": "2024-02-04", "cause_concept_id": "0"}
    records, tally = read(person=[PERSON], death=[death, unknown], concepts=CONCEPTS)
    assert records.persons == (
        PersonRecord("7", sex="XX", birth_years="1980-1984", vital_status="deceased"),
        PersonRecord("8", vital_status="deceased"),
    )
    told = {"certainty": "cause_of_death", "source": "death, row 1"}
    assert records.features == (
        FeatureRecord("7", "disease", "ICD10", "G40.9", "Epilepsy", **told),
        FeatureRecord("7", "disease", "local", "SNOMED:84757009", "Epilepsy", **told),
    )
    assert tally.set_aside["calendar_time"] == {"/death/*/death_date": 2}
    assert tally.set_aside["field_not_kept"]["/death/*/death_type_concept_id"] == 1
    assert "row" in str(refusal(death=[unknown, unknown]))


def test_condition_with_a_vocabulary() -> None:
    records, tally = read(condition_occurrence=[CONDITION], concepts=CONCEPTS)
    told = {"recorded_on": DAY, "source": "condition_occurrence, row 1"}
    assert records.features == (
        FeatureRecord("7", "disease", "ICD10", "G40.9", "Epilepsy", **told),
        FeatureRecord("7", "disease", "local", "SNOMED:84757009", "Epilepsy", **told),
    )
    assert tally.set_aside == {
        "calendar_time": {"/condition_occurrence/*/condition_end_date": 1},
        "field_not_kept": {"/condition_occurrence/*/condition_occurrence_id": 1},
    }


def test_condition_without_a_vocabulary_keeps_ids_as_local_codes() -> None:
    features = read(condition_occurrence=[CONDITION])[0].features
    assert [(one.system, one.code) for one in features] == [
        ("local", "G409"), ("local", "OMOP:1"), ("local", "OMOP:2"),
    ]  # fmt: skip


def test_source_value_with_its_prefix_is_of_its_system() -> None:
    row = {"person_id": "7", "condition_concept_id": "0", "condition_source_value": "ORPHA:558"}
    (feature,) = read(condition_occurrence=[row])[0].features
    assert (feature.system, feature.code) == ("ORPHA", "ORPHA:558")


def test_words_for_a_source_value_are_no_code() -> None:
    row = {"person_id": "7", "condition_concept_id": "0", "condition_source_value": "fits at night"}
    records, tally = read(condition_occurrence=[row])
    assert records.features == ()
    assert "/condition_occurrence/*/condition_source_value" in tally.set_aside["free_text"]


class TestObservation:
    @pytest.mark.parametrize(
        ("answer", "excluded"),
        [
            ({}, False),
            ({"value_as_concept_id": "0"}, False),
            ({"value_as_concept_id": "4188539"}, False),
            ({"value_as_concept_id": "4188540"}, True),
            ({"value_as_concept_id": "4132135"}, True),
        ],
    )
    def test_feature(self, answer: Row, excluded: bool) -> None:
        records, _ = read(observation=[{**OBSERVATION, **answer}], concepts=CONCEPTS)
        assert records.features == (
            FeatureRecord(
                "7", "feature", "HPO", "HP:0001250", "Seizure", excluded=excluded,
                recorded_on=DAY, source="observation, row 1",
            ),
        )  # fmt: skip

    def test_answer_names_the_feature(self) -> None:
        row = {**OBSERVATION, "observation_concept_id": "2", "value_as_concept_id": "3"}
        (feature,) = read(observation=[row], concepts=CONCEPTS)[0].features
        assert feature.code == "HP:0001250"
        assert feature.details == (Detail("question", "SNOMED:84757009", "Epilepsy"),)

    def test_coded_result(self) -> None:
        row = {**OBSERVATION, "value_as_concept_id": "77", "qualifier_concept_id": "0"}
        (measured,) = read(observation=[row], concepts=CONCEPTS)[0].measurements
        assert measured.result == Code("OMOP:77", None)

    def test_text_alone_is_set_aside(self) -> None:
        row = {**OBSERVATION, "value_as_string": "perhaps"}
        records, tally = read(observation=[row])
        assert records == ClinicalRecords()
        assert (tally.kept, tally.total) == (0, 4)


class TestMeasurement:
    def test_number_and_unit(self) -> None:
        row = {
            "person_id": "7", "measurement_concept_id": "2", "measurement_date": "2024-02-03",
            "value_as_number": "170.5", "unit_concept_id": "4", "unit_source_value": "centimetre",
            "operator_concept_id": "4171756",
        }  # fmt: skip
        records, _ = read(measurement=[row], concepts=CONCEPTS)
        assert records.measurements == (
            MeasurementRecord(
                "7", "local", "SNOMED:84757009", "Epilepsy", value=170.5, comparator="<",
                unit="cm", recorded_on=DAY, source="measurement, row 1",
            ),
        )  # fmt: skip

    def test_without_a_value_nothing_follows(self) -> None:
        records, tally = read(measurement=[{"person_id": "7", "measurement_concept_id": "2"}])
        assert records == ClinicalRecords()
        assert tally.kept == 0

    @pytest.mark.parametrize("number", ["much", "nan", "inf"])
    def test_no_number_is_refused(self, number: str) -> None:
        row = {"person_id": "7", "measurement_concept_id": "2", "value_as_number": number}
        assert refusal(measurement=[row]).reason == "document_malformed"


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"month_of_birth": "4"}, "month_of_birth"),
        ({"day_of_birth": "12"}, "day_of_birth"),
        ({"birth_datetime": "1983-04-12 00:00:00"}, "birth_datetime"),
        ({"person_source_value": "255081416802538"}, "person_source_value"),
        ({"first_name": "Synthetic"}, "first_name"),
    ],
)
def test_identifying_cells_are_refused(changes: Row, column: str) -> None:
    error = refusal(person=[PERSON, {**PERSON, "person_id": "8", **changes}])
    assert error.reason == "identifying_data"
    assert error.where == f"omop/person.csv, row 2, column {column}"


@pytest.mark.parametrize(
    "data",
    [
        b"person_id,gender_concept_id\n7\n",
        b"person_id,gender_concept_id,Person_ID\n7,8507,7\n",
        b'person_id,gender_concept_id\n"7,8507\n',
        b"person_id,gender_concept_id\n\xff,8507\n",
        b"person_id,gender_concept_id,year_of_birth\n7,8507,83\n",
        b"person_id,gender_concept_id\n,8507\n",
        b"person_id,gender_concept_id\n7,8507\n7,8507\n",
    ],
)
def test_broken_tables_are_refused(data: bytes) -> None:
    with pytest.raises(BatchRefused) as caught:
        read_omop([recognise(data, "person.csv")])
    assert caught.value.reason == "document_malformed"


def test_folder_is_one_document(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "PERSON.csv").write_bytes(csv_of([PERSON], "gender_concept_id", "\t").upper())
    (folder / "condition.csv").write_bytes(csv_of([CONDITION], "condition_concept_id", ";"))
    (folder / "CONCEPT.csv").write_bytes(csv_of(CONCEPTS, "concept_code", "\t"))
    (document,) = read_documents(tmp_path).documents
    assert (document.kind, document.path) == ("omop", "export")
    assert [one.system for one in document.records.features] == ["ICD10", "local"]
    assert document.records.person_ids() == {"7"}


cells = st.text(alphabet="0189:AGHPO. ", min_size=1, max_size=6).map(str.strip)


@settings(deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(sorted(COLUMNS["observation"] - {"value_as_number", "person_id"})),
            cells.filter(bool),
        ),
        max_size=5,
    )
)
def test_no_cell_is_lost(rows: list[Row]) -> None:
    table = [{"observation_concept_id": "3", **row, "person_id": "7"} for row in rows]
    records, tally = read(observation=table)
    assert tally.total == sum(len(row) for row in table)
    assert len({one.source for one in records.features}) <= len(rows)

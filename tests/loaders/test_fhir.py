"""FHIR R4 documents: what they say, value by value; what is void, unclear or names somebody."""

import copy
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.clinical.fhir import read_fhir
from schemas.clinical_records import (
    ClinicalRecords,
    Detail,
    FeatureRecord,
    HistoryRecord,
    MeasurementRecord,
    PersonRecord,
    RelationRecord,
)
from schemas.clinical_values import Code, LifeTime
from schemas.reasons import REASONS, Kind
from tests.loaders.fhir_resources import (
    CONDITION,
    CONSENT,
    LOINC,
    MEMBER,
    OBSERVATION,
    PATIENT,
    ROLES,
    SEIZURE,
    SNOMED,
    SUBJECT,
    bundle,
    coded,
    leaves,
    read,
    refusal,
    with_,
)


def test_person() -> None:
    records, tally = read(PATIENT)
    assert records.persons == (
        PersonRecord("P1", sex="XX", birth_years="1980-1984", vital_status="alive"),
    )
    assert tally.set_aside == {"free_text": {"/Patient/maritalStatus/text": 1}}


def test_death_is_kept_and_its_day_is_not() -> None:
    dead = with_(PATIENT, deceasedBoolean=None, deceasedDateTime="2020-01-02")
    records, tally = read(dead)
    assert records.persons[0].vital_status == "deceased"
    assert tally.set_aside["calendar_time"] == {"/Patient/deceasedDateTime": 1}


def test_condition_has_a_record_for_each_code() -> None:
    records, tally = read(PATIENT, CONDITION)
    common = {
        "onset": LifeTime("age", "P6Y", "juvenile"),
        "severity": f"{SNOMED}|24484000",
        "recorded_on": date(2024, 2, 3),
        "certainty": "confirmed",
        "details": (
            Detail("severity", f"{SNOMED}|24484000", "Severe"),
            Detail("clinical_status", "active"),
            Detail("site", f"{SNOMED}|12738006", "Brain"),
        ),
        "source": "/entry/1/resource",
    }
    local = "https://hospital.example/codes|EPI-12"
    assert records.features == (
        FeatureRecord("P1", "disease", "ICD10", "G40.9", "Epilepsy", **common),
        FeatureRecord("P1", "disease", "local", local, None, **common),
        FeatureRecord("P1", "disease", "ORPHA", "ORPHA:101039", None, **common),
    )
    assert tally.set_aside["field_not_kept"] == {
        "/Condition/code/coding/*/version": 1, "/Condition/id": 1,
    }  # fmt: skip


def test_refuted_condition_is_excluded_and_hpo_is_a_feature() -> None:
    refuted = with_(CONDITION, verificationStatus=coded("s", "refuted"), code=SEIZURE)
    (feature,) = read(refuted)[0].features
    assert (feature.kind, feature.excluded, feature.code) == ("feature", True, "HP:0001250")


@pytest.mark.parametrize(
    ("onset", "told", "reason"),
    [
        ({"onsetAge": {"value": 18, "code": "mo"}}, "P18M", None),
        ({"onsetAge": {"value": 1.5, "unit": "a"}}, "P1.5Y", None),
        ({"onsetAge": {"value": 3, "unit": "moons"}}, None, "field_not_kept"),
        ({"onsetAge": {"value": 3, "unit": "a", "comparator": "<"}}, None, "field_not_kept"),
        ({"onsetDateTime": "2001-02"}, None, "calendar_time"),
        ({"onsetString": "at school"}, None, "free_text"),
    ],
)
def test_onsets(onset: dict[str, Any], told: str | None, reason: str | None) -> None:
    bare = with_(CONDITION, onsetAge=None, code=SEIZURE, note=None)
    records, tally = read({**bare, **onset})
    (feature,) = records.features
    assert (feature.onset and feature.onset.told) == told
    places = [p for found in tally.set_aside.values() for p in found if "/onset" in p]
    assert bool(places) == (reason is not None)
    assert reason is None or any("/onset" in p for p in tally.set_aside[reason])


class TestObservation:
    @pytest.mark.parametrize(
        ("answer", "excluded"),
        [
            ({}, False),
            ({"valueBoolean": True}, False),
            ({"valueBoolean": False}, True),
            ({"valueCodeableConcept": coded(SNOMED, "2667000", "Absent")}, True),
            ({"valueCodeableConcept": coded(SNOMED, "52101004", "Present")}, False),
            ({"valueCodeableConcept": coded(LOINC, "LA32-8", "No")}, True),
            ({"interpretation": [coded("v3", "NEG")]}, True),
            ({"interpretation": [coded("v3", "POS")]}, False),
        ],
    )
    def test_feature_is_present_or_absent(self, answer: dict[str, Any], excluded: bool) -> None:
        records, _ = read({**OBSERVATION, **answer})
        assert records.features == (
            FeatureRecord(
                "P1", "feature", "HPO", "HP:0001250", "Seizure", excluded=excluded,
                recorded_on=date(2024, 2, 3), source="/entry/0/resource",
            ),
        )  # fmt: skip
        assert records.measurements == ()

    def test_answer_names_the_feature(self) -> None:
        asked = with_(OBSERVATION, code=coded(LOINC, "75325-1"), valueCodeableConcept=SEIZURE)
        (feature,) = read(asked)[0].features
        assert (feature.system, feature.code) == ("HPO", "HP:0001250")
        assert feature.details == (Detail("question", f"{LOINC}|75325-1"),)

    def test_measurements_and_components(self) -> None:
        pressure = with_(
            OBSERVATION,
            code=coded(LOINC, "85354-9"),
            component=[
                {"code": coded(LOINC, "8480-6", "Systolic"),
                 "valueQuantity": {"value": 120.5, "unit": "mmHg", "code": "mm[Hg]"}},
                {"code": coded(LOINC, "8462-4"),
                 "valueQuantity": {"value": 80, "comparator": "<", "unit": "mmHg"}},
                {"code": coded(LOINC, "1"), "dataAbsentReason": coded("d", "unknown")},
                {"code": coded(LOINC, "2"), "valueInteger": 3},
                {"code": coded(LOINC, "3"), "valueCodeableConcept": coded(LOINC, "LA1", "One")},
            ],
        )  # fmt: skip
        records, tally = read(pressure)
        told = [(one.code, one.value, one.comparator, one.unit) for one in records.measurements]
        assert told == [
            (f"{LOINC}|8480-6", 120.5, None, "mm[Hg]"),
            (f"{LOINC}|8462-4", 80.0, "<", "mmHg"),
            (f"{LOINC}|2", 3.0, None, None),
            (f"{LOINC}|3", None, None, None),
        ]
        assert records.measurements[3].result == Code(f"{LOINC}|LA1", "One")
        assert records.features == ()
        assert tally.set_aside["field_not_kept"]["/Observation/component/*/code/coding/*/code"] == 1

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"dataAbsentReason": coded("d", "not-performed")}, "not_observed"),
            ({"code": coded(LOINC, "8302-2")}, "not_observed"),
            ({"status": "entered-in-error"}, "statement_void"),
            ({"status": "cancelled"}, "statement_void"),
            ({"code": {"text": "fits"}}, "statement_uncoded"),
            ({"subject": None}, "field_not_kept"),
            ({"subject": {"reference": "Group/1"}}, "field_not_kept"),
            ({"focus": [{"reference": "RelatedPerson/1"}]}, "field_not_kept"),
        ],
    )
    def test_nothing_follows(self, changes: dict[str, Any], reason: str) -> None:
        observation = with_(OBSERVATION, **changes)
        records, tally = read(observation)
        assert records == ClinicalRecords()
        # All but the shell of the bundle: its resourceType and type.
        assert sum(tally.set_aside[reason].values()) == leaves(observation)
        assert tally.kept == 2

    def test_words_as_an_answer_say_nothing_that_is_kept(self) -> None:
        records, tally = read(with_(OBSERVATION, valueString="now and then"))
        assert records == ClinicalRecords()
        assert tally.set_aside["free_text"]["/Observation/valueString"] == 1


class TestFamily:
    def test_history_of_a_relative(self) -> None:
        records, tally = read(MEMBER)
        assert records.history == (
            HistoryRecord(
                "P1", Code("MTH", "mother"), relative_sex="XX", deceased=True, system="OMIM",
                code="OMIM:617140", onset=LifeTime("age_range", "P30Y/P40Y", None),
                source="/entry/0/resource",
            ),
        )  # fmt: skip
        assert tally.flags == {"time_unplaced": 1}

    def test_relative_without_a_condition_is_told(self) -> None:
        (history,) = read(with_(MEMBER, condition=None))[0].history
        assert (history.relationship.code, history.code) == ("MTH", None)

    def test_relative_with_a_record_is_a_relation(self) -> None:
        url = "http://hl7.org/fhir/StructureDefinition/familymemberhistory-patient-record"
        own = {"url": url, "valueReference": {"reference": "Patient/P2"}}
        records, _ = read(with_(MEMBER, extension=[own]))
        assert records.relations == (
            RelationRecord("P1", "mother", "P2", source="/entry/0/resource"),
        )
        records, _ = read(with_(MEMBER, extension=[own], relationship=coded(ROLES, "AUNT")))
        assert records.relations == ()

    def test_void_history(self) -> None:
        records, tally = read(with_(MEMBER, status="entered-in-error"))
        assert records == ClinicalRecords()
        assert "statement_void" in tally.set_aside


class TestPeople:
    def test_addresses_within_the_bundle(self) -> None:
        content = bundle(PATIENT, with_(OBSERVATION, subject={"reference": "urn:uuid:7"}))
        content["entry"][0]["fullUrl"] = "urn:uuid:7"
        assert read_fhir([content], "b")[0].features[0].person_id == "P1"

    def test_identifier_of_cad_is_the_person(self) -> None:
        patient = with_(PATIENT, identifier=[{"system": "urn:cad:person", "value": "SEQ_1"}])
        records, _ = read(patient, OBSERVATION)
        assert records.person_ids() == {"SEQ_1"}

    def test_absolute_and_unlisted_addresses(self) -> None:
        away = with_(OBSERVATION, subject={"reference": "https://h.example/fhir/Patient/P9"})
        assert read(away)[0].person_ids() == {"P9"}

    def test_reference_to_nothing_is_refused(self) -> None:
        error = refusal(bundle(with_(OBSERVATION, subject={"reference": "urn:uuid:8"})))
        assert error.where == "b.json#/entry/0/resource/subject"

    def test_patient_without_an_id_is_refused(self) -> None:
        assert refusal(bundle(with_(PATIENT, id=None))).reason == "document_malformed"

    def test_resources_without_a_bundle(self) -> None:
        records, _ = read_fhir([PATIENT, OBSERVATION], "lines")
        assert [one.source for one in records.features] == ["/1"]


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        (with_(PATIENT, birthDate="1983-04"), "/birthDate"),
        (with_(PATIENT, birthDate="1983-04-05"), "/birthDate"),
        (with_(PATIENT, name=[{"family": "Synthetic", "given": ["Ann"]}]), "/name"),
        (with_(PATIENT, telecom=[{"system": "phone", "value": "1"}]), "/telecom"),
        (with_(OBSERVATION, subject={**SUBJECT, "display": "SYNTHETIC, Ann"}), "/subject/display"),
        (with_(MEMBER, name="Ann Synthetic"), "/name"),
        (with_(MEMBER, bornDate="1950-01-02"), "/bornDate"),
        (with_(CONDITION, note=[{"text": "Mme Synthetic, vue ce jour"}]), "/note/0/text"),
    ],
)
def test_identifying_data_are_refused(resource: dict[str, Any], place: str) -> None:
    error = refusal(bundle(resource))
    assert error.reason == "identifying_data"
    assert error.where == f"b.json#/entry/0/resource{place}"
    assert not any(word in str(error) for word in ("Synthetic", "1983", "1950"))


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        (with_(PATIENT, colour="blue"), "/colour"),
        (with_(PATIENT, gender="F"), ""),
        (with_(PATIENT, birthDate="long ago"), "/birthDate"),
        (with_(CONDITION, subject=None), "/subject"),
        (with_(OBSERVATION, valueBoolean=True, valueInteger=1), ""),
        (with_(OBSERVATION, code={"coding": [{"code": 7}]}), "/code/coding/0/code"),
        (with_(OBSERVATION, effectiveDateTime="2023-02-30"), "/effectiveDateTime"),
    ],
)
def test_what_breaks_the_form_is_refused(resource: dict[str, Any], place: str) -> None:
    error = refusal(bundle(resource))
    assert error.reason == "document_malformed"
    assert error.where == f"b.json#/entry/0/resource{place}"
    assert "blue" not in str(error)
    assert "long ago" not in str(error)


@pytest.mark.parametrize("content", [[], "Patient", {}, {"resourceType": 7}])
def test_what_is_no_resource_is_refused(content: Any) -> None:
    assert refusal(content).reason == "document_malformed"


def test_other_resources_are_set_aside_whole() -> None:
    # Only R4 has this one; R4B's model knows nothing of it.
    other = {"resourceType": "MedicinalProduct", "name": [{"productName": "A"}]}
    records, tally = read(other)
    assert records == ClinicalRecords()
    assert tally.set_aside == {
        "field_not_kept": {
            "/MedicinalProduct/name/*/productName": 1, "/MedicinalProduct/resourceType": 1,
        }
    }  # fmt: skip


ALL = [PATIENT, CONDITION, OBSERVATION, MEMBER, CONSENT]


@given(
    st.lists(
        st.one_of(
            st.sampled_from([PATIENT, CONDITION, MEMBER, CONSENT]),
            st.builds(
                lambda changes: with_(OBSERVATION, **changes),
                st.fixed_dictionaries(
                    {},
                    optional={
                        "status": st.sampled_from(["final", "amended", "entered-in-error"]),
                        "code": st.sampled_from([SEIZURE, coded(LOINC, "1"), {"text": "x"}]),
                        "interpretation": st.sampled_from([[coded("v", "NEG")], [{"text": "n"}]]),
                        "dataAbsentReason": st.just(coded("d", "unknown")),
                        "note": st.just([{"text": "words"}]),
                        "bodySite": st.just(coded(SNOMED, "1")),
                    },
                ),
            ),
        ),
        max_size=6,
    )
)
def test_no_value_is_lost(resources: list[dict[str, Any]]) -> None:
    content = bundle(*resources)
    before = copy.deepcopy(content)
    records, tally = read_fhir([content], "b")
    assert tally.total == leaves(content)
    assert content == before
    assert all(REASONS[reason].kind is Kind.OUT_OF_SCOPE for reason in tally.set_aside)
    assert records.person_ids() <= {"P1"}


def test_measurement_of_a_whole_number() -> None:
    height = with_(OBSERVATION, code=coded(LOINC, "8302-2"), valueQuantity={"value": 170})
    assert read(height)[0].measurements == (
        MeasurementRecord(
            "P1", "local", f"{LOINC}|8302-2", value=170.0, recorded_on=date(2024, 2, 3),
            source="/entry/0/resource",
        ),
    )  # fmt: skip

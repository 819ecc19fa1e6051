"""Consents of FHIR: which decisions follow from one."""

from datetime import date
from typing import Any

import pytest

from loaders.clinical.fhir import read_fhir
from schemas.clinical_records import (
    ConsentRecord,
)
from tests.loaders.fhir_resources import (
    ACTS,
    CONSENT,
    LOINC,
    SUBJECT,
    bundle,
    coded,
    read,
    refusal,
    with_,
)


class TestConsent:
    def test_all_that_is_kept(self) -> None:
        consent = with_(
            CONSENT,
            performer=[{"reference": "RelatedPerson/R1"}],
            extension=[{"url": "urn:cad:of-age", "valueString": "2031-Q3"}],
        )
        records, _ = read(consent)
        assert records.consents == (
            ConsentRecord(
                "P1", "research", "given", date(2024, 5, 6), "urn:text:v3",
                by_representative=True, of_age_from="2031-Q3", source="/entry/0/resource",
            ),
        )  # fmt: skip

    def test_relative_by_an_address_of_the_bundle(self) -> None:
        content = bundle(
            {"resourceType": "RelatedPerson", "patient": SUBJECT},
            with_(CONSENT, performer=[{"reference": "urn:uuid:3"}]),
        )
        content["entry"][0]["fullUrl"] = "urn:uuid:3"
        (consent,) = read_fhir([content], "b")[0].consents
        assert consent.by_representative is True

    def test_own_signature(self) -> None:
        (consent,) = read(with_(CONSENT, performer=[SUBJECT]))[0].consents
        assert consent.by_representative is False

    @pytest.mark.parametrize(
        ("changes", "decisions"),
        [
            ({}, {"research": "given"}),
            ({"provision": {"type": "deny"}}, {"research": "refused"}),
            ({"status": "rejected"}, {"research": "refused"}),
            ({"status": "inactive"}, {"research": "withdrawn"}),
            ({"scope": coded("s", "treatment")}, {"care": "given"}),
            ({"scope": coded("urn:cad:consent-scope", "industry")}, {"industry": "given"}),
            ({"provision": None, "policyRule": coded(ACTS, "OPTIN")}, {"research": "given"}),
            ({"provision": None, "policyRule": coded(ACTS, "OPTOUT")}, {"research": "opposed"}),
            ({"provision": {"type": "permit", "purpose": [{"code": "TREAT"}]}}, {"care": "given"}),
            (
                {"provision": {"type": "permit", "provision": [
                    {"type": "deny", "purpose": [{"code": "industry"}]}]}},
                {"research": "given", "industry": "refused"},
            ),
            (
                {"provision": {"type": "permit", "provision": [{"type": "deny", "code": [
                    coded(LOINC, "1")]}]}},
                {"research": "refused"},
            ),
            ({"provision": {"type": "permit", "period": {"start": "2024-05-06"}}},
             {"research": "given"}),
        ],
    )  # fmt: skip
    def test_decisions(self, changes: dict[str, Any], decisions: dict[str, str]) -> None:
        records, _ = read(with_(CONSENT, **changes))
        assert {one.scope: one.status for one in records.consents} == decisions

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"status": "draft"}, "statement_void"),
            ({"status": "entered-in-error"}, "statement_void"),
            ({"scope": coded("s", "patient-privacy")}, "consent_unclear"),
            ({"provision": None}, "consent_unclear"),
            ({"provision": {"type": "permit", "actor": [
                {"role": coded("r", "x"), "reference": {"reference": "Organization/1"}}]}},
             "consent_unclear"),
            ({"provision": {"type": "permit", "period": {"end": "2030-01-01"}}},
             "consent_unclear"),
            ({"provision": {"type": "permit", "purpose": [{"code": "HMARKT"}]}},
             "consent_unclear"),
            ({"provision": None, "policyRule": coded(ACTS, "OPTINR")}, "consent_unclear"),
        ],
    )  # fmt: skip
    def test_nothing_is_given_by_half(self, changes: dict[str, Any], reason: str) -> None:
        records, tally = read(with_(CONSENT, **changes))
        assert records.consents == ()
        assert set(tally.set_aside) == {reason}

    @pytest.mark.parametrize("day", [None, "2024", "2024-05"])
    def test_decision_without_its_day_is_refused(self, day: str | None) -> None:
        error = refusal(bundle(with_(CONSENT, dateTime=day)))
        assert (error.reason, error.where) == ("document_malformed", "b.json#/entry/0/resource")

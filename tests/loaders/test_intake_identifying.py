"""Direct identifiers are found, and clinical language and real phenopackets are left in peace."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from loaders.identifying import (
    BIRTH_DATE,
    CONTACT,
    NAME,
    NATIONAL_NUMBER,
    find_identifying,
    find_in_text,
)

NIR = "255081416802538"
"""The number on the specimen card: 2 55 08 14 168 025, key 38."""


def nir_with_key(body: str) -> str:
    """The 13 characters and the key that the formula of their decree gives, spelled out anew."""
    number = int(body.replace("2A", "19").replace("2B", "18"))
    return f"{body}{97 - number % 97:02d}"


@pytest.mark.parametrize(
    "text",
    [
        NIR,
        "2 55 08 14 168 025 38",
        "2.55.08.14.168.025.38",
        f"NIR: {NIR}.",
        f"({NIR})",
        "２５５０８１４１６８０２５３８",
        nir_with_key("1851205123045"),
        nir_with_key("170012A004012"),
        nir_with_key("170012B004012"),
    ],
)
def test_national_number_in_text(text: str) -> None:
    assert find_in_text(text) == NATIONAL_NUMBER


@pytest.mark.parametrize(
    "text",
    [
        "255081416802539",
        f"9{NIR}",
        f"{NIR}1",
        f"SAMPLE{NIR}",
        "555081416802538",
        nir_with_key("2551314168025"),
        "0000-0002-1825-0097",
        "284551000119103",
        "123456789",
    ],
)
def test_other_numbers(text: str) -> None:
    assert find_in_text(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "née le 12/03/1985",
        "Né(e) le 1er mars 1985",
        "NÉ LE 12.03.85",
        "né à Lyon le 12-03-1985",
        "Date de naissance : 1985-03-12",
        "naissance le 12 août 1985",
        "DOB 12/03/1985",
        "D.O.B.: 1985/03/12",
        "born on March 12, 1985",
        "born 12 March 1985",
        "DDN : 12/03/1985",
    ],
)
def test_birth_date_in_text(text: str) -> None:
    assert find_in_text(text) == BIRTH_DATE


@pytest.mark.parametrize(
    "text",
    ["Nom : DUPONT", "Prénom: Élodie", "Nom de naissance = Martin", "vue avec Mme Martin",
     "M. Martin a consulté", "Patient name: Smith", "Monsieur MARTIN"],
)  # fmt: skip
def test_name_in_text(text: str) -> None:
    assert find_in_text(text) == NAME


@pytest.mark.parametrize(
    "text",
    [
        "Global developmental delay since birth, seen on 12/03/2020",
        "born at term, 1985",
        "né prématuré en 1985",
        "ne présente pas de crise depuis le 12/03/2020",
        "Hypotrophie à la naissance",
        "Prélèvement du 12/03/2020",
        "Infection à M. tuberculosis",
        "Syndrome de Rett, nom usuel du gène MECP2",
        "Abnormality of the nomen",
        "P25Y3M",
    ],
)
def test_clinical_language(text: str) -> None:
    assert find_in_text(text) is None


def patient(**fields: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "P1", **fields}


@pytest.mark.parametrize(
    ("document", "pointer", "what"),
    [
        (patient(name=[{"family": "D", "given": ["J"]}]), "/name", NAME),
        (patient(name=[{"text": "J D"}]), "/name", NAME),
        (patient(name="J D"), "/name", NAME),
        (patient(birthDate="1985-03-12"), "/birthDate", BIRTH_DATE),
        (patient(birthDate="1985-03"), "/birthDate", BIRTH_DATE),
        ({"bornPeriod": {"start": "1985-03", "end": "1985"}}, "/bornPeriod", BIRTH_DATE),
        ({"month_of_birth": "3"}, "/month_of_birth", BIRTH_DATE),
        (
            {"reference": "RelatedPerson/1", "display": "J D"},
            "/display",
            NAME,
        ),
        ({"resourceType": "FamilyMemberHistory", "name": "J D"}, "/name", NAME),
        (
            patient(_birthDate={"extension": [{"valueDateTime": "1985-03-12T08:00:00Z"}]}),
            "/_birthDate",
            BIRTH_DATE,
        ),
        (patient(telecom=[{"system": "phone", "value": "01"}]), "/telecom", CONTACT),
        (patient(address={"line": ["1 rue X"], "city": "Y"}), "/address", CONTACT),
        (
            patient(identifier=[{"system": "urn:oid:1.2.250.1.213.1.4.8", "value": "x"}]),
            "/identifier/0",
            NATIONAL_NUMBER,
        ),
        (
            patient(identifier=[{"type": {"coding": [{"code": "SS"}]}, "value": "1"}]),
            "/identifier/0",
            NATIONAL_NUMBER,
        ),
        (patient(contact=[{"name": {"family": "D"}}]), "/contact/0/name", NAME),
        (patient(text={"div": "<div>Née le 12/03/1985</div>"}), "/text/div", BIRTH_DATE),
        (
            {"resourceType": "Bundle", "entry": [{"resource": patient(birthDate="1985-03-12")}]},
            "/entry/0/resource/birthDate",
            BIRTH_DATE,
        ),
        (
            {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
             "valueDateTime": "1985-03-12T08:00:00Z"},
            "",
            BIRTH_DATE,
        ),
        ({"subject": {"dateOfBirth": "1985-03-12T00:00:00Z"}}, "/subject/dateOfBirth", BIRTH_DATE),
        ({"subject": {"dateOfBirth": {"seconds": 1}}}, "/subject/dateOfBirth", BIRTH_DATE),
        ({"subject": {"date_of_birth": "12/03/1985"}}, "/subject/date_of_birth", BIRTH_DATE),
        ({"LastName": "D"}, "/LastName", NAME),
        ({"prénom": "J"}, "/prénom", NAME),
        ({"a": {"given": ["J"], "family": "D"}}, "/a", NAME),
        ({"ssn": 12}, "/ssn", NATIONAL_NUMBER),
        ({"a/b": [None, int(NIR)]}, "/a~1b/1", NATIONAL_NUMBER),
        ({"a": {NIR: True}}, "/a", "an identifier as a field's name"),
        ([NIR], "/0", NATIONAL_NUMBER),
        (NIR, "", NATIONAL_NUMBER),
    ],
)  # fmt: skip
def test_document_that_names_somebody(document: Any, pointer: str, what: str) -> None:
    [finding] = find_identifying(document)
    assert finding == (pointer, what)


@pytest.mark.parametrize(
    "document",
    [
        patient(birthDate="1985"),
        patient(birthDate=1985),
        {"month_of_birth": "", "day_of_birth": None},
        patient(name=[{"use": "anonymous", "text": "patient 12"}]),
        patient(name=[{"_family": {"extension": [{"valueCode": "masked"}]}}]),
        patient(identifier=[{"system": "https://platform.example/person", "value": "P1"}]),
        patient(address=[{"state": "Occitanie"}]),
        {"resourceType": "Organization", "name": "Laboratoire", "telecom": [{"value": "01"}]},
        {"resourceType": "Consent", "given": True, "family": "F1"},
        {"name": "MECP2", "label": "Rett syndrome"},
        {"name": {"text": ""}},
        {"lastName": None, "firstName": "", "dateOfBirth": ""},
        {"metaData": {"createdBy": "ORCID:0000-0002-1825-0097", "created": "2021-05-11T00:00:00Z"}},
        {"timeOfBirth": "unknown"},
    ],
)
def test_document_that_names_nobody(document: Any) -> None:
    assert find_identifying(document) == []


def test_findings_come_in_the_document_s_order() -> None:
    found = find_identifying([patient(birthDate="1985-03-12", name="J"), {"x": NIR}])
    assert [finding.pointer for finding in found] == ["/0/birthDate", "/0/name", "/1/x"]


@pytest.mark.realdata
def test_real_phenopackets_are_left_in_peace(testdata: Path) -> None:
    accused = []
    with gzip.open(testdata / "clinical/phenopackets.ndjson.gz") as lines:
        for line in lines:
            entry = json.loads(line)
            if find_identifying(entry["phenopacket"]):
                accused.append(entry["path"])
    assert accused == []


@pytest.mark.realdata
def test_french_names_of_phenotypes_are_left_in_peace(testdata: Path) -> None:
    text = (testdata / "clinical/hpo_french.babelon.tsv").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if find_in_text(line)] == []

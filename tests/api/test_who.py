"""Who may ask what: each role, purpose and endpoint; limits; what enters the audit log."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from cad.access.clients import clients, revoke_client
from cad.audit.verify import read_entries, verify_log
from cad.build.run import build_base
from cad.gate import QUESTIONS, ROLES
from cad.push import push_batch
from cad.settings import Settings
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from tests.api.asking import key_for
from tests.cad.access_tokens import Issuer
from tests.pushed import family

PURPOSES = ("care", "research", "industry")


@dataclass
class Serving:
    """A service and a key for each role."""

    warehouse: Warehouse
    client: TestClient
    keys: dict[str, dict[str, str]]

    def get(self, address: str, role: str | None = "clinician") -> Response:
        return self.client.get(address, headers=self.keys[role] if role else {})


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("who")
    with Warehouse.create(folder / "w", "GRCh38", settings=Settings(threads=2)) as warehouse:
        push_batch(warehouse, family(folder / "batch").path)
        build_base(warehouse)
        keys = {role: key_for(warehouse, role) for role in ROLES if role != "operator"}
        app = create_app(Settings(warehouse=warehouse.path))
        with TestClient(app, "http://cad.example", raise_server_exceptions=False) as client:
            yield Serving(warehouse, client, keys)


ENDPOINTS: dict[str, str] = {
    "/v1/variants/22-100-A-G": "frequencies",
    "/v1/regions/22:90-210": "frequencies",
    "/v1/depth/22:90-210": "frequencies",
    "/v1/genes/BRCA1": "frequencies",
    "/v1/carriers/22-100-A-G": "carriers",
    "/v1/subset/22:90-210": "subset",
    "/v1/phenotypes?term=affected=1": "burden",
    "/v1/burden/BRCA1?case=affected=1": "burden",
    "/v1/similar?term=HP:0001250": "similar",
    "/v1/indicators": "indicators",
    "/v1/changes?since=1": "changes",
    "/v1/batches": "batches",
    "/v1/receipts/NIGHT-1": "batches",
    "/v1/contacts": "contact_inbox",
}
"""Addresses, and the question of the gate that each asks."""
EXPECTED: dict[tuple[str, str], dict[str, int | str]] = {
    ("platform", "care"): {"batches": 200, "contact_inbox": 200},
    ("clinician", "care"): dict.fromkeys(
        ("frequencies", "carriers", "subset", "burden", "similar", "indicators", "changes"), 200
    ),
    ("researcher", "research"): {
        **dict.fromkeys(("frequencies", "changes"), "release_needed"),
        **dict.fromkeys(("carriers", "subset", "burden", "similar"), "project_needed"),
    },
    ("industry", "industry"): dict.fromkeys(("frequencies", "changes"), "release_needed"),
}
"""By role and purpose, what a question comes to; what is not here is refused: `not_allowed`."""


@pytest.mark.parametrize("address", ENDPOINTS)
@pytest.mark.parametrize(
    ("role", "purpose"), [*itertools.product(ROLES[1:], PURPOSES)], ids=lambda word: str(word)
)
def test_role_purpose_endpoint(serving: Serving, role: str, purpose: str, address: str) -> None:
    joint = "&" if "?" in address else "?"
    response = serving.get(f"{address}{joint}purpose={purpose}", role)
    question = ENDPOINTS[address]
    assert question in QUESTIONS
    expected = EXPECTED.get((role, purpose), {}).get(question, "not_allowed")
    if expected == 200:
        # Without a gene model or HPO nothing is found, but only once the gate was passed.
        missing = ("genes_missing", "hpo_missing")
        passed = response.status_code == 200 or response.json()["reason"] in missing
        assert passed, response.text
    else:
        assert (response.status_code, response.json()["reason"]) == (403, expected)


@pytest.mark.parametrize("address", [*ENDPOINTS, "/openapi.json", "/v1/nothing"])
def test_nobody_is_answered_without_a_key(serving: Serving, address: str) -> None:
    response = serving.get(address, None)
    assert (response.status_code, response.json()["reason"]) == (401, "credentials_missing")
    assert response.headers["www-authenticate"].startswith("Bearer")
    for shown in ("Bearer cadk_wrong", "Bearer a.b.c", "Basic YTpi", "Bearer", "bearer  "):
        response = serving.client.get(address, headers={"authorization": shown})
        assert response.status_code == 401
        assert response.json()["reason"].startswith("credentials_")


def test_status_needs_no_key_and_names_no_batch(serving: Serving) -> None:
    response = serving.get("/v1/status", None)
    assert response.status_code == 200
    assert "NIGHT-1" not in response.text


def test_purpose_outside_a_key_is_refused(serving: Serving) -> None:
    narrow = key_for(serving.warehouse, "clinician", purposes=["research"])
    response = serving.client.get("/v1/variants/22-100-A-G", headers=narrow)
    assert (response.status_code, response.json()["reason"]) == (403, "not_allowed")


def test_revoked_key_holds_no_more(serving: Serving) -> None:
    key = key_for(serving.warehouse, "clinician")
    number = max(int(one) for one in _numbers(serving.warehouse))
    revoke_client(serving.warehouse, str(number))
    response = serving.client.get("/v1/variants/22-100-A-G", headers=key)
    assert (response.status_code, response.json()["reason"]) == (401, "credentials_refused")


def _numbers(warehouse: Warehouse) -> list[str]:
    return [str(one.client_no) for one in clients(warehouse)]


def test_token_of_an_issuer(serving: Serving, tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    app = create_app(issuer.settings(warehouse=serving.warehouse.path))
    with TestClient(app) as client:
        shown = {"authorization": f"Bearer {issuer.token()}"}
        assert client.get("/v1/variants/22-100-A-G", headers=shown).status_code == 200
        forged = {"authorization": f"Bearer {issuer.token(aud='other')}"}
        assert client.get("/v1/variants/22-100-A-G", headers=forged).status_code == 401
        entry = read_entries(serving.warehouse)[-1]
    assert (entry["who"], entry["role"]) == (f"{issuer.name}|u1", "clinician")


def test_each_answer_is_in_the_log_before_it_leaves(serving: Serving) -> None:
    before = len(read_entries(serving.warehouse))
    for address, question in ENDPOINTS.items():
        if question == "frequencies":
            serving.get(address)
    entries = read_entries(serving.warehouse)[before:]
    # A gene without a model is no answer.
    assert [entry["asked"] for entry in entries] == [
        {"variant": "22-100-A-G"}, {"region": "22:90-210"}, {"region": "22:90-210"},
    ]  # fmt: skip
    assert {entry["who"] for entry in entries} == {"a clinician"}
    assert {entry["what"] for entry in entries} == {"frequencies"}
    assert [entry["rows"] for entry in entries][:2] == [1, 3]
    refused = len(read_entries(serving.warehouse))
    serving.get("/v1/variants/22-100-A-G", "steward")
    assert len(read_entries(serving.warehouse)) == refused
    assert verify_log(serving.warehouse).faults == ()


def test_a_family_that_is_left_out_is_not_in_the_log(serving: Serving) -> None:
    serving.get("/v1/variants/22-100-A-G?excluding_family=F1")
    assert "F1" not in str(read_entries(serving.warehouse)[-1])


class TestLimits:
    def limited(self, serving: Serving, **settings: int) -> TestClient:
        app = create_app(Settings(warehouse=serving.warehouse.path, **settings))
        return TestClient(app, headers=serving.keys["clinician"])

    def test_requests_a_minute(self, serving: Serving) -> None:
        with self.limited(serving, requests_per_minute=3) as client:
            codes = [client.get("/v1/depth/22:1-9").status_code for _ in range(5)]
            assert codes == [200, 200, 200, 429, 429]
            response = client.get("/v1/depth/22:1-9")
            assert response.json()["reason"] == "rate_limited"
            assert response.headers["retry-after"] == "60"

    def test_wrong_keys_from_one_address(self, serving: Serving) -> None:
        with self.limited(serving, failures_per_minute=2) as client:
            wrong = {"authorization": "Bearer cadk_no"}
            codes = [client.get("/v1/depth/22:1-9", headers=wrong).status_code for _ in range(4)]
            assert codes == [401, 401, 429, 429]

    def test_distinct_variants_a_day_outlive_a_restart(self, serving: Serving) -> None:
        key = key_for(serving.warehouse, "clinician", "curious", daily_variants=2)
        for round_ in range(2):
            with self.limited(serving) as client:
                answers = [
                    client.get(f"/v1/variants/22-{pos}-A-G", headers=key)
                    for pos in (500, 501, 500, 502, 501)
                ]
                codes = [200, 200, 200, 429, 200]
                assert [answer.status_code for answer in answers] == codes, round_
                assert answers[3].json()["reason"] == "budget_spent"

    def test_a_large_and_a_small_body(self, serving: Serving) -> None:
        with self.limited(serving, body_bytes=100) as client:
            response = client.post("/v1/variants/22-5-A-C", content=b"x" * 101)
            assert (response.status_code, response.json()["reason"]) == (413, "body_too_large")
            assert client.post("/v1/variants/22-5-A-C", content=b"x" * 99).status_code == 405


@pytest.mark.parametrize("address", ["/v1/status", "/v1/variants/22-5-A-C", "/v1/variants/x"])
def test_headers_of_every_answer(serving: Serving, address: str) -> None:
    response = serving.get(address)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["cache-control"] in ("no-store", "private, no-cache")
    assert "server" not in response.headers


def test_an_answer_that_has_not_changed_is_not_sent_again(serving: Serving) -> None:
    first = serving.get("/v1/variants/22-100-A-G")
    tag = {"if-none-match": first.headers["etag"]}
    again = serving.client.get(
        "/v1/variants/22-100-A-G", headers={**serving.keys["clinician"], **tag}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert read_entries(serving.warehouse)[-1]["rows"] == 0
    other = serving.client.get(
        "/v1/variants/22-100-A-T", headers={**serving.keys["clinician"], **tag}
    )
    assert other.status_code == 200


def test_another_platform_sees_nothing_of_a_batch(serving: Serving) -> None:
    other = key_for(serving.warehouse, "platform", platform="AURAGEN")
    mine = serving.get("/v1/batches", "platform").json()
    assert [one["batch_id"] for one in mine["batches"]] == ["NIGHT-1"]
    theirs = serving.client.get("/v1/batches", headers=other).json()
    assert theirs["batches"] == []
    receipt = serving.client.get("/v1/receipts/NIGHT-1", headers=other)
    assert (receipt.status_code, receipt.json()["reason"]) == (404, "batch_unknown")


@pytest.mark.parametrize("term", ["family=F1", "person=P-CHILD", "sex=XX|family=F1", "family!=F1"])
def test_no_family_or_person_is_told_apart(serving: Serving, term: str) -> None:
    for address in ("/v1/carriers/22-100-A-G", "/v1/subset/22:90-210"):
        response = serving.client.get(
            address, params={"where": term}, headers=serving.keys["clinician"]
        )
        assert response.status_code in (400, 403), response.text
    assert "F1" not in str(read_entries(serving.warehouse))


def test_carriers_are_told_together(serving: Serving) -> None:
    answer = serving.get("/v1/carriers/22-100-A-G?where=sex=XX").json()
    assert (answer["carriers"], answer["persons"]) == (1, 2)
    assert "P-" not in str(answer)
    entry = read_entries(serving.warehouse)[-1]
    assert entry["asked"] == {"variant": "22-100-A-G", "where": ["sex=XX"]}


def test_who_withdraws_is_in_no_later_answer(tmp_path: Path) -> None:
    """The pin that figures are read under must not keep a person selectable."""
    with Warehouse.create(tmp_path / "w", "GRCh38", settings=Settings(threads=2)) as warehouse:
        push_batch(warehouse, family(tmp_path / "batch").path)
        build_base(warehouse)
        app = create_app(Settings(warehouse=warehouse.path))
        with TestClient(app, headers=key_for(warehouse, "clinician")) as client:
            before = client.get("/v1/carriers/22-100-A-G").json()
            withdraw(warehouse, "P-MOTHER")
            after = client.get("/v1/carriers/22-100-A-G").json()
    assert (before["persons"], after["persons"]) == (3, 2)
    assert (before["carriers"], after["carriers"]) == (2, 1)


def test_a_message_is_left_and_read_by_its_platform(serving: Serving) -> None:
    body = {"variant": "22-100-A-G", "message": "Please ask them to write to us."}
    left = serving.client.post("/v1/contacts", json=body, headers=serving.keys["clinician"])
    assert left.json() == {"variant": "22-100-A-G", "relayed": True}
    refused = serving.client.post("/v1/contacts", json=body, headers=serving.keys["industry"])
    assert refused.json()["reason"] == "not_allowed"
    # Nobody in the batch agreed to be contacted again.
    assert serving.get("/v1/contacts", "platform").json()["messages"] == []

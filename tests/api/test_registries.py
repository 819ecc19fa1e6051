"""The service on each kind of registry: upload, push, answers, keys, budget, audit, the gate."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from cad.access.clients import clients, revoke_client
from cad.audit.persons import person_tokens
from cad.audit.verify import read_entries, verify_log
from cad.build.run import build_base
from cad.projects import approve_project, create_project
from cad.push import push_batch
from cad.query import BaseReader, find_variant, open_base
from cad.settings import Settings
from cad.warehouse import Warehouse
from tests.api.asking import key_for
from tests.pushed import family

TUS = {"tus-resumable": "1.0.0"}
PART = {**TUS, "content-type": "application/offset+octet-stream", "upload-offset": "0"}
VARIANT = "22-100-A-G"


@pytest.fixture
def client(warehouse: Warehouse) -> Iterator[TestClient]:
    app = create_app(
        Settings(warehouse=warehouse.path, registry_url=warehouse.settings.registry_url)
    )
    with TestClient(app, "http://cad.example") as made:
        yield made


def upload(client: TestClient, key: dict[str, str], folder: Path) -> None:
    """Send the files of a batch up, each in one part."""
    for file in folder.iterdir():
        data = file.read_bytes()
        told = {
            "batch": "NIGHT-1",
            "path": file.name,
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        pairs = (f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in told.items())
        headers = {"upload-length": str(len(data)), "upload-metadata": ",".join(pairs)}
        begun = client.post("/v1/uploads", headers={**key, **TUS, **headers})
        place = urlsplit(begun.headers["location"]).path
        assert client.patch(place, content=data, headers={**key, **PART}).status_code == 204


def test_from_upload_to_answer(client: TestClient, warehouse: Warehouse, tmp_path: Path) -> None:
    platform, clinician = key_for(warehouse, "platform"), key_for(warehouse, "clinician")
    upload(client, platform, family(tmp_path / "batch").path)
    receipt = client.post("/v1/batches", json={"batch": "NIGHT-1"}, headers=platform).json()
    assert receipt["status"] == "accepted"
    told = client.get("/v1/receipts/NIGHT-1", headers=platform).json()
    assert (told["commit"], told["files"]) == (receipt["commit"], receipt["files"])
    missing = client.get(f"/v1/variants/{VARIANT}", headers=clinician)
    assert (missing.status_code, missing.json()["reason"]) == (404, "base_missing")
    # What another process builds is seen by the next question.
    build_base(warehouse)
    answer = client.get(f"/v1/variants/{VARIANT}", headers=clinician).json()
    del answer["citation"]
    with open_base(warehouse, "care") as base:
        assert answer == find_variant(BaseReader(warehouse, base), VARIANT)
    many = client.post("/v1/variants", json={"variants": [VARIANT, "x"]}, headers=clinician)
    first, second = many.json()["variants"]
    assert (first["state"], second["error"]["reason"]) == ("seen", "variant_malformed")
    for role, purpose, code in (
        ("platform", "care", 403),
        ("researcher", "research", 403),
        ("steward", "care", 403),
        ("clinician", "research", 403),
        ("clinician", "care", 200),
    ):
        key = key_for(warehouse, role)
        found = client.get(f"/v1/variants/{VARIANT}?purpose={purpose}", headers=key)
        assert found.status_code == code, (role, purpose)
    entries = read_entries(warehouse)
    assert [one["what"] for one in entries[-3:]] == ["frequencies"] * 3
    assert entries[-1]["asked"] == {"variant": VARIANT}
    assert verify_log(warehouse).faults == ()


def push_family(warehouse: Warehouse) -> None:
    push_batch(warehouse, family(warehouse.path.parent / "batch").path)
    build_base(warehouse)


def test_keys_and_budgets(client: TestClient, warehouse: Warehouse) -> None:
    push_family(warehouse)
    key = key_for(warehouse, "clinician", "curious", daily_variants=1)
    codes = [
        client.get(f"/v1/variants/22-{pos}-A-G", headers=key).status_code for pos in (100, 101, 100)
    ]
    assert codes == [200, 429, 200]
    other = key_for(warehouse, "clinician", "gone")
    [number] = [one.client_no for one in clients(warehouse) if one.name == "gone"]
    revoke_client(warehouse, str(number))
    refused = client.get(f"/v1/variants/{VARIANT}", headers=other)
    assert (refused.status_code, refused.json()["reason"]) == (401, "credentials_refused")


def test_persons_an_answer_lists_are_in_the_log_as_tokens(
    client: TestClient, warehouse: Warehouse
) -> None:
    push_family(warehouse)
    ends = (datetime.now(UTC) + timedelta(days=30)).date()
    create_project(warehouse, "P", title="Epilepsies", purpose="research", scope={}, ends_on=ends)
    approve_project(warehouse, "P", "steward")
    key = key_for(warehouse, "researcher", projects=["P"])
    asked = "purpose=research&project=P"
    carriers = client.get(f"/v1/carriers/22-150-C-T?{asked}", headers=key).json()
    assert len(carriers["carriers_listed"]) == 1
    [token] = person_tokens(warehouse, ["P-CHILD"]).values()
    entry = read_entries(warehouse)[-1]
    assert (entry["what"], entry["project"], entry["persons"]) == ("carriers", "P", [token])
    assert "P-CHILD" not in str(entry)
    similar = client.get(f"/v1/similar?term=HP:0001250&{asked}", headers=key).json()
    assert len(similar["similar"]) == 1
    assert read_entries(warehouse)[-1]["persons"] == [token]
    # Outside a project nobody is listed, and so nobody is in the log.
    clinician = key_for(warehouse, "clinician")
    assert client.get("/v1/carriers/22-150-C-T", headers=clinician).status_code == 200
    assert read_entries(warehouse)[-1]["persons"] == []

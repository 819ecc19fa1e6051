"""A VCF over HTTP: what comes back is what `cad annotate` writes."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from cad.annotate.run import annotate
from cad.audit.verify import read_entries
from cad.settings import Settings
from cad.warehouse import Warehouse
from tests.api.asking import key_for
from tests.batch_dir import vcf
from tests.pushed import family
from tests.queried import built

LINES = ("chr22 100 . A G,T . PASS . GT 0/1", "chr22 150 . C G . PASS . GT 1/1")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("annotate")
    with built(folder / "w", [family(folder / "batch").path], None) as made:
        yield made


@pytest.fixture
def client(warehouse: Warehouse) -> Iterator[TestClient]:
    app = create_app(Settings(warehouse=warehouse.path))
    with TestClient(app, headers=key_for(warehouse, "clinician")) as made:
        yield made


def finished(client: TestClient, sent: Response) -> tuple[str, Response]:
    """The address of a job, and what is said of it when it runs no more."""
    assert sent.status_code == 202, sent.text
    path = urlsplit(sent.headers["location"]).path
    while (told := client.get(path)).json().get("state") == "running":
        pass
    return path, told


def test_comes_back_as_the_command_writes_it(
    client: TestClient, warehouse: Warehouse, tmp_path: Path
) -> None:
    source = tmp_path / "in.vcf"
    source.write_bytes(vcf("PATIENT", lines=LINES))
    annotate(warehouse, source, tmp_path / "own.vcf.gz")
    path, told = finished(client, client.post("/v1/annotate", content=source.read_bytes()))
    size = source.stat().st_size
    assert (told.json()["state"], told.json()["records"]) == ("done", 2)
    assert (told.json()["done"], told.json()["total"]) == (size, size)
    other = client.get(f"{path}/vcf", headers=key_for(warehouse, "clinician", "another"))
    assert other.status_code == 404
    found = client.get(f"{path}/vcf")
    assert gzip.decompress(found.content) == gzip.decompress((tmp_path / "own.vcf.gz").read_bytes())
    entry = read_entries(warehouse)[-1]
    assert (entry["what"], entry["rows"], entry["asked"]) == ("frequencies", 2, {"stratum": "all"})
    # Fetched once, it is gone, and so is the patient's file.
    assert client.get(f"{path}/vcf").status_code == 404
    assert [*(warehouse.path / "uploads").rglob("*.vcf*")] == []


def test_refused_files_leave_nothing(client: TestClient, warehouse: Warehouse) -> None:
    for body, reason in (
        (b"", "header_malformed"),
        (b"not a VCF", "header_malformed"),
        (vcf("P", lines=LINES[::-1]), "file_unsorted"),
    ):
        _, told = finished(client, client.post("/v1/annotate", content=body))
        assert told.json()["reason"] == reason
    assert [*(warehouse.path / "uploads").rglob("*.vcf*")] == []


def test_distinct_variants_are_counted(client: TestClient, warehouse: Warehouse) -> None:
    for allowed, code in ((2, 429), (3, 200)):
        key = key_for(warehouse, "clinician", f"spends {allowed}", daily_variants=allowed)
        sent = client.post("/v1/annotate", content=vcf("P", lines=LINES), headers=key)
        path = urlsplit(sent.headers["location"]).path
        while (told := client.get(path, headers=key)).json().get("state") == "running":
            pass
        assert told.status_code == code, told.text


def test_only_who_may_see_the_base(client: TestClient, warehouse: Warehouse) -> None:
    body = vcf("P", lines=LINES)
    for role, purpose, reason in (
        ("researcher", "research", "release_needed"),
        ("platform", "care", "not_allowed"),
    ):
        refused = client.post(
            f"/v1/annotate?purpose={purpose}", content=body, headers=key_for(warehouse, role)
        )
        assert (refused.status_code, refused.json()["reason"]) == (403, reason)
    bounded = create_app(Settings(warehouse=warehouse.path, vcf_bytes=100))
    with TestClient(bounded, headers=key_for(warehouse, "clinician")) as small:
        refused = small.post("/v1/annotate", content=body)
        assert (refused.status_code, refused.json()["reason"]) == (413, "body_too_large")

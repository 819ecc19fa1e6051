"""Outside care only releases answer, and they say what the command says of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from cad.audit.verify import read_entries
from cad.query import find_region, find_variant
from cad.releases.create import create_release
from cad.releases.read import find_release_document, list_release_documents, open_release
from cad.settings import Settings
from tests.api.asking import key_for
from tests.queried import Queried, queried
from tests.twin.cohorts import Shape


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queried]:
    with queried(
        tmp_path_factory.mktemp("released"), seed=4, shape=Shape(persons=26, batches=3)
    ) as found:
        create_release(found.warehouse, "2026-1")
        yield found


@pytest.fixture(scope="module")
def client(cohort: Queried) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(warehouse=cohort.warehouse.path))) as opened:
        yield opened


def ask(client: TestClient, cohort: Queried, role: str, address: str, **query: Any) -> Response:
    purpose = {"researcher": "research", "industry": "industry"}.get(role, "care")
    return client.get(
        address,
        params={"purpose": purpose, **query},
        headers=key_for(cohort.warehouse, role),
    )


@pytest.mark.parametrize("role", ["researcher", "industry", "clinician"])
def test_answers_are_those_of_the_release(client: TestClient, cohort: Queried, role: str) -> None:
    purpose = {"researcher": "research", "industry": "industry"}.get(role, "care")
    names = ["-".join(map(str, key)) for key in list(cohort.scans["care"].variants)[:15]]
    hidden = 0
    with open_release(cohort.warehouse, "2026-1", purpose) as reader:
        for name in [*names, "22-5-A-C"]:
            expected = find_variant(reader, name)
            answer = ask(client, cohort, role, f"/v1/variants/{name}", release="2026-1").json()
            assert answer.pop("citation")["address"].endswith("release=2026-1")
            assert answer == expected
            hidden += sum(row["hidden"] for row in expected["frequencies"])
        many = client.post(
            "/v1/variants",
            json={"variants": names, "purpose": purpose, "release": "2026-1", "stratum": []},
            headers=key_for(cohort.warehouse, role),
        ).json()
        for name, one in zip(names, many["variants"], strict=True):
            assert one["frequencies"] == find_variant(reader, name)["frequencies"]
        contig, pos, _, _ = next(iter(cohort.scans["care"].variants))
        region = f"{contig}:{pos}-{pos + 30}"
        whole = ask(client, cohort, role, f"/v1/regions/{region}", release="2026-1").json()
        told = [one["variant"] for one in find_region(reader, region)["variants"]]
        assert [one["variant"] for one in whole["variants"]] == told
    assert hidden == 0 or role != "clinician"
    entry = read_entries(cohort.warehouse)[-1]
    assert (entry["release"], entry["purpose"]) == ("2026-1", purpose)


def test_outside_care_nothing_else_answers(client: TestClient, cohort: Queried) -> None:
    name = "-".join(map(str, next(iter(cohort.scans["care"].variants))))
    for address in (f"/v1/variants/{name}", "/v1/regions/22:1-9", "/v1/depth/22:1-9"):
        for role in ("researcher", "industry"):
            refused = ask(client, cohort, role, address)
            assert (refused.status_code, refused.json()["reason"]) == (403, "release_needed")
    # What no release holds takes no release: nothing falls back to the base.
    for address in ("/v1/depth/22:1-9", "/v1/changes?since=1"):
        joint = "&" if "?" in address else "?"
        refused = ask(client, cohort, "researcher", f"{address}{joint}release=2026-1")
        assert refused.status_code in (400, 403)
    other = ask(client, cohort, "researcher", f"/v1/variants/{name}", release="2026-9")
    assert (other.status_code, other.json()["reason"]) == (404, "release_unknown")
    family = ask(
        client, cohort, "researcher", f"/v1/variants/{name}", release="2026-1",
        excluding_family="F1",
    )  # fmt: skip
    assert (family.status_code, family.json()["reason"]) == (403, "not_allowed")


def test_as_of_means_a_release_outside_care(client: TestClient, cohort: Queried) -> None:
    name = "-".join(map(str, next(iter(cohort.scans["care"].variants))))
    answer = ask(client, cohort, "researcher", f"/v1/variants/{name}", as_of="2999-01-01")
    assert answer.json()["release"] == "2026-1"
    for role in ("researcher", "clinician"):
        early = ask(client, cohort, role, f"/v1/variants/{name}", as_of="0")
        assert (early.status_code, early.json()["reason"]) == (404, "release_unknown")
    both = ask(client, cohort, "researcher", f"/v1/variants/{name}", as_of="9", release="2026-1")
    assert (both.status_code, both.json()["reason"]) == (400, "request_malformed")


def test_releases_are_listed(client: TestClient, cohort: Queried) -> None:
    for role in ("researcher", "clinician", "steward"):
        listed = ask(client, cohort, role, "/v1/releases").json()["releases"]
        assert listed == list_release_documents(cohort.warehouse)
        shown = ask(client, cohort, role, "/v1/releases/2026-1").json()
        assert shown == find_release_document(cohort.warehouse, "2026-1")

"""Outside care only releases answer, and they say what the command says of them."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from api.models import DepthAnswer
from cad.annotate.run import annotate
from cad.audit.verify import read_entries
from cad.build.run import build_base
from cad.push import push_batch
from cad.query import find_region, find_variant
from cad.query.depth_runs import find_depth
from cad.reanalysis import find_changes
from cad.releases.create import create_release
from cad.releases.read import (
    find_phenotypes,
    find_release_document,
    list_release_documents,
    open_release,
)
from cad.settings import Settings
from tests.api.asking import key_for
from tests.batch_dir import vcf
from tests.pushed import family
from tests.queried import Queried, queried
from tests.twin.cohorts import Shape


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queried]:
    folder = tmp_path_factory.mktemp("released")
    with queried(folder, seed=4, shape=Shape(persons=26, batches=3)) as found:
        # Three more, of whom features are told.
        push_batch(found.warehouse, family(folder / "family").path)
        build_base(found.warehouse)
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
    # The base of a commit is none of what they may see, beside a release either.
    refused = ask(client, cohort, "researcher", "/v1/changes", since="1")
    assert (refused.status_code, refused.json()["reason"]) == (403, "release_needed")
    refused = ask(client, cohort, "researcher", "/v1/changes", since="1", release="2026-1")
    assert (refused.status_code, refused.json()["reason"]) == (404, "release_unknown")
    other = ask(client, cohort, "researcher", f"/v1/variants/{name}", release="2026-9")
    assert (other.status_code, other.json()["reason"]) == (404, "release_unknown")
    family = ask(
        client, cohort, "researcher", f"/v1/variants/{name}", release="2026-1",
        excluding_family="F1",
    )  # fmt: skip
    assert (family.status_code, family.json()["reason"]) == (403, "not_allowed")


def test_depth_changes_and_phenotypes_of_a_release(client: TestClient, cohort: Queried) -> None:
    contig, pos, _, _ = next(iter(cohort.scans["care"].variants))
    region = f"{contig}:{max(1, pos - 50)}-{pos + 50}"
    for role in ("researcher", "industry", "clinician"):
        purpose = {"researcher": "research", "industry": "industry"}.get(role, "care")
        with open_release(cohort.warehouse, "2026-1", purpose) as reader:
            expected = find_depth(reader, region)
        for state in ({"release": "2026-1"}, {"as_of": "2999-01-01"}):
            if role == "clinician" and "as_of" in state:
                continue
            found = ask(client, cohort, role, f"/v1/depth/{region}", **state)
            assert found.json() == expected
            DepthAnswer.model_validate_json(found.content, strict=True)
        told = ask(client, cohort, role, "/v1/changes", since="2026-1", release="2026-1").json()
        assert told.pop("next") is None
        assert told == find_changes(cohort.warehouse, "2026-1", purpose, "2026-1")
        told = ask(client, cohort, role, "/v1/releases/2026-1/phenotypes")
        assert told.json() == find_phenotypes(cohort.warehouse, "2026-1", purpose)
        entry = read_entries(cohort.warehouse)[-1]
        assert (entry["what"], entry["release"]) == ("phenotypes", "2026-1")
    assert {one["hpo_id"] for one in told.json()["terms"]} > {"HP:0001250", "HP:0001263"}
    unknown = ask(client, cohort, "researcher", "/v1/releases/2026-9/phenotypes")
    assert (unknown.status_code, unknown.json()["reason"]) == (404, "release_unknown")
    denied = ask(client, cohort, "steward", "/v1/releases/2026-1/phenotypes")
    assert (denied.status_code, denied.json()["reason"]) == (403, "not_allowed")


def test_a_file_is_annotated_from_a_release(
    client: TestClient, cohort: Queried, tmp_path: Path
) -> None:
    keys = sorted(key[1:] for key in cohort.scans["care"].variants if key[0] == "22")
    lines = [f"chr22 {pos} . {ref} {alt} . PASS . GT 0/1" for pos, ref, alt in keys]
    (tmp_path / "in.vcf").write_bytes(vcf("PATIENT", lines=lines))
    annotate(
        cohort.warehouse, tmp_path / "in.vcf", tmp_path / "own.vcf.gz", purpose="research",
        release="2026-1",
    )  # fmt: skip
    key = key_for(cohort.warehouse, "researcher")
    body = (tmp_path / "in.vcf").read_bytes()
    for state in ("release=2026-1", "as_of=2999-01-01"):
        sent = client.post(f"/v1/annotate?purpose=research&{state}", content=body, headers=key)
        assert sent.status_code == 202, sent.text
        path = urlsplit(sent.headers["location"]).path
        while client.get(path, headers=key).json()["state"] == "running":
            pass
        found = gzip.decompress(client.get(f"{path}/vcf", headers=key).content)
        assert found == gzip.decompress((tmp_path / "own.vcf.gz").read_bytes())
        entry = read_entries(cohort.warehouse)[-1]
        assert (entry["release"], entry["rows"]) == ("2026-1", len(lines))


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

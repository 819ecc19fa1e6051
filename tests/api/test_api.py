"""The read service: the same answers as the command line, one shape of errors, loopback only."""

import csv
import gzip
import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.ipc
import pytest
import zstandard
from fastapi.testclient import TestClient
from pydantic import BaseModel

from api.app import create_app
from api.models import Problem, RegionAnswer, StatusAnswer, VariantAnswer, VariantsAnswer
from api.paging import write_cursor
from api.problems import MEDIA_TYPE
from api.routers.regions import MAX_POSITIONS
from cad.annotation.load import add_annotation
from cad.annotation.manage import remove_version
from cad.build.run import build_base
from cad.demo.folder import mark_demo
from cad.push import push_batch
from cad.query import BaseReader, find_region, find_variant, open_base
from cad.serving import Listening, check_listening
from cad.settings import Settings
from cad.warehouse import Warehouse
from schemas.errors import Forbidden, NotFound
from tests.annotations import sites
from tests.api.asking import key_for
from tests.batch_dir import BatchDir, vcf
from tests.pushed import family
from tests.queried import Queried, queried

HERE = "http://localhost"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queried]:
    with queried(tmp_path_factory.mktemp("api"), seed=7) as found:
        yield found


@pytest.fixture(scope="module")
def client(cohort: Queried) -> Iterator[TestClient]:
    app = create_app(Settings(warehouse=cohort.warehouse.path))
    key = key_for(cohort.warehouse, "clinician")
    with TestClient(app, HERE, raise_server_exceptions=False, headers=key) as opened:
        yield opened


def answered(document: dict[str, Any]) -> dict[str, Any]:
    """An answer without what the service adds to those of the command line."""
    kept = {name: value for name, value in document.items() if name not in ("citation", "next")}
    if "variants" in kept:
        kept["variants"] = [answered(one) for one in kept["variants"]]
    return kept


def problem(client: TestClient, address: str, status: int) -> Problem:
    """The problem document that a request is answered with."""
    response = client.get(address)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == MEDIA_TYPE
    found = Problem.model_validate(response.json())
    assert found.status == status
    assert found.type == f"urn:cad:reason:{found.reason}"
    return found


def validate(model: type[BaseModel], document: object) -> None:
    """Whether a document follows a model to the letter: strictly typed, no field more or less."""
    model.model_validate_json(json.dumps(document), strict=True)


def test_variant_is_answered_as_anywhere_else(cohort: Queried, client: TestClient) -> None:
    with open_base(cohort.warehouse, "care") as base:
        reader = BaseReader(cohort.warehouse, base)
        for key in [*list(cohort.scans["care"].variants)[:20], ("22", 5, "A", "C")]:
            text = "-".join(map(str, key))
            response = client.get(f"/v1/variants/chr{text}")
            assert response.status_code == 200
            assert answered(response.json()) == find_variant(reader, text)
            validate(VariantAnswer, response.json())


def test_many_variants_are_answered_as_one_by_one(cohort: Queried, client: TestClient) -> None:
    keys = ["-".join(map(str, key)) for key in cohort.scans["care"].variants]
    asked = [*reversed(keys), "22-5-A-C", "22-100-A", f"chr{keys[0]}"]
    for strata in (["all"], ["sex=XX"], ["sex=XX", "affected=0"], ["sex=XX", "all"]):
        body = {"variants": asked, "stratum": strata}
        answer = client.post("/v1/variants", json=body).json()
        validate(VariantsAnswer, answer)
        found = {one["asked"]: one for one in answer["variants"]}
        assert [one["asked"] for one in answer["variants"]] == asked
        assert found["22-100-A"]["error"]["reason"] == "variant_malformed"
        with open_base(cohort.warehouse, "care") as base:
            reader = BaseReader(cohort.warehouse, base)
            for text in {*asked} - {"22-100-A"}:
                one = find_variant(reader, text, strata, annotation=["none"])
                for name in ("variant", "state", "raw_only", "normalised_from", "frequencies"):
                    assert found[text][name] == one[name], (text, name)


def test_too_many_variants(client: TestClient) -> None:
    response = client.post("/v1/variants", json={"variants": ["22-5-A-C"] * 10_001})
    assert (response.status_code, response.json()["reason"]) == (400, "request_malformed")


def test_a_table_in_other_forms(cohort: Queried, client: TestClient) -> None:
    contig, pos, _, _ = next(iter(cohort.scans["care"].variants))
    address = f"/v1/regions/{contig}:{pos}-{pos + 20}"
    expected = [
        {"variant": one["variant"], "stratum": row["stratum"], "ac": row["ac"], "af": row["af"]}
        for one in client.get(address).json()["variants"]
        for row in one["frequencies"]
    ]
    arrow = client.get(address, headers={"accept": "application/vnd.apache.arrow.stream"})
    assert arrow.headers["content-type"] == "application/vnd.apache.arrow.stream"
    names = list(expected[0])
    table = pa.ipc.open_stream(arrow.content).read_all()
    assert table.select(names).to_pylist() == expected
    text = client.get(address, params={"format": "csv"})
    assert text.headers["content-type"].startswith("text/csv")
    read = csv.DictReader(text.text.splitlines())
    kinds = (str, str, int, lambda word: float(word) if word else None)
    assert [
        {name: kind(row[name]) for name, kind in zip(names, kinds, strict=True)} for row in read
    ] == expected
    assert problem(client, f"{address}?format=xml", 400).reason == "request_malformed"


def test_parts_of_a_region_come_to_the_whole(cohort: Queried, client: TestClient) -> None:
    contig, first, _, _ = next(iter(cohort.scans["care"].variants))
    address = f"/v1/regions/{contig}:{first}-{first + MAX_POSITIONS - 1}"
    whole = client.get(address).json()
    assert whole["next"] is None
    found, cursor, parts = [], {}, 0
    while cursor is not None:
        part = client.get(address, params={"limit": 2, **cursor}).json()
        assert 1 <= len(part["variants"]) <= 2
        found += part["variants"]
        parts += 1
        cursor = part["next"] and {"cursor": part["next"]}
    assert found == whole["variants"]
    assert parts == -(-len(found) // 2)
    assert parts > 3
    wrong = problem(client, f"{address}?cursor=!!", 400)
    assert wrong.reason == "cursor_malformed"
    stale = write_cursor(0, [1, "A", "C"])
    assert problem(client, f"{address}?cursor={stale}", 409).reason == "cursor_stale"


def test_answers_are_packed(client: TestClient) -> None:
    plain = client.get("/openapi.json", headers={"accept-encoding": "identity"}).content
    for coding in ("gzip", "zstd"):
        with client.stream("GET", "/openapi.json", headers={"accept-encoding": coding}) as response:
            assert response.headers["content-encoding"] == coding
            packed = b"".join(response.iter_raw())
        assert len(packed) < len(plain) / 4
        unpack = gzip.decompress if coding == "gzip" else _unzstd
        assert unpack(packed) == plain


def _unzstd(packed: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(packed)


def test_citation(cohort: Queried, client: TestClient) -> None:
    key = next(iter(cohort.scans["care"].variants))
    name = "-".join(map(str, key))
    answer = client.get(f"/v1/variants/{name}").json()
    row = answer["frequencies"][0]
    cited = answer["citation"]
    assert f"{name} (GRCh38)" in cited["fr"]
    for figure in (row["ac"], row["an"], row["persons"], answer["commit"]):
        assert str(figure) in cited["en"]
        assert str(figure) in cited["fr"]
    assert answered(client.get(cited["address"]).json()) == answered(answer)
    old = problem(client, f"/v1/variants/{name}?as_of={answer['commit'] - 1}", 404)
    assert old.reason == "release_unknown"
    assert client.get(f"/v1/variants/{name}?as_of=2999-01-01").status_code == 200
    assert problem(client, f"/v1/variants/{name}?as_of=2001-01-01", 404)
    assert problem(client, f"/v1/variants/{name}?as_of=soon", 400).reason == "as_of_malformed"


def test_options_of_a_question(cohort: Queried, client: TestClient) -> None:
    (contig, pos, ref, alt) = next(iter(cohort.scans["care"].variants))
    text = f"{contig}-{pos}-{ref}-{alt}"
    with open_base(cohort.warehouse, "care") as base:
        reader = BaseReader(cohort.warehouse, base)
        asked = {"strata": ["sex=XX", "all"], "excluding_family": "F1"}
        response = client.get(
            f"/v1/variants/{text}?stratum=sex%3DXX&stratum=all&excluding_family=F1"
        )
        assert answered(response.json()) == find_variant(reader, text, **asked)


def test_region_is_answered_as_anywhere_else(cohort: Queried, client: TestClient) -> None:
    contig, pos, _, _ = next(iter(cohort.scans["care"].variants))
    text = f"{contig}:{pos}-{pos + 20}"
    with open_base(cohort.warehouse, "care") as base:
        expected = find_region(BaseReader(cohort.warehouse, base), text, ["all"])
    response = client.get(f"/v1/regions/{text}", params={"stratum": "all"})
    assert answered(response.json()) == expected
    assert expected["variants"]
    validate(RegionAnswer, response.json())


def test_status(cohort: Queried, client: TestClient) -> None:
    status = client.get("/v1/status").json()
    validate(StatusAnswer, status)
    assert status["warehouse_id"] == cohort.warehouse.warehouse_id
    assert status["is_built"] is True


def test_every_mistake_has_its_reason(client: TestClient) -> None:
    assert problem(client, "/v1/variants/22-100-A", 400).reason == "variant_malformed"
    assert problem(client, "/v1/variants/22-9-A-G?purpose=fun", 400).reason == "purpose_unknown"
    assert problem(client, "/v1/variants/22-9-A-G?stratum=x", 404).reason == "stratum_unknown"
    assert problem(client, "/v1/variants/22-9-A-G?excluding_family=x", 404).reason == (
        "family_unknown"
    )
    assert problem(client, "/v1/regions/22:9-1", 400).reason == "region_malformed"
    wide = f"/v1/regions/22:1-{MAX_POSITIONS + 1}"
    assert problem(client, wide, 400).reason == "region_malformed"
    assert client.get(f"/v1/regions/22:1-{MAX_POSITIONS}").status_code == 200
    assert problem(client, "/v1/nothing", 404).reason == "not_found"
    assert problem(client, "/docs", 404).reason == "not_found"
    unknown = problem(client, "/v1/status/../variants/22-9-A-G?strata=all", 400)
    assert unknown.reason == "request_malformed"
    assert "query.strata" in unknown.detail
    response = client.post("/v1/status")
    assert (response.status_code, response.headers["allow"]) == (405, "GET")
    assert Problem.model_validate(response.json()).reason == "request_malformed"


@pytest.fixture(scope="module")
def demo(cohort: Queried) -> Iterator[TestClient]:
    """The service of a demo, which asks nobody for a key."""
    mark_demo(cohort.warehouse.path)
    app = create_app(Settings(warehouse=cohort.warehouse.path, demo=True))
    with TestClient(app, HERE, raise_server_exceptions=False) as opened:
        yield opened


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.5", "", "[::"])
def test_request_for_another_host_is_refused(demo: TestClient, host: str) -> None:
    response = demo.get("/v1/status", headers={"host": host})
    assert response.status_code == 403
    assert response.json()["reason"] == "request_malformed"


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:80", "LOCALHOST"])
def test_request_for_this_machine_is_answered(demo: TestClient, host: str) -> None:
    assert demo.get("/v1/variants/22-5-A-C", headers={"host": host}).status_code == 200


def test_no_other_warehouse_is_served_as_a_demo(sqlite_warehouse: Warehouse) -> None:
    app = create_app(Settings(warehouse=sqlite_warehouse.path, demo=True))
    with pytest.raises(Forbidden, match="demo_only"), TestClient(app):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "cad.example", ""])
def test_listening_elsewhere_needs_tls_and_somebody_to_ask(
    sqlite_warehouse: Warehouse, host: str
) -> None:
    pem = Path("cad.pem")
    check_listening(sqlite_warehouse, Listening("localhost"))
    for how in (Listening(host), Listening(host, pem, pem), Listening(host, pem)):
        with pytest.raises(Forbidden, match="bind_refused"):
            check_listening(sqlite_warehouse, how)
    key_for(sqlite_warehouse, "clinician")
    with pytest.raises(Forbidden, match="bind_refused"):
        check_listening(sqlite_warehouse, Listening(host))
    check_listening(sqlite_warehouse, Listening(host, pem, pem))
    mark_demo(sqlite_warehouse.path)
    with pytest.raises(Forbidden, match="bind_refused"):
        check_listening(sqlite_warehouse, Listening(host, is_demo=True))
    behind = Settings(proxy_addresses=("10.0.0.1",))
    with Warehouse.open(sqlite_warehouse.path, behind) as opened:
        check_listening(opened, Listening(host))


def test_openapi_tells_of_every_route_with_examples(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert set(document["paths"]) >= {
        "/v1/variants/{variant}", "/v1/regions/{region}", "/v1/status",
    }  # fmt: skip
    for said in (method for path in document["paths"].values() for method in path.values()):
        assert said["description"]
        assert MEDIA_TYPE in said["responses"]["default"]["content"]
        assert all(one["schema"].get("description") for one in said.get("parameters", []))
    (example,) = document["components"]["schemas"]["VariantAnswer"]["examples"]
    # FastAPI leaves nulls out of the examples it prints.
    nothing = {
        name: None
        for name, field in VariantAnswer.model_fields.items()
        if field.is_required() and type(None) in get_args(field.annotation)
    }
    validate(VariantAnswer, nothing | example)


def test_unforeseen_error_tells_nothing(tmp_path: Path, sqlite_warehouse: Warehouse) -> None:
    push_batch(sqlite_warehouse, family(tmp_path / "a").path)
    build_base(sqlite_warehouse)
    app = create_app(Settings(warehouse=sqlite_warehouse.path))
    key = key_for(sqlite_warehouse, "clinician")
    with TestClient(app, HERE, raise_server_exceptions=False, headers=key) as client:
        assert client.get("/v1/variants/22-100-A-G").status_code == 200
        app.state.hall.service.warehouse = None
        found = problem(client, "/v1/variants/22-100-A-G", 500)
        assert (found.reason, found.detail) == ("internal_error", "AttributeError")
        app.state.hall.service.warehouse = sqlite_warehouse


def test_service_before_and_after_a_build(tmp_path: Path, sqlite_warehouse: Warehouse) -> None:
    app = create_app(Settings(warehouse=sqlite_warehouse.path))
    with TestClient(app, HERE, headers=key_for(sqlite_warehouse, "clinician")) as client:
        assert problem(client, "/v1/variants/22-100-A-G", 404).reason == "base_missing"
        push_batch(sqlite_warehouse, family(tmp_path / "a").path)
        build_base(sqlite_warehouse)
        answer = client.get("/v1/variants/22-100-A-G").json()
        assert (answer["commit"], answer["frequencies"][0]["an"]) == (2, 6)
        more = BatchDir(tmp_path / "b")
        more.manifest["batch_id"] = "NIGHT-2"
        more.add("b.vcf", vcf("B", lines=("chr22 100 . A G . PASS . GT 1/1",)))
        more.sheet("sample_id|person_id|sex", "B|P-B|XX")
        push_batch(sqlite_warehouse, more.write())
        build_base(sqlite_warehouse)
        answer = client.get("/v1/variants/22-100-A-G").json()
        assert (answer["commit"], answer["frequencies"][0]["an"]) == (4, 8)


def test_starting_without_a_warehouse_fails(tmp_path: Path) -> None:
    for settings in (Settings(), Settings(warehouse=tmp_path / "absent")):
        with pytest.raises(NotFound, match="warehouse_missing"), TestClient(create_app(settings)):
            pass


def test_process_of_its_own(cohort: Queried) -> None:
    """As `cad serve` starts it: uvicorn, the application by name, on a socket of loopback."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        server = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "api.app:create_app", "--factory", "--fd",
             str(listening.fileno()), "--log-level", "warning"],
            pass_fds=[listening.fileno()],
            env={"CAD_WAREHOUSE": str(cohort.warehouse.path), "PATH": ""},
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        try:
            # The socket listens already: the request waits until the service takes it.
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/status", timeout=60) as answer:
                assert json.load(answer)["warehouse_id"] == cohort.warehouse.warehouse_id
            asking = urllib.request.Request(
                f"http://127.0.0.1:{port}/v1/variants/x",
                headers=key_for(cohort.warehouse, "clinician"),
            )
            with pytest.raises(urllib.error.HTTPError) as error:
                urllib.request.urlopen(asking, timeout=60)
            with error.value as refused:
                assert json.load(refused)["reason"] == "variant_malformed"
        finally:
            server.terminate()
            _, told = server.communicate(timeout=60)
        assert told == ""


class TestAnnotations:
    def test_answers_follow_the_model_with_what_sources_say(
        self, client: TestClient, cohort: Queried, tmp_path: Path
    ) -> None:
        contig, pos, ref, alt = next(iter(cohort.scans["care"].variants))
        lines = [f"{contig} {pos} 7 {ref} {alt} . . CLNSIG=Benign"]
        added = add_annotation(
            cohort.warehouse, "clinvar", sites(tmp_path / "c.vcf", lines), "1",
            max_ref_mismatches=1,
        )  # fmt: skip
        try:
            address = f"/v1/variants/{contig}-{pos}-{ref}-{alt}"
            answer = client.get(address).json()
            validate(VariantAnswer, answer)
            assert answer["annotations"] == [
                {
                    "source": "clinvar", "kind": "clinvar", "version": "1",
                    "records": [{"variation_id": 7, "significance": "Benign"}],
                }
            ]  # fmt: skip
            region = client.get(f"/v1/regions/{contig}:{pos}-{pos}?annotation=clinvar@1").json()
            validate(RegionAnswer, region)
            said = {one["variant"]: one["annotations"] for one in region["variants"]}
            assert said[answer["variant"]] == answer["annotations"]
            assert client.get(f"{address}?annotation=none").json()["annotations"] == []
            unknown = problem(client, f"{address}?annotation=gnomad", 404)
            assert unknown.reason == "annotation_unknown"
        finally:
            remove_version(cohort.warehouse, "clinvar", added.version)

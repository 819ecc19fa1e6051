"""Who does not come to the point: slow and endless heads, slow bodies, answers that take long."""

import json
import socket
from collections.abc import Iterator

import pytest
from starlette.concurrency import run_in_threadpool
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from api.app import create_app
from api.guard import Guard
from cad.cohort.filter import parse_filter
from cad.cohort.select import CohortCache
from cad.deadline import check_deadline, deadline
from cad.head_in_time import MAX_HEAD
from cad.query import BaseReader, find_region, open_base, parse_region
from cad.query.depth_runs import find_depth
from cad.questions.frequency import find_frequencies
from cad.settings import Settings
from cad.warehouse import Warehouse
from schemas.errors import Unavailable
from tests.api.asking import key_for
from tests.api.serving import served
from tests.pushed import family
from tests.queried import built


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("slow")
    with built(folder / "w", [family(folder / "batch").path], None) as made:
        yield made


def sent(address: str, *parts: bytes) -> bytes:
    """What comes back until the service closes the connection."""
    port = int(address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except ConnectionResetError:
            pass
        return answer


def test_connections_that_do_not_come_to_the_point(warehouse: Warehouse) -> None:
    key = key_for(warehouse, "clinician")["authorization"].encode()
    whole = b"GET /v1/status HTTP/1.1\r\nhost: localhost\r\n\r\n"
    post = (
        b"POST /v1/variants HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"authorization: " + key + b"\r\ncontent-length: 1000\r\n\r\n{"
    )
    with served(warehouse.path, CAD_BODY_SECONDS="1") as address:
        assert sent(address, b"GET /v1/status HTTP/1.1\r\nhost:") == b""
        assert sent(address) == b""
        # After a whole request too, whose own answer arrives.
        first = sent(address, whole + b"GET /v1/sta")
        assert first.count(b"HTTP/1.1") == 1
        assert first.startswith(b"HTTP/1.1 200 OK")
        slow = sent(address, post)
        assert slow.startswith(b"HTTP/1.1 408 ")
        assert json.loads(slow.partition(b"\r\n\r\n")[2])["reason"] == "body_too_slow"
        endless = b"GET /v1/status HTTP/1.1\r\nx: " + b"x" * (2 * MAX_HEAD)
        assert not sent(address, endless).startswith(b"HTTP/1.1 200")


def test_an_endless_body(warehouse: Warehouse) -> None:
    with TestClient(create_app(Settings(warehouse=warehouse.path, body_bytes=100))) as client:
        # In chunks no length is told beforehand.
        response = client.post(
            "/v1/variants",
            content=(b"x" * 50 for _ in range(5)),
            headers=key_for(warehouse, "clinician"),
        )
        assert (response.status_code, response.json()["reason"]) == (413, "body_too_large")


def test_work_on_a_late_answer_ends() -> None:
    ended: list[str] = []

    def work() -> None:
        try:
            while True:
                check_deadline()
        except Unavailable as error:
            ended.append(error.reason)

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await run_in_threadpool(work)

    response = TestClient(Guard(app, Settings(answer_seconds=1))).get("/")
    assert (response.status_code, response.json()["reason"]) == (503, "answer_too_slow")
    assert ended == ["answer_too_slow"]


def test_long_work_looks_at_its_deadline(warehouse: Warehouse) -> None:
    with open_base(warehouse, "care") as base:
        reader = BaseReader(warehouse, base)
        region, everybody = parse_region("22:1-1000", "GRCh38"), parse_filter(())
        variants = [variant for variant, _ in reader.between(region)]
        cohort = CohortCache().at(warehouse, base.pinned_no)
        asked = (
            lambda: find_region(reader, "22:1-1000"),
            lambda: find_depth(reader, "22:1-1000"),
            lambda: reader.gather(variants, [0]),
            lambda: find_frequencies(reader, cohort, "22:1-1000", everybody, None),
        )
        for ask in asked:
            ask()
            with deadline(-1), pytest.raises(Unavailable, match="answer_too_slow"):
                ask()

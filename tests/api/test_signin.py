"""Signing in to the pages: by a real browser, and by those who should not get in."""

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.pages.words import WORDS
from cad.access.clients import clients, revoke_client
from cad.settings import Settings
from cad.warehouse import Warehouse
from tests.api.asking import key_for
from tests.api.browser import opened
from tests.api.serving import served
from tests.pushed import family
from tests.queried import built

VARIANT = "/variants/22-100-A-G?lang=en"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("signin")
    with built(folder / "w", [family(folder / "batch").path], None) as made:
        yield made


@pytest.fixture(scope="module")
def key(warehouse: Warehouse) -> str:
    return key_for(warehouse, "clinician")["authorization"].removeprefix("Bearer ")


@pytest.fixture
def client(warehouse: Warehouse) -> Iterator[TestClient]:
    app = create_app(Settings(warehouse=warehouse.path))
    with TestClient(app, "https://cad.example", follow_redirects=False) as made:
        yield made


def sign_in(client: TestClient, key: str, where: str = VARIANT, **headers: str) -> int:
    form = {"key": key, "next": where, "lang": "en"}
    return client.post("/signin", data=form, headers=headers).status_code


class Elsewhere(BaseHTTPRequestHandler):
    """A page of another site, with a form for the service."""

    form = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.form.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_browser_signs_in_and_out(warehouse: Warehouse, key: str, tmp_path: Path) -> None:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.fail("chromium is missing: make system")
    with served(warehouse.path) as address, opened(found, tmp_path / "profile") as tab:
        tab.go(address + VARIANT)
        assert tab.run("document.querySelector('h1').innerText") == WORDS["en"]["sign_in"]
        tab.submit(
            f"document.querySelector('#key').value = {json.dumps(key)};"
            "document.querySelector('form[action=\"/signin\"]').submit()"
        )
        assert tab.run("location.pathname + location.search") == VARIANT
        assert tab.run("document.querySelector('h1').innerText") == "22-100-A-G"
        assert tab.run("document.cookie") == ""
        # The session reads pages; an address of the API needs the key itself.
        tab.go(address + "/v1/variants/22-100-A-G")
        assert "credentials_missing" in tab.run("document.body.innerText")
        tab.go(address + VARIANT)
        tab.submit("document.querySelector('form[action=\"/signout\"]').submit()")
        tab.go(address + VARIANT)
        assert tab.run("document.querySelector('h1').innerText") == WORDS["en"]["sign_in"]
        field = f'<input name="key" value="{key}">'
        Elsewhere.form = f'<form action="{address}/signin" method="post">{field}</form>'
        site = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
        threading.Thread(target=site.serve_forever, daemon=True).start()
        tab.go(f"http://localhost:{site.server_port}/")
        tab.submit("document.forms[0].submit()")
        site.shutdown()
        site.server_close()
        assert WORDS["fr"]["sign_in"] in tab.run("document.body.innerText")
        tab.go(address + VARIANT)
        assert tab.run("document.querySelector('h1').innerText") == WORDS["en"]["sign_in"]


def test_the_cookie_is_out_of_reach_of_scripts_and_sites(client: TestClient, key: str) -> None:
    sent = client.post("/signin", data={"key": key, "next": VARIANT})
    assert (sent.status_code, sent.headers["location"]) == (303, VARIANT)
    cookie = sent.headers["set-cookie"]
    assert cookie.startswith("__Host-cad=")
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly", "path=/", "samesite=strict", "secure",
    }  # fmt: skip
    assert key not in cookie
    page = client.get(VARIANT)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"


def test_a_session_reads_pages_and_nothing_else(client: TestClient, key: str) -> None:
    assert sign_in(client, key) == 303
    assert client.get(VARIANT).status_code == 200
    assert client.get("/v1/variants/22-100-A-G").status_code == 401
    assert client.get("/openapi.json").status_code == 401
    assert client.post("/v1/variants", json={"variants": ["22-100-A-G"]}).status_code == 401
    # Who shows a key is who shows it, whatever session the browser has.
    wrong = client.get(VARIANT, headers={"authorization": "Bearer cadk_no"})
    assert wrong.status_code == 401


def test_a_session_ends_with_its_key(
    client: TestClient, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = key_for(warehouse, "clinician", "leaving")["authorization"].removeprefix("Bearer ")
    assert sign_in(client, own) == 303
    assert client.get(VARIANT).status_code == 200
    [number] = [one.client_no for one in clients(warehouse) if one.name == "leaving"]
    revoke_client(warehouse, str(number))
    # A key is taken to hold for a second.
    monkeypatch.setattr("api.callers._HELD_SECONDS", 0.0)
    assert client.get(VARIANT).status_code == 401


def test_signing_out_ends_it_whoever_kept_the_cookie(client: TestClient, key: str) -> None:
    sign_in(client, key)
    kept = client.cookies["__Host-cad"]
    assert client.post("/signout", headers={"origin": "https://evil.example"}).status_code == 303
    assert client.get(VARIANT).status_code == 200
    assert client.post("/signout").status_code == 303
    client.cookies.set("__Host-cad", kept, "cad.example")
    assert client.get(VARIANT).status_code == 401


@pytest.mark.parametrize("headers", [
    {"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
])  # fmt: skip
def test_no_other_site_signs_anybody_in(
    client: TestClient, key: str, headers: dict[str, str]
) -> None:
    assert sign_in(client, key, **headers) == 403
    assert "set-cookie" not in client.get(VARIANT).headers
    assert client.get(VARIANT).status_code == 401


@pytest.mark.parametrize("where", ["//evil.example", "https://evil.example", "/\\evil", "", "x"])
def test_nobody_is_led_elsewhere(client: TestClient, key: str, where: str) -> None:
    sent = client.post("/signin", data={"key": key, "next": where})
    assert sent.headers["location"] == "/"


def test_wrong_keys_are_counted(warehouse: Warehouse) -> None:
    app = create_app(Settings(warehouse=warehouse.path, failures_per_minute=2))
    with TestClient(app, "https://cad.example") as client:
        codes = [sign_in(client, "cadk_wrong") for _ in range(4)]
        assert codes == [401, 401, 429, 429]
        page = client.post("/signin", data={"key": "<script>", "next": '"><script>'})
        assert "<script" not in page.text

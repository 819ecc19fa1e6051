"""Batches over HTTP: parts, cuts, checksums, encryption, quotas; the receipt of the command."""

import base64
import gzip
import hashlib
import json
import os
import random
import resource
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from crypt4gh.keys import get_private_key, get_public_key
from crypt4gh.keys.c4gh import generate
from crypt4gh.lib import encrypt
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from cad.audit.verify import read_entries
from cad.push import push_batch
from cad.settings import Settings
from cad.uploads.assemble import assembled
from cad.uploads.failures import told_as
from cad.uploads.store import UploadStore
from cad.warehouse import Warehouse
from loaders.bgzf import EOF_BLOCK
from schemas.errors import BadQuestion
from tests.api.asking import key_for
from tests.api.serving import served
from tests.pushed import batch_ids, contents, family

TUS = {"tus-resumable": "1.0.0"}
PART = {**TUS, "content-type": "application/offset+octet-stream"}


@dataclass
class Platform:
    """A platform that sends batches up."""

    client: TestClient
    warehouse: Warehouse
    batch: str = "NIGHT-1"

    def begin(self, path: str, data: bytes, **told: str) -> Response:
        said = {"batch": self.batch, "path": path, "sha256": hashlib.sha256(data).hexdigest()}
        pairs = (f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in (said | told).items())
        headers = {**TUS, "upload-length": str(len(data)), "upload-metadata": ",".join(pairs)}
        return self.client.post("/v1/uploads", headers=headers)

    def add(self, address: str, part: bytes, offset: int, **more: str) -> Response:
        headers = {**PART, "upload-offset": str(offset), **more}
        return self.client.patch(urlsplit(address).path, content=part, headers=headers)

    def offset(self, address: str) -> int:
        response = self.client.head(urlsplit(address).path, headers=TUS)
        assert response.status_code == 200
        return int(response.headers["upload-offset"])

    def send(self, path: str, data: bytes) -> str:
        address = self.begin(path, data).headers["location"]
        response = self.add(address, data, 0)
        assert response.status_code == 204, response.text
        assert response.headers["upload-offset"] == str(len(data))
        return address

    def send_all(self, folder: Path) -> None:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                self.send(file.relative_to(folder).as_posix(), file.read_bytes())

    def push(self, **more: object) -> Response:
        answer = self.client.post("/v1/batches", json={"batch": self.batch, **more})
        while answer.status_code == 202:
            answer = self.client.get(urlsplit(answer.headers["location"]).path)
        return answer


@pytest.fixture
def platform(sqlite_warehouse: Warehouse) -> Iterator[Platform]:
    app = create_app(Settings(warehouse=sqlite_warehouse.path))
    key = key_for(sqlite_warehouse, "platform")
    with TestClient(app, headers=key) as client:
        yield Platform(client, sqlite_warehouse)


@pytest.fixture
def other(platform: Platform) -> Platform:
    """Another platform at the same service."""
    key = key_for(platform.warehouse, "platform", platform="AURAGEN")
    made = TestClient(platform.client.app, headers=key)
    return Platform(made, platform.warehouse)


def test_uploaded_batch_is_pushed_as_by_the_command(
    platform: Platform, other: Platform, tmp_path: Path
) -> None:
    batch = family(tmp_path / "batch").path
    platform.send_all(batch)
    listed = platform.client.get("/v1/uploads").json()["uploads"]
    assert {one["path"] for one in listed} == {
        path.relative_to(batch).as_posix() for path in batch.rglob("*") if path.is_file()
    }
    assert other.client.get("/v1/uploads").json()["uploads"] == []
    assert other.push().json()["reason"] == "upload_incomplete"
    receipt = platform.push()
    assert receipt.status_code == 200, receipt.text
    with Warehouse.create(tmp_path / "twin", "GRCh38", settings=Settings(threads=2)) as twin:
        assert receipt.json() == push_batch(twin, batch).to_json()
        assert contents(platform.warehouse) == contents(twin)
    assert platform.client.get("/v1/receipts/NIGHT-1").json() == receipt.json()
    # What was pushed waits no more, and the same bytes once more change nothing.
    assert platform.client.get("/v1/uploads").json()["uploads"] == []
    assert [*(platform.warehouse.path / "uploads").rglob("*.part")] == []
    platform.send_all(batch)
    again = platform.push().json()
    assert (again["status"], again["commit"]) == ("unchanged", receipt.json()["commit"])
    assert {entry["what"] for entry in read_entries(platform.warehouse)} == {"push", "batches"}


def test_refused_batch_changes_nothing_and_can_be_mended(
    platform: Platform, tmp_path: Path
) -> None:
    made = family(tmp_path / "batch")
    right = made.path / "samples.tsv"
    sheet = right.read_bytes()
    platform.send_all(made.path)
    platform.send("samples.tsv", sheet.replace(b"XX", b"QQ"))
    refused = platform.push()
    assert (refused.status_code, refused.json()["reason"]) == (422, "sheet_value")
    assert refused.headers["content-type"] == "application/problem+json"
    assert batch_ids(platform.warehouse) == []
    platform.send("samples.tsv", sheet)
    assert platform.push().json()["status"] == "accepted"


def test_another_platforms_batch_is_refused(other: Platform, tmp_path: Path) -> None:
    other.send_all(family(tmp_path / "batch").path)
    refused = other.push()
    assert (refused.status_code, refused.json()["reason"]) == (422, "platform_mismatch")
    assert batch_ids(other.warehouse) == []


def test_upload_of_another_platform_is_not_there(platform: Platform, other: Platform) -> None:
    address = urlsplit(platform.begin("a.bed", b"abc").headers["location"]).path
    for response in (
        other.client.head(address, headers=TUS),
        other.client.delete(address, headers=TUS),
        other.client.patch(address, content=b"abc", headers={**PART, "upload-offset": "0"}),
    ):
        assert response.status_code == 404
    assert platform.offset(address) == 0
    assert platform.client.delete(address, headers=TUS).status_code == 204
    assert platform.client.head(address, headers=TUS).status_code == 404


def test_parts_must_follow_one_another(platform: Platform) -> None:
    data = bytes(range(256)) * 10
    address = platform.begin("a.bed", data).headers["location"]
    assert platform.add(address, data[:100], 0).status_code == 204
    for offset in (0, 99, 101, 5000):
        response = platform.add(address, data[100:], offset)
        assert (response.status_code, response.json()["reason"]) == (409, "upload_offset")
    beyond = platform.add(address, data, 100)
    assert (beyond.status_code, beyond.json()["reason"]) == (413, "body_too_large")
    assert platform.offset(address) == 100
    assert platform.add(address, data[100:], 100).headers["upload-offset"] == str(len(data))


def test_part_with_another_checksum_is_not_kept(platform: Platform) -> None:
    address = platform.begin("a.bed", b"abcdef").headers["location"]
    right = "sha256 " + base64.b64encode(hashlib.sha256(b"abc").digest()).decode()
    wrong = platform.add(address, b"abX", 0, **{"upload-checksum": right})
    assert (wrong.status_code, wrong.json()["reason"]) == (460, "checksum_mismatch")
    assert platform.offset(address) == 0
    assert platform.add(address, b"abc", 0, **{"upload-checksum": right}).status_code == 204
    for said in ("crc32 AA==", "sha256 !", "sha256"):
        assert platform.add(address, b"d", 3, **{"upload-checksum": said}).status_code in (400, 460)
    assert platform.offset(address) == 3


def test_file_with_another_checksum_is_not_pushed(platform: Platform, tmp_path: Path) -> None:
    batch = family(tmp_path / "batch").path
    platform.send_all(batch)
    sheet = (batch / "samples.tsv").read_bytes()
    address = platform.begin("samples.tsv", sheet, sha256="0" * 64).headers["location"]
    platform.add(address, sheet, 0)
    refused = platform.push()
    assert (refused.status_code, refused.json()["reason"]) == (422, "checksum_mismatch")
    assert refused.json()["where"] == "samples.tsv"


@pytest.mark.parametrize(
    "path",
    ["../a.vcf", "/etc/passwd", "a/../../b", "a//b", "./a", "a\\b", "a/./b", "", "a\0b", ".hidden",
     "a/", "x" * 300, "a/b/c/d/e", "a\nb", "~root", "manifest.json/../x"],
)  # fmt: skip
def test_path_that_leads_elsewhere(platform: Platform, path: str) -> None:
    refused = platform.begin(path, b"x")
    assert (refused.status_code, refused.json()["reason"]) == (400, "path_not_allowed")
    assert not (platform.warehouse.path / "uploads").exists()


@pytest.mark.parametrize("batch", ["../x", "", "a/b", ".", "..", "x" * 300, "a b"])
def test_batch_that_is_no_name(platform: Platform, batch: str) -> None:
    refused = platform.begin("a.vcf", b"x", batch=batch)
    assert (refused.status_code, refused.json()["reason"]) == (400, "request_malformed")


def test_quota(sqlite_warehouse: Warehouse) -> None:
    settings = Settings(warehouse=sqlite_warehouse.path, upload_bytes=100, upload_files=3)
    key = key_for(sqlite_warehouse, "platform")
    with TestClient(create_app(settings), headers=key) as client:
        platform = Platform(client, sqlite_warehouse)
        assert platform.begin("a", b"x" * 60).status_code == 201
        full = platform.begin("b", b"x" * 41)
        assert (full.status_code, full.json()["reason"]) == (429, "quota_reached")
        assert platform.begin("b", b"x" * 40).status_code == 201
        # The same file once more takes the place of the first.
        assert platform.begin("a", b"x" * 50).status_code == 201
        assert platform.begin("c", b"").status_code == 201
        assert platform.begin("d", b"").json()["reason"] == "quota_reached"


def test_what_swells_is_refused(platform: Platform, tmp_path: Path) -> None:
    made = family(tmp_path / "batch")
    bomb = _bgzf(b"\0" * 50_000_000)
    platform.send_all(made.path)
    platform.send("trio.vcf", bomb)
    refused = platform.push()
    assert (refused.status_code, refused.json()["reason"]) == (422, "body_too_large")
    assert batch_ids(platform.warehouse) == []


def _bgzf(data: bytes) -> bytes:
    """Blocks of at most 64 KiB, each as small as zeros get, and the empty one at the end."""
    blocks = []
    for start in range(0, len(data), 65280):
        body = gzip.compress(data[start : start + 65280], mtime=0)[10:]
        extra = b"\x06\x00BC\x02\x00" + (len(body) + 18 - 1).to_bytes(2, "little")
        blocks.append(b"\x1f\x8b\x08\x04\0\0\0\0\0\xff" + extra + body)
    return b"".join(blocks) + EOF_BLOCK


def test_encrypted_files(sqlite_warehouse: Warehouse, tmp_path: Path) -> None:
    secret, public = tmp_path / "cad.sec", tmp_path / "cad.pub"
    generate(str(secret), str(public), passphrase=b"word", comment=None)
    settings = Settings(
        warehouse=sqlite_warehouse.path, crypt4gh_key=secret, crypt4gh_passphrase="word"
    )
    batch = family(tmp_path / "batch").path
    own = tmp_path / "own.sec"
    generate(str(own), str(tmp_path / "own.pub"), passphrase=b"", comment=None)
    keys = [(0, get_private_key(str(own), lambda: ""), get_public_key(str(public)))]
    sealed = tmp_path / "sealed"
    with (batch / "trio.vcf").open("rb") as source, sealed.open("wb") as target:
        encrypt(keys, source, target)
    key = key_for(sqlite_warehouse, "platform")
    with TestClient(create_app(settings), headers=key) as client:
        platform = Platform(client, sqlite_warehouse)
        for file in batch.iterdir():
            if file.name != "trio.vcf":
                platform.send(file.name, file.read_bytes())
        platform.send("trio.vcf.c4gh", sealed.read_bytes()[:-5])
        cut = platform.push()
        assert (cut.status_code, cut.json()["reason"]) == (422, "crypt4gh_unusable")
        platform.send("trio.vcf.c4gh", sealed.read_bytes())
        assert platform.push().json()["status"] == "accepted"
        assert [*(sqlite_warehouse.path / "uploads").rglob("trio*")] == []
    with TestClient(create_app(Settings(warehouse=sqlite_warehouse.path)), headers=key) as client:
        platform = Platform(client, sqlite_warehouse)
        platform.send("trio.vcf.c4gh", sealed.read_bytes())
        assert platform.push().json()["reason"] == "crypt4gh_unusable"


def test_a_full_disk_says_nothing_of_an_encrypted_file(
    sqlite_warehouse: Warehouse, tmp_path: Path
) -> None:
    secret, public, plain = (tmp_path / name for name in ("cad.sec", "cad.pub", "plain"))
    generate(str(secret), str(public), passphrase=b"", comment=None)
    plain.write_bytes(random.Random(1).randbytes(200_000))
    key = (0, get_private_key(str(secret), lambda: ""), get_public_key(str(public)))
    settings = Settings(crypt4gh_key=secret)
    store = UploadStore(sqlite_warehouse.path, settings)
    with plain.open("rb") as source, (tmp_path / "sealed").open("wb") as target:
        encrypt([key], source, target)
    data = (tmp_path / "sealed").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    upload = store.create("SEQOIA", "B", "a.vcf.c4gh", len(data), digest)
    store.part(upload).write_bytes(data)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with (
            pytest.raises(OSError, match="too large") as error,
            assembled(store, "SEQOIA", "B", settings),
        ):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert told_as(error.value).reason == "storage_unusable"
    with assembled(store, "SEQOIA", "B", settings) as (folder, _):
        assert (folder / "a.vcf").read_bytes() == plain.read_bytes()


@pytest.mark.parametrize("leave_out", ["upload-length", "upload-metadata", "tus-resumable"])
def test_requests_outside_the_protocol(platform: Platform, leave_out: str) -> None:
    said = "batch TklHSFQ=,path YQ==,sha256 " + base64.b64encode(b"0" * 64).decode()
    headers = {**TUS, "upload-length": "3", "upload-metadata": said}
    assert platform.client.post("/v1/uploads", headers=headers).status_code == 201
    del headers[leave_out]
    refused = platform.client.post("/v1/uploads", headers=headers)
    assert (refused.status_code, refused.json()["reason"]) == (400, "request_malformed")


def test_old_uploads_are_swept(platform: Platform) -> None:
    platform.begin("a.vcf", b"abc")
    for file in (platform.warehouse.path / "uploads").rglob("*.*"):
        os.utime(file, (0, 0))
    UploadStore(platform.warehouse.path, Settings()).sweep()
    assert platform.client.get("/v1/uploads").json()["uploads"] == []
    with pytest.raises(BadQuestion):
        UploadStore(platform.warehouse.path, Settings()).create("P", "b", "..", 1, "0" * 64)


def test_upload_goes_on_after_cuts_at_random_bytes(
    sqlite_warehouse: Warehouse, tmp_path: Path
) -> None:
    """A real connection that breaks off in the middle of a part, many times."""
    dice = random.Random(5)
    data = dice.randbytes(300_000)
    key = key_for(sqlite_warehouse, "platform")
    with served(sqlite_warehouse.path) as address:
        port = int(address.rpartition(":")[2])
        said = {"batch": "B", "path": "a.vcf", "sha256": hashlib.sha256(data).hexdigest()}
        pairs = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in said.items())
        begun = _ask(port, "POST", "/v1/uploads", {
            **key, **TUS, "upload-length": str(len(data)), "upload-metadata": pairs,
        })  # fmt: skip
        path = urlsplit(begun["location"]).path
        cuts = 0
        while (offset := _offset(port, path, key)) < len(data):
            part = data[offset:]
            headers = {**key, **PART, "upload-offset": str(offset)}
            headers["content-length"] = str(len(part))
            if cuts < 8:
                _cut(port, path, headers, part[: dice.randrange(1, len(part))])
            else:
                _ask(port, "PATCH", path, headers, part)
            cuts += 1
        assert cuts == 9
    (part,) = (sqlite_warehouse.path / "uploads").rglob("*.part")
    assert part.read_bytes() == data


def _request(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _ask(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> dict[str, str]:
    """The headers of an answer."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(_request(method, path, {**headers, "connection": "close"}) + body)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    status, *lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert status.split()[1].startswith("2"), answer
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def _offset(port: int, path: str, key: dict[str, str]) -> int:
    return int(_ask(port, "HEAD", path, {**key, **TUS})["upload-offset"])


def _cut(port: int, path: str, headers: dict[str, str], part: bytes) -> None:
    """Send part of a body and break off; wait until the service has let go of the upload."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(_request("PATCH", path, headers) + part)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


def test_manifest_that_is_no_object(platform: Platform) -> None:
    platform.send("manifest.json", json.dumps([1]).encode())
    refused = platform.push()
    assert (refused.status_code, refused.json()["reason"]) == (422, "manifest_invalid")

"""Batches over HTTP: files in parts that may be taken up again (tus 1.0), then one push.

The protocol is tus 1.0.0 with its extensions creation, checksum, expiration and termination, so
that any client of it will do (https://tus.io/protocols/resumable-upload). `Upload-Metadata` tells
`batch`, `path` in the batch and `sha256` of the whole file.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Mapping
from concurrent.futures import wait
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Query, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.desk import Asked, AtDesk, Desk
from api.models import Document, NowQuestion
from api.problems import DOCUMENTED, problem_response
from cad.gate import check
from cad.uploads.push import Push
from cad.uploads.store import Upload
from schemas.errors import BadQuestion, TooLarge

VERSION: Final = "1.0.0"
_PART_TYPE: Final = "application/offset+octet-stream"
_CHECKSUM_MISMATCH: Final = 460
"""The protocol's own status."""
_BUFFER: Final = 1 << 20
_WAIT_SECONDS: Final = 20.0
_NUMBER: Final = re.compile(r"\d{1,15}", re.ASCII)
_METADATA: Final = ("batch", "path", "sha256")

UploadId = Annotated[str, Path(description="From `Location` of its creation.")]

router = APIRouter(tags=["uploads"])


class PushRequest(Document):
    """Which uploaded batch is to be pushed."""

    batch: str = Field(
        max_length=200,
        description="The batch, as its uploads name it.",
        examples=["SEQOIA-2026-11-20-001"],
    )
    replace: bool = Field(default=False, description="Exchange a batch that was accepted before.")
    strict: bool = Field(default=False, description="Refuse any defect or warning.")


@router.options("/uploads", status_code=204, response_class=Response, responses=DOCUMENTED)
def describe_uploads(desk: AtDesk) -> Response:
    """What the service understands of the protocol."""
    _platform(desk)
    return _reply(
        HTTPStatus.NO_CONTENT,
        {
            "Tus-Version": VERSION,
            "Tus-Extension": "creation,checksum,expiration,termination",
            "Tus-Max-Size": str(int(desk.hall.settings.upload_bytes)),
            "Tus-Checksum-Algorithm": "sha256,sha1,md5",
        },
    )


@router.post("/uploads", status_code=201, response_class=Response, responses=DOCUMENTED)
def create_upload(request: Request, desk: AtDesk) -> Response:
    """Begin to upload a file of a batch; `Location` is where its parts go."""
    platform = _platform(desk)
    _check_version(request)
    told = _metadata(request.headers.get("upload-metadata", ""))
    length = request.headers.get("upload-length", "")
    if not _NUMBER.fullmatch(length):
        raise BadQuestion("request_malformed", "expected Upload-Length")
    file = told["batch"], told["path"], int(length), told["sha256"]
    upload = desk.hall.store.create(platform, *file)
    desk.enter(Asked("push", "care", {"batch": upload.batch, "path": upload.path}), 0)
    address = desk.address(f"/v1/uploads/{upload.upload_id}")
    return _reply(HTTPStatus.CREATED, {"Location": address, **_state(desk, upload)})


@router.head("/uploads/{upload_id}", response_class=Response, responses=DOCUMENTED)
def read_upload(request: Request, desk: AtDesk, upload_id: UploadId) -> Response:
    """How much of an upload has arrived."""
    platform = _platform(desk)
    _check_version(request)
    return _reply(HTTPStatus.OK, _state(desk, desk.hall.store.find(platform, upload_id)))


@router.patch(
    "/uploads/{upload_id}", status_code=204, response_class=Response, responses=DOCUMENTED
)
async def add_part(request: Request, desk: AtDesk, upload_id: UploadId) -> Response:
    """Add a part at the end of an upload; what arrives before a cut is kept."""
    platform = _platform(desk)
    _check_version(request)
    if request.headers.get("content-type") != _PART_TYPE:
        detail = f"expected Content-Type: {_PART_TYPE}"
        error = BadQuestion("request_malformed", detail)
        return problem_response(error, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    offset = request.headers.get("upload-offset", "")
    if not _NUMBER.fullmatch(offset):
        raise BadQuestion("request_malformed", "expected Upload-Offset")
    upload = await run_in_threadpool(desk.hall.store.find, platform, upload_id)
    algorithm, expected = _checksum(request.headers.get("upload-checksum"))
    with desk.hall.store.appending(upload, int(offset)) as file:
        digest = hashlib.new(algorithm, usedforsecurity=False) if algorithm else None
        try:
            await _append(request, file, upload.length - int(offset), digest)
        except ClientDisconnect:
            if digest is not None:
                # A part that is not whole cannot be held against its checksum.
                os.ftruncate(file, int(offset))
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        except TooLarge:
            os.ftruncate(file, int(offset))
            raise
        if digest is not None and digest.digest() != expected:
            os.ftruncate(file, int(offset))
            detail = "the part has another checksum, and was not kept"
            return problem_response(BadQuestion("checksum_mismatch", detail), _CHECKSUM_MISMATCH)
        await run_in_threadpool(os.fsync, file)
    found = await run_in_threadpool(desk.hall.store.find, platform, upload_id)
    return _reply(HTTPStatus.NO_CONTENT, _state(desk, found))


@router.delete(
    "/uploads/{upload_id}", status_code=204, response_class=Response, responses=DOCUMENTED
)
def delete_upload(request: Request, desk: AtDesk, upload_id: UploadId) -> Response:
    """Forget an upload."""
    platform = _platform(desk)
    _check_version(request)
    desk.hall.store.delete(desk.hall.store.find(platform, upload_id))
    return _reply(HTTPStatus.NO_CONTENT, {})


@router.get("/uploads", responses=DOCUMENTED)
def list_uploads(desk: AtDesk, question: Annotated[NowQuestion, Query()]) -> Response:
    """What waits to be pushed, of the caller's platform."""
    platform = _platform(desk)
    rows = [
        {
            "upload": one.upload_id,
            "batch": one.batch,
            "path": one.path,
            "length": one.length,
            "offset": one.offset,
            "sha256": one.sha256,
        }
        for one in desk.hall.store.uploads(platform)
    ]
    asked = Asked("push", question.purpose, {"platform": platform})
    return desk.answer(asked, {"platform": platform, "uploads": rows}, len(rows), lambda: rows)


@router.post("/batches", responses=DOCUMENTED)
def push_batch(desk: AtDesk, push: Annotated[PushRequest, Body()]) -> Response:
    """Push an uploaded batch: its receipt, or 202 and where to ask for it while it is read."""
    platform = _platform(desk)
    begun = desk.hall.pusher.start(platform, push.batch, replace=push.replace, strict=push.strict)
    return _outcome(desk, begun)


@router.get("/pushes/{push_id}", responses=DOCUMENTED)
def read_push(
    desk: AtDesk, push_id: Annotated[str, Path(description="From `Location` of the push.")]
) -> Response:
    """What came of a push, as the push itself answers; 202 while it is still running."""
    return _outcome(desk, desk.hall.pusher.find(_platform(desk), push_id))


def _outcome(desk: Desk, push: Push) -> Response:
    """The receipt of a push, or where to ask for it if it takes longer than a request may."""
    wait([push.outcome], min(_WAIT_SECONDS, desk.hall.settings.answer_seconds / 2))
    asked = Asked("push", "care", {"batch": push.batch})
    if push.error is not None:
        desk.enter(asked, 0)
        raise push.error
    is_done = push.outcome.done()
    document = push.outcome.result() if is_done else push.to_json()
    response = desk.answer(asked, document, 1)
    if not is_done:
        response.status_code = HTTPStatus.ACCEPTED
        response.headers["Location"] = desk.address(f"/v1/pushes/{push.push_id}")
    return response


def _platform(desk: Desk) -> str:
    """The caller's own platform, for which alone it pushes."""
    check(desk.caller, "push", "care", platform=desk.caller.platform)
    return desk.caller.platform or ""


def _check_version(request: Request) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise BadQuestion("request_malformed", f"expected Tus-Resumable: {VERSION}")


async def _append(request: Request, file: int, left: int, digest: Any) -> None:
    """Write the body as it comes, at most so many bytes."""
    held = bytearray()

    def write() -> None:
        data = bytes(held)
        held.clear()
        if digest is not None:
            digest.update(data)
        view = memoryview(data)
        while view:
            view = view[os.write(file, view) :]

    try:
        async for chunk in request.stream():
            left -= len(chunk)
            if left < 0:
                raise TooLarge("body_too_large", "the part goes beyond Upload-Length")
            held += chunk
            if len(held) >= _BUFFER:
                await run_in_threadpool(write)
    finally:
        if held and left >= 0:
            write()


def _metadata(text: str) -> dict[str, str]:
    """Words of `Upload-Metadata`: names, each with a value in base64."""
    found = {}
    for pair in text.split(","):
        name, _, value = pair.strip().partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            raise BadQuestion("request_malformed", "Upload-Metadata is not base64") from None
    missing = [name for name in _METADATA if name not in found]
    if missing:
        detail = f"expected {', '.join(_METADATA)} in Upload-Metadata"
        raise BadQuestion("request_malformed", detail)
    return found


def _checksum(text: str | None) -> tuple[str | None, bytes]:
    if text is None:
        return None, b""
    algorithm, _, value = text.partition(" ")
    if algorithm not in ("sha256", "sha1", "md5"):
        raise BadQuestion("request_malformed", "expected sha256, sha1 or md5 in Upload-Checksum")
    try:
        return algorithm, base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise BadQuestion("request_malformed", "Upload-Checksum is not base64") from None


def _state(desk: Desk, upload: Upload) -> dict[str, str]:
    ends = datetime.now(UTC) + timedelta(hours=desk.hall.settings.upload_hours)
    return {
        "Upload-Offset": str(upload.offset),
        "Upload-Length": str(upload.length),
        "Upload-Expires": format_datetime(ends, usegmt=True),
    }


def _reply(status: int, headers: Mapping[str, str]) -> Response:
    said = {"Tus-Resumable": VERSION, "Cache-Control": "no-store", **headers}
    return Response(status_code=status, headers=said)

"""Pushing an uploaded batch: by the command a platform would run, in a process of its own.

A push reads gigabytes; in the service's own process it would keep every other answer waiting. One
runs at a time, and what came of each is kept until the service ends; receipts stay in the registry.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final
from uuid import uuid4

from cad.settings import Settings
from cad.uploads.assemble import assembled, forget
from cad.uploads.failures import told_as
from cad.uploads.store import UploadStore
from schemas import errors
from schemas.errors import BatchRefused, CadError, NotFound

Document = dict[str, Any]
_KEPT: Final = 1000


@dataclass(frozen=True)
class Push:
    """One push of an uploaded batch."""

    push_id: str
    platform: str
    batch: str
    outcome: Future[Document]

    @property
    def error(self) -> CadError | None:
        """What it was refused for."""
        if not self.outcome.done():
            return None
        found = self.outcome.exception()
        return None if found is None else told_as(found)

    def to_json(self) -> Document:
        """The document about it while it runs."""
        return {"push": self.push_id, "batch": self.batch, "state": "running"}


class Pusher:
    """Pushes uploaded batches, one after the other."""

    def __init__(self, warehouse: Path, store: UploadStore, settings: Settings) -> None:
        self._warehouse, self._store, self._settings = warehouse, store, settings
        self._pool = ThreadPoolExecutor(1, "push")
        self._pushes: OrderedDict[str, Push] = OrderedDict()
        self._lock = Lock()

    def start(self, platform: str, batch: str, *, replace: bool, strict: bool) -> Push:
        """Begin to push a batch, or give the push of it that is under way."""
        with self._lock:
            for push in self._pushes.values():
                same = (push.platform, push.batch) == (platform, batch)
                if same and not push.outcome.done():
                    return push
            outcome = self._pool.submit(self._push, platform, batch, replace, strict)
            push = Push(uuid4().hex, platform, batch, outcome)
            self._pushes[push.push_id] = push
            while len(self._pushes) > _KEPT:
                self._pushes.popitem(last=False)
            return push

    def find(self, platform: str, push_id: str) -> Push:
        """A platform's push.

        Raises:
            NotFound: `upload_unknown`.
        """
        with self._lock:
            push = self._pushes.get(push_id)
        if push is None or push.platform != platform:
            raise NotFound("upload_unknown", "no push of the platform has this id")
        return push

    def close(self) -> None:
        """Let what runs come to its end, and begin nothing more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _push(self, platform: str, batch: str, replace: bool, strict: bool) -> Document:
        with assembled(self._store, platform, batch, self._settings) as (folder, uploads):
            _check_manifest(folder, platform)
            options = [*(["--replace"] if replace else []), *(["--strict"] if strict else [])]
            receipt = self._run(folder, options)
            forget(self._store, uploads)
            return receipt

    def _run(self, folder: Path, options: list[str]) -> Document:
        command = [sys.executable, "-m", "cad", "push", str(folder), *options]
        where = ["-w", str(self._warehouse), "--format", "json", "-q"]
        done = subprocess.run(
            [*command, *where],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env=_environment(self._settings),
        )
        try:
            document: Document = json.loads(done.stdout)
        except ValueError:
            raise CadError("internal_error", f"the push ended with {done.returncode}") from None
        if "error" in document:
            kind = getattr(errors, document["error"], CadError)
            raise kind(document["reason"], document["detail"], document["where"])
        return document


def _environment(settings: Settings) -> dict[str, str]:
    """This process's own, and the settings of the push that it was given otherwise."""
    told = dict(os.environ)
    if settings.registry_url is not None:
        told["CAD_REGISTRY_URL"] = settings.registry_url.get_secret_value()
    if settings.key_file is not None:
        told["CAD_KEY_FILE"] = str(settings.key_file)
    return told


def _check_manifest(folder: Path, platform: str) -> None:
    """A platform pushes its own batches; what else is wrong the push itself finds.

    Raises:
        BatchRefused: `platform_mismatch`.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return
    if isinstance(manifest, dict) and manifest.get("platform") != platform:
        raise BatchRefused("platform_mismatch", "the manifest names another platform")

"""Pushes in processes of their own, which may be killed at a chosen moment.

They are forked from a server that has loaded the package and its compiled code, so that thirty of
them take seconds; the server itself is started anew, without this process's threads.
"""

import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
from pydantic import ByteSize

from cad.annotation.load import add_annotation
from cad.clinical.push import push_clinical
from cad.commit import open_session
from cad.push import push_batch
from cad.releases.create import create_release
from cad.settings import Settings
from cad.sweep import sweep
from cad.warehouse import Warehouse
from tests.staged import adding, stage

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.warm"])

KILLED = -signal.SIGKILL


def start(target: Any, *arguments: Any) -> Any:
    """Start a function in a process of its own."""
    process = _CONTEXT.Process(target=target, args=arguments)
    process.start()
    return process


def run(target: Any, *arguments: Any) -> int:
    """Run a function in a process of its own to its end; returns the exit code."""
    process = start(target, *arguments)
    process.join()
    code: int = process.exitcode
    process.close()
    return code


def in_environment(names: Mapping[str, str], target: Any, *arguments: Any) -> None:
    """Run a function with variables that the server of the processes may not have been told of."""
    os.environ.update(names)
    target(*arguments)


def push(path: Path, *batches: Path) -> None:
    """Push batches one after the other."""
    with Warehouse.open(path) as warehouse:
        for batch in batches:
            push_batch(warehouse, batch)


def push_at(path: Path, batch: Path, fault: str) -> None:
    """Push a batch, ending where `fault` says (`cad.faults`)."""
    os.environ["CAD_FAULT"] = fault
    push(path, batch)


def push_clinical_at(path: Path, directory: Path, fault: str) -> None:
    """Push clinical documents, ending where `fault` says (`cad.faults`)."""
    os.environ["CAD_FAULT"] = fault
    with Warehouse.open(path) as warehouse:
        push_clinical(warehouse, directory)


def push_until(path: Path, batch: Path, calls: int) -> None:
    """Replace a batch; kill the process at the given number of calls of Python and C functions."""
    left = calls

    def count(_frame: FrameType, _event: str, _argument: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    with Warehouse.open(path) as warehouse:
        sys.setprofile(count)
        push_batch(warehouse, batch, replace=True)
        sys.setprofile(None)


def count_calls(path: Path, batch: Path, out: Path) -> None:
    """Replace a batch and write down how many calls of Python and C functions that took."""
    calls = 0

    def count(_frame: FrameType, _event: str, _argument: Any) -> None:
        nonlocal calls
        calls += 1

    with Warehouse.open(path) as warehouse:
        sys.setprofile(count)
        push_batch(warehouse, batch, replace=True)
        sys.setprofile(None)
    out.write_text(str(calls))


def push_apart(path: Path, batch: Path, out: Path) -> None:
    """Push a batch, reading in processes of their own; write down which, and die once they read."""
    settings = Settings(threads=2, parallel_bytes=ByteSize(0))

    def die(done: int, _total: int) -> None:
        if done:
            readers = psutil.Process().children(recursive=True)
            out.write_text("\n".join(str(reader.pid) for reader in readers))
            os.kill(os.getpid(), signal.SIGKILL)

    with Warehouse.open(path, settings) as warehouse:
        push_batch(warehouse, batch, progress=die)


def commit_one(path: Path, kind: Any, fault: str) -> None:
    """Commit one file by hand, ending where `fault` says."""
    os.environ["CAD_FAULT"] = fault
    with Warehouse.open(path) as warehouse, open_session(warehouse, kind) as writer:
        file = stage(writer, "a")
        writer.commit(adding(writer, file), [file])


def sweep_until(path: Path, fault: str) -> None:
    """Sweep, ending where `fault` says."""
    os.environ["CAD_FAULT"] = fault
    with Warehouse.open(path) as warehouse:
        sweep(warehouse)


def load_at(path: Path, source: Path, version: str, fault: str) -> None:
    """Load a file of ClinVar, ending where `fault` says."""
    os.environ["CAD_FAULT"] = fault
    with Warehouse.open(path) as warehouse:
        add_annotation(warehouse, "clinvar", source, version)


def release_at(path: Path, name: str, fault: str) -> None:
    """Make a release, ending where `fault` says."""
    os.environ["CAD_FAULT"] = fault
    with Warehouse.open(path) as warehouse:
        create_release(warehouse, name)

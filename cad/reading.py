"""Reading the files of a batch: each as a stream, several at once in processes of their own.

A small batch is read in the calling process, as starting others takes longer. The processes are
spawned, not
forked: the caller may hold threads, connections and locks that a fork would copy in any state. A
    process
ends with the one that started it, so that a killed push leaves none behind.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from ctypes import c_bool, c_int64
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any, Final, TypeVar

from loaders.jobs import FileJob, FileResult
from loaders.vcf_file import read_vcf
from schemas.errors import Unavailable

Tick = Callable[[int], None]
"""Called now and then with the bytes read so far, of all files; what it raises ends the reading."""

Outcome = TypeVar("Outcome")
"""What reading one file gives."""

_TICK_SECONDS: Final = 0.2


@dataclass
class _Shared:
    """What reading processes share with their parent: bytes read by file, the word to stop."""

    read: Any
    stop: Any


class _StoppedError(Exception):
    """The parent wants no more of it."""


_shared: _Shared | None = None
"""Of a reading process only; set when it starts."""


def read_files(
    jobs: Sequence[FileJob], *, workers: int, parallel_bytes: int, tick: Tick
) -> Iterator[tuple[int, FileResult]]:
    """Read all files; yields each job's index and result as soon as it is there.

    Args:
        jobs: what to read.
        workers: the most files read at once.
        parallel_bytes: below this size altogether, all is read in this process.
        tick: called often enough to draw a progress bar and to end a reading that is no longer
            wanted.

    Raises:
        BatchRefused: what the first file refused was refused for; the others are then given up.
        Unavailable: `worker_lost`.
    """
    return read_files_by(read_vcf, jobs, workers=workers, parallel_bytes=parallel_bytes, tick=tick)


def read_files_by(
    read: Callable[[FileJob, Callable[[int], None]], Outcome],
    jobs: Sequence[FileJob],
    *,
    workers: int,
    parallel_bytes: int,
    tick: Tick,
) -> Iterator[tuple[int, Outcome]]:
    """`read_files` with another way to read one file: a function of a module, as it is pickled."""
    sizes = [job.path.stat().st_size for job in jobs]
    if min(workers, len(jobs)) < 2 or sum(sizes) < parallel_bytes:
        yield from _read_here(read, jobs, tick)
    else:
        # The largest first, so that none of them is begun when the others are done.
        order = sorted(range(len(jobs)), key=lambda index: -sizes[index])
        yield from _read_apart(read, jobs, order, min(workers, len(jobs)), tick)


def _read_here(
    read: Callable[[FileJob, Callable[[int], None]], Outcome],
    jobs: Sequence[FileJob],
    tick: Tick,
) -> Iterator[tuple[int, Outcome]]:
    total = 0

    def progress(more: int) -> None:
        nonlocal total
        total += more
        tick(total)

    for index, job in enumerate(jobs):
        yield index, read(job, progress)


def _read_apart(
    read: Callable[[FileJob, Callable[[int], None]], Outcome],
    jobs: Sequence[FileJob],
    order: Sequence[int],
    workers: int,
    tick: Tick,
) -> Iterator[tuple[int, Outcome]]:
    context = get_context("spawn")
    shared = _Shared(context.RawArray(c_int64, len(jobs)), context.RawValue(c_bool, False))
    with _pool(workers, shared) as pool:
        pending = {pool.submit(_read_one, read, index, jobs[index]): index for index in order}
        while pending:
            done, _ = wait(pending, timeout=_TICK_SECONDS, return_when=FIRST_COMPLETED)
            tick(sum(shared.read))
            for future in sorted(done, key=pending.__getitem__):
                yield pending.pop(future), _result(future)


@contextmanager
def _pool(workers: int, shared: _Shared) -> Iterator[ProcessPoolExecutor]:
    """Processes that read; when the block ends early they drop what they are at."""
    pool = ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_start, initargs=(shared,)
    )
    try:
        yield pool
    finally:
        shared.stop.value = True
        pool.shutdown(wait=True, cancel_futures=True)


def _result(future: Future[Outcome]) -> Outcome:
    try:
        return future.result()
    except BrokenProcessPool:
        raise Unavailable("worker_lost", "a process that read a file ended by itself") from None


def _start(shared: _Shared) -> None:
    """Prepare a reading process."""
    global _shared
    _shared = shared
    # An interrupt from the terminal reaches all processes; the parent alone decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read_one(
    read: Callable[[FileJob, Callable[[int], None]], Outcome], index: int, job: FileJob
) -> Outcome:
    """Read one file in a reading process."""
    shared = _shared
    if shared is None:
        raise AssertionError("the process was not prepared")

    def progress(more: int) -> None:
        if shared.stop.value:
            raise _StoppedError
        shared.read[index] += more

    return read(job, progress)

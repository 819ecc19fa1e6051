"""Lines of a source's text file, plain, gzip or BGZF."""

from __future__ import annotations

from collections.abc import Iterator

from loaders.annotation.job import SourceJob
from loaders.bgzf import read_chunks
from schemas.errors import BadQuestion


def text_lines(job: SourceJob) -> Iterator[str]:
    """A file's lines without their ends; a byte order mark and Windows line ends are dropped.

    Raises:
        BadQuestion: `annotation_malformed`, where it is not UTF-8.
        BatchRefused: `bgzf_truncated`, `bgzf_corrupt`.
    """
    size, done, number, rest = job.path.stat().st_size, 0, 0, b""

    def progress(more: int) -> None:
        nonlocal done
        done += more
        if job.progress is not None:
            job.progress(done, size)

    for chunk in read_chunks(job.path, progress=progress, any_gzip=True):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            number += 1
            yield _text(line, number, job)
    if rest:
        yield _text(rest, number + 1, job)


def is_ontology(job: SourceJob) -> bool:
    """Whether a file begins as a release of an ontology does, and not as a table.

    Raises:
        BadQuestion: `annotation_malformed`, where it is not UTF-8.
        BatchRefused: `bgzf_truncated`, `bgzf_corrupt`.
    """
    first = next(text_lines(job), "").lstrip()
    return first.startswith(("format-version:", "{"))


def _text(line: bytes, number: int, job: SourceJob) -> str:
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        detail = "the text is not UTF-8"
        raise BadQuestion("annotation_malformed", detail, f"{job.name}, line {number}") from None
    return text.removesuffix("\r")

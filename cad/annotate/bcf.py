"""VCF text written as BCF with its index, by the bcftools that pysam brings along.

pysam's own records would do it too, but gain an INFO/END where an allele is symbolic.
"""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from schemas.errors import BadQuestion, Unavailable

# In a process of its own, as bcftools ends the one it is in where something goes wrong.
_CALL: Final = "import sys, pysam.bcftools; pysam.bcftools.view(*sys.argv[1:], catch_stdout=False)"
# At level 1 a file is some 15 % larger than at htslib's own 6, and takes half the time to write.
_OPTIONS: Final = ("--no-version", "-Ob1", "-W", "-o")
_UNDECLARED: Final = re.compile(r"\[W::\w+\] (.* not defined in the header)")


class BcfWriter:
    """A BCF file being written from VCF text, with a CSI index beside it once the block is left.

    `name` is what errors call it. Leaving the block raises:

    Raises:
        BadQuestion: `header_malformed`, where lines name what the header does not declare, which
            BCF cannot hold.
        Unavailable: `file_unusable`.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name

    def __enter__(self) -> Self:
        words = [sys.executable, "-c", _CALL, *_OPTIONS, str(self._path), "-"]
        # What it has to say goes to a file: a pipe that nobody reads would stop it.
        self._said = self._path.with_name(f"{self._path.name}.said").open("w+b")
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stderr=self._said)
        return self

    def write(self, text: bytes) -> None:
        """Append text."""
        assert self._process.stdin is not None
        # Where bcftools has ended, leaving the block tells why.
        with suppress(BrokenPipeError):
            self._process.stdin.write(text)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        if kind is not None:
            self._process.kill()
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        code = self._process.wait()
        with self._said:
            self._said.seek(0)
            said = self._said.read().decode(errors="replace")
        if kind is None and code != 0:
            raise self._failure(said)

    def _failure(self, said: str) -> BadQuestion | Unavailable:
        undeclared = _UNDECLARED.search(said)
        if undeclared is None:
            return Unavailable("file_unusable", f"bcftools: {said.strip()[-200:]}", self._name)
        return BadQuestion(
            "header_malformed", f"BCF needs it declared: {undeclared[1]}", self._name
        )

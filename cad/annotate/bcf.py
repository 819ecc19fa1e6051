"""A VCF as BCF with its index, made by the bcftools that pysam brings along.

pysam's own records would do it too, but gain an INFO/END where an allele is symbolic.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from schemas.errors import BadQuestion, Unavailable

# In a process of its own, as bcftools ends the one it is in where something goes wrong.
_CALL: Final = "import sys, pysam.bcftools; pysam.bcftools.view(*sys.argv[1:], catch_stdout=False)"
_UNDECLARED: Final = re.compile(r"\[W::\w+\] (.* not defined in the header)")


def write_bcf(text: Path, out: Path, name: str) -> None:
    """Write a bgzipped VCF as BCF, with a CSI index beside it; `name` is what errors call it.

    Raises:
        BadQuestion: `header_malformed`, where lines name what the header does not declare, which
            BCF cannot hold.
        Unavailable: `file_unusable`.
    """
    words = [sys.executable, "-c", _CALL, "--no-version", "-Ob", "-W", "-o", str(out), str(text)]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode == 0:
        return
    undeclared = _UNDECLARED.search(done.stderr)
    if undeclared is None:
        raise Unavailable("file_unusable", f"bcftools: {done.stderr.strip()[-200:]}", name)
    raise BadQuestion("header_malformed", f"BCF needs it declared: {undeclared[1]}", name)

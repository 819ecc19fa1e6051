"""The registered reference: imported once, then mapped into memory by every reader.

A FASTA may hold only some contigs, or part of them: a record named ``22`` or ``chr22`` starts at
position 1 (and may end before the contig does), one named ``22:16050001-16051000`` holds that
range. Where nothing is held, the byte is 0.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import pysam
from numpy.typing import NDArray

from loaders.lake_writer import file_sha256
from schemas.contigs import Assembly, canonical_contig, contig_length
from schemas.errors import Unavailable

INDEX_NAME: Final = "reference.json"
_RANGE: Final = re.compile(r"(?P<name>.+):(?P<start>\d+)-(?P<end>\d+)")
_LETTERS: Final = np.zeros(256, bool)
_LETTERS[np.frombuffer(b"ACGTNRYSWKMBDHV", np.uint8)] = True


@dataclass(frozen=True, eq=False)
class Sequence:
    """Upper-case bases of one contig from position `start` (1-based) on; 0 where none is held."""

    start: int
    bases: NDArray[np.uint8]

    @classmethod
    def empty(cls) -> Sequence:
        """No base at all."""
        return cls(1, np.zeros(0, np.uint8))

    def base(self, pos: int) -> str | None:
        """The base at a position, None where none is held."""
        index = pos - self.start
        found = int(self.bases[index]) if 0 <= index < len(self.bases) else 0
        return chr(found) if found else None

    def holds(self, start: int, end: int) -> bool:
        """Whether positions `start` to `end` lie within what is registered, gaps included."""
        return self.start <= start and end - self.start < len(self.bases)

    def fetch(self, start: int, end: int) -> str | None:
        """The bases of positions `start` to `end`, None where one of them is not held."""
        if not self.holds(start, end):
            return None
        found = self.bases[start - self.start : end - self.start + 1].tobytes()
        return None if b"\0" in found else found.decode()


def import_reference(fasta: Path, assembly: Assembly, out: Path) -> dict[str, object]:
    """Copy a FASTA's counted contigs into `out`, a file each; returns what was registered.

    Raises:
        Unavailable: `reference_malformed` for an unreadable file, a letter outside IUPAC, or a
            sequence longer than its contig.
    """
    pieces: dict[str, list[tuple[int, NDArray[np.uint8]]]] = {}
    try:
        with pysam.FastxFile(str(fasta)) as records:
            for record in records:
                place = _place(record.name or "")
                if place is not None:
                    contig, start = place
                    bases = _bases(record.sequence or "", contig, fasta.name)
                    _check_extent(record.name or "", contig, start, len(bases), assembly)
                    pieces.setdefault(contig, []).append((start, bases))
    except (OSError, ValueError) as error:
        raise Unavailable("reference_malformed", f"cannot be read: {error}", fasta.name) from None
    if not pieces:
        raise Unavailable("reference_malformed", "no counted contig in it", fasta.name)
    out.mkdir(parents=True, exist_ok=True)
    index = {
        contig: _write_contig(contig, parts, contig_length(assembly, contig), out)
        for contig, parts in pieces.items()
    }
    registered: dict[str, object] = {"sha256": file_sha256(fasta), "contigs": index}
    (out / INDEX_NAME).write_text(json.dumps(registered, indent=1))
    return registered


def _place(name: str) -> tuple[str, int] | None:
    """The counted contig and first position that a FASTA record's name means."""
    contig = canonical_contig(name)
    if contig is not None:
        return contig, 1
    match = _RANGE.fullmatch(name)
    contig = canonical_contig(match["name"]) if match else None
    return None if contig is None or match is None else (contig, int(match["start"]))


def _bases(sequence: str, contig: str, name: str) -> NDArray[np.uint8]:
    bases = np.frombuffer(sequence.upper().encode(), np.uint8)
    if not _LETTERS[bases].all():
        raise Unavailable("reference_malformed", "a letter is not IUPAC", f"{name}, {contig}")
    return bases


def _check_extent(name: str, contig: str, start: int, bases: int, assembly: Assembly) -> None:
    match = _RANGE.fullmatch(name)
    if match and int(match["end"]) - start + 1 != bases:
        raise Unavailable("reference_malformed", f"the range says other than {bases} bases", name)
    if start < 1 or start + bases - 1 > contig_length(assembly, contig):
        raise Unavailable(
            "reference_malformed",
            f"{bases} bases from {start}; {assembly} has {contig_length(assembly, contig)}",
            name,
        )


def refget_accession(bases: NDArray[np.uint8]) -> str:
    """The name that a sequence has by its content (GA4GH refget): ``SQ.`` and a digest."""
    return "SQ." + base64.urlsafe_b64encode(hashlib.sha512(bases.data).digest()[:24]).decode()


def _write_contig(
    contig: str, parts: list[tuple[int, NDArray[np.uint8]]], length: int, out: Path
) -> dict[str, int | str]:
    start = min(first for first, _ in parts)
    end = max(first + len(bases) for first, bases in parts)
    whole = np.zeros(end - start, np.uint8)
    for first, bases in parts:
        whole[first - start : first - start + len(bases)] = bases
    whole.tofile(out / f"{contig}.bases")
    held = int(np.count_nonzero(whole))
    # A sequence has a name by its content only where it is known as a whole.
    named = {"refget": refget_accession(whole)} if held == length else {}
    return {"start": start, "bases": held, **named}


def open_sequence(reference: Path | None, contig: str) -> Sequence:
    """The registered bases of a contig, mapped into memory; empty where none are registered."""
    if reference is None or not (reference / INDEX_NAME).exists():
        return Sequence.empty()
    index = json.loads((reference / INDEX_NAME).read_text())["contigs"]
    if contig not in index:
        return Sequence.empty()
    # Mapped privately, not read-only: for read-only arrays Numba would compile all kernels anew.
    bases = np.memmap(reference / f"{contig}.bases", np.uint8, mode="c")
    return Sequence(index[contig]["start"], np.asarray(bases))


@lru_cache(maxsize=64)
def registered_sequence(reference: Path | None, contig: str) -> Sequence:
    """`open_sequence`, whose answer is kept: a registered reference never changes."""
    return open_sequence(reference, contig)


@lru_cache(maxsize=64)
def refget_of(reference: Path | None, contig: str) -> str | None:
    """The refget accession of a contig; None unless its whole sequence is registered."""
    if reference is None or not (reference / INDEX_NAME).exists():
        return None
    held: dict[str, dict[str, str]] = json.loads((reference / INDEX_NAME).read_text())["contigs"]
    return held.get(contig, {}).get("refget")

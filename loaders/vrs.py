"""GA4GH VRS 2.0 identifiers of alleles, computed from the registered sequence of a whole contig.

An identifier is a digest of the allele in its fully justified form: what was inserted or deleted
is grown over the whole stretch in which it could as well be written (VRS 2.0, "Allele
normalization"), then location and state are written as canonical JSON (RFC 8785) and digested with
sha512t24u. Two writings of one variant have one identifier, in every assembly-aware system.

Coordinates in here are between bases, as VRS counts them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

PREFIX: Final = "ga4gh:VA."
MAX_SEQUENCE: Final = 50
"""Bases up to which a state that the reference implies is spelled out as well."""
_CHUNK: Final = 256


def sha512t24u(content: bytes) -> str:
    """The first 24 bytes of a SHA-512 in base64url (Hart 2020, `doi:10.1371/journal.pone.0239883`).

    >>> sha512t24u(b"ACGT")
    'aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2'
    """
    return base64.urlsafe_b64encode(hashlib.sha512(content).digest()[:24]).decode()


@dataclass(frozen=True)
class VrsAllele:
    """An allele in fully justified form.

    Attributes:
        accession: refget accession of the contig's sequence.
        start: where the replaced stretch begins, between bases.
        end: where it ends.
        sequence: what stands there instead.
        subunit: length of the repeated unit where the reference implies the sequence, else None.
    """

    accession: str
    start: int
    end: int
    sequence: str
    subunit: int | None

    @property
    def identifier(self) -> str:
        """The computed identifier, ``ga4gh:VA.`` and a digest."""
        location = sha512t24u(
            f'{{"end":{self.end},"sequenceReference":{{"refgetAccession":"{self.accession}",'
            f'"type":"SequenceReference"}},"start":{self.start},"type":"SequenceLocation"}}'.encode()
        )
        if self.subunit is None:
            state = f'{{"sequence":"{self.sequence}","type":"LiteralSequenceExpression"}}'
        else:
            state = (
                f'{{"length":{len(self.sequence)},"repeatSubunitLength":{self.subunit},'
                '"type":"ReferenceLengthExpression"}'
            )
        allele = f'{{"location":"{location}","state":{state},"type":"Allele"}}'
        return PREFIX + sha512t24u(allele.encode())

    def to_json(self) -> dict[str, Any]:
        """The allele as a VRS 2.0 document."""
        state: dict[str, Any] = {"type": "LiteralSequenceExpression", "sequence": self.sequence}
        if self.subunit is not None:
            state = {
                "type": "ReferenceLengthExpression",
                "length": len(self.sequence),
                "repeatSubunitLength": self.subunit,
            }
            if len(self.sequence) <= MAX_SEQUENCE:
                state["sequence"] = self.sequence
        return {
            "id": self.identifier,
            "type": "Allele",
            "location": {
                "type": "SequenceLocation",
                "sequenceReference": {
                    "type": "SequenceReference",
                    "refgetAccession": self.accession,
                },
                "start": self.start,
                "end": self.end,
            },
            "state": state,
        }


def justify(bases: NDArray[np.uint8], accession: str, pos: int, ref: str, alt: str) -> VrsAllele:
    """Bring a variant to its fully justified form.

    Args:
        bases: the contig's whole sequence, upper-case.
        accession: its refget accession.
        pos: 1-based position of the first base of `ref`.
        ref: reference allele, which the sequence holds there.
        alt: alternate allele, other than `ref`.

    >>> bases = np.frombuffer(b"TCAGCAGCT", np.uint8)
    >>> some = justify(bases, "SQ.x", 1, "TCAG", "T")
    >>> some.start, some.end, some.sequence, some.subunit
    (1, 8, 'CAGC', 3)
    """
    start, ref, alt = _trim(pos - 1, ref, alt)
    end = start + len(ref)
    if ref and alt:
        return VrsAllele(accession, start, end, alt, None)
    seed = ref or alt
    left, right = _repeated_before(bases, start, seed), _repeated_after(bases, end, seed)
    before = bases[start - left : start].tobytes().decode()
    after = bases[end : end + right].tobytes().decode()
    sequence = before + alt + after
    covered = left + len(ref) + right
    subunit = len(seed) if ref else _subunit(before + after, sequence, len(seed))
    if not covered:
        subunit = None
    return VrsAllele(accession, start - left, end + right, sequence, subunit)


def _trim(start: int, ref: str, alt: str) -> tuple[int, str, str]:
    """Alleles without the bases they share, at either end; one may become empty."""
    shortest = min(len(ref), len(alt))
    shared = 0
    while shared < shortest and ref[shared] == alt[shared]:
        shared += 1
    start, ref, alt, shortest = start + shared, ref[shared:], alt[shared:], shortest - shared
    shared = 0
    while shared < shortest and ref[-1 - shared] == alt[-1 - shared]:
        shared += 1
    return (start, ref[: len(ref) - shared], alt[: len(alt) - shared]) if shared else (
        start, ref, alt,
    )  # fmt: skip


def _repeated_before(bases: NDArray[np.uint8], start: int, seed: str) -> int:
    """How many bases before a point repeat a unit, read backwards."""
    unit = seed.encode()[::-1]
    return _count_repeated((bases[max(0, at - _CHUNK) : at][::-1].tobytes()
                            for at in range(start, 0, -_CHUNK)), unit)  # fmt: skip


def _repeated_after(bases: NDArray[np.uint8], end: int, seed: str) -> int:
    """How many bases after a point repeat a unit."""
    return _count_repeated((bases[at : at + _CHUNK].tobytes()
                            for at in range(end, len(bases), _CHUNK)), seed.encode())  # fmt: skip


def _count_repeated(chunks: Iterator[bytes], unit: bytes) -> int:
    count, length = 0, len(unit)
    for chunk in chunks:
        for held in chunk:
            if held != unit[count % length]:
                return count
            count += 1
    return count


def _subunit(reference: str, sequence: str, inserted: int) -> int | None:
    """The longest unit, a divisor of what was inserted, whose repetition the reference implies."""
    for unit in range(min(inserted, len(reference)), 0, -1):
        if inserted % unit == 0 and _implies(reference, sequence, unit):
            return unit
    return None


def _implies(reference: str, sequence: str, unit: int) -> bool:
    """Whether repeating the reference's last bases gives the rest of a sequence."""
    last, rest = reference[-unit:], sequence[len(reference) :]
    return all(base == last[at % unit] for at, base in enumerate(rest))

"""HGVS p. names: what a variant does to the protein of a transcript, as predicted from its codons.

Written with three letters and without the parentheses of a prediction, as Ensembl VEP does. A
coding part known from the middle of a codon on counts that codon as amino acid 1, as Ensembl does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from loaders.genes.transcript import Place, Transcript
from loaders.hgvs.change import Change, written_on
from loaders.hgvs.codons import THREE_LETTERS, reverse_complement, translate
from loaders.reference import Sequence

_STOP: Final = "*"
_SUBSTITUTION: Final = re.compile(r"([A-Z][a-z]{2}|[A-Z*])(\d{1,6})([A-Z][a-z]{2}|[A-Z*=])")


def protein_name(
    transcript: Transcript, bases: Sequence, pos: int, ref: str, alt: str
) -> str | None:
    """The p. name of a variant on a coding transcript.

    None where the variant changes no codon, or not whole exonic bases alone, or where the
    reference does not hold the transcript.
    """
    if not transcript.is_coding:
        return None
    change = written_on(bases, pos, ref, alt, forward=transcript.is_forward)
    edit = _spliced_edit(transcript, change)
    first, last = transcript.cds_first, transcript.cds_last
    if edit is None or edit.first > last or edit.last < first:
        return None
    if not edit.removed and not first < edit.first <= last:
        return None
    reading = _reading(transcript, bases)
    if reading is None:
        return None
    written = _name(reading, edit, transcript.contig)
    return f"{transcript.protein_id or transcript.name}:p.{written}"


@dataclass(frozen=True)
class _Reading:
    """A spliced transcript, padded in front so that its codons begin at index 0.

    `coding_start` and `coding_end` are the first and last base of the coding part in the
    transcript, from 1; `bases` are those from its coding part on, to its end.
    """

    bases: str
    coding_start: int
    coding_end: int
    pad: int
    is_started: bool
    protein: str

    def index(self, base: int) -> int:
        """Where a base of the transcript lies in `bases`."""
        return base - self.coding_start + self.pad


@dataclass(frozen=True)
class _Edit:
    """Bases `first` to `last` of the transcript become `inserted`; ``last < first`` where none."""

    first: int
    last: int
    inserted: str

    @property
    def removed(self) -> int:
        return self.last - self.first + 1


def _spliced(transcript: Transcript, bases: Sequence) -> str | None:
    """Exonic bases in the transcript's direction."""
    parts = [bases.fetch(start, end) for start, end in transcript.spans]
    if any(part is None for part in parts):
        return None
    known = [part or "" for part in parts]
    return "".join(known if transcript.is_forward else map(reverse_complement, known))


@lru_cache(maxsize=4096)
def _reading(transcript: Transcript, bases: Sequence) -> _Reading | None:
    whole = _spliced(transcript, bases)
    if whole is None:
        return None
    pad = -transcript.lead % 3
    first, last = transcript.cds_first, transcript.cds_last
    frame = "N" * pad + whole[first - 1 :]
    coding = frame[: pad + last - first + 1]
    protein = translate(coding, transcript.contig)
    # A stop before the last codon is read over: selenocysteine.
    protein = protein[:-1].replace(_STOP, "U") + protein[-1:]
    is_started = not pad and protein[:1] == "M" and "cds_start_NF" not in transcript.tags
    return _Reading(frame, first, last, pad, is_started, protein)


def _spliced_edit(transcript: Transcript, change: Change) -> _Edit | None:
    """A change in the transcript's own bases; None where it does not lie in exons alone."""
    inserted = change.alt if transcript.is_forward else reverse_complement(change.alt)
    around = (change.start, change.end) if change.ref else (change.start - 1, change.start)
    places = [transcript.place(at) for at in around]
    found = sorted(place.base for place in places if place is not None and not place.offset)
    if len(found) != 2:
        return None
    first, last = found
    if not change.ref:
        # Between two neighbours.
        return _Edit(last, first, inserted) if last == first + 1 else None
    return _Edit(first, last, inserted) if last - first + 1 == len(change.ref) else None


def _name(reading: _Reading, edit: _Edit, contig: str) -> str:
    begin, end = max(0, reading.index(edit.first)), max(0, reading.index(edit.last) + 1)
    changed = reading.bases[:begin] + edit.inserted + reading.bases[end:]
    if reading.is_started and begin < 3 and translate(changed[:3], contig) != "M":
        return "Met1?"
    if edit.first < reading.coding_start:
        return "?"
    protein = _until_stop(reading, changed, begin, end, contig)
    if (len(edit.inserted) - edit.removed) % 3:
        return _frameshift(reading.protein, protein)
    more = (len(edit.inserted) - edit.removed) // 3
    first, last = begin // 3, max(begin, end - 1) // 3
    is_same_end = protein.endswith(_STOP) == reading.protein.endswith(_STOP)
    if is_same_end and len(protein) == len(reading.protein) + more:
        return _in_frame(reading.protein, protein, first, last)
    return _stop_gained(reading.protein, protein, last)


def _until_stop(reading: _Reading, changed: str, begin: int, end: int, contig: str) -> str:
    """Amino acids of the changed transcript up to its first stop, which is included."""
    more = len(changed) - len(reading.bases)
    kept = min(begin // 3, len(reading.protein))
    acids = [reading.protein[:kept]]
    for at in range(kept, len(changed) // 3):
        acid = translate(changed[3 * at : 3 * at + 3], contig)
        was = at - more // 3
        if acid == _STOP and more % 3 == 0 and 3 * was >= end and reading.protein[was:][:1] == "U":
            acid = "U"
        acids.append(acid)
        if acid == _STOP:
            break
    return "".join(acids)


def _frameshift(old: str, new: str) -> str:
    at = _shared(old, new)
    if at >= len(old):
        return "="
    if at >= len(new):
        return f"{_acid(old, at)}fsTer?"
    if old[at] == _STOP:
        return _extension(old, new, at)
    if new[at] == _STOP:
        return f"{_acid(old, at)}Ter"
    stop = str(len(new) - at) if new.endswith(_STOP) else "?"
    return f"{_acid(old, at)}{THREE_LETTERS[new[at]]}fsTer{stop}"


def _stop_gained(old: str, new: str, last: int) -> str:
    """Compare proteins of one frame of which the new one ends elsewhere.

    Codon `last` of the old one is the last touched. What follows a stop within what is inserted is
    lost, and not told.
    """
    at = _shared(old, new)
    if at >= len(old) or at >= len(new) or old[at] == _STOP:
        return _extension(old, new, min(at, len(old) - 1))
    if new[at] == _STOP:
        return f"{_acid(old, at)}Ter"
    return f"{_range(old, at, max(1, last - at + 1))}delins{_letters(new[at:])}"


def _in_frame(old: str, new: str, first: int, last: int) -> str:
    """Compare proteins of one frame and end; codons `first` to `last` of the old are touched."""
    at = _shared(old, new)
    if old == new:
        first, last = min(first, len(old) - 1), min(last, len(old) - 1)
        return f"{_range(old, first, last - first + 1)}="
    tail = 0
    shortest = min(len(old), len(new)) - at
    while tail < shortest and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    gone, come = old[at : len(old) - tail], new[at : len(new) - tail]
    if len(gone) == len(come) == 1:
        return f"{_acid(old, at)}{_letters(come)}"
    if not come:
        return f"{_range(old, at, len(gone))}del"
    if gone:
        return f"{_range(old, at, len(gone))}delins{_letters(come)}"
    if old[at - len(come) : at] == come:
        return f"{_range(old, at - len(come), len(come))}dup"
    return f"{_range(old, at - 1, 2)}ins{_letters(come)}"


def _extension(old: str, new: str, at: int) -> str:
    """The stop is lost, and amino acids follow up to another one."""
    if at >= len(new):
        return f"{_acid(old, at)}extTer?"
    stop = str(len(new) - 1 - at) if new.endswith(_STOP) else "?"
    return f"{_acid(old, at)}{THREE_LETTERS[new[at]]}extTer{stop}"


def _shared(old: str, new: str) -> int:
    """How many amino acids both begin with."""
    at = 0
    while at < min(len(old), len(new)) and old[at] == new[at]:
        at += 1
    return at


def _acid(protein: str, at: int) -> str:
    """An amino acid and its number."""
    return f"{THREE_LETTERS[protein[at]]}{at + 1}"


def _range(protein: str, at: int, count: int) -> str:
    last = min(at + count, len(protein)) - 1
    return _acid(protein, at) if last <= at else f"{_acid(protein, at)}_{_acid(protein, last)}"


def _letters(acids: str) -> str:
    return "".join(THREE_LETTERS[acid] for acid in acids)


def snvs_of(transcript: Transcript, bases: Sequence, change: str) -> Iterator[tuple[int, str, str]]:
    """The single nucleotides that would change a protein so, as pos, ref, alt.

    Args:
        transcript: of the protein.
        bases: the contig's registered bases.
        change: behind ``p.``, as in ``Arg41Gln`` or ``R41Q``; none is found of another form.
    """
    match = _SUBSTITUTION.fullmatch(change)
    reading = _reading(transcript, bases) if transcript.is_coding else None
    if match is None or reading is None:
        return
    wanted = spelled(change)
    first = reading.coding_start + 3 * (int(match[2]) - 1) - reading.pad
    for base in range(max(first, reading.coding_start), first + 3):
        pos = transcript.position(Place(base, 0))
        held = None if pos is None else bases.base(pos)
        for alt in "ACGT" if pos is not None and held is not None else "":
            if alt != held and pos is not None and held is not None:
                name = protein_name(transcript, bases, pos, held, alt)
                if name is not None and name.endswith(f":p.{wanted}"):
                    yield pos, held, alt


def spelled(change: str) -> str:
    """A change as `protein_name` writes it, of one as others do.

    >>> spelled("R41Q"), spelled("Arg41*"), spelled("Met1?")
    ('Arg41Gln', 'Arg41Ter', 'Met1?')
    """
    match = _SUBSTITUTION.fullmatch(change)
    if match is None:
        return change.replace("*", "Ter")
    acids = (THREE_LETTERS.get(acid, acid) for acid in (match[1], match[3]))
    return match[2].join(acids)

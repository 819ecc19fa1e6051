"""Normalised alleles as the key columns of a table."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from loaders.columns import constant, numbers, texts
from loaders.sites.alleles import Alleles

_LETTERS: Final = [chr(letter) for letter in range(ord("A"), ord("Z") + 1)]


def key_columns(contig: str, alleles: Alleles, rows: NDArray[np.int64]) -> dict[str, Any]:
    """Contig, position, reference and alternate of the variants in some rows."""
    ref, ref_words = _indices(alleles, rows, 0)
    alt, alt_words = _indices(alleles, rows, 1)
    return {
        "contig": constant(contig, len(rows)),
        "pos": numbers(alleles.pos[rows].astype(np.int32)),
        "ref": texts(ref, ref_words),
        "alt": texts(alt, alt_words),
    }


def _indices(
    alleles: Alleles, rows: NDArray[np.int64], which: int
) -> tuple[NDArray[np.int32], list[str]]:
    """Each row's word among some words: letters for substitutions, then the longer ones."""
    bases = alleles.bases[rows]
    letter = (bases >> 8 if which == 0 else bases & 255) - ord("A")
    found = np.where(bases > 0, letter, 0).astype(np.int32)
    words = {word: number for number, word in enumerate(_LETTERS)}
    for place in np.flatnonzero(bases == 0).tolist():
        word = alleles.longer[int(rows[place])][which]
        found[place] = words.setdefault(word, len(words))
    return found, list(words)

"""Variants as numbers of 64 bits, by which distinct ones are counted.

A substitution of one base is its contig, position and bases, so that two never share a number; any
other variant is a hash, with the highest bit set, that no two are likely to share.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from loaders.sites.alleles import Alleles
from schemas.contigs import CONTIG_ORDER

_IS_HASH: Final = 1 << 63


def number_of(variant: str) -> int:
    """The number of a variant written ``contig-pos-ref-alt``, in the base's own form.

    >>> number_of("1-1-A-C") == number_of("1-1-A-C") != number_of("2-1-A-C")
    True
    """
    contig, pos, ref, alt = variant.split("-")
    if len(ref) == len(alt) == 1:
        return CONTIG_ORDER[contig] << 48 | int(pos) << 16 | ord(ref) << 8 | ord(alt)
    digest = hashlib.blake2b(variant.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") | _IS_HASH


def numbers_of(contig: str, alleles: Alleles) -> NDArray[np.uint64]:
    """The numbers of those alternates of a contig that are variants, in no order."""
    plain = np.flatnonzero(alleles.bases)
    told = CONTIG_ORDER.get(contig, 0) << 48 | alleles.pos[plain] << 16 | alleles.bases[plain]
    longer = [
        number_of(f"{contig}-{alleles.pos[row]}-{ref}-{alt}")
        for row, (ref, alt) in alleles.longer.items()
        if alleles.is_variant[row]
    ]
    return np.concatenate([told.astype(np.uint64), np.array(longer, np.uint64)])

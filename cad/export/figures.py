"""A base read from end to end, some tens of variants at a time, every figure worked out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cad.frequency import allele_count, allele_frequency, counted_alleles, faf95
from cad.index import COUNT_FIELDS, Block, IndexReader
from cad.query.base import Base
from schemas.contigs import CONTIGS

Longs = NDArray[np.int64]
Fractions = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class FiguresBlock:
    """Variants of one contig, sorted by pos, ref, alt; figures are variant x stratum.

    Strata stand in the order of `Base.strata`; `af` is NaN where nothing is known.
    """

    contig: str
    pos: Longs
    alleles: list[list[str]]
    ac: Longs
    an: Longs
    af: Fractions
    n_het: Longs
    n_hom: Longs
    n_hemi: Longs
    persons: Longs
    faf95: Fractions
    ac_raw: Longs
    an_raw: Longs
    flags: Fractions
    """Variant x `FLAG_FIELDS`, NaN where nothing was tested."""
    carriers_raw: Longs
    """Persons who carry it, whatever the thresholds say; 0 where a release answers."""
    masks: Mapping[str, Flags] = field(default_factory=dict)
    """By figure: variant x stratum, where a release hides it; what is absent is shown."""

    @property
    def hidden(self) -> Flags:
        """Variant x stratum: where any figure is hidden."""
        found = np.zeros(self.ac.shape, bool)
        for mask in self.masks.values():
            found |= mask
        return found

    def texts(self, name: str, at: int) -> list[str]:
        """A figure of one stratum as VCF writes it: ``.`` where it is hidden or undefined."""
        values = getattr(self, name)[:, at].tolist()
        is_real = getattr(self, name).dtype.kind == "f"
        # Seven digits are what readers of VCF keep.
        told = ["." if one != one else f"{one:.7g}" if is_real else str(one) for one in values]
        if name in self.masks:
            hidden = self.masks[name][:, at].tolist()
            told = ["." if mask else text for text, mask in zip(told, hidden, strict=True)]
        return told


Contigs = Iterator[tuple[str, Iterator[FiguresBlock]]]
"""Contigs with variants, in order, and the blocks of each."""


def read_contig(base: Base, contig: str) -> Iterator[FiguresBlock]:
    """All variants of one contig.

    Raises:
        Unavailable: `lake_file_damaged`.
    """
    for place in base.places("base_index"):
        path = base.path("base_index", place)
        if place.contig == contig and path is not None:
            reader = IndexReader(path)
            try:
                for block in reader.blocks():
                    yield _figures(base, contig, block)
            finally:
                reader.close()


def read_base_blocks(base: Base) -> Contigs:
    """All variants of a base, contig by contig.

    Raises:
        Unavailable: `lake_file_damaged`.
    """
    for contig in contigs_of(base):
        yield contig, read_contig(base, contig)


def contigs_of(base: Base) -> list[str]:
    """The contigs with variants, in order."""
    held = {place.contig for place in base.places("base_index")}
    return [contig for contig in CONTIGS if contig in held]


def _figures(base: Base, contig: str, block: Block) -> FiguresBlock:
    # A release tells fewer strata than the base it was made of counts.
    top = max(int(base.numbers.max()), int(block.rows[:, 0].max(initial=0)))
    variants = len(block.pos)
    counts = np.zeros((variants, top + 1, len(COUNT_FIELDS)), np.int64)
    owner = np.repeat(np.arange(variants), np.diff(block.ends, prepend=0))
    counts[owner, block.rows[:, 0]] = block.rows[:, 1:]
    depths = block.depths().astype(np.int64)
    missing = max(0, top - depths.shape[2])
    depths = np.pad(depths, ((0, 0), (0, 0), (1, missing)))[:, :, base.numbers]
    n_het, n_hom, n_hemi, *raw = np.moveaxis(counts[:, base.numbers], 2, 0)
    an, an_raw, persons, _ = np.moveaxis(depths, 1, 0)
    ac = allele_count(contig, n_het, n_hom, n_hemi)
    alleles = counted_alleles(contig, ac, n_hom)
    return FiguresBlock(
        contig=contig,
        pos=block.pos.astype(np.int64),
        alleles=block.alleles(),
        ac=ac.astype(np.int64),
        an=an,
        af=allele_frequency(alleles, an),
        n_het=n_het,
        n_hom=n_hom,
        n_hemi=n_hemi,
        persons=persons,
        faf95=faf95(alleles, an),
        ac_raw=allele_count(contig, *raw).astype(np.int64),
        an_raw=an_raw,
        flags=block.flags.T,
        carriers_raw=sum(raw, np.zeros_like(n_het)),
    )

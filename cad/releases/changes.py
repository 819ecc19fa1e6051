"""What changed between two releases, by what both tell: nothing that either hides is used.

As the figures of both are published already, the list tells nobody anything new (DESIGN 7).
"""

from __future__ import annotations

from collections import defaultdict

from cad.build.crossings import WATCHED_STRATA
from cad.build.people import ALL
from cad.changes import Document, Key, figures_document, net_changes
from cad.export.figures import FiguresBlock
from cad.frequency import counted_alleles
from cad.query.reader import BaseReader
from cad.releases.earlier import keys_of
from cad.releases.read import ReleaseReader
from cad.releases.windows import windows
from schemas.contigs import CONTIGS


def released_changes(before: BaseReader, after: BaseReader) -> dict[Key, list[Document]]:
    """Changes of figures between two releases of a purpose, by variant.

    A variant that one of them does not hold was carried by nobody then: of it that one tells the
    denominator of `all` alone, and of `founder=1` nothing is compared.

    Raises:
        Unavailable: `lake_file_damaged`.
    """
    assert isinstance(before, ReleaseReader)
    assert isinstance(after, ReleaseReader)
    found: dict[Key, list[Document]] = defaultdict(list)
    for contig in CONTIGS:
        streams = {
            name: reader.frozen_blocks(contig)
            for name, reader in (("before", before), ("after", after))
        }
        for window in windows(streams):
            keys = dict.fromkeys(key for block in window.values() for key in keys_of(block))
            sides = [
                _Side(reader, window.get(name))
                for name, reader in (("before", before), ("after", after))
            ]
            for key in keys:
                for stratum in WATCHED_STRATA:
                    was, is_ = (side.figures(contig, key, stratum) for side in sides)
                    if was is not None and is_ is not None:
                        found[contig, *key] += net_changes(stratum, was, is_)
    return {key: changes for key, changes in found.items() if changes}


class _Side:
    """What one of the releases tells of a window."""

    def __init__(self, reader: ReleaseReader, block: FiguresBlock | None) -> None:
        self._reader = reader
        self._block = block
        self._row = {} if block is None else {key: at for at, key in enumerate(keys_of(block))}
        self._places = {one.name: at for at, one in enumerate(reader.base.strata)}

    def figures(self, contig: str, key: tuple[int, str, str], stratum: str) -> Document | None:
        """A variant's figures in a stratum; None where they are hidden or not known."""
        at, row = self._places.get(stratum), self._row.get(key)
        if at is None:
            return None
        if row is None or self._block is None:
            if stratum != ALL:
                return None
            an = int(self._reader.depths_at(contig, key[0])[0, 0])
            return figures_document(0, an, 0)
        block = self._block
        hides = {name for name, mask in block.masks.items() if mask[row, at]}
        if hides & {"ac", "an"}:
            return None
        n_hom = None if "n_hom" in hides else int(block.n_hom[row, at])
        ac = counted_alleles(contig, block.ac[row, at], block.n_hom[row, at])
        return figures_document(int(ac), int(block.an[row, at]), n_hom)

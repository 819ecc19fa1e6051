"""From alternates as a file writes them to texts for INFO, with a tally of what they came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cad.annotate.fields import InfoField
from cad.warehouse import Warehouse
from loaders.sites.alleles import Alleles, Written, no_alleles, normalise
from schemas.contigs import canonical_contig

Watch = Callable[[str, Alleles], None]


class Told(NamedTuple):
    """What is said of some alternates, one row each.

    Attributes:
        is_there: whether anything is said; a line none of whose alternates has it gains nothing.
        texts: by field, each one's value as text, a dot where it is missing.
    """

    is_there: NDArray[np.bool_]
    texts: tuple[Any, ...]

    @classmethod
    def join(cls, parts: Sequence[Told]) -> Told:
        """Those of several contigs in one."""
        if len(parts) == 1:
            return parts[0]
        columns = zip(*(part.texts for part in parts), strict=True)
        return cls(
            np.concatenate([part.is_there for part in parts]),
            tuple(pa.concat_arrays(column) for column in columns),
        )


class Teller(Protocol):
    """Says something of alternates: the base's figures, or what a source has."""

    @property
    def fields(self) -> Sequence[InfoField]:
        """What it says, in the order of `Told.texts`."""

    def tell(self, contig: str, alleles: Alleles) -> Told:
        """What it says of alternates of one contig.

        Raises:
            Unavailable: `lake_file_damaged`.
        """


@dataclass
class AlleleLookUp:
    """Looks up the alternates of one file.

    Attributes:
        warehouse: whose form of variants they are brought to.
        tellers: who is asked, in the order in which lines gain fields.
        missing: alternates that are no variants.
        ref_mismatches: those of them whose REF is not the reference's.
        watch: is shown all alternates, some of one contig at a time.
    """

    warehouse: Warehouse
    tellers: Sequence[Teller]
    missing: int = 0
    ref_mismatches: int = 0
    watch: Watch | None = None

    def find(self, name: str, written: Written) -> list[Told]:
        """What each teller says of alternates of a contig, under its name in the file.

        Raises:
            Unavailable: `lake_file_damaged`.
        """
        contig = canonical_contig(name)
        if contig is None:
            alleles = no_alleles(len(written.pos))
        else:
            folder = self.warehouse.reference
            alleles = normalise(written, contig, self.warehouse.assembly, folder)
        self.missing += int(np.count_nonzero(~alleles.is_variant))
        self.ref_mismatches += len(alleles.mismatched)
        if self.watch is not None and contig is not None:
            self.watch(contig, alleles)
        return [teller.tell(contig or name, alleles) for teller in self.tellers]

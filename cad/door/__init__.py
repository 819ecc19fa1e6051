"""At the door: what the genotypes of a pushed batch say against its sample sheet.

Three things are looked at, before the batch commits, in what was staged: the declared sex against
the calls of X and Y, the declared parents against opposite homozygotes, and who the samples are,
against everybody in the warehouse. What contradicts the sheet is a warning of the receipt and a
finding in the registry; it refuses the batch where the push is strict. Where there is too little to
tell, nothing is said.
"""

from __future__ import annotations

from cad.door.check import Door, examine
from cad.door.thresholds import DoorThresholds

__all__ = ["Door", "DoorThresholds", "examine"]

"""The slow obvious twin: DESIGN sections 4 to 6 read sentence by sentence, in plain Python.

It shares no code with the warehouse and trades all speed for being followed by eye. ``read_file``
gives one file with its receipt and weights, ``read_batch`` a batch directory, ``count_base`` the
base of a set of batches.
"""

from tests.twin.alleles import Reference, read_reference
from tests.twin.batch import TwinBatch, read_batch
from tests.twin.count import Row, TwinBase, count_base, faf95
from tests.twin.facts import Key, Thresholds, TwinRefusal, ploidy_at
from tests.twin.weights import Bed, TwinFile, read_bed, read_file

__all__ = [
    "Bed",
    "Key",
    "Reference",
    "Row",
    "Thresholds",
    "TwinBase",
    "TwinBatch",
    "TwinFile",
    "TwinRefusal",
    "count_base",
    "faf95",
    "ploidy_at",
    "read_batch",
    "read_bed",
    "read_file",
    "read_reference",
]

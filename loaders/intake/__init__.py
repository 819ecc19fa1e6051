"""The intake of a batch directory: from manifest, sheets and checksums to one job per file."""

from __future__ import annotations

from loaders.intake.batch import Batch, BatchFile, Document
from loaders.intake.read import inspect_batch, read_batch

__all__ = ["Batch", "BatchFile", "Document", "inspect_batch", "read_batch"]

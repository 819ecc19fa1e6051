"""The intake of a batch directory: from manifest, sheets and checksums to one job per file."""

from __future__ import annotations

from loaders.intake.batch import Batch, BatchFile, Document, Refuse, refuse_at_once
from loaders.intake.limits import finish_receipt
from loaders.intake.overlap import check_overlap
from loaders.intake.plan import plan_jobs
from loaders.intake.read import inspect_batch, read_batch

__all__ = [
    "Batch",
    "BatchFile",
    "Document",
    "Refuse",
    "check_overlap",
    "finish_receipt",
    "inspect_batch",
    "plan_jobs",
    "read_batch",
    "refuse_at_once",
]

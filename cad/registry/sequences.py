"""What the registry knows of sequences: their days, and whose diagnosis was settled by them."""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select

from cad.registry.clinical_tables import interpretation
from cad.registry.tables import batch, sample, visible

CAUSATIVE: Final = "CAUSATIVE"
"""The status of a finding that explains a disease (GA4GH Phenopackets v2)."""


class SequenceDays(NamedTuple):
    """Days in the life of a sequence, by UTC."""

    collected_on: date | None
    prescribed_on: date | None
    pushed_on: date


def sequence_days(connection: Connection, commit_no: int) -> dict[int, SequenceDays]:
    """The days of every sample that is visible at a commit, by number."""
    query = (
        select(sample.c.sample_no, sample.c.collected_on, sample.c.prescribed_on, batch.c.pushed_at)
        .join(batch, batch.c.batch_no == sample.c.batch_no)
        .where(visible(sample, commit_no))
    )
    return {
        number: SequenceDays(collected, prescribed, pushed_at.date())
        for number, collected, prescribed, pushed_at in connection.execute(query)
    }


def diagnosed_persons(connection: Connection, commit_no: int) -> frozenset[str]:
    """Persons with a causative finding at a commit."""
    query = select(interpretation.c.person_id).where(
        visible(interpretation, commit_no), func.upper(interpretation.c.status) == CAUSATIVE
    )
    return frozenset(connection.scalars(query))


def causative_genes(connection: Connection, commit_no: int) -> dict[str, frozenset[str]]:
    """By person: the genes, by symbol or else id, that causative findings at a commit name."""
    query = select(
        interpretation.c.person_id, interpretation.c.gene_symbol, interpretation.c.gene_id
    ).where(visible(interpretation, commit_no), func.upper(interpretation.c.status) == CAUSATIVE)
    found: dict[str, set[str]] = {}
    for person, symbol, gene in connection.execute(query):
        if symbol or gene:
            found.setdefault(person, set()).add(symbol or gene)
    return {person: frozenset(genes) for person, genes in found.items()}

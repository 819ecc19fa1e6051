"""All that the door looks at, once for each push: before it commits, and as it commits."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

import duckdb
from sqlalchemy import Connection

from cad.database import open_database
from cad.door.arrivals import Arrival, Arrivals, Holding
from cad.door.identity import Finding, Identities, SamePerson, two_genomes_found
from cad.door.pairs import compare_holdings
from cad.door.prints import read_sketches
from cad.door.sex import Sex, tell_sexes
from cad.door.sketch import to_bytes
from cad.door.stored import Stored, children_of, stored_holdings, stored_samples
from cad.door.thresholds import DoorThresholds
from cad.leases import pin
from cad.registry.engine import reading
from cad.registry.findings import KINDS, contradicts, insert_findings
from cad.registry.fingerprints import forget_fingerprints, insert_fingerprints
from cad.registry.numbers import latest_commit
from cad.warehouse import Warehouse
from schemas.receipt import ReasonCount

log = logging.getLogger(__name__)

_EXAMPLES: Final = 10
"""Lines of samples.tsv a warning names at most."""

Related = tuple[Arrival, Arrival | Stored]
"""A declared child and parent, in whichever order, of which the first is in the batch."""


@dataclass
class Door:
    """What was found of a batch; `meet` and `keep` belong in the transaction that commits it.

    Attributes:
        identities: sketches of its samples.
        sexes: what X and Y tell of, by sample number.
        seen: the commit up to which the warehouse's samples were compared.
        findings: what contradicts the sheet.
    """

    identities: Identities
    sexes: Mapping[int, Sex] = field(default_factory=dict)
    seen: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def warnings(self) -> tuple[ReasonCount, ...]:
        """The findings as the receipt has them: samples of the batch, by their lines."""
        found = []
        for kind in KINDS:
            lines = sorted({one.line for one in self.findings if one.kind == kind})
            if lines:
                found.append(ReasonCount(kind, len(lines), tuple(lines[:_EXAMPLES])))
        return tuple(found)

    def meet(self, connection: Connection) -> None:
        """Compare with those who came since; nobody can come in now."""
        latest = latest_commit(connection)
        if latest == self.seen:
            return
        pairs = self.identities.same_persons(connection, self.seen)
        self.findings += self.identities.same_genomes(connection, self.seen)
        self.findings += self.identities.two_genomes(connection, pairs)[0]
        self.seen = latest

    def keep(self, connection: Connection, commit_no: int) -> None:
        """Write fingerprints and findings down, once the samples have their rows."""
        replaced = self.identities.arrivals.replaced
        if replaced is not None:
            forget_fingerprints(connection, replaced)
        sketches = {no: to_bytes(sketch) for no, sketch in self.identities.sketches.items()}
        insert_fingerprints(connection, self.sexes, sketches, self.identities.bands)
        rows = sorted({(one.kind, one.sample_no, one.other_no) for one in self.findings}, key=str)
        insert_findings(connection, commit_no, rows)


def examine(
    warehouse: Warehouse,
    arrivals: Arrivals,
    spill: Path,
    limits: DoorThresholds | None = None,
) -> Door:
    """Look at the staged rows of a batch.

    Args:
        warehouse: where the batch is going.
        arrivals: its samples.
        spill: a folder for what does not fit in memory.
        limits: when genotypes contradict a sheet.

    Raises:
        Conflict: `snapshot_erased`, where a withdrawal took a parent's files from under the look.
        Unavailable: `registry_unusable`.
    """
    began, cpu = perf_counter(), process_time()
    limits = limits or DoorThresholds()
    rows = sum(span.rows for part in arrivals.parts("calls") for span in part.spans)
    if rows < min(limits.min_x_calls, limits.min_y_calls, limits.min_shared):
        # A look would open a database only to find too little: a few genes of one person.
        return Door(Identities(arrivals, limits, {}, {}))
    with open_database(warehouse.settings, spill) as database:
        door = _look(warehouse, database, arrivals, limits)
    log.info(
        "looked at %d samples: %d findings, %.2f s, %.2f s CPU",
        *(len(arrivals.samples), len(door.findings)),
        *(perf_counter() - began, process_time() - cpu),
    )
    return door


def _look(
    warehouse: Warehouse,
    database: duckdb.DuckDBPyConnection,
    arrivals: Arrivals,
    limits: DoorThresholds,
) -> Door:
    numbers = [one.sample_no for one in arrivals.samples]
    sketches = read_sketches(database, arrivals.parts("calls"), numbers, limits)
    door = Door(Identities.of(arrivals, sketches, limits), tell_sexes(database, arrivals, limits))
    door.findings += [
        Finding("sex_discordant", one.sample_no, one.line)
        for one in arrivals.samples
        if contradicts(one.row.sex, door.sexes.get(one.sample_no))
    ]
    with reading(warehouse.engine) as connection:
        door.seen = latest_commit(connection)
        door.findings += door.identities.same_genomes(connection, None)
        pairs = door.identities.same_persons(connection, None)
        findings, untold = door.identities.two_genomes(connection, pairs)
        related = _related(connection, arrivals)
    door.findings += findings
    door.findings += _compare_pairs(warehouse, database, related, untold, limits)
    return door


def _related(connection: Connection, arrivals: Arrivals) -> list[Related]:
    """Declared children and parents: within the batch, and with one of them in the warehouse."""
    named = {
        parent
        for one in arrivals.samples
        for parent in (one.row.father_id, one.row.mother_id)
        if parent is not None
    }
    children = children_of(connection, arrivals.by_person.keys()) - arrivals.by_person.keys()
    away = (named - arrivals.by_person.keys()) | children
    stored = stored_samples(connection, away, arrivals.replaced)
    found: list[Related] = []
    for one in arrivals.samples:
        for parent in (one.row.father_id, one.row.mother_id):
            if parent is not None:
                others = arrivals.widest(parent) or stored.get(parent, [])[:1]
                found += [(one, other) for other in others]
    for child in sorted(children & stored.keys()):
        other = stored[child][0]
        for parent in sorted(other.parents & arrivals.by_person.keys()):
            found += [(one, other) for one in arrivals.widest(parent)]
    return found


def _compare_pairs(
    warehouse: Warehouse,
    database: duckdb.DuckDBPyConnection,
    related: list[Related],
    untold: list[SamePerson],
    limits: DoorThresholds,
) -> Iterator[Finding]:
    """Compare pairs at their genotypes; what lies in the lake is pinned meanwhile."""
    away = {other.sample_no for _, other in (*related, *untold) if isinstance(other, Stored)}
    if not away:
        yield from _compare(database, {}, related, untold, limits)
        return
    with pin(warehouse) as commit_no:
        with reading(warehouse.engine) as connection:
            holdings = stored_holdings(connection, warehouse, commit_no, away)
        yield from _compare(database, holdings, related, untold, limits)


def _compare(
    database: duckdb.DuckDBPyConnection,
    holdings: Mapping[int, Holding],
    related: Iterable[Related],
    untold: Iterable[SamePerson],
    limits: DoorThresholds,
) -> Iterator[Finding]:
    for one, other in related:
        holding = other.holding if isinstance(other, Arrival) else holdings[other.sample_no]
        found = compare_holdings(database, one.holding, holding)
        if found.excludes_parent(limits):
            yield Finding("parent_discordant", one.sample_no, one.line, other.sample_no)
    for one, other in untold:
        holding = other.holding if isinstance(other, Arrival) else holdings[other.sample_no]
        found = compare_holdings(database, one.holding, holding)
        if found.is_different(limits):
            yield from two_genomes_found(one, other)

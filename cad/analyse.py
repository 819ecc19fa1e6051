"""A genetic analysis from who takes part to a commit: its tables are a version of their own.

A run is told apart by its name, purpose, parameters, the base whose persons it took, and who they
are. Asked for once more, what is there is returned and nothing is computed: so a series of analyses
that was broken off goes on where it stopped. Who withdraws takes every run along in which they
took part.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from time import perf_counter
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection

from cad.annotation.gene_source import gene_source
from cad.annotation.reader import open_annotations
from cad.cohort.project import read_project
from cad.cohort.select import open_cohort
from cad.commit import Session, open_session
from cad.components import latest_components
from cad.extras import import_part
from cad.faults import reach
from cad.genetics.parameters import Name, share_parameters
from cad.genetics.people import People, choose_people
from cad.genetics.phenotypes import check_numbers, covariate_values, phenotype_values
from cad.leases import pin
from cad.registry.analyses import (
    AnalysisRow,
    analyses_at,
    insert_analysis,
    people_of,
)
from cad.registry.engine import reading
from cad.warehouse import Warehouse
from loaders.jobs import WrittenFile
from loaders.lake_writer import LakeWriter
from schemas.contigs import CONTIGS
from schemas.errors import NotFound

log = logging.getLogger(__name__)

_ASSOCIATIONS: Final = ("regression", "gene")
_LIBRARIES: Final = ("cad-warehouse", "hail", "pyspark")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Asked:
    """One analysis, for whom, with which parameters, in which project."""

    name: str
    purpose: str
    parameters: dict[str, Any]
    project: str | None


def analyse(
    warehouse: Warehouse,
    names: Sequence[Name],
    purpose: str = "research",
    given: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    project: str | None = None,
) -> list[tuple[AnalysisRow, bool]]:
    """Run analyses one after the other; each commits on its own.

    Args:
        warehouse: what to work on.
        names: of `cad.genetics.parameters.PARAMETERS`.
        purpose: whose consents and cohorts let them take part.
        given: parameters by name; each analysis takes those it has.
        progress: is told how many are done, of how many.
        project: only persons in the scope of this approved project take part; what is found is the
            project's.

    Returns:
        Each run, and whether it was there already.

    Raises:
        BadQuestion: `parameter_unknown`, `phenotype_unknown`, `covariate_unknown`.
        Forbidden: `project_not_open`.
        NotFound: `base_missing`, `nobody_takes_part`, `genes_missing`, `project_unknown`.
        Unavailable: `extra_missing`.
    """
    told = share_parameters(names, given or {})
    session = import_part("cad.hail_session").hail_session
    done: list[tuple[AnalysisRow, bool]] = []
    with session(warehouse.settings) as hail:
        for name in names:
            if progress is not None:
                progress(len(done), len(names))
            asked = _Asked(name, purpose, told[name], project)
            done.append(_analyse(warehouse, hail, asked))
    return done


def _analyse(
    warehouse: Warehouse,
    hail: Any,
    asked: _Asked,
) -> tuple[AnalysisRow, bool]:
    began, name, parameters = perf_counter(), asked.name, asked.parameters
    with pin(warehouse) as commit_no:
        among = _scope(warehouse, commit_no, asked)
        with reading(warehouse.engine) as connection:
            people = choose_people(connection, warehouse, commit_no, asked.purpose, among)
            there = _same_run(connection, commit_no, asked, people)
            numbers = (
                _numbers(connection, warehouse, commit_no, asked, people)
                if name in _ASSOCIATIONS
                else {}
            )
        if there is not None:
            return there, True
        genes, sources = _genes(warehouse, commit_no) if name == "gene" else ((), {})
        own = parameters | {"min_gq": warehouse.config.thresholds.min_gq}
        study = import_part("cad.genetics.genotypes").Study(
            hail, people, warehouse.assembly, own, numbers, genes
        )
        with open_session(warehouse, "analyse") as session:
            module = import_part(f"cad.genetics.{name.replace('-', '_')}")
            tables: dict[str, pa.Table] = module.run(study)
            reach("analyse:computed")
            files = [_write(session, table, rows) for table, rows in tables.items()]
            row = {
                "name": name,
                "purpose": asked.purpose,
                "project": asked.project,
                "base_commit": people.base.commit_no,
                "persons": len(people.participants),
                "parameters": parameters,
                "versions": {one: version(one) for one in _LIBRARIES} | sources,
                "seconds": perf_counter() - began,
            }
            found = _commit(session, row, [one for one in files if one], people, tables)
    log.info("%s for %s: %d persons, %.1f s", name, asked.purpose, found.persons, found.seconds)
    return found, False


def _scope(warehouse: Warehouse, commit_no: int, asked: _Asked) -> frozenset[str] | None:
    """Who is in the scope of the project that asks; None where none does."""
    if asked.project is None:
        return None
    with reading(warehouse.engine) as connection:
        project = read_project(connection, asked.project)
    cohort = open_cohort(warehouse, commit_no)
    return frozenset(cohort.members(asked.purpose, project=project).person_ids)


def _commit(
    session: Session,
    row: dict[str, Any],
    files: list[WrittenFile],
    people: People,
    tables: Mapping[str, pa.Table],
) -> AnalysisRow:
    kept: dict[int, bool] = {}
    if "analysis_unrelated" in tables:
        columns = tables["analysis_unrelated"].to_pydict()
        kept = dict(zip(columns["sample"], columns["unrelated"], strict=True))
    persons = {one.person_id: kept.get(one.sample) for one in people.participants}

    def apply(connection: Connection, commit_no: int) -> AnalysisRow:
        placed = [(file, session.lake_path(file)) for file in files]
        number = insert_analysis(connection, commit_no, row, placed, persons)
        return next(one for one in analyses_at(connection, commit_no) if one.analysis_no == number)

    _, found = session.commit(apply, files)
    return found


def _same_run(
    connection: Connection, commit_no: int, asked: _Asked, people: People
) -> AnalysisRow | None:
    persons = {one.person_id for one in people.participants}
    for row in analyses_at(connection, commit_no):
        facts = _Asked(row.name, row.purpose, dict(row.parameters), row.project)
        if (facts, row.base_commit) == (asked, people.base.commit_no) and (
            people_of(connection, row.analysis_no) == persons
        ):
            return row
    return None


def _numbers(
    connection: Connection,
    warehouse: Warehouse,
    commit_no: int,
    asked: _Asked,
    people: People,
) -> dict[str, dict[int, float]]:
    """The phenotype first, then the covariates, by name and sample."""
    own, told = people.participants, asked.parameters
    components = latest_components(connection, warehouse, commit_no, asked.purpose, asked.project)
    values = phenotype_values(connection, commit_no, own, told["phenotype"])
    covariates = covariate_values(own, told["covariates"], components)
    numbers = {"phenotype": values, **covariates}
    check_numbers(numbers)
    return numbers


def _genes(
    warehouse: Warehouse, commit_no: int
) -> tuple[list[tuple[str, str, int, int]], dict[str, str]]:
    """Every gene of the loaded model, and the model's version.

    Raises:
        NotFound: `genes_missing`.
    """
    annotations = open_annotations(warehouse, commit_no)
    source = gene_source(annotations)
    if source is None:
        raise NotFound("genes_missing", "add a gene model: cad annotation add genes")
    columns = ("symbol", "contig", "start", "end")
    genes = [
        tuple(row.values())
        for path in annotations.paths(source, "annotation_gene")
        for row in pq.read_table(path, columns=list(columns)).to_pylist()
    ]
    return genes, {source.name: source.version}


def _write(session: Session, table: str, rows: pa.Table) -> WrittenFile | None:
    with LakeWriter(table, session.staging / f"{table}.parquet") as writer:
        if "contig" not in rows.column_names:
            writer.write(rows)
        else:
            contigs = rows["contig"]
            for contig in CONTIGS:
                writer.write(rows.filter(pc.equal(contigs, pa.scalar(contig))))
    return writer.written

"""Exports for Hail: the base as a Table, and genotypes of consented persons as a MatrixTable."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hail as hl

from cad.export.parquet import export_parquet
from cad.genetics.genotypes import Study
from cad.genetics.people import choose_people
from cad.genetics.places import WITH_X
from cad.hail_session import hail_session
from cad.leases import pin
from cad.query.base import open_base
from cad.registry.engine import reading
from cad.warehouse import Warehouse
from schemas.contigs import CONTIGS, vcf_contig
from schemas.errors import Conflict


@dataclass(frozen=True)
class ExportedHail:
    """What was written: variants, and persons where it is genotypes."""

    path: Path
    purpose: str
    commit: int
    variants: int
    persons: int

    def to_json(self) -> dict[str, Any]:
        """The document that `cad export hail` prints."""
        return dict(vars(self)) | {"path": str(self.path), "release": None}


def export_table(warehouse: Warehouse, out: Path, *, purpose: str = "care") -> ExportedHail:
    """Write the latest base as a Hail Table keyed by locus and alleles.

    A row has `frequencies`, by the names of the global `strata`: a struct of figures for each.

    Raises:
        Conflict: `output_exists`.
        NotFound: `base_missing`.
    """
    _check_free(out)
    with (
        hail_session(warehouse.settings) as session,
        TemporaryDirectory(dir=session.folder) as name,
    ):
        exported = export_parquet(warehouse, Path(name) / "base", purpose=purpose)
        files = [(exported.path / file.path).as_uri() for file in exported.files]
        with open_base(warehouse, purpose) as base:
            strata, persons = [one.name for one in base.strata], base.persons
        rows = hl.Table.from_spark(session.spark.read.parquet(*files).drop("hidden"))
        figures = rows.row.drop("contig", "pos", "ref", "alt", "stratum", "flags")
        table = rows.group_by(**_key(rows, warehouse)).aggregate(
            frequencies=hl.dict(hl.agg.collect((rows.stratum, figures))),
            flags=hl.agg.take(rows.flags, 1)[0],
        )
        table = table.annotate_globals(
            strata=strata, purpose=purpose, commit=exported.commit, assembly=warehouse.assembly
        )
        variants = _write(table, out)
    return ExportedHail(out, purpose, exported.commit, variants, persons)


def export_matrix(warehouse: Warehouse, out: Path, *, purpose: str) -> ExportedHail:
    """Write the genotypes of the persons who count for a purpose, on the autosomes and X.

    Columns are keyed by `s`, the registry's sample number; they have sex, affected and founder, and
    the sample numbers of the parents who are in it. What is known and passes has a GT.

    Raises:
        Conflict: `output_exists`.
        NotFound: `base_missing`, `nobody_takes_part`.
    """
    _check_free(out)
    with pin(warehouse) as commit_no, hail_session(warehouse.settings) as session:
        with reading(warehouse.engine) as connection:
            people = choose_people(connection, warehouse, commit_no, purpose)
        matrix = Study(session, people, warehouse.assembly, {}).matrix(WITH_X)
        facts = {
            str(one.sample): hl.Struct(
                sex=one.sex,
                affected=one.affected,
                founder=one.founder,
                father=None if one.father is None else str(one.father),
                mother=None if one.mother is None else str(one.mother),
            )
            for one in people.participants
        }
        kind = "dict<str, struct{sex: str, affected: str, founder: bool, father: str, mother: str}>"
        matrix = matrix.annotate_cols(**hl.literal(facts, kind)[matrix.s])
        matrix = matrix.annotate_globals(purpose=purpose, commit=people.base.commit_no)
        variants = _write(matrix, out)
    persons = len(people.participants)
    return ExportedHail(out, purpose, people.base.commit_no, variants, persons)


def _key(rows: Any, warehouse: Warehouse) -> dict[str, Any]:
    names = {contig: vcf_contig(warehouse.assembly, contig) for contig in CONTIGS}
    locus = hl.locus(hl.literal(names)[rows.contig], rows.pos, warehouse.assembly)
    return {"locus": locus, "alleles": [rows.ref, rows.alt]}


def _check_free(out: Path) -> None:
    if out.exists():
        raise Conflict("output_exists", "name another directory", out.name)


def _write(data: Any, out: Path) -> int:
    """Write a Table or MatrixTable whole or not at all; returns how many variants it has."""
    partial = out.absolute().with_name(f".{out.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        data.write(partial.as_uri())
        os.replace(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    is_table = isinstance(data, hl.Table)
    read = hl.read_table if is_table else hl.read_matrix_table
    written = read(out.absolute().as_uri())
    variants: int = written.count() if is_table else written.count_rows()
    return variants

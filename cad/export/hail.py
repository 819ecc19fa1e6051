"""Exports for Hail: the base as a Table, and genotypes of consented persons as a MatrixTable."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import hail as hl
from pyspark.sql import DataFrame, functions

from cad.cohort.select import Members
from cad.export.parquet import MANIFEST, export_parquet
from cad.flags import FLAG_FIELDS
from cad.genetics.genotypes import Study
from cad.genetics.people import choose_people
from cad.genetics.places import WITH_X, by_variant
from cad.hail_session import hail_session
from cad.registry.engine import reading
from cad.warehouse import Warehouse
from schemas.contigs import CONTIGS, vcf_contig
from schemas.errors import Conflict

_OF_VARIANT: Final = (*FLAG_FIELDS, "flags")
"""What rows of `schemas.views.FREQUENCIES` say of the variant, alike in every stratum."""
_COLUMNS: Final = (
    "dict<str, struct{s: str, sex: str, affected: str, founder: bool, father: str, mother: str}>"
)


@dataclass(frozen=True)
class ExportedHail:
    """What was written, and of how many persons."""

    path: Path
    purpose: str
    commit: int
    release: str | None
    variants: int
    persons: int

    def to_json(self) -> dict[str, Any]:
        """The document that `cad export hail` prints."""
        return dict(vars(self)) | {"path": str(self.path)}


def export_table(
    warehouse: Warehouse, out: Path, *, purpose: str = "care", release: str | None = None
) -> ExportedHail:
    """Write the latest base, or a release, as a Hail Table keyed by locus and alleles.

    A row has `frequencies`, by the names of the global `strata`: a struct of figures for each, null
    where a release hides them; and what is said of the variant as a whole, its flags.

    Raises:
        Conflict: `output_exists`.
        NotFound: `base_missing`, `release_unknown`.
    """
    _check_free(out)
    with (
        hail_session(warehouse.settings) as session,
        TemporaryDirectory(dir=session.folder) as name,
    ):
        made = export_parquet(warehouse, Path(name) / "base", purpose=purpose, release=release)
        told = json.loads((made.path / MANIFEST).read_text(encoding="utf-8"))
        files = [(made.path / file.path).as_uri() for file in made.files]
        table = _by_variant(session.spark.read.parquet(*files), warehouse)
        known = ("strata", "purpose", "commit", "assembly")
        table = table.annotate_globals(**{one: told[one] for one in known}, release=release or "")
        variants = _write(table, out)
    return ExportedHail(out, purpose, made.commit, release, variants, told["persons"])


def export_matrix(warehouse: Warehouse, out: Path, members: Members) -> ExportedHail:
    """Write the genotypes of persons whom the gate let through, on the autosomes and X.

    Columns are keyed by `s`: the registry's sample number, or in a project its pseudonym. They have
    sex, affected and founder, and `s` of the parents who are in it. What is known and passes has a
    GT.

    Raises:
        Conflict: `output_exists`.
        NotFound: `base_missing`, `nobody_takes_part`.
    """
    _check_free(out)
    purpose, cohort = members.purpose, members.cohort
    numbers: list[int | None] = members.sample_no.tolist()
    called = map(str, numbers) if members.project is None else members.persons
    names = dict(zip(numbers, called, strict=True))
    among = frozenset(members.person_ids)
    with hail_session(warehouse.settings) as session:
        with reading(warehouse.engine) as connection:
            people = choose_people(connection, warehouse, cohort.commit_no, purpose, among)
        matrix = Study(session, people, warehouse.assembly, {}).unwritten_matrix(WITH_X)
        columns = {
            str(one.sample): hl.Struct(
                s=names[one.sample],
                sex=one.sex,
                affected=one.affected,
                founder=one.founder,
                father=names.get(one.father),
                mother=names.get(one.mother),
            )
            for one in people.participants
        }
        matrix = matrix.key_cols_by(**hl.literal(columns, _COLUMNS)[matrix.s]).key_cols_by("s")
        matrix = matrix.annotate_globals(purpose=purpose, commit=people.base.commit_no)
        variants = _write(matrix, out)
    return ExportedHail(
        out, purpose, people.base.commit_no, None, variants, len(people.participants)
    )


def _by_variant(rows: DataFrame, warehouse: Warehouse) -> Any:
    """Rows of `schemas.views.FREQUENCIES` as a Table with a row per variant."""
    # Spark groups them: Hail's own grouping takes several times as long.
    figures = [name for name in rows.columns if name not in (*by_variant(), *_OF_VARIANT)]
    grouped = rows.groupBy(*by_variant()).agg(
        functions.collect_list(functions.struct(*figures)).alias("told"),
        *(functions.first(name).alias(name) for name in _OF_VARIANT),
    )
    table = hl.Table.from_spark(grouped)
    table = table.key_by(**_key(table, warehouse)).drop(*by_variant())
    by_stratum = hl.dict(table.told.map(lambda one: (one.stratum, one.drop("stratum"))))
    return table.transmute(frequencies=by_stratum)


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

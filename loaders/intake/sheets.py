"""samples.tsv, consents.tsv and phenotypes.tsv to typed rows, and what must hold between rows."""

from __future__ import annotations

from pathlib import Path

from loaders.intake.batch import Refuse
from loaders.intake.paths import read_bytes, resolve_path
from loaders.intake.tables import Cells, read_table
from schemas.errors import BatchRefused
from schemas.sheets import ConsentRow, PhenotypeRow, SampleRow

SAMPLES = "samples.tsv"
CONSENTS = "consents.tsv"
PHENOTYPES = "phenotypes.tsv"


def read_samples(directory: Path, refuse: Refuse) -> tuple[SampleRow, ...]:
    """The sample sheet, which every batch has.

    Raises nothing by itself: `refuse` gets the problems of `read_table`, `file_missing`,
    `sample_duplicate` and `person_conflict`.
    """
    table = _table(directory, SAMPLES, refuse, needed=True)
    if table == []:
        refuse(BatchRefused("sheet_malformed", "no row that can be read", SAMPLES))
    rows = [(line, SampleRow(**cells)) for line, cells in table or ()]
    first: dict[str, int] = {}
    for line, row in rows:
        if row.sample_id in first:
            detail = f"the sample_id of line {first[row.sample_id]} again"
            refuse(BatchRefused("sample_duplicate", detail, f"{SAMPLES}, line {line}"))
        first.setdefault(row.sample_id, line)
        if row.person_id in (row.father_id, row.mother_id, row.twin_of):
            detail = "the person is named as their own parent or twin"
            refuse(BatchRefused("person_conflict", detail, f"{SAMPLES}, line {line}"))
    _check_persons(rows, refuse)
    return tuple(row for _, row in rows)


def read_consents(directory: Path, refuse: Refuse) -> tuple[ConsentRow, ...]:
    """The consents, none where there is no consents.tsv.

    The persons may be of other batches.
    """
    table = _table(directory, CONSENTS, refuse, needed=False)
    return tuple(ConsentRow(**cells) for _, cells in table or ())


def read_phenotypes(directory: Path, refuse: Refuse) -> tuple[PhenotypeRow, ...]:
    """The phenotypes, none where there is no phenotypes.tsv.

    The persons may be of other batches.
    """
    table = _table(directory, PHENOTYPES, refuse, needed=False)
    return tuple(PhenotypeRow(**cells) for _, cells in table or ())


def _table(
    directory: Path, name: str, refuse: Refuse, *, needed: bool
) -> list[tuple[int, Cells]] | None:
    there = (directory / name).exists() or (directory / name).is_symlink()
    if not there and not needed:
        return None
    try:
        data = read_bytes(resolve_path(directory, name, name), name)
    except BatchRefused as error:
        refuse(error)
        return None
    return read_table(data, name, refuse)


def person_statements(row: SampleRow) -> dict[str, str | None]:
    """What a row says of its person, which no other row of the batch may contradict."""
    return {
        "sex": None if row.sex == "unknown" else row.sex,
        "father_id": row.father_id,
        "mother_id": row.mother_id,
    }


def _check_persons(rows: list[tuple[int, SampleRow]], refuse: Refuse) -> None:
    """Refuse rows of one person that contradict each other.

    A value that is not known contradicts nothing.
    """
    said: dict[tuple[str, str], tuple[int, str]] = {}
    for line, row in rows:
        for column, value in person_statements(row).items():
            if value is None:
                continue
            earlier, before = said.setdefault((row.person_id, column), (line, value))
            if before != value:
                detail = f"{column} differs from line {earlier}, which is the same person"
                refuse(BatchRefused("person_conflict", detail, f"{SAMPLES}, line {line}"))

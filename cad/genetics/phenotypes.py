"""Numbers of participants for regressions: a phenotype and covariates, from the registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from sqlalchemy import Connection, select

from cad.components import component_number
from cad.genetics.people import Participant
from cad.registry.clinical_tables import measurement
from cad.registry.tables import phenotype, visible
from schemas.errors import BadQuestion

_MEASURED: Final = "measurement"
_BINARY: Final = {"0": 0.0, "1": 1.0}
_SEX: Final = {"XX": 0.0, "XY": 1.0}


def phenotype_values(
    connection: Connection, commit_no: int, people: Sequence[Participant], name: str
) -> dict[int, float]:
    """A phenotype by sample; who cannot be told of is absent.

    `affected` and `age_years` are the sheet's. SYSTEM:CODE is 1 where the feature was observed, 0
    where it was excluded or where others were told of the person but not this one. With
    `measurement:` before it, the latest value measured.

    Raises:
        BadQuestion: `phenotype_unknown`, where it is of nobody, or the same for everybody.
    """
    if name == "affected":
        values = {one.sample: _BINARY[one.affected] for one in people if one.affected in _BINARY}
    elif name == "age_years":
        values = {one.sample: one.age_years for one in people if one.age_years is not None}
    else:
        by_person = _recorded(connection, commit_no, name)
        values = {
            one.sample: by_person[one.person_id] for one in people if one.person_id in by_person
        }
    if len(set(values.values())) < 2:
        raise BadQuestion("phenotype_unknown", "nobody has it, or everybody alike", name)
    return values


def _recorded(connection: Connection, commit_no: int, name: str) -> dict[str, float]:
    kind, _, rest = name.partition(":")
    system, _, code = (rest if kind == _MEASURED else name).partition(":")
    if not code:
        raise BadQuestion("phenotype_unknown", "expected SYSTEM:CODE", name)
    if kind == _MEASURED:
        return _measured(connection, commit_no, system, code)
    columns = select(phenotype.c.person_id, phenotype.c.system, phenotype.c.code).where(
        visible(phenotype, commit_no), phenotype.c.excluded.is_(False)
    )
    told: dict[str, float] = {}
    excluded = select(phenotype.c.person_id).where(visible(phenotype, commit_no))
    for person in connection.scalars(excluded):
        told[person] = 0.0
    for person, own_system, own_code in connection.execute(columns):
        if (own_system, own_code) == (system, code):
            told[person] = 1.0
    return told


def _measured(connection: Connection, commit_no: int, system: str, code: str) -> dict[str, float]:
    query = (
        select(measurement.c.person_id, measurement.c.value)
        .where(
            visible(measurement, commit_no),
            measurement.c.system == system,
            measurement.c.code == code,
            measurement.c.value.is_not(None),
        )
        .order_by(measurement.c.recorded_on, measurement.c.measurement_no)
    )
    return dict(connection.execute(query).all())


def covariate_values(
    people: Sequence[Participant],
    names: Iterable[str],
    components: Mapping[int, Mapping[int, float]],
) -> dict[str, dict[int, float]]:
    """Covariates by name, then by sample; `components` are scores by component, then by sample.

    Raises:
        BadQuestion: `covariate_unknown`.
    """
    values: dict[str, dict[int, float]] = {}
    for name in names:
        if name == "sex":
            values[name] = {one.sample: _SEX[one.sex] for one in people if one.sex in _SEX}
        elif name == "age_years":
            values[name] = {
                one.sample: one.age_years for one in people if one.age_years is not None
            }
        elif (number := component_number(name)) is not None and number in components:
            values[name] = dict(components[number])
        else:
            told = "expected sex, age_years, or pc1 and so on after `cad analyse pca`"
            raise BadQuestion("covariate_unknown", told, name)
    return values


def check_numbers(numbers: Mapping[str, Mapping[int, float]]) -> None:
    """Refuse a phenotype and covariates, by name and sample, that no model can be fitted to.

    >>> check_numbers({"phenotype": {1: 0.0, 2: 1.0, 3: 1.0}})

    Raises:
        BadQuestion: `phenotype_unknown`, where too few persons have them all, or all of these the
            same phenotype; `covariate_unknown`, where one follows from the others or is the same
            for everybody.
    """
    own = sorted(set.intersection(*(set(values) for values in numbers.values())))
    others = [name for name in numbers if name != "phenotype"]
    # An intercept, the covariates and the alleles are fitted; one degree of freedom must be left.
    if len(own) < len(others) + 3 or len({numbers["phenotype"][one] for one in own}) < 2:
        raise BadQuestion("phenotype_unknown", f"{len(own)} persons with all of these are too few")
    design = np.ones((len(own), 1))
    for name in others:
        column = np.array([[numbers[name][one]] for one in own])
        design = np.hstack([design, column])
        if np.linalg.matrix_rank(design) < design.shape[1]:
            raise BadQuestion("covariate_unknown", "it tells nothing of those who take part", name)

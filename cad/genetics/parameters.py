"""What an analysis may be told: names, defaults, bounds; what is not named has its default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import BadQuestion

Name = Literal["pca", "relatedness", "sex", "mendel", "de-novo", "tdt", "regression", "gene", "hwe"]


class _Parameters(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PcaParameters(_Parameters):
    """Principal components of founders; everybody else is placed among them."""

    components: int = Field(default=10, ge=1, description="How many.")
    min_af: float = Field(default=0.01, ge=0, lt=0.5, description="Of the variants used.")
    min_call_rate: float = Field(default=0.95, ge=0, le=1, description="Of the variants used.")
    max_r2: float = Field(default=0.1, gt=0, le=1, description="Between variants kept.")
    window: int = Field(default=500_000, ge=1, description="Bases within which r2 is limited.")


class RelatednessParameters(PcaParameters):
    """Kinship by PC-Relate and KING; and a set without relatives that prefers parents."""

    components: int = Field(default=4, ge=1, description="Of ancestry, which PC-Relate sets apart.")
    min_kinship: float = Field(
        default=0.0884, gt=0, lt=0.5, description="From which two are relatives: second degree."
    )


class SexParameters(_Parameters):
    """Sex as X tells it."""

    min_af: float = Field(default=0.01, ge=0, lt=0.5, description="Of the variants used.")
    female_below: float = Field(default=0.2, description="XX where F is less.")
    male_above: float = Field(default=0.8, description="XY where F is greater.")


class FamilyParameters(_Parameters):
    """Of trios: nothing to choose."""


class DeNovoParameters(_Parameters):
    """New variants of children, with their posterior (Samocha 2014)."""

    parent_quality: int = Field(
        default=40,
        ge=1,
        description="Quality that a parent's reference genotype is taken to have: the lake keeps "
        "that it passes, not how well.",
    )
    min_posterior: float = Field(default=0.05, ge=0, le=1, description="Of what is kept.")


class AssociationParameters(_Parameters):
    """A phenotype, and what else may explain it."""

    phenotype: str = Field(
        default="affected",
        description="`affected`, `age_years`, SYSTEM:CODE of a feature, or of a measurement with "
        "`measurement:` before it.",
    )
    model: Literal["logistic", "linear"] = Field(default="logistic", description="The regression.")
    covariates: tuple[str, ...] = Field(
        default=("sex",), description="Of `sex`, `age_years` and `pc1`, `pc2`, ... of the last pca."
    )


class RegressionParameters(AssociationParameters):
    """Each variant against a phenotype."""

    test: Literal["firth", "wald", "lrt", "score"] = Field(
        default="firth", description="Of the logistic model; Firth's bears rare variants."
    )
    min_ac: int = Field(default=1, ge=1, description="Alleles a variant must have.")


class GeneParameters(AssociationParameters):
    """The rare variants of each gene together: SKAT and burden."""

    max_af: float = Field(default=0.01, gt=0, le=1, description="Of the variants used.")


class HweParameters(_Parameters):
    """Hardy-Weinberg proportions among founders."""

    min_ac: int = Field(default=1, ge=1, description="Alleles a variant must have.")


PARAMETERS: Final[dict[Name, type[_Parameters]]] = {
    "pca": PcaParameters,
    "relatedness": RelatednessParameters,
    "sex": SexParameters,
    "mendel": FamilyParameters,
    "de-novo": DeNovoParameters,
    "tdt": FamilyParameters,
    "regression": RegressionParameters,
    "gene": GeneParameters,
    "hwe": HweParameters,
}


def share_parameters(names: Sequence[Name], given: Mapping[str, Any]) -> dict[Name, dict[str, Any]]:
    """All parameters of some analyses; each takes those of the given ones that it has.

    Raises:
        BadQuestion: `parameter_unknown`, one that none of them has, or a value it cannot have.
    """
    known = {field for name in names for field in PARAMETERS[name].model_fields}
    for field in given:
        if field not in known:
            raise BadQuestion("parameter_unknown", f"expected one of {sorted(known)}", field)
    return {
        name: _read(
            name, {one: given[one] for one in PARAMETERS[name].model_fields if one in given}
        )
        for name in names
    }


def _read(name: Name, given: dict[str, Any]) -> dict[str, Any]:
    try:
        return PARAMETERS[name].model_validate(given).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadQuestion("parameter_unknown", first["msg"], f"{name} {where}") from None

"""Questions that select persons, for OpenAPI; their answers are documents of `cad.questions`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.models import Document, PagedQuestion, Question


class PersonQuestion(Document):
    """What any question that selects persons may say beside what it is about."""

    purpose: str = Field(
        default="care",
        description="Whose consents and cohorts let them count.",
        json_schema_extra={"enum": ["care", "research", "industry"]},
    )
    where: list[str] = Field(
        default=[],
        max_length=50,
        description="Only persons of whom all of this holds.",
        examples=[["platform=AURAGEN", "HP:0001250"]],
    )
    project: str | None = Field(
        default=None, description="An approved project: only its persons, under its pseudonyms."
    )


class PhenotypeQuestion(PersonQuestion):
    """A question about persons with a phenotype, set against others."""

    term: list[str] = Field(
        min_length=1,
        max_length=50,
        description="What tells the persons: HPO terms with all their kinds, codes, an indication.",
        examples=[["HP:0001250"]],
    )
    against: list[str] = Field(
        default=[], max_length=50, description="Whom they are set against; all others if unset."
    )
    relatives: bool = Field(default=False, description="Persons with a declared parent too.")
    region: str | None = Field(default=None, description="Only there.", examples=["22:1-50000000"])
    impact: list[Literal["HIGH", "MODERATE", "LOW", "MODIFIER"]] = Field(
        default=["HIGH", "MODERATE"], description="Of variants that qualify for their gene."
    )
    max_af: float = Field(default=0.01, ge=0, le=1, description="Their greatest frequency.")


class BurdenQuestion(PersonQuestion):
    """A question for a burden of damaging variants in cases."""

    case: list[str] = Field(
        min_length=1, max_length=50, description="Who is a case.", examples=[["HP:0001250"]]
    )
    control: list[str] = Field(
        default=[], max_length=50, description="Who is a control; all but the cases if unset."
    )
    max_af: float = Field(default=0.001, ge=0, le=1, description="Greatest frequency in founders.")
    max_gnomad_af: float = Field(default=0.001, ge=0, le=1, description="The same in gnomAD.")


class SimilarQuestion(PersonQuestion):
    """A question for persons like a profile of features."""

    term: list[str] = Field(
        min_length=1, max_length=100, description="HPO terms.", examples=[["HP:0001250"]]
    )
    measure: Literal["resnik", "lin"] = Field(default="resnik", description="Likeness of terms.")
    top: int = Field(default=20, ge=1, le=500, description="How many; 20, 50, 100 or 200.")


class IndicatorQuestion(Document):
    """A question for the plan's indicators."""

    purpose: str = Field(default="care", description="Whose consents and cohorts let them count.")
    by: Literal["platform", "indication", "region", "month"] | None = Field(
        default=None, description="A line for each of these, beside the total."
    )


class ChangesQuestion(Question, PagedQuestion):
    """A question for what to look at again."""

    since: str = Field(
        max_length=200,
        description="A release, a commit's number or a day: what is compared with; where a release "
        "answers, another release.",
        examples=["2026-11-01"],
    )


class ContactRequest(Document):
    """A message to carriers of a variant who agreed to be contacted again."""

    variant: str = Field(max_length=2000, description="Any name.", examples=["22-16050075-A-G"])
    message: str = Field(
        min_length=1,
        max_length=4000,
        pattern=r"^[^\x00]*$",
        description="Relayed by their platforms.",
    )
    purpose: str = Field(default="care", description="What for.")


class ContactAnswer(Document):
    """The message was left; whether anybody is reached is told to nobody."""

    variant: str
    relayed: Literal[True]

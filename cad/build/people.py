"""Who counts, for which purposes, in which strata (DESIGN 5.1, 5.8, 7)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, get_args

from cad.registry.samples import Sample
from cad.settings import Attribute

PURPOSES: Final = ("care", "research", "industry")
PIPELINE: Final = "pipeline"
"""Name and version of what called the variants: a stratum only where the warehouse declares it."""
ATTRIBUTES: Final[tuple[str, ...]] = tuple(name for name in get_args(Attribute) if name != PIPELINE)
ALL: Final = "all"
UNRELATED: Final = "unrelated=1"
"""Persons of the latest set without relatives, where `cad analyse relatedness` made one."""
_NEXT_ATTRIBUTE: Final = re.compile(f",(?=(?:{'|'.join((*ATTRIBUTES, PIPELINE))})=)")
_ASSAY_RANK: Final = {"WGS": 3, "WES": 2, "panel": 1}
_GROUNDLESS: Final = ("refused", "withdrawn")


@dataclass(frozen=True)
class Counted:
    """How one person counts: by which sample, under which sex, in which strata."""

    sample_no: int
    sex: str
    strata: frozenset[str]


def counted_sample(samples: Iterable[Sample]) -> Sample | None:
    """The sample by which a person counts, None where no sample of theirs can.

    WGS before WES before panel; then the latest collection (missing last), the greatest batch id
    and sample id, by bytes. Tumours and RNA never count.
    """
    eligible = [
        sample
        for sample in samples
        if sample.material == "germline"
        and sample.assay in _ASSAY_RANK
        and (sample.has_germline or sample.has_mitochondrial)
    ]
    return max(eligible, key=_precedence) if eligible else None


def _precedence(sample: Sample) -> tuple[int, date, bytes, bytes]:
    return (
        _ASSAY_RANK[sample.assay],
        sample.collected_on or date.min,
        sample.batch_id.encode(),
        sample.sample_id.encode(),
    )


def purposes_of(sample: Sample, cohorts: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The purposes for which a person counts, by consents and cohort.

    Care is the ground on which the sample was sequenced: it holds unless refused or withdrawn. The
    other purposes need a consent that was given.
    """
    allowed = {
        purpose
        for purpose in PURPOSES
        if sample.consents.get(purpose) == "given"
        or (purpose == "care" and sample.consents.get(purpose) not in _GROUNDLESS)
    }
    return frozenset(allowed & cohorts.get(sample.cohort or "", frozenset(PURPOSES)))


def attributes_of(stratum: str) -> dict[str, str]:
    """The attributes that a stratum's name gives, and their values, which may hold commas.

    >>> attributes_of("region=Nord, Est,affected=1"), attributes_of("all")
    ({'region': 'Nord, Est', 'affected': '1'}, {})
    """
    if stratum == ALL:
        return {}
    parts = (part.partition("=") for part in _NEXT_ATTRIBUTE.split(stratum))
    return {name: value for name, _, value in parts}


def attribute_values(sample: Sample) -> dict[str, str]:
    """A person's value of each attribute and of the pipeline; a missing one is `unknown`."""
    values = {
        PIPELINE: sample.pipeline,
        "sex": sample.sex,
        "platform": sample.platform,
        "assay": sample.assay,
        "affected": sample.affected,
        "founder": "1" if sample.founder else "0",
        "indication": sample.indication,
        "region": sample.region,
        "cohort": sample.cohort,
    }
    return {name: value or "unknown" for name, value in values.items()}


def strata_of(sample: Sample, conjunctions: Sequence[Sequence[str]]) -> frozenset[str]:
    """The strata a person belongs to.

    `all`, one for each attribute, and the declared conjunctions.
    """
    values = attribute_values(sample)
    marginal = {f"{name}={values[name]}" for name in ATTRIBUTES}
    joint = {",".join(f"{name}={values[name]}" for name in names) for names in conjunctions}
    return frozenset({ALL} | marginal | joint)


def with_unrelated(
    people: Mapping[str, Counted], unrelated: Mapping[str, bool]
) -> dict[str, Counted]:
    """The people, those of a set without relatives in its stratum too (`cad.genetics`)."""
    return {
        person: replace(counted, strata=counted.strata | {UNRELATED})
        if unrelated.get(person)
        else counted
        for person, counted in people.items()
    }


def desired_people(
    samples: Iterable[Sample],
    cohorts: Mapping[str, frozenset[str]],
    conjunctions: Sequence[Sequence[str]],
) -> dict[str, dict[str, Counted]]:
    """For each purpose, how each person should count, by person."""
    by_person: dict[str, list[Sample]] = {}
    for sample in samples:
        by_person.setdefault(sample.person_id, []).append(sample)
    desired: dict[str, dict[str, Counted]] = {purpose: {} for purpose in PURPOSES}
    # Persons of the same attributes, of whom there are many, share their strata.
    known: dict[tuple[str, ...], frozenset[str]] = {}
    for person, own in by_person.items():
        best = counted_sample(own)
        if best is None:
            continue
        values = tuple(attribute_values(best).values())
        if values not in known:
            known[values] = strata_of(best, conjunctions)
        counted = Counted(best.sample_no, best.sex, known[values])
        for purpose in purposes_of(best, cohorts):
            desired[purpose][person] = counted
    return desired

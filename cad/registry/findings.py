"""Rows of findings: where the genotypes of live samples contradict what their sheets say."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, func, insert, select, update

from cad.registry.tables import batch, finding, fingerprint, sample

KINDS: Final = (
    "sex_discordant",
    "parent_discordant",
    "same_genome_two_persons",
    "two_genomes_one_person",
)
"""Reasons of `schemas.reasons` that a finding may have."""


@dataclass(frozen=True)
class FindingCount:
    """How many samples of a batch a finding was made of."""

    kind: str
    batch_id: str
    samples: int

    def to_json(self) -> dict[str, Any]:
        """The entry in `cad status`."""
        return asdict(self)


def insert_findings(
    connection: Connection, commit_no: int, rows: Iterable[tuple[str, int, int | None]]
) -> None:
    """Add findings: kind, number of the sample, number of the other sample where there is one."""
    filled = [
        {"kind": kind, "sample_no": number, "other_no": other, "added_at": commit_no}
        for kind, number, other in rows
    ]
    if filled:
        connection.execute(insert(finding), filled)


def count_findings(connection: Connection) -> list[FindingCount]:
    """The findings that stand, by kind and batch; one of a removed sample stands no more."""
    other = sample.alias("other")
    query = (
        select(finding.c.kind, batch.c.batch_id, func.count(finding.c.sample_no.distinct()))
        .join(sample, sample.c.sample_no == finding.c.sample_no)
        .join(batch, batch.c.batch_no == sample.c.batch_no)
        .outerjoin(other, other.c.sample_no == finding.c.other_no)
        .where(
            finding.c.removed_at.is_(None),
            sample.c.removed_at.is_(None),
            other.c.removed_at.is_(None),
        )
        .group_by(finding.c.kind, batch.c.batch_id)
        .order_by(finding.c.kind, batch.c.batch_id)
    )
    return [FindingCount(*row) for row in connection.execute(query)]


def settle_findings(connection: Connection, commit_no: int, numbers: Collection[int]) -> None:
    """Bring the findings of samples that were corrected to what their sheets say now.

    A sex is compared anew with what the genotypes said. What concerned a parent or a twin goes
    where the correction has taken its ground away.
    """
    for number in sorted(numbers):
        _settle_sex(connection, commit_no, number)
    one, other = sample.alias("one"), sample.alias("other")
    query = (
        select(
            finding.c.finding_no, finding.c.kind, one.c.person_id, other.c.person_id,
            one.c.father_id, one.c.mother_id, other.c.father_id, other.c.mother_id,
            one.c.twin_of, other.c.twin_of,
        )
        .join(one, one.c.sample_no == finding.c.sample_no)
        .join(other, other.c.sample_no == finding.c.other_no)
        .where(finding.c.removed_at.is_(None))
    )  # fmt: skip
    for number, kind, person, second, *named in connection.execute(query).all():
        of_one, of_other, twins = set(named[:2]), set(named[2:4]), named[4:]
        is_parent = second in of_one or person in of_other
        is_twin = bool({person, twins[0] or person} & {second, twins[1] or second})
        if (kind == "parent_discordant" and not is_parent) or (
            kind == "same_genome_two_persons" and is_twin
        ):
            _end(connection, commit_no, number)


def _settle_sex(connection: Connection, commit_no: int, number: int) -> None:
    told = select(sample.c.sex, fingerprint.c.sex.label("found")).join(
        fingerprint, fingerprint.c.sample_no == sample.c.sample_no
    )
    row = connection.execute(told.where(sample.c.sample_no == number)).one_or_none()
    stands = and_(
        finding.c.kind == "sex_discordant",
        finding.c.sample_no == number,
        finding.c.removed_at.is_(None),
    )
    before = connection.scalar(select(finding.c.finding_no).where(stands))
    is_wrong = row is not None and contradicts(row.sex, row.found)
    if is_wrong and before is None:
        insert_findings(connection, commit_no, [("sex_discordant", number, None)])
    if not is_wrong and before is not None:
        _end(connection, commit_no, before)


def contradicts(declared: str, found: str | None) -> bool:
    """Whether a declared sex is another than the genotypes tell; `other` and `unknown` never are.

    >>> contradicts("XX", "XY"), contradicts("XY", None), contradicts("other", "XX")
    (True, False, False)
    """
    return found is not None and declared in ("XX", "XY") and declared != found


def _end(connection: Connection, commit_no: int, number: int) -> None:
    ended = update(finding).where(finding.c.finding_no == number).values(removed_at=commit_no)
    connection.execute(ended)

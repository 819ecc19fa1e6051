"""Families and cohorts of phenopackets: each packet within, and what a family says of its persons.

Of a family the pedigree tells who is whose parent, and who is affected. Who has a packet in it and
no line in the pedigree belongs to the family all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from loaders.clinical.fields import Fields, Reading
from loaders.clinical.gather import gather
from loaders.clinical.packets import PersonFrom, packet_records, person_of
from loaders.clinical.phenopackets import SEX, read_phenopacket, set_aside_as, vocabularies_of
from loaders.identifying import find_identifying
from schemas.clinical_records import ClinicalRecords, PersonRecord, RelationRecord
from schemas.clinical_values import FieldTally, add_tallies
from schemas.errors import BatchRefused
from schemas.phenopackets import Phenopacket

_FAMILY: Final = ("proband", "relatives")
_COHORT: Final = ("members",)
_AFFECTED: Final = {"MISSING": None, "UNAFFECTED": "0", "AFFECTED": "1"}
_NOBODY: Final = frozenset({None, "0"})


@dataclass(frozen=True)
class Packets:
    """What a document of phenopackets says, of one or of several.

    Attributes:
        document_id: of the packet, the family or the cohort.
        records: of all persons.
        tally: what became of each of its values.
        vocabularies: versions of code systems by prefix; those of the whole hold before a packet's.
    """

    document_id: str
    records: ClinicalRecords
    tally: FieldTally
    vocabularies: Mapping[str, str]


def is_group(content: Mapping[str, Any]) -> bool:
    """Whether a decoded document is a family or a cohort of phenopackets."""
    return "id" in content and any(name in content for name in (_FAMILY[0], *_COHORT))


def read_packets(content: Any, path: str, person_from: PersonFrom) -> Packets:
    """One phenopacket, or a family or cohort of them.

    Args:
        content: decoded.
        path: of the document, for errors.
        person_from: which id of a phenopacket is the person's.

    Raises:
        BatchRefused: `identifying_data`, `document_malformed`; `person_conflict`, where a packet
            and the pedigree differ on a person.
    """
    if not (isinstance(content, dict) and is_group(content)):
        packet = read_phenopacket(content, path)
        records = packet_records(packet, person_from)
        return Packets(packet.packet_id, records, packet.tally, packet.vocabularies)
    places = list(_placed(content, path))
    packets = [read_phenopacket(one, path, place) for place, one in places]
    whole = {k: v for k, v in content.items() if k not in (*_FAMILY, *_COHORT)}
    for finding in find_identifying(whole):
        detail = f"holds {finding.what}"
        raise BatchRefused("identifying_data", detail, f"{path}#{finding.pointer}")
    reading = Reading(whole, path, renamed=True)
    root = reading.root()
    group_id, vocabularies = root.needed("id"), vocabularies_of(root)
    parts = [
        packet_records(packet, person_from, place)
        for packet, (place, _) in zip(packets, places, strict=True)
    ]
    told = [record for part in parts for record in part.each()]
    if _FAMILY[0] in content:
        told += _family(root, group_id, packets, person_from)
    for packet in packets:
        vocabularies = {**packet.vocabularies, **vocabularies}
    tallies = [*(packet.tally for packet in packets), reading.tally(set_aside_as)]
    return Packets(group_id, gather(_merged(told, path)), add_tallies(tallies), vocabularies)


def _placed(content: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """The packets of a family or cohort, each with its place."""
    proband, *_ = _FAMILY
    if content.get(proband) is not None:
        yield f"/{proband}", content[proband]
    for name in (*_FAMILY[1:], *_COHORT):
        found = content.get(name) or []
        if not isinstance(found, list):
            raise BatchRefused("document_malformed", f"{name}: expected a list", f"{path}#")
        yield from ((f"/{name}/{at}", one) for at, one in enumerate(found))


def _family(
    root: Fields, family_id: str, packets: Iterable[Phenopacket], person_from: PersonFrom
) -> Iterator[PersonRecord | RelationRecord]:
    """The persons of a family, and their parents."""
    ids = {packet.subject_id: person_of(packet, person_from) for packet in packets}
    listed = set()
    pedigree = root.inside("pedigree")
    for at, one in enumerate(pedigree.each("persons") if pedigree is not None else ()):
        written = one.needed("individualId")
        sex = SEX[one.choice("sex", *SEX)]
        affected = _AFFECTED[one.choice("affectedStatus", *_AFFECTED)]
        own_family = one.text("familyId") or family_id
        parents = {"father": one.text("paternalId"), "mother": one.text("maternalId")}
        listed.add(written)
        person_id = _known(one, written, ids, person_from)
        if person_id is None:
            continue
        yield PersonRecord(
            person_id,
            sex=None if sex == "unknown" else sex,
            affected=affected,
            family_id=own_family,
        )
        for kind in ("father", "mother"):
            if parents[kind] not in _NOBODY:
                parent_id = _known(one, str(parents[kind]), ids, person_from)
                if parent_id is not None:
                    yield RelationRecord(person_id, kind, parent_id, f"/pedigree/persons/{at}")
    for subject_id, person_id in ids.items():
        if subject_id not in listed:
            yield PersonRecord(person_id, family_id=family_id)


def _known(
    fields_of: Fields, written: str, ids: Mapping[str, str], person_from: PersonFrom
) -> str | None:
    """A person of the pedigree; where packets name persons, one without a packet has no name."""
    if written in ids or person_from == "subject":
        return ids.get(written, written)
    fields_of.flagged("other_subject")
    return None


def _merged(records: Iterable[Any], path: str) -> Iterator[Any]:
    """The records with one of each person as such.

    Raises:
        BatchRefused: `person_conflict`.
    """
    persons: dict[str, PersonRecord] = {}
    for one in records:
        if not isinstance(one, PersonRecord):
            yield one
            continue
        before = persons.setdefault(one.person_id, one)
        said = {
            item.name: getattr(one, item.name)
            for item in fields(one)
            if getattr(one, item.name) is not None
        }
        for name, value in said.items():
            if getattr(before, name) not in (None, value):
                detail = f"{name} of a person differs within the document"
                raise BatchRefused("person_conflict", detail, path)
        persons[one.person_id] = replace(before, **said)
    yield from persons.values()

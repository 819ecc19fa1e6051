"""Phenopackets without what identifies: what CAD reads of one stays, ids become pseudonyms."""

from __future__ import annotations

from typing import Any, Final

from loaders.clinical.fields import Reading
from loaders.clinical.keyed import Keyed, Leaf, Shape, plain, shaped
from loaders.clinical.packet_groups import is_group

_KIND: Final = "phenopacket"
_CODE: Final[Shape] = {"id": plain, "label": plain}
_AGE: Final[Shape] = {"iso8601duration": plain}
_TIME: Final[Shape] = {
    "age": _AGE,
    "ageRange": {"start": _AGE, "end": _AGE},
    "gestationalAge": {"weeks": plain, "days": plain},
    "ontologyClass": _CODE,
}
_GENE: Final[Shape] = {"valueId": plain, "symbol": plain}
_VARIANT: Final[Shape] = {
    "id": plain,
    "label": plain,
    "geneContext": _GENE,
    "expressions": {"syntax": plain, "value": plain, "version": plain},
    "vcfRecord": {
        "genomeAssembly": plain, "chrom": plain, "pos": plain, "ref": plain, "alt": plain,
    },
    "moleculeContext": plain,
    "structuralType": _CODE,
    "allelicState": _CODE,
}  # fmt: skip
_FEATURES: Final[Shape] = {
    "type": _CODE,
    "excluded": plain,
    "severity": _CODE,
    "modifiers": _CODE,
    "onset": _TIME,
    "resolution": _TIME,
    "evidence": {"evidenceCode": _CODE, "reference": {"id": plain}},
}
_DISEASES: Final[Shape] = {
    "term": _CODE,
    "excluded": plain,
    "onset": _TIME,
    "resolution": _TIME,
    "diseaseStage": _CODE,
    "clinicalTnmFinding": _CODE,
    "primarySite": _CODE,
    "laterality": _CODE,
}
_JUDGED: Final[Shape] = {
    "acmgPathogenicityClassification": plain,
    "therapeuticActionability": plain,
    "variationDescriptor": _VARIANT,
}
_ABOUT: Final[Shape] = {
    "phenopacketSchemaVersion": plain,
    "resources": {"id": plain, "namespacePrefix": plain, "version": plain},
}


_PERSON_FIELDS: Final = ("individualId", "paternalId", "maternalId")


def strip_packets(content: Any, path: str, keyed: Keyed) -> Any:
    """A phenopacket, or a family or cohort of them, of which only what CAD reads is left.

    Raises:
        BatchRefused: `document_malformed`.
    """
    if not is_group(content):
        return _packet(content, path, keyed)

    def packet(one: Any) -> Any:
        return _packet(one, path, keyed)

    def person(written: Any) -> Any:
        return keyed.person(str(written)) if str(written) not in ("", "0") else None

    def family(written: Any) -> str:
        return keyed.other("family", str(written))

    shape: Shape = {
        "id": family,
        "proband": packet,
        "relatives": packet,
        "members": packet,
        "pedigree": {
            "persons": {
                "familyId": family,
                **dict.fromkeys(_PERSON_FIELDS, person),
                "sex": plain,
                "affectedStatus": plain,
            }
        },
        "metaData": _ABOUT,
    }
    return shaped(Reading(content, path, renamed=True).content, shape, keyed, _KIND)


def _packet(content: Any, path: str, keyed: Keyed) -> Any:
    """A phenopacket of which only what CAD reads is left.

    Ids of packet and subject become pseudonyms of persons, for either may be the person's; that of
    a biosample becomes its subject's.

    Raises:
        BatchRefused: `document_malformed`.
    """
    packet = Reading(content, path, renamed=True).content
    subject, samples = packet.get("subject"), packet.get("biosamples")
    own = str(subject.get("id")) if isinstance(subject, dict) else ""
    ours = {str(one.get("id")) for one in samples or () if isinstance(one, dict)}
    shape: Shape = {
        "id": lambda written: keyed.other("person", str(written)),
        "subject": {
            "id": lambda written: keyed.person(str(written)),
            "sex": plain,
            "karyotypicSex": plain,
            "timeAtLastEncounter": _TIME,
            "vitalStatus": {"status": plain, "timeOfDeath": _TIME, "causeOfDeath": _CODE},
        },
        "phenotypicFeatures": _FEATURES,
        "diseases": _DISEASES,
        "interpretations": _interpretations(
            keyed, lambda written: keyed.person(own if str(written) in ours else str(written))
        ),
        "metaData": _ABOUT,
    }
    return shaped(packet, shape, keyed, _KIND)


def _interpretations(keyed: Keyed, whose: Leaf) -> Shape:
    finding: Shape = {
        "subjectOrBiosampleId": whose,
        "interpretationStatus": plain,
        "gene": _GENE,
        "variantInterpretation": _JUDGED,
    }
    return {
        "id": lambda written: keyed.other("interpretation", str(written)),
        "progressStatus": plain,
        "diagnosis": {"disease": _CODE, "genomicInterpretations": finding},
    }

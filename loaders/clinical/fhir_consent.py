"""FHIR's Consent to decisions.

CAD's four scopes are coarse, and it never takes for given what is only given in part: a permission
under conditions (for some actors, data, actions, or until a day) is set aside, a refusal under
conditions is a refusal. Not said is not given (DESIGN 7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from loaders.clinical.fhir_parts import People, SetAsideError, code_of, take_codings, take_day
from loaders.clinical.fields import Fields
from schemas.clinical_records import ConsentRecord
from schemas.sheets import SCOPES

SCOPE_SYSTEM: Final = "urn:cad:consent-scope"
"""System of codes that are CAD's scopes themselves, in Consent.scope, category or purpose."""
OF_AGE: Final = "urn:cad:of-age"
"""URL of the extension with the quarter in which a minor comes of age, as in ``2031-Q3``."""
_SCOPES: Final = {
    "research": "research",
    "treatment": "care",
    "TREAT": "care",
    "CAREMGT": "care",
    "HRESCH": "research",
    "CLINTRCH": "research",
    "CLINTRCHNPC": "research",
    "CLINTRCHPC": "research",
    "PRECLINTRCH": "research",
    "DSRCH": "research",
    "POARCH": "research",
    "TRANSRCH": "research",
    "BIORCH": "research",
} | {scope: scope for scope in SCOPES}
"""CAD's scope by code of HL7's consentscope, of v3 ActReason's purposes, and by its own name."""
_NARROWING: Final = ("actor", "action", "class", "code", "data", "dataPeriod", "securityLabel")
"""Fields of a provision that limit it to a part of what its scope covers."""
_QUARTER: Final = re.compile(r"\d{4}-Q[1-4]")
_DIRECTIVES: Final = {"OPTIN": "given", "OPTOUT": "opposed", "OPTOUTE": "opposed"}
"""What codes of v3 ActConsentDirective decide; OPTINR, an assent with restrictions, is none."""
_STRICTNESS: Final = ("given", "opposed", "refused", "withdrawn")


def read_consent(fields: Fields, people: People, source: str) -> Iterator[ConsentRecord]:
    """A Consent: one record per scope it decides about.

    Raises:
        SetAsideError: it is void or a draft, about none of CAD's scopes, or given in part only.
        BatchRefused: `document_malformed`; without the day of the decision, too.
    """
    person_id = people.take(fields, "patient")
    state = fields.needed("status")
    if state in ("entered-in-error", "draft", "proposed"):
        raise SetAsideError("statement_void")
    scope = _scopes(fields.inside("scope"))
    for category in fields.each("category"):
        scope |= _scopes(category)
    directive = code_of(fields, "policyRule")
    decisions = _decisions(fields, scope, state, directive)
    if not decisions:
        raise SetAsideError("consent_unclear")
    signed_on = take_day(fields, "dateTime")
    if signed_on is None:
        fields.refuse("expected dateTime, with its day")
    text_version = _text_version(fields) or (None if directive in _DIRECTIVES else directive)
    by_representative = _signed_by_other(fields, people, person_id)
    of_age_from = _of_age(fields)
    for one, status in sorted(decisions.items()):
        yield ConsentRecord(
            person_id, one, status, signed_on, text_version, by_representative, of_age_from, source
        )


def _scopes(concept: Fields | None) -> set[str]:
    return {_SCOPES[one.written] for one in take_codings(concept) if one.written in _SCOPES}


def _decisions(
    fields: Fields, scopes: set[str], state: str, directive: str | None
) -> dict[str, str]:
    """Status by scope; the strictest where several rules decide about one."""
    root = fields.inside("provision")
    if state == "rejected":
        return dict.fromkeys(scopes, "refused")
    if state == "inactive":
        return dict.fromkeys(scopes, "withdrawn")
    ruled = [] if root is None else list(_ruled(root, scopes))
    base = _DIRECTIVES.get(directive or "")
    if base == "given" and root is not None and _is_narrow(root):
        base = None
    ruled += [(scope, base) for scope in scopes if base is not None]
    denied = "opposed" if base == "opposed" else "refused"
    found: dict[str, str] = {}
    for scope, status in ruled:
        status = denied if status == "deny" else status
        found[scope] = max(found.get(scope, status), status, key=_STRICTNESS.index)
    return found


def _ruled(rule: Fields, scopes: set[str]) -> Iterator[tuple[str, str]]:
    """Scope and ``given`` or ``deny`` of a provision and of those within it."""
    about = set(scopes)
    if "purpose" in rule:
        about = {_SCOPES[one] for one in map(_purpose, rule.each("purpose")) if one in _SCOPES}
    kind = rule.choice("type", "permit", "deny") if "type" in rule else None
    if kind == "deny":
        yield from ((scope, "deny") for scope in about)
    elif kind == "permit" and not _is_narrow(rule):
        yield from ((scope, "given") for scope in about)
    for nested in rule.each("provision"):
        yield from _ruled(nested, about)


def _purpose(coding: Fields) -> str | None:
    coding.text("system")
    return coding.text("code")


def _is_narrow(rule: Fields) -> bool:
    period = rule.peek("period")
    ends = isinstance(period, dict) and "end" in period
    return ends or any(name in rule for name in _NARROWING)


def _text_version(fields: Fields) -> str | None:
    """The addresses of the policies that were signed."""
    return " ".join(filter(None, (one.text("uri") for one in fields.each("policy")))) or None


def _signed_by_other(fields: Fields, people: People, person_id: str) -> bool | None:
    """Whether a relative, or another patient, signed; None where nobody of those is named."""
    signed = set()
    for one in fields.each("performer"):
        if people.kind(one) == "RelatedPerson":
            one.text("reference")
            signed.add(True)
        elif (who := people.resolve(one)) is not None:
            signed.add(who != person_id)
    return any(signed) if signed else None


def _of_age(fields: Fields) -> str | None:
    for extension in fields.each("extension"):
        if extension.peek("url") == OF_AGE:
            extension.text("url")
            quarter = extension.needed("valueString")
            if not _QUARTER.fullmatch(quarter):
                extension.refuse("valueString: expected a quarter, as in 2031-Q3")
            return quarter
    return None

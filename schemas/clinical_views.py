"""Arrow schemas of what SQL sees of persons: families, features, diseases, judgements, consents."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from schemas.columns import column as _column
from schemas.tables import CALLS

_KEY: Final = tuple(CALLS.field(name) for name in ("contig", "pos", "ref", "alt"))
_TEXT: Final = pa.string()
_PERSON: Final = _column("person_id", _TEXT, "id", "The person's pseudonym.")
_EXCLUDED: Final = _column("excluded", pa.bool_(), "yes or no", "Looked for, and absent.")
_SYSTEM: Final = _column("system", _TEXT, "name", "HPO, ORPHA, ICD10, OMIM or local.")
_LABEL: Final = _column("label", _TEXT, "name", "As the document has it.", null=True)
_ONSET: Final = _column("onset", _TEXT, "age or term", "When it began, as told.", null=True)
_BAND: Final = _column("onset_band", _TEXT, "word", "Band of age of the onset.", null=True)
_DAY: Final = _column("recorded_on", pa.date32(), "day", "Day of the record.", null=True)
_MAPPED: Final = _column(
    "mapped_from", _TEXT, "SYSTEM:code", "The code that a mapping table gave this for.", null=True
)
PERSONS: Final = pa.schema(
    [
        _PERSON,
        _column("sex", _TEXT, "word", "XX, XY, other, unknown; of sheets, else documents."),
        _column("affected", _TEXT, "word", "Has the disease of the indication: 0, 1, unknown."),
        _column("family_id", _TEXT, "id", "The family, told or by relatives.", null=True),
        _column(
            "role", _TEXT, "word",
            "proband, or to one: father, mother, twin, sibling, child, relative.", null=True,
        ),
        _column("father_id", _TEXT, "id", "The father's pseudonym.", null=True),
        _column("mother_id", _TEXT, "id", "The mother's pseudonym.", null=True),
        _column("twin_of", _TEXT, "id", "A monozygotic twin's pseudonym.", null=True),
        _column("sequenced", pa.bool_(), "yes or no", "Whether a sample is there."),
        _column("birth_years", _TEXT, "years", "Five years of birth.", null=True),
        _column("age_band", _TEXT, "word", "Band of age when last seen.", null=True),
        _column("vital_status", _TEXT, "word", "alive or deceased, where told.", null=True),
    ],
    metadata={"description": "One row per person with a sample or a clinical document."},
)  # fmt: skip
PHENOTYPES: Final = pa.schema(
    [
        _PERSON,
        _SYSTEM,
        _column("code", _TEXT, "code", "As the document has it."),
        _column(
            "term", _TEXT, "id",
            "Of HPO, the term in use it stands for; joins annotation_hpo_ancestor.", null=True,
        ),
        _LABEL,
        _EXCLUDED,
        _ONSET,
        _BAND,
        _column("severity", _TEXT, "code or words", "How severe it is.", null=True),
        _DAY,
        _MAPPED,
    ],
    metadata={"description": "One row per feature observed or excluded in a person."},
)  # fmt: skip
DISEASES: Final = pa.schema(
    [
        _PERSON, _SYSTEM, _column("code", _TEXT, "code", "The disease."), _LABEL, _EXCLUDED,
        _ONSET, _BAND, _DAY, _MAPPED,
    ],
    metadata={"description": "One row per disease that a person has, or has not."},
)  # fmt: skip
MEASUREMENTS: Final = pa.schema(
    [
        _PERSON,
        _SYSTEM,
        _column("code", _TEXT, "code", "What was measured."),
        _LABEL,
        _column("value", pa.float64(), "unit", "The result, where it is a number.", null=True),
        _column("comparator", _TEXT, "sign", "<, <=, >=, > where it is a bound.", null=True),
        _column("unit", _TEXT, "UCUM", "Unit of value.", null=True),
        _column("value_code", _TEXT, "code", "The result, where it is a code.", null=True),
        _column("value_label", _TEXT, "name", "Of value_code.", null=True),
        _DAY,
    ],
    metadata={"description": "One row per measurement of a person."},
)
INTERPRETATIONS: Final = pa.schema(
    [
        _PERSON,
        _column("disease_code", _TEXT, "code", "Joins diseases.code.", null=True),
        _column("progress", _TEXT, "word", "SOLVED, UNSOLVED, IN_PROGRESS, COMPLETED, ..."),
        _column(
            "status", _TEXT, "word",
            "CAUSATIVE, CONTRIBUTORY, CANDIDATE, REJECTED, UNKNOWN_STATUS, NO_FINDING.",
        ),
        _column("acmg", _TEXT, "word", "Class of ACMG/AMP, where given.", null=True),
        _column("gene_id", _TEXT, "id", "Of HGNC, mostly.", null=True),
        _column("gene_symbol", _TEXT, "name", "Its symbol.", null=True),
        *(field.with_nullable(True) for field in _KEY),
        _column("zygosity", _TEXT, "word", "heterozygous, homozygous, hemizygous.", null=True),
    ],
    metadata={
        "description": "One row per gene or variant judged for a person's diagnosis. Its key "
        "joins calls and frequencies; it is null where the variant is of another assembly."
    },
)  # fmt: skip
CONSENTS: Final = pa.schema(
    [
        _PERSON,
        _column("scope", _TEXT, "word", "care, research, industry, recontact."),
        _column("status", _TEXT, "word", "given, refused, opposed, withdrawn."),
        _column("signed_on", pa.date32(), "day", "Day of the decision."),
        _column("text_version", _TEXT, "name", "Version of the text.", null=True),
        _column("by_representative", pa.bool_(), "yes or no", "Decided for a minor."),
        _column("of_age_from", _TEXT, "quarter", "When the minor comes of age.", null=True),
        _column("holds", pa.bool_(), "yes or no", "False where it lapsed at majority."),
    ],
    metadata={"description": "One row per person and scope decided about: the latest decision."},
)

"""Arrow schemas of the clinical side's vocabularies: the Human Phenotype Ontology and its labels.

Each table belongs to one version of one source, as annotations do. A code as a person's record
holds it joins `annotation_hpo_id` first, whose `current_id` then joins the other tables.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from schemas.columns import column, said

_TEXT: Final = pa.string()
_TEXTS: Final = pa.list_(pa.field("element", pa.string(), nullable=False))

HPO_TERM: Final = pa.schema(
    [
        column("hpo_id", _TEXT, "id", "The term, as in HP:0001250."),
        column("label", _TEXT, "name", "Its English name.", null=True),
        column("definition", _TEXT, "text", "What it means.", null=True),
        column("exact_synonyms", _TEXTS, "names", "Names that mean the same."),
        column("other_synonyms", _TEXTS, "names", "Broader, narrower and related names."),
        column("parents", _TEXTS, "ids", "The terms it is directly a kind of."),
        column("obsolete", pa.bool_(), "yes or no", "Whether it was given up."),
        column("replaced_by", _TEXTS, "ids", "Where obsolete, what stands for it, as written."),
        column("consider", _TEXTS, "ids", "Where obsolete, terms a curator may choose instead."),
    ],
    metadata=said("One row per term of a release, obsolete ones too, sorted by hpo_id."),
)
HPO_ID: Final = pa.schema(
    [
        column("hpo_id", _TEXT, "id", "An id as a record may hold it."),
        column(
            "current_id", _TEXT, "id",
            "The term it stands for in this release; null where none or several do.", null=True,
        ),
        column(
            "status", _TEXT, "word",
            "current, alternative (merged into another term) or obsolete (given up).",
        ),
    ],
    metadata=said(
        "One row per id that a release knows, sorted by hpo_id. An id without a row is unknown to "
        "the release, mostly because it is newer."
    ),
)  # fmt: skip
HPO_ANCESTOR: Final = pa.schema(
    [
        column("hpo_id", _TEXT, "id", "A term in use."),
        column("ancestor_id", _TEXT, "id", "A term it is a kind of, or the term itself."),
        column("distance", pa.int32(), "steps", "Fewest steps up to it; 0 for the term itself."),
    ],
    metadata=said(
        "One row per term in use and ancestor, itself included, sorted by hpo_id, distance, "
        "ancestor_id: with an ancestor named, its hpo_ids are the ancestor and its descendants."
    ),
)
HPO_LABEL: Final = pa.schema(
    [
        column("hpo_id", _TEXT, "id", "The term translated."),
        column("language", _TEXT, "ISO 639", "Language of text, as in fr."),
        column("predicate", _TEXT, "CURIE", "What text is: rdfs:label, IAO:0000115 (definition)."),
        column("text", _TEXT, "text", "The translation."),
        column("status", _TEXT, "word", "How far it was reviewed, as written.", null=True),
        column("source_text", _TEXT, "text", "What was translated.", null=True),
    ],
    metadata=said("One row per translated text, sorted by hpo_id, language, predicate, text."),
)

CLINICAL_TABLES: Final[dict[str, pa.Schema]] = {
    "annotation_hpo_id": HPO_ID,
    "annotation_hpo_term": HPO_TERM,
    "annotation_hpo_ancestor": HPO_ANCESTOR,
    "annotation_hpo_label": HPO_LABEL,
}
"""By table of the lake."""

"""HPO's releases, ``hp.obo`` or ``hp.json``, and translations of its names as Babelon tables."""

from __future__ import annotations

from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from loaders.annotation.job import Rows, SourceJob
from loaders.annotation.tables import Names, TextTable
from loaders.annotation.text import is_ontology, text_lines
from loaders.intake.strict_json import NotJsonError, parse_json
from loaders.ontology.obo import read_obo
from loaders.ontology.obograph import read_obograph
from loaders.ontology.term import Release, Term, ancestors, known_ids
from schemas.clinical import HPO_ANCESTOR, HPO_ID, HPO_LABEL, HPO_TERM
from schemas.errors import BadQuestion

_PREFIX: Final = "HP:"
_BY_TERM: Final[list[tuple[str, Literal["ascending", "descending"]]]] = [
    (name, "ascending") for name in ("hpo_id", "language", "predicate", "text")
]
_BABELON: Final[Names] = {
    "hpo_id": ("subject_id",),
    "language": ("translation_language",),
    "predicate": ("predicate_id",),
    "text": ("translation_value",),
    "status": ("translation_status",),
    "source_text": ("source_value",),
}


def read_hpo(job: SourceJob) -> Rows:
    """Rows of `annotation_hpo_id`, `annotation_hpo_term` and `annotation_hpo_ancestor`.

    Terms of other ontologies that a release borrows are left out.

    Raises:
        BadQuestion: `annotation_malformed`, `annotation_empty`.
        BatchRefused: `bgzf_truncated`, `bgzf_corrupt`.
    """
    release = _release(job)
    if release.version is not None:
        job.tally.facts["data_version"] = release.version
    own = {key: term for key, term in release.terms.items() if key.startswith(_PREFIX)}
    if len(own) < len(release.terms):
        job.tally.left_out["other_ontology"] += len(release.terms) - len(own)
    for term in own.values():
        # A term may lie under borrowed ones too.
        term.parents = [one for one in term.parents if one.startswith(_PREFIX)]
    if not own:
        raise BadQuestion("annotation_empty", "the release holds no term of HPO", job.name)
    known = [one for one in known_ids(own) if one.term_id.startswith(_PREFIX)]
    yield "annotation_hpo_id", _table(zip(*known, strict=True), HPO_ID)
    in_order = [own[key] for key in sorted(own)]
    yield "annotation_hpo_term", pa.Table.from_pylist(list(map(_row, in_order)), HPO_TERM)
    steps = [
        (term_id, ancestor, distance)
        for term_id, above in sorted(ancestors(own, job.name).items())
        for ancestor, distance in sorted(above.items(), key=lambda one: (one[1], one[0]))
    ]
    yield "annotation_hpo_ancestor", _table(zip(*steps, strict=True), HPO_ANCESTOR)


def _release(job: SourceJob) -> Release:
    if not is_ontology(job):
        detail = "expected hp.obo, which begins with format-version:, or hp.json"
        raise BadQuestion("annotation_malformed", detail, f"{job.name}, line 1")
    lines = list(text_lines(job))
    if not lines[0].lstrip().startswith("{"):
        return read_obo(lines, job.name)
    try:
        return read_obograph(parse_json("\n".join(lines).encode()), job.name)
    except NotJsonError as error:
        raise BadQuestion("annotation_malformed", f"no JSON: {error}", job.name) from None


def _row(term: Term) -> dict[str, Any]:
    return {
        "hpo_id": term.term_id,
        "label": term.label,
        "definition": term.definition,
        "exact_synonyms": term.exact,
        "other_synonyms": term.other,
        "parents": sorted(term.parents),
        "obsolete": term.obsolete,
        "replaced_by": term.replaced_by,
        "consider": term.consider,
    }


def _table(columns: Any, schema: pa.Schema) -> pa.Table:
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def read_hpo_labels(job: SourceJob) -> Rows:
    """Rows of `annotation_hpo_label`; texts that are not translated yet are left out.

    Raises:
        BadQuestion: `annotation_malformed`, `annotation_empty`.
        BatchRefused: `bgzf_truncated`, `bgzf_corrupt`.
    """
    table = TextTable(job, _BABELON, ("hpo_id", "language", "predicate", "text"))
    parts = []
    for _, texts in table.batches():
        count = len(texts["hpo_id"])
        columns = {
            field.name: pc.utf8_trim_whitespace(texts[field.name])
            if field.name in texts
            else pa.nulls(count, field.type)
            for field in HPO_LABEL
        }
        rows = _kept(pa.table(columns), "hpo_id", f"^{_PREFIX}", "other_ontology", job)
        parts.append(_kept(rows, "text", r"\S", "not_translated", job))
    whole = pa.concat_tables(parts) if parts else HPO_LABEL.empty_table()
    yield "annotation_hpo_label", whole.sort_by(_BY_TERM).cast(HPO_LABEL)


def _kept(rows: pa.Table, name: str, pattern: str, why: str, job: SourceJob) -> pa.Table:
    """The rows whose text fits a pattern; the others are tallied."""
    kept = rows.filter(pc.match_substring_regex(rows[name], pattern))
    if kept.num_rows < rows.num_rows:
        job.tally.left_out[why] += rows.num_rows - kept.num_rows
    return kept

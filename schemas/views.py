"""Arrow schemas of what readers see: tables for SQL and exported files, with units and meaning.

They are made of the lake's tables (`schemas.tables`) and the registry; positions are 1-based
inclusive.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from schemas.analyses import ANALYSIS_TABLES
from schemas.clinical_views import (
    CONSENTS,
    DISEASES,
    INTERPRETATIONS,
    MEASUREMENTS,
    PERSONS,
    PHENOTYPES,
)
from schemas.columns import column as _column
from schemas.columns import said
from schemas.lake import LAKE_TABLES
from schemas.tables import BASE_AN, BASE_COUNTS, BASE_DEPTH, CALLABLE, CALLS

_KEY: Final = tuple(CALLS.field(name) for name in ("contig", "pos", "ref", "alt"))
_INT: Final = pa.int32()
_TEXT: Final = pa.string()
_STRATUM: Final = _column("stratum", _TEXT, "name", "Stratum: all, attribute=value, or several.")
_SAMPLE: Final = CALLS.field("sample")

FREQUENCIES: Final = pa.schema(
    [
        *_KEY,
        _STRATUM,
        _column("ac", _INT, "alleles", "Alleles carried, passing; on M persons that carry it."),
        _column("an", _INT, "alleles", "Known passing alleles."),
        _column(
            "af", pa.float64(), "fraction",
            "ac / an, on M n_hom / an; null where an is 0.", null=True,
        ),
        _column("n_het", _INT, "persons", "One copy at ploidy 2, passing; on M heteroplasmic."),
        _column("n_hom", _INT, "persons", "Two copies, passing; on M homoplasmic."),
        _column("n_hemi", _INT, "persons", "One copy at ploidy 1 on X or Y, passing."),
        _column("persons", _INT, "persons", "Persons with a known passing allele."),
        _column(
            "faf95", pa.float64(), "fraction",
            "Lower bound of the frequency at 95 % confidence (Whiffin 2017); on M of n_hom.",
        ),
        _column("ac_raw", _INT, "alleles", "Alleles carried, whatever the thresholds say."),
        _column("an_raw", _INT, "alleles", "Known alleles, whatever the thresholds say."),
        _column("hidden", pa.bool_(), "yes or no", "Whether figures are withheld as too few."),
        BASE_AN.field("p_platform"),
        BASE_AN.field("p_pipeline"),
        BASE_AN.field("p_excess_het"),
        BASE_AN.field("call_rate"),
        _column(
            "flags", pa.list_(_TEXT), "words",
            "What to distrust of the variant, in all its rows; changes no count. A chance that, "
            "times the variants of the base (Bonferroni), is below 0.05: platform_difference, "
            "pipeline_difference, excess_heterozygosity; a call rate below 0.9: low_call_rate.",
        ),
    ],
    metadata={"description": "One row per variant and stratum with persons, for one purpose."},
)  # fmt: skip
DEPTH: Final = pa.schema(
    [
        _KEY[0],
        _column("start", _INT, "bp", "First position."),
        _column("end", _INT, "bp", "Last position."),
        _STRATUM,
        _column("an", _INT, "alleles", "Known passing alleles of a variant here."),
        _column("an_raw", _INT, "alleles", "Known alleles, whatever the thresholds say."),
        _column("persons", _INT, "persons", "Persons with a known passing allele."),
        _column("assayed", _INT, "persons", "Persons whose assay covers the positions."),
    ],
    metadata={
        "description": "One row per stratum and run of positions with the same figures, wherever "
        "anybody's assay looks, for one purpose."
    },
)
STRATA: Final = pa.schema(
    [
        _column("number", _INT, "id", "Stratum number in base_counts, base_an, base_depth."),
        _STRATUM,
    ],
    metadata={"description": "One row per stratum with persons, for one purpose."},
)
SAMPLES: Final = pa.schema(
    [
        _SAMPLE,
        _column("batch_id", _TEXT, "id", "Batch that brought it."),
        _column("platform", _TEXT, "name", "Platform that pushed the batch."),
        _column("sample_id", _TEXT, "id", "The sample, unique within its batch."),
        _column("person_id", _TEXT, "id", "The person's pseudonym."),
        _column("sex", _TEXT, "word", "Declared sex: XX, XY, other, unknown."),
        _column("material", _TEXT, "word", "What was sequenced."),
        _column("assay", _TEXT, "word", "How it was sequenced."),
        _column("family_id", _TEXT, "id", "The family.", null=True),
        _column("father_id", _TEXT, "id", "The father's pseudonym.", null=True),
        _column("mother_id", _TEXT, "id", "The mother's pseudonym.", null=True),
        _column("founder", pa.bool_(), "yes or no", "Whether no parent is declared."),
        _column("affected", _TEXT, "word", "Has the disease of the indication: 0, 1, unknown."),
        _column("proband", pa.bool_(), "yes or no", "Whom the family came for.", null=True),
        _column("indication", _TEXT, "name", "Pre-indication of the prescription.", null=True),
        _column("region", _TEXT, "name", "Region of the prescription.", null=True),
        _column("cohort", _TEXT, "name", "Cohort, trial or pilot.", null=True),
        _column("collected_on", pa.date32(), "day", "Day of collection.", null=True),
        _column(
            "counted", pa.bool_(), "yes or no",
            "Whether the person counts by this sample in the base of this purpose.",
        ),
    ],
    metadata={"description": "One row per live sample."},
)  # fmt: skip
BATCHES: Final = pa.schema(
    [
        _column("batch_id", _TEXT, "id", "The batch."),
        _column("platform", _TEXT, "name", "Platform that pushed it."),
        _column("pipeline_name", _TEXT, "name", "What called the variants."),
        _column("pipeline_version", _TEXT, "name", "Its version."),
        _column("pushed_at", pa.timestamp("us", "UTC"), "UTC", "When it was accepted."),
        _column("commit_no", _INT, "id", "The commit of its push."),
    ],
    metadata={"description": "One row per live batch."},
)

SOURCES: Final = pa.schema(
    [
        _column("source", _TEXT, "name", "Source of annotations."),
        _column("kind", _TEXT, "name", "What kind of source it is."),
        _column("version", _TEXT, "name", "Its version."),
        _column("is_default", pa.bool_(), "yes or no", "Whether it answers for its source."),
        _column("sha256", _TEXT, "hex", "Checksum of the file it was loaded from."),
        _column("rows", pa.int64(), "rows", "In all its tables."),
        _column("loaded_at", pa.timestamp("us", "UTC"), "UTC", "When it was loaded."),
        _column("commit_no", _INT, "id", "The commit that loaded it."),
    ],
    metadata={"description": "One row per version of a source of annotations."},
)
OF_SOURCE: Final = tuple(SOURCES.field(name) for name in ("source", "version", "is_default"))
"""Columns with which each view of annotations begins."""
ANNOTATED: Final = pa.schema(
    [
        *_KEY,
        *(
            FREQUENCIES.field(name)
            for name in ("ac", "an", "af", "n_het", "n_hom", "n_hemi", "persons", "faf95")
        ),
        _column(
            "clinvar_significance", _TEXT, "word", "ClinVar's words, by commas.", null=True
        ),
        _column("clinvar_stars", _INT, "stars", "The most stars of a record.", null=True),
        _column("clinvar_variation_ids", _TEXT, "id", "ClinVar's ids, by commas.", null=True),
        _column("rs", _TEXT, "id", "dbSNP numbers, by commas.", null=True),
        _column("gnomad_af", pa.float64(), "fraction", "Greatest of gnomAD's sources.", null=True),
        _column("gnomad_nhomalt", _INT, "persons", "gnomAD's homozygotes, greatest.", null=True),
        _column("gnomad_faf95", pa.float64(), "fraction", "gnomAD's faf95, greatest.", null=True),
        _column(
            "gnomad_af_grpmax", pa.float64(), "fraction", "Frequency in gnomad_grpmax.", null=True
        ),
        _column("gnomad_grpmax", _TEXT, "name", "Group with the greatest frequency.", null=True),
        _column("cadd_phred", pa.float64(), "score", "CADD's PHRED.", null=True),
        _column("revel_score", pa.float64(), "score", "REVEL.", null=True),
        _column(
            "alphamissense_score", pa.float64(), "score", "AlphaMissense, greatest.", null=True
        ),
        _column("spliceai_ds_max", pa.float64(), "score", "SpliceAI, greatest.", null=True),
    ],
    metadata={
        "description": "One row per variant of the base: figures of everybody, for one purpose, "
        "beside what the sources' default versions say."
    },
)  # fmt: skip

ANALYSES: Final = pa.schema(
    [
        _column("analysis", _INT, "id", "Number of the run."),
        _column("name", _TEXT, "word", "The analysis, as `cad analyse` names it."),
        _column(
            "project",
            _TEXT,
            "name",
            "Of whose scope all who took part are; null for none.",
            null=True,
        ),
        _column("base_commit", _INT, "id", "Commit of the base whose persons took part."),
        _column("persons", _INT, "persons", "Who took part."),
        _column("parameters", _TEXT, "JSON", "All parameters, defaults too."),
        _column("versions", _TEXT, "JSON", "Versions of what computed it."),
        _column("made_at", pa.timestamp("us", "UTC"), "UTC", "When it was run."),
        _column("commit_no", _INT, "id", "Commit that holds it."),
    ],
    metadata=said("One row per run of a genetic analysis for the purpose, the latest first."),
)

VIEWS: Final[dict[str, pa.Schema]] = {
    "frequencies": FREQUENCIES,
    "depth": DEPTH,
    "strata": STRATA,
    "samples": SAMPLES,
    "batches": BATCHES,
    "persons": PERSONS,
    "phenotypes": PHENOTYPES,
    "diseases": DISEASES,
    "measurements": MEASUREMENTS,
    "interpretations": INTERPRETATIONS,
    "consents": CONSENTS,
    "calls": CALLS,
    "callable": CALLABLE,
    "base_counts": BASE_COUNTS,
    "base_an": BASE_AN,
    "base_depth": BASE_DEPTH,
    "annotated": ANNOTATED,
    "annotations": SOURCES,
    **{
        name: pa.schema(
            [*OF_SOURCE, *schema], metadata=said((schema.metadata or {})[b"description"].decode())
        )
        for name, schema in LAKE_TABLES.items()
        if name.startswith("annotation_")
    },
    "analyses": ANALYSES,
    **{
        name: pa.schema(
            [ANALYSES.field("analysis"), *schema],
            metadata=said((schema.metadata or {})[b"description"].decode()),
        )
        for name, schema in ANALYSIS_TABLES.items()
    },
}
"""What `cad sql` may ask, by name."""

"""Arrow schemas of the lake's tables: every column with its unit and meaning.

Positions are 1-based inclusive. Codes are packed as `schemas.known` says. Integer columns are 32
bits wide, because every engine that reads the lake knows that type; on disk they are delta- or
dictionary-encoded.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from schemas.columns import column as _column
from schemas.columns import said as _said

_INT: Final = pa.int32()
_TEXT: Final = pa.string()
_INTS: Final = pa.list_(pa.field("element", pa.int32(), nullable=False))
KEY: Final = (
    _column("contig", _TEXT, "name", "Counted contig without chr: 1-22, X, Y, M."),
    _column("pos", _INT, "bp", "Position of the normalised variant's first reference base."),
    _column("ref", _TEXT, "bases", "Reference allele of the normalised variant."),
    _column("alt", _TEXT, "bases", "Alternate allele of the normalised variant."),
)
_SAMPLE: Final = _column("sample", _INT, "id", "Sample number given by the registry.")

_WHY: Final = _column(
    "why",
    _INT,
    "bit set",
    "Criteria that fail where alleles are known and none passes: 1 FILTER or FT, 2 quality, "
    "4 depth, 8 allele balance, 16 outside the BED; those at ploidy 1 are 32 times that.",
)

CALLS: Final = pa.schema(
    [
        *KEY,
        _SAMPLE,
        _column("dosage", _INT, "code", "Copies of the allele, packed by ploidy and passing."),
        _column("gt", _TEXT, "VCF GT", "Genotype as written, alleles numbered as in the record."),
        _column("allele", _INT, "index", "Which allele of gt this row is about."),
        _column("dp", _INT, "reads", "Depth that the passing rule read.", null=True),
        _column(
            "gq",
            _INT,
            "phred",
            "Genotype quality that the passing rule read, rounded down.",
            null=True,
        ),
        _column("ad_ref", _INT, "reads", "Reads of the reference allele.", null=True),
        _column("ad_alt", _INT, "reads", "Reads of this allele.", null=True),
        _column("vaf", pa.float32(), "fraction", "Allele fraction on M.", null=True),
        _column("filter", _TEXT, "VCF FILTER", "FILTER of the record as written."),
    ],
    metadata=_said(
        "One row per sample and alternate allele it carries, sorted by contig, pos, "
        "ref, alt, sample."
    ),
)
CALLABLE: Final = pa.schema(
    [
        _SAMPLE,
        _column("contig", _TEXT, "name", "Counted contig without chr."),
        _column("start", _INT, "bp", "First position."),
        _column("end", _INT, "bp", "Last position; never beyond start's page of 16 000 positions."),
        _column("code", _INT, "code", "Known alleles here, packed by ploidy and passing."),
        _column(
            "replaced", _INT, "code", "What the sample's tracks say here, which this row replaces."
        ),
        _WHY,
    ],
    metadata=_said(
        "One row per sample and run of positions whose known alleles, or why none passes, differ "
        "from its tracks, sorted by contig, start, sample."
    ),
)
TRACKS: Final = pa.schema(
    [
        _column("track", _INT, "id", "Track number given by the registry."),
        _column("contig", _TEXT, "name", "Counted contig without chr."),
        _column("start", _INT, "bp", "First position."),
        _column("end", _INT, "bp", "Last position."),
        _column(
            "code",
            _INT,
            "code",
            "Known alleles of the track's samples where no callable row says otherwise.",
        ),
        _WHY,
    ],
    metadata=_said(
        "One row per run of positions that a file's assay looked at: its BED, its "
        "sites, or the contigs of a gVCF (code 0)."
    ),
)
BASE_COUNTS: Final = pa.schema(
    [
        *KEY,
        _column("stratum", _INT, "id", "Stratum number; see the strata table."),
        _column("n_het", _INT, "persons", "One copy at ploidy 2, passing; on M heteroplasmic."),
        _column("n_hom", _INT, "persons", "Two copies, passing; on M homoplasmic."),
        _column("n_hemi", _INT, "persons", "One copy at ploidy 1 on X or Y, passing."),
        _column("n_het_raw", _INT, "persons", "n_het whatever the thresholds say."),
        _column("n_hom_raw", _INT, "persons", "n_hom whatever the thresholds say."),
        _column("n_hemi_raw", _INT, "persons", "n_hemi whatever the thresholds say."),
    ],
    metadata=_said(
        "One row per variant and stratum with a raw count above 0, for one purpose, "
        "sorted by pos, ref, alt, stratum."
    ),
)
BASE_AN: Final = pa.schema(
    [
        *KEY,
        _column(
            "an", _INTS, "alleles", "Known passing alleles; element k is stratum number k (from 1)."
        ),
        _column(
            "an_raw", _INTS, "alleles", "Known alleles whatever the thresholds say, by stratum."
        ),
        _column("persons", _INTS, "persons", "Persons with a known passing allele, by stratum."),
        _column(
            "assayed", _INTS, "persons", "Persons whose assay covers the position, by stratum."
        ),
        _column(
            "p_platform",
            pa.float64(),
            "chance",
            "Chance of platforms differing as much in allele frequency; not corrected for the "
            "number of variants.",
            null=True,
        ),
        _column(
            "p_pipeline",
            pa.float64(),
            "chance",
            "Likewise of pipelines and their versions, where the warehouse declares their stratum.",
            null=True,
        ),
        _column(
            "p_excess_het",
            pa.float64(),
            "chance",
            "Chance of as many heterozygotes among founders, exact; not corrected for the number "
            "of variants.",
            null=True,
        ),
        _column(
            "call_rate",
            pa.float64(),
            "fraction",
            "Persons with a known passing allele, of those assayed.",
            null=True,
        ),
    ],
    metadata=_said(
        "One row per variant of the base when its bin was last written as a whole, for one "
        "purpose, sorted by pos, ref, alt; what added_depth says at the position is to be added. A "
        "list may be shorter than the strata table: missing elements are 0."
    ),
)
BASE_DEPTH: Final = pa.schema(
    [
        _column("contig", _TEXT, "name", "Counted contig without chr."),
        _column("page", _INT, "page", "Page number: (pos - 1) // 16 000."),
        _column("stratum", _INT, "id", "Stratum number."),
        _column("offset", _INTS, "bp", "Where a figure changes: (pos - 1) % 16 000, ascending."),
        _column("an", _INTS, "alleles", "Change of an at each offset; the page starts from 0."),
        _column("an_raw", _INTS, "alleles", "Change of an_raw."),
        _column("persons", _INTS, "persons", "Change of persons."),
        _column("assayed", _INTS, "persons", "Change of assayed."),
        _column("least_an", _INT, "alleles", "Least an anywhere on the page."),
    ],
    metadata=_said(
        "One row per page and stratum that anybody's assay touches: depth as "
        "differences, for one purpose, sorted by page, stratum."
    ),
)

ADDED_COUNTS: Final = BASE_COUNTS.with_metadata(
    _said(
        "What builds added to base_counts since a bin was last written as a whole: rows of all its "
        "files are to be summed with those of base_counts."
    )
)
ADDED_DEPTH: Final = BASE_DEPTH.with_metadata(
    _said(
        "What builds added to base_depth likewise, to be summed with it by page, stratum, offset."
    )
)
ADDED_VARIANTS: Final = pa.schema(
    KEY,
    metadata=_said(
        "One row per variant that neither base_an nor an earlier file has, for one purpose, sorted "
        "by pos, ref, alt."
    ),
)
BASE_CHANGES: Final = pa.schema(
    [
        *KEY,
        _column("stratum", _TEXT, "name", "all or founder=1."),
        _column("built_from", _INT, "id", "Commit of the base that the figures before are of."),
        _column("ac_before", _INT, "alleles", "Alleles that made the frequency before."),
        _column("an_before", _INT, "alleles", "Known passing alleles before."),
        _column("n_hom_before", _INT, "persons", "Homozygous persons before."),
        _column("ac", _INT, "alleles", "Alleles that make the frequency: on M of n_hom."),
        _column("an", _INT, "alleles", "Known passing alleles."),
        _column("n_hom", _INT, "persons", "Homozygous persons; on M homoplasmic."),
    ],
    metadata=_said(
        "One row per variant, stratum and build that took its frequency past 1 % or 5 %, showed "
        "its first homozygote or lost its last, or showed it first where somebody watches; for one "
        "purpose, sorted by pos, ref, alt, stratum, built_from."
    ),
)

COUNT_TABLES: Final[dict[str, pa.Schema]] = {
    "calls": CALLS,
    "callable": CALLABLE,
    "tracks": TRACKS,
    "base_counts": BASE_COUNTS,
    "base_an": BASE_AN,
    "base_depth": BASE_DEPTH,
    "base_changes": BASE_CHANGES,
    "added_counts": ADDED_COUNTS,
    "added_depth": ADDED_DEPTH,
    "added_variants": ADDED_VARIANTS,
}

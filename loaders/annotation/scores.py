"""Tables of scores by variant: CADD, REVEL, AlphaMissense, and any other of the same shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from loaders.annotation.job import Rows, SourceJob
from loaders.annotation.place import SourceContigs, keep_variants
from loaders.annotation.tables import Names, TextTable
from loaders.annotation.vcf import table_of
from loaders.sites.alleles import Written
from loaders.sites.columns import key_columns
from schemas.annotations import ANNOTATION_TABLES
from schemas.contigs import ASSEMBLIES, Assembly
from schemas.errors import BadQuestion

_KEY: Final = ("chrom", "pos", "ref", "alt")
_NUMBERS: Final[dict[str, pa.DataType]] = {
    "pos": pa.int64(),
    **dict.fromkeys(("raw", "phred", "score"), pa.float64()),
}
_ALIASES: Final[dict[Assembly, tuple[str, ...]]] = {
    "GRCh37": ("hg19", "grch37"),
    "GRCh38": ("hg38", "grch38"),
}


def read_cadd(job: SourceJob) -> Rows:
    """Rows of `annotation_cadd`; raises what `read_scores` does."""
    return read_scores(job, "annotation_cadd", {"raw": ("rawscore",), "phred": ("phred",)})


def read_revel(job: SourceJob) -> Rows:
    """Rows of `annotation_revel`; raises what `read_scores` does."""
    names = {"score": ("revel", "revel_score"), "transcripts": ("ensembl_transcriptid",)}
    return read_scores(job, "annotation_revel", names)


def read_alphamissense(job: SourceJob) -> Rows:
    """Rows of `annotation_alphamissense`; raises what `read_scores` does."""
    names = {
        "score": ("am_pathogenicity",),
        "class": ("am_class",),
        "transcript": ("transcript_id",),
        "protein": ("uniprot_id",),
        "protein_variant": ("protein_variant",),
        "genome": ("genome",),
    }
    return read_scores(job, "annotation_alphamissense", names)


def read_score(job: SourceJob) -> Rows:
    """Rows of `annotation_score`; raises what `read_scores` does."""
    return read_scores(job, "annotation_score", {"score": ("score",)})


def read_scores(job: SourceJob, table: str, names: Names) -> Rows:
    """Read a table with a row per allele; the first of `names` must be there.

    Raises:
        BadQuestion: `annotation_malformed`, `annotation_empty`, `annotation_ref_mismatch`,
            `assembly_mismatch`, `file_unsorted`.
        BatchRefused: `bgzf_truncated`, `bgzf_corrupt`.
    """
    schema = ANNOTATION_TABLES[table]
    own = [f"{one}_pos" for one in _ALIASES[job.assembly]] + [
        f"{_ALIASES[job.assembly][0]}_pos(1-based)"
    ]
    key = {
        "chrom": ("chrom", "chr", "chromosome", "contig"),
        "pos": ("pos", "position", *own),
        "ref": ("ref", "reference"),
        "alt": ("alt", "alternate"),
    }
    text = TextTable(job, {**key, **names}, (*_KEY, next(iter(names))))
    order, contigs = job.order(), SourceContigs(job)
    for line, columns in text.batches():
        _check_genome(columns.get("genome"), job)
        for run, lines in _runs(job, text, columns, line):
            name = run["chrom"][0].as_py()
            order.check(name, np.asarray(run["pos"]))
            contig = contigs.of(name, len(lines))
            if contig is None:
                continue
            alleles, kept = keep_variants(job, contig, _written(run), lines)
            found = key_columns(contig, alleles, kept)
            for column in schema.names:
                if column in run and column not in found:
                    found[column] = run[column].take(pa.array(kept))
            yield table, table_of(schema, found, len(kept))
        job.check_mismatches()


def _runs(
    job: SourceJob, text: TextTable, columns: Mapping[str, Any], line: int
) -> Iterator[tuple[dict[str, Any], NDArray[np.int64]]]:
    """The rows of a block by runs of one contig, numbers as such, and each row's line."""
    typed = {
        name: text.number(values, _NUMBERS[name], name, line) if name in _NUMBERS else values
        for name, values in columns.items()
    }
    lines = np.arange(line, line + len(typed["pos"]))
    whole = pc.is_valid(typed["pos"])
    for name in ("chrom", "ref", "alt"):
        whole = pc.and_(whole, pc.is_valid(typed[name]))
    lost = len(lines) - (pc.sum(whole).as_py() or 0)
    if lost:
        job.tally.left_out["no_position_or_allele"] += lost
        typed = {name: values.filter(whole) for name, values in typed.items()}
        lines = lines[np.asarray(whole)]
    if not len(lines):
        return
    contig = typed["chrom"]
    edges = np.flatnonzero(np.asarray(pc.not_equal(contig[1:], contig[:-1]))) + 1
    bounds = [0, *edges.tolist(), len(lines)]
    for first, last in zip(bounds, bounds[1:], strict=False):
        rows = {name: values.slice(first, last - first) for name, values in typed.items()}
        yield rows, lines[first:last]


def _written(run: Mapping[str, Any]) -> Written:
    """The alternates of a run of rows."""
    letters, texts = zip(*(_letters(run[name]) for name in ("ref", "alt")), strict=True)
    plain = (letters[0] > 0) & (letters[1] > 0)
    longer = {
        row: (texts[0][row].as_py().encode(), texts[1][row].as_py().encode())
        for row in np.flatnonzero(~plain).tolist()
    }
    ref, alt = (np.where(plain, one, 0).astype(np.uint8) for one in letters)
    return Written(np.asarray(run["pos"]).astype(np.int64), ref, alt, longer)


def _letters(column: Any) -> tuple[NDArray[np.uint8], Any]:
    """Each row's letter where it has only one, else 0; and the texts."""
    held = column.dictionary_encode()
    words = held.dictionary.to_pylist()
    letters = np.array([ord(word) if len(word) == 1 and word.isascii() else 0 for word in words])
    return letters.astype(np.uint8)[np.asarray(held.indices)], column


def _check_genome(genome: Any, job: SourceJob) -> None:
    """Refuse rows that name another assembly."""
    if genome is None or not len(genome):
        return
    said = (genome[0].as_py() or "").lower()
    other = [one for one in ASSEMBLIES if said in _ALIASES[one] and one != job.assembly]
    if other:
        detail = f"the rows are of {other[0]}; the warehouse is of {job.assembly}"
        raise BadQuestion("assembly_mismatch", detail, job.name)

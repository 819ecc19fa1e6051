"""The base as a sites VCF: one biallelic line per variant, bgzipped and indexed (DESIGN 8)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import pysam
from numpy.typing import NDArray

from cad.annotate.source_texts import SourceTeller, open_tellers
from cad.build.people import ALL
from cad.export.annotations import gathered, info_tails
from cad.export.figures import Contigs, FiguresBlock
from cad.export.names import Naming, field_suffixes
from cad.export.source import open_source
from cad.flags import raised_names
from cad.query.base import Base
from cad.warehouse import Warehouse
from schemas.contigs import CONTIGS, contig_length, vcf_contig
from schemas.errors import Conflict

log = logging.getLogger(__name__)

_FIELDS: Final = (
    ("AC", "A", "Integer", "Alleles carried, passing; on the mitochondrion persons that carry it"),
    ("AN", "1", "Integer", "Known passing alleles"),
    ("AF", "A", "Float", "AC / AN; on the mitochondrion of homoplasmic persons"),
    ("nhomalt", "A", "Integer", "Homozygous persons, passing; on the mitochondrion homoplasmic"),
)
"""Of every stratum: name, number, type and meaning."""
_OF_ALL: Final = (
    ("nhemi", "A", "Integer", "Hemizygous persons, passing"),
    ("faf95", "A", "Float", "Lower bound of AF at 95 % confidence, one-sided (Whiffin 2017)"),
    ("AC_raw", "A", "Integer", "AC whatever the thresholds say"),
    ("AN_raw", "1", "Integer", "AN whatever the thresholds say"),
)
"""Of everybody only."""
_OF_VARIANT: Final = (
    ("p_platform", "A", "Float", "Chance of platforms differing as much in frequency"),
    ("p_pipeline", "A", "Float", "Chance of pipelines differing as much in frequency"),
    ("p_excess_het", "A", "Float", "Chance of as many heterozygotes among founders"),
    ("call_rate", "1", "Float", "Persons with a known passing allele, of those assayed"),
    (
        "flags", ".", "String",
        "What to distrust: a chance that times the variants of the base is below 0.05, or a call "
        "rate below 0.9",
    ),
)  # fmt: skip
"""What flags are made of, in the order of `FLAG_FIELDS`, and the flags raised."""
_COLUMNS: Final = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


@dataclass(frozen=True)
class ExportedVcf:
    """What was written."""

    path: Path
    purpose: str
    commit: int
    release: str | None
    variants: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The document that `cad export vcf` prints."""
        return {
            "path": str(self.path),
            "index": f"{self.path}.tbi",
            "purpose": self.purpose,
            "commit": self.commit,
            "release": self.release,
            "variants": self.variants,
            "seconds": round(self.seconds, 3),
        }


def export_vcf(
    warehouse: Warehouse,
    out: Path,
    *,
    purpose: str = "care",
    names: Naming = "cad",
    raw_only: bool = False,
    annotation: Sequence[str] = (),
    release: str | None = None,
) -> ExportedVcf:
    """Write the latest base of a purpose, or a release, and its tabix index beside it.

    Args:
        warehouse: the warehouse.
        out: the file, ``.vcf.gz``; it is there whole or not at all.
        purpose: whose consents and cohorts let them count.
        names: how the fields are named (`cad.export.names`).
        raw_only: whether variants without a passing carrier are written too, FILTER ``AC0``.
        annotation: sources whose fields are written too (`cad.annotate.source_texts`).
        release: of which the figures are, as it tells them.

    Raises:
        Conflict: `output_exists`, `field_name_collision`.
        BadQuestion: `purpose_unknown`, `annotation_field_unknown`.
        NotFound: `base_missing`, `annotation_unknown`, `release_unknown`.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    started = perf_counter()
    index = out.with_name(f"{out.name}.tbi")
    for path in (out, index):
        if path.exists():
            raise Conflict("output_exists", "name another file, or delete this one", path.name)
    # pysam indexes a file as it is only if it is called .gz.
    partial = out.with_name(f".{out.name}.part.gz")
    partial_index = partial.with_name(f"{partial.name}.tbi")
    try:
        with open_source(warehouse, purpose, release) as source:
            base = source.base
            suffixes = field_suffixes([stratum.name for stratum in base.strata], names)
            out.parent.mkdir(parents=True, exist_ok=True)
            tellers = open_tellers(warehouse, base.pinned_no, annotation)
            blocks = source.blocks()
            variants = write_sites(warehouse, base, blocks, suffixes, raw_only, tellers, partial)
        partial_index.rename(index)
        partial.rename(out)
    finally:
        for path in (partial, partial_index):
            path.unlink(missing_ok=True)
    exported = ExportedVcf(
        out, purpose, base.commit_no, base.release, variants, perf_counter() - started
    )
    log.info("exported %d variants in %.2f s", variants, exported.seconds)
    return exported


def write_sites(
    warehouse: Warehouse,
    base: Base,
    contigs: Contigs,
    suffixes: dict[str, str],
    raw_only: bool,
    tellers: Sequence[SourceTeller],
    path: Path,
) -> int:
    """Write a sites VCF, ``.gz``, and its index; returns how many lines it has.

    Args:
        warehouse: the warehouse.
        base: whose figures they are.
        contigs: the figures.
        suffixes: what the fields of each stratum end with.
        raw_only: whether variants without a passing carrier are written too.
        tellers: what sources say of the variants.
        path: the file.
    """
    template = _template(base, suffixes)
    variants = 0
    with pysam.BGZFile(str(path), "w", None) as file:
        file.write(_header(warehouse, base, suffixes, tellers).encode())
        for contig, figures in contigs:
            name = vcf_contig(warehouse.assembly, contig)
            for blocks in gathered(figures):
                for block, tails in zip(blocks, info_tails(tellers, blocks), strict=True):
                    lines = list(_lines(name, block, template, raw_only, base.variants, tails))
                    file.write("".join(lines).encode())
                    variants += len(lines)
    pysam.tabix_index(str(path), preset="vcf", force=True)
    return variants


def _header(
    warehouse: Warehouse,
    base: Base,
    suffixes: dict[str, str],
    tellers: Sequence[SourceTeller],
) -> str:
    assembly = warehouse.assembly
    lines = [
        "##fileformat=VCFv4.3",
        f"##source=CAD {version('cad-warehouse')}",
        f"##cad_warehouse={warehouse.warehouse_id}",
        f"##cad_purpose={base.purpose}",
        f"##cad_commit={base.commit_no}",
        f"##cad_built_at={base.built_at.isoformat()}",
        f"##cad_persons={base.persons}",
        *([] if base.release is None else [f"##cad_release={base.release}"]),
        '##FILTER=<ID=PASS,Description="All filters passed">',
        '##FILTER=<ID=AC0,Description="No carrier passes; raw counts only">',
    ]
    lines += [
        f"##contig=<ID={vcf_contig(assembly, contig)},length={contig_length(assembly, contig)},"
        f"assembly={assembly}>"
        for contig in CONTIGS
    ]
    lines += [_info(*field) for field in (*_FIELDS, *_OF_ALL, *_OF_VARIANT)]
    for stratum, suffix in suffixes.items():
        for name, number, kind, text in _FIELDS:
            lines.append(_info(f"{name}_{suffix}", number, kind, f"{text}; stratum {stratum}"))
    lines += [field.line for teller in tellers for field in teller.fields]
    return "\n".join(lines) + "\n" + _COLUMNS


def _info(name: str, number: str, kind: str, text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'##INFO=<ID={name},Number={number},Type={kind},Description="{quoted}">'


def _template(base: Base, suffixes: dict[str, str]) -> str:
    """A line with places for what `_lines` puts in."""
    fields = [name for name, *_ in (*_FIELDS, *_OF_ALL, *_OF_VARIANT)]
    for stratum in base.strata:
        if stratum.name != ALL:
            fields += [f"{name}_{suffixes[stratum.name]}" for name, *_ in _FIELDS]
    return "%s\t%d\t.\t%s\t%s\t.\t%s\t" + ";".join(f"{name}=%s" for name in fields) + "%s\n"


def _lines(
    name: str,
    block: FiguresBlock,
    template: str,
    raw_only: bool,
    variants: int,
    tails: Sequence[str],
) -> Iterator[str]:
    """The lines of a block of a base with so many variants; INFO ends with the tails."""
    columns: list[Sequence[Any]] = []
    for at in range(block.ac.shape[1]):
        columns += [block.texts(name, at) for name in ("ac", "an", "af", "n_hom")]
        if at == 0:
            columns += [block.texts(name, 0) for name in ("n_hemi", "faf95", "ac_raw", "an_raw")]
            columns += [_fractions(values) for values in block.flags.T]
            columns.append([",".join(one) or "." for one in raised_names(block.flags, variants)])
    columns.append(list(tails))
    rows = zip(block.ac[:, 0].tolist(), block.pos.tolist(), block.alleles, *columns, strict=True)
    for ac, pos, (ref, alt), *figures in rows:
        if ac > 0:
            yield template % (name, pos, ref, alt, "PASS", *figures)
        elif raw_only:
            yield template % (name, pos, ref, alt, "AC0", *figures)


def _fractions(values: NDArray[Any]) -> list[str]:
    """Fractions as VCF writes them; seven digits are what its readers keep."""
    return ["." if value != value else f"{value:.7g}" for value in values.tolist()]

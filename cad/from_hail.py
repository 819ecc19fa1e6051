"""Genotypes that lie in Hail as VCFs, so that they can be pushed like any other.

A MatrixTable becomes one VCF. A VariantDataset becomes a gVCF for each sample, as its blocks say
where each was looked at. What of either says nothing to CAD is left out: fields of rows beyond the
filters and what tells a block's end and depth, fields of entries that no rule of counting reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import hail as hl
import pysam

from cad.hail_session import hail_session
from cad.settings import Settings
from schemas.contigs import canonical_contig
from schemas.errors import BadQuestion

_FORMAT: Final = (
    "GT", "AD", "DP", "GQ", "RGQ", "GQX", "DPI", "MIN_DP", "FT", "AF", "VAF", "HL", "LEN",
)  # fmt: skip
_INFO: Final = ("END", "DP", "MIN_DP", "MinDP")
_METADATA: Final = {
    "format": {
        name: {"Number": number, "Type": kind, "Description": text}
        for name, number, kind, text in (
            ("AD", "R", "Integer", "Reads by allele"),
            ("AF", "A", "Float", "Fraction of reads"),
            ("VAF", "A", "Float", "Fraction of reads"),
            ("HL", "A", "Float", "Fraction of reads"),
        )
    }
}


_BLOCKS: Final = "reference_data"
"""The part of a VariantDataset that nothing else of Hail's has."""
_NUMBERS: Final = {
    "DP": "Integer", "GQ": "Integer", "RGQ": "Integer", "MIN_DP": "Integer", "FT": "String",
}  # fmt: skip
"""Fields of entries that a gVCF is given beside GT and AD, where the dataset has them."""


def write_vcfs(settings: Settings, source: Path, folder: Path) -> list[Path]:
    """Write a MatrixTable or a VariantDataset as bgzipped VCFs.

    Args:
        settings: of Spark.
        source: the directory; a MatrixTable has a locus and alleles by row, and GT by entry.
        folder: an empty one.

    Returns:
        One VCF of a MatrixTable, a gVCF for each sample of a VariantDataset.

    Raises:
        BadQuestion: `matrix_unusable`.
    """
    with hail_session(settings):
        if (source / _BLOCKS).is_dir():
            return _write_dataset(source, folder)
        return [_write_matrix(source, folder / f"{source.stem}.vcf.bgz")]


def _write_matrix(source: Path, out: Path) -> Path:
    try:
        matrix = hl.read_matrix_table(source.absolute().as_uri())
    except (hl.utils.FatalError, OSError):
        raise _unusable("Hail reads no MatrixTable there", source) from None
    _check(matrix, source)
    matrix = matrix.select_entries(*(name for name in _FORMAT if name in matrix.entry))
    names = ["filters"] if "filters" in matrix.row else []
    told = [name for name in _INFO if "info" in matrix.row and name in matrix.info]
    if told:
        matrix, names = matrix.annotate_rows(info=matrix.info.select(*told)), [*names, "info"]
    hl.export_vcf(
        matrix.select_rows(*names).select_cols(), out.absolute().as_uri(), metadata=_METADATA
    )
    return out


def _write_dataset(source: Path, folder: Path) -> list[Path]:
    """Write each sample's blocks and calls, by position, as a gVCF of its own."""
    try:
        dataset = hl.vds.read_vds(source.absolute().as_uri())
    except (hl.utils.FatalError, OSError):
        raise _unusable("Hail reads no VariantDataset there", source) from None
    blocks, calls = dataset.reference_data, dataset.variant_data
    _check_dataset(blocks, calls, source)
    lines = _block_lines(blocks).union(_call_lines(calls)).order_by("s", "locus")
    file = folder / "lines.tsv"
    lines.select("s", "line").export(file.absolute().as_uri(), header=False)
    header = _header(calls)
    made: list[Path] = []
    with file.open(encoding="utf-8") as text:
        for sample, own in groupby(text, lambda line: line.partition("\t")[0]):
            made.append(folder / f"{source.stem}-{len(made) + 1:04}.g.vcf.gz")
            with pysam.BGZFile(str(made[-1]), "wb", None) as out:
                out.write(f"{header}\t{sample}\n".encode())
                for line in own:
                    out.write(line.partition("\t")[2].encode())
    file.unlink()
    return made


def _block_lines(blocks: Any) -> Any:
    """Table of `s`, `locus` and `line`: the reference blocks."""
    entries = blocks.entries()
    names = [name for name in _NUMBERS if name in entries.row]
    call = entries.LGT if "LGT" in entries.row else None
    end = entries.END if "END" in entries.row else entries.locus.position + entries.LEN - 1
    genotype = hl.str("0/0") if call is None else hl.or_else(hl.str(call), "./.")
    # The dataset does not keep the reference's base.
    return _lines(
        entries, hl.is_defined(end), ["N", "<NON_REF>"], "END=" + hl.str(end),
        {"GT": genotype} | {name: _text(entries[name]) for name in names},
    )  # fmt: skip


def _call_lines(calls: Any) -> Any:
    """Likewise, the records of variants: each sample's own alleles alone."""
    entries = calls.entries()
    names = [name for name in _NUMBERS if name in entries.row]
    is_local = "LA" in entries.row
    alleles = entries.LA.map(lambda at: entries.alleles[at]) if is_local else entries.alleles
    call = entries.LGT if "LGT" in entries.row else entries.GT
    reads = {name: entries[name] for name in ("LAD", "AD") if name in entries.row}
    others = hl.if_else(hl.len(alleles) > 1, hl.delimit(alleles[1:], ","), ".")
    told = {"GT": hl.or_else(hl.str(call), "./.")}
    if reads:
        first = next(iter(reads.values()))
        told["AD"] = hl.or_else(hl.delimit(first.map(_text), ","), ".")
    told |= {name: _text(entries[name]) for name in names}
    return _lines(entries, hl.is_defined(call), [alleles[0], others], ".", told)


def _lines(
    entries: Any, is_there: Any, alleles: Sequence[Any], info: Any, told: dict[str, Any]
) -> Any:
    place = [entries.locus.contig, hl.str(entries.locus.position), "."]
    sample = [":".join(told), _joined(told.values(), ":")]
    line = _joined([*place, *alleles, ".", ".", info, *sample], "\t")
    made = entries.annotate(line=line, is_there=is_there)
    return made.filter(made.is_there).key_by().select("s", "locus", "line")


def _joined(texts: Iterable[Any], by: str) -> Any:
    first, *others = texts
    return reduce(lambda line, text: line + by + text, others, first)


def _text(value: Any) -> Any:
    return hl.or_else(hl.str(value), ".")


def _header(calls: Any) -> str:
    """The header of a gVCF, up to where the sample's name follows."""
    genome = calls.locus.dtype.reference_genome
    return "\n".join(
        [
            "##fileformat=VCFv4.3",
            '##INFO=<ID=END,Number=1,Type=Integer,Description="End of the block">',
            '##ALT=<ID=NON_REF,Description="Any other allele">',
            '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
            '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Reads by allele">',
            *(
                f'##FORMAT=<ID={name},Number=1,Type={kind},Description="{name}">'
                for name, kind in _NUMBERS.items()
            ),
            *_contigs(genome),
            "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT",
        ]
    )


def _contigs(genome: Any) -> Iterator[str]:
    for name, length in genome.lengths.items():
        if canonical_contig(name) is not None:
            yield f"##contig=<ID={name},length={length}>"


def _check_dataset(blocks: Any, calls: Any, source: Path) -> None:
    if not ("END" in blocks.entry or "LEN" in blocks.entry):
        raise _unusable("expected END or LEN by block", source)
    if not ("LGT" in calls.entry or "GT" in calls.entry):
        raise _unusable("expected LGT or GT, a call, by entry", source)


def _check(matrix: Any, source: Path) -> None:
    key = [str(kind) for kind in matrix.row_key.dtype.values()]
    if len(key) != 2 or not key[0].startswith("locus<") or key[1] != "array<str>":
        raise _unusable("expected rows by locus and alleles", source)
    if [str(kind) for kind in matrix.col_key.dtype.values()] != ["str"]:
        raise _unusable("expected columns by the sample's name", source)
    if "GT" not in matrix.entry or str(matrix.entry.GT.dtype) != "call":
        raise _unusable("expected GT, a call, by entry", source)


def _unusable(detail: str, source: Path) -> BadQuestion:
    return BadQuestion("matrix_unusable", detail, source.name)

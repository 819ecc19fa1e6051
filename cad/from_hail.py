"""Genotypes that lie in a MatrixTable of Hail as a VCF, so that they can be pushed like any other.

Hail writes the file; what of it says nothing to CAD is left out: fields of rows beyond the filters
and what tells a block's end and depth, fields of entries that no rule of counting reads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import hail as hl

from cad.hail_session import hail_session
from cad.settings import Settings
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


def write_vcf(settings: Settings, source: Path, out: Path) -> None:
    """Write a MatrixTable as a bgzipped VCF.

    Args:
        settings: of Spark.
        source: the MatrixTable's directory; it has a locus and alleles by row, and GT by entry.
        out: the file, named .vcf.bgz.

    Raises:
        BadQuestion: `matrix_unusable`.
    """
    with hail_session(settings):
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
            matrix.select_rows(*names).select_cols(),
            out.absolute().as_uri(),
            metadata=_METADATA,
        )


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

"""Files of a few lines, and what reading them gave."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from loaders.jobs import Column, FileJob, FileResult
from loaders.vcf_file import read_vcf

COLUMNS = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT")


def header(samples: Sequence[str], *lines: str, version: str = "4.2") -> str:
    """A header with these lines between its first and its last one."""
    columns = "\t".join([*COLUMNS, *samples])
    return "\n".join([f"##fileformat=VCFv{version}", *lines, columns]) + "\n"


def record(line: str) -> str:
    """A data line from ``contig pos ref alt filter info format columns...``, parted by blanks."""
    contig, pos, ref, alt, filters, info, *rest = line.split(" ")
    return "\t".join([contig, pos, ".", ref, alt, ".", filters, info, *rest])


def text_of(*lines: str, samples: Sequence[str] = ("S",), head: Sequence[str] = ()) -> str:
    """A VCF of such lines."""
    return header(samples, *head) + "".join(record(line) + "\n" for line in lines)


@dataclass
class Reading:
    """A result, and the rows that were written."""

    result: FileResult
    calls: list[dict[str, Any]]
    callable: list[dict[str, Any]]

    @property
    def set_aside(self) -> dict[str, tuple[int, ...]]:
        """Example lines by reason; the first data line is number 1 after the header's."""
        return {entry.reason: entry.examples for entry in self.result.receipt.set_aside}

    @property
    def warnings(self) -> dict[str, tuple[int, ...]]:
        """Example lines by warning."""
        return {entry.reason: entry.examples for entry in self.result.receipt.warnings}

    @property
    def keys(self) -> list[str]:
        """The distinct variants called, in their order."""
        names = [f"{r['contig']}-{r['pos']}-{r['ref']}-{r['alt']}" for r in self.calls]
        return list(dict.fromkeys(names))


def read_text(
    folder: Path,
    text: str | bytes,
    *,
    samples: Sequence[str] = ("S",),
    window_records: int = 0,
    margin: int = 100_000,
    **job: Any,
) -> Reading:
    """Read a VCF; GRCh38, germline and `sites` where the options do not say."""
    path = folder / "a.vcf"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    columns = tuple(Column(name, number) for number, name in enumerate(samples, start=1))
    settings = {
        "kind": "germline",
        "callability": "sites",
        "assembly": "GRCh38",
        "columns": columns,
        "out": folder / "out",
        **job,
    }
    result = read_vcf(
        FileJob(path, path.name, **settings), window_records=window_records, margin=margin
    )
    rows = {file.table: pq.read_table(file.path).to_pylist() for file in result.written}
    return Reading(result, rows.get("calls", []), rows.get("callable", []))

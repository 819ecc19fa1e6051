"""Cases of a few lines: VCF text and batch directories written by hand in a test."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.twin.facts import Key
from tests.twin.weights import TwinFile, read_file


def vcf_text(lines: Sequence[str], samples: str) -> str:
    """Write lines of ``contig pos ref alt filter info format columns...`` as a VCF."""
    rows = []
    for line in lines:
        contig, pos, ref, alt, filters, info, *rest = line.split()
        rows.append("\t".join([contig, pos, ".", ref, alt, ".", filters, info, *rest]))
    columns = ["CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"]
    header = "#" + "\t".join([*columns, *samples.split()])
    return "\n".join(["##fileformat=VCFv4.5", header, *rows]) + "\n"


def tiny_file(folder: Path, *lines: str, samples: str = "S", **options: Any) -> TwinFile:
    """Read such lines; GRCh38, germline and blocks where the options do not say."""
    path = folder / "a.vcf"
    path.write_text(vcf_text(lines, samples))
    settings = {"kind": "germline", "callability": "blocks", "assembly": "GRCh38"}
    return read_file(path, **{**settings, **options})


def tiny_batch(
    folder: Path,
    sheet: str,
    files: Mapping[str, Sequence[str]],
    entries: Mapping[str, Mapping[str, Any]] | None = None,
    consents: str = "",
    platform: str = "SEQOIA",
) -> Path:
    """Write a batch directory named for its batch id.

    ``sheet`` and ``consents`` are tables with blanks for tabs and ``-`` for nothing; each of
    ``files`` is its columns and then its lines; ``entries`` adds to a file's manifest entry.
    """
    folder.mkdir(parents=True)
    named = []
    for name, (columns, *lines) in files.items():
        content = vcf_text(lines, columns).encode()
        (folder / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        entry = {"path": name, "sha256": digest, "kind": "germline", "callability": "sites"}
        named.append({**entry, **(entries or {}).get(name, {})})
    manifest = {
        "format": "cad-batch/1",
        "batch_id": folder.name,
        "platform": platform,
        "assembly": "GRCh38",
        "pipeline": {"name": "by hand", "version": "1"},
        "files": named,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "samples.tsv").write_text(_table(sheet))
    if consents:
        (folder / "consents.tsv").write_text(_table(consents))
    return folder


def _table(text: str) -> str:
    rows = [["" if cell == "-" else cell for cell in line.split()] for line in text.splitlines()]
    return "".join("\t".join(row) + "\n" for row in rows if row)


def key(text: str) -> Key:
    """Read a variant id such as ``22-100-A-G``."""
    contig, pos, ref, alt = text.split("-")
    return Key(contig, int(pos), ref, alt)

"""A small good batch on disk, and the means to make it bad in one place."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HEADER = (
    "##fileformat=VCFv4.2\n"
    "##contig=<ID=chr22,length=50818468>\n"
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"
)


def vcf(*columns: str, lines: tuple[str, ...] = ()) -> bytes:
    """A VCF with these sample columns; lines are written with blanks for tabs."""
    rows = ["\t".join((HEADER, *columns)), *("\t".join(line.split()) for line in lines)]
    return ("\n".join(rows) + "\n").encode()


def table(*rows: str) -> bytes:
    """A table; cells are separated by ``|`` in the rows given."""
    return "".join(row.replace("|", "\t") + "\n" for row in rows).encode()


class BatchDir:
    """A batch directory; `write` puts manifest.json as `manifest` then says."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.manifest: dict[str, Any] = {
            "format": "cad-batch/1",
            "batch_id": "SEQOIA-2026-11-20-001",
            "platform": "SEQOIA",
            "assembly": "GRCh38",
            "pipeline": {"name": "gatk", "version": "4.6.1"},
            "files": [],
        }

    def put(self, name: str, data: bytes) -> Path:
        """Write a file of the batch."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def add(self, name: str, data: bytes, **entry: Any) -> dict[str, Any]:
        """Write a variant file and name it in the manifest."""
        self.put(name, data)
        named = {
            "path": name,
            "sha256": hashlib.sha256(data).hexdigest(),
            "kind": "germline",
            "callability": "sites",
            **entry,
        }
        self.manifest["files"].append(named)
        return named

    def sheet(self, *rows: str, name: str = "samples.tsv") -> None:
        """Write a sheet of rows with ``|`` between cells."""
        self.put(name, table(*rows))

    def write(self, changes: Mapping[str, Any] | None = None) -> Path:
        """Write manifest.json and give the directory."""
        self.put("manifest.json", json.dumps({**self.manifest, **(changes or {})}).encode())
        return self.path


def good_batch(path: Path) -> BatchDir:
    """Two persons in one `bed` file, every sheet and a document; counted by hand in its tests.

    Of the three records one is carried, one is not, one is on no counted contig.
    """
    batch = BatchDir(path)
    batch.put("wgs.bed", b"chr22\t99\t200\n")
    batch.add(
        "two.vcf",
        vcf(
            "S1",
            "S2",
            lines=(
                "chr22 100 . A G . PASS . GT 0/1 0/0",
                "chr22 150 . C T . PASS . GT 0/0 0/0",
                "chrUn_1 5 . C T . PASS . GT 0/1 0/0",
            ),
        ),
        callability="bed",
        callable_bed="wgs.bed",
    )
    batch.sheet("sample_id|person_id|sex|affected", "S1|P1|XX|1", "S2|P2|XY|")
    batch.sheet(
        "person_id|scope|status|text_version|signed_on",
        "P1|research|given|v2|2026-01-05",
        name="consents.tsv",
    )
    batch.sheet(
        "person_id|system|code|label|excluded",
        "P1|HPO|HP:0001250|Crise d'épilepsie\u00a0?|",
        "P1|HPO|HP:0001263||1",
        name="phenotypes.tsv",
    )
    packet = {"id": "packet-1", "subject": {"id": "P1", "sex": "FEMALE"}}
    batch.put("phenopackets/P1.json", json.dumps(packet).encode())
    return batch

"""A file is read as a stream: how much memory it takes does not grow with it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.loaders.reading import header

RECORDS = 1_000_000
BOUND = 1 << 30
_READ = """
import sys
from pathlib import Path
from loaders.jobs import Column, FileJob
from loaders.vcf_file import read_vcf
path, out, callability = sys.argv[1:]
column = Column("S", 1)
result = read_vcf(
    FileJob(Path(path), "a", "germline", callability, "GRCh38", (column,), out=Path(out))
)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(result.receipt.records, peak.split()[1])
"""


def peak(vcf: Path, out: Path, callability: str) -> tuple[int, int]:
    """Records read, and bytes of memory at most, in a process of its own.

    Not `ru_maxrss`: Linux lets a child inherit that of the process that started it.
    """
    run = subprocess.run(
        [sys.executable, "-c", _READ, str(vcf), str(out), callability],
        capture_output=True,
        text=True,
        check=True,
    )
    records, kilobytes = map(int, run.stdout.split())
    return records, kilobytes * 1024


@pytest.mark.slow
@pytest.mark.parametrize("callability", ["sites", "blocks"])
def test_a_million_records(tmp_path: Path, callability: str) -> None:
    vcf = tmp_path / "large.vcf"
    with vcf.open("w") as file:
        file.write(header("S"))
        for number in range(RECORDS):
            pos, depth, quality = 1 + 100 * number, 10 + number % 53, number % 99
            gt = ("0/1", "1/1", "0/0")[number % 3]
            alt = ("G", "T", "ACC", "<NON_REF>")[number % 4]
            gt = "0/0" if alt == "<NON_REF>" else gt
            reads = f"{depth - 5},5" if number % 4 < 3 else f"{depth},0"
            sample = f"{gt}:{reads}:{depth}:{quality}:{quality},0,{number % 997}"
            file.write(
                f"chr1\t{pos}\t.\tA\t{alt}\t50\tPASS\tDP={depth}\tGT:AD:DP:GQ:PL\t{sample}\n"
            )
    records, used = peak(vcf, tmp_path / "out", callability)
    assert records == RECORDS
    assert used < BOUND

"""gVCFs as each caller writes them: pages of lines in its shape, and what is known by hand.

Those of bcftools are made by it here, of reads whose depth is known.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pysam
import pysam.bcftools
import pytest

from schemas.known import failed, passing, raw
from tests.loaders.reading import COLUMNS, record
from tests.loaders.side_by_side import Entry, Rows, check_calls, check_receipt, check_weights

CALLERS = sorted((Path(__file__).parent / "callers").glob("*.txt"))
"""Pages of a caller's header and data lines of a sample S, what is known by them, and the calls.

Data lines are written with blanks for tabs; a line of what is known holds for a run of positions.
"""


@pytest.mark.parametrize("caller", CALLERS, ids=lambda path: path.stem)
def test_lines_of_a_caller(tmp_path: Path, caller: Path) -> None:
    lines = caller.read_text().splitlines()
    path = tmp_path / "a.g.vcf"
    head = [line for line in lines if line.startswith("##")]
    body = [record(line) for line in lines if line.startswith("chr")]
    heading = ["##fileformat=VCFv4.2", *head, "\t".join([*COLUMNS, "S"])]
    path.write_text("\n".join([*heading, *body]) + "\n")
    runs = [line.split()[1:] for line in lines if line.startswith("known ")]
    assert runs
    found = equals_twin(path, tmp_path, [run[:3] for run in runs])
    assert found.result.receipt.set_aside == found.result.receipt.warnings == ()
    for run in runs:
        contig, first, last, ploidy, passes, known, *criteria = run
        for pos, (code, why) in found.told("S", contig, int(first), int(last)).items():
            at = int(ploidy)
            told = (passing(code, at), raw(code, at), failed(why, at))
            assert told == (int(passes), int(known), tuple(criteria)), (run, pos)
    called = [
        f"call {row['contig']}-{row['pos']}-{row['ref']}-{row['alt']} "
        f"{passing(row['dosage'], 2)} {raw(row['dosage'], 2)}"
        for row in found.calls
    ]
    assert called == [line for line in lines if line.startswith("call ")]


def equals_twin(path: Path, folder: Path, places: Sequence[Sequence[str]]) -> Rows:
    """What was read of a gVCF, once it is what the twin reads."""
    entry = Entry(path, "germline", "blocks", "GRCh38")
    found, twin = Rows.read(entry, folder / "out"), entry.twin(None)
    check_receipt(found.result, twin)
    check_calls(found, twin)
    check_weights(found, twin, [(contig, int(a), int(b)) for contig, a, b in places])
    return found


def test_bcftools_blocks_know_what_the_reads_cover(tmp_path: Path) -> None:
    """`mpileup -g | call -g` with bands that part at the threshold: known where ten reads lie."""
    rng = Random(1)
    bases = "".join(rng.choice("ACGT") for _ in range(600))
    variant = 251
    other = {"A": "C", "C": "G", "G": "T", "T": "A"}[bases[variant - 1]]
    (tmp_path / "r.fa").write_text(f">chr22\n{bases}\n")
    depth = write_reads(tmp_path / "a.bam", bases, variant, other, rng)
    piled, called = tmp_path / "p.bcf", tmp_path / "c.vcf"
    pysam.bcftools.mpileup(
        "-g", "5,10,20", "-a", "DP,AD", "-f", str(tmp_path / "r.fa"), "-Ob", "-o", str(piled),
        str(tmp_path / "a.bam"), catch_stdout=False,
    )  # fmt: skip
    pysam.bcftools.call(
        "-m", "-g", "5,10,20", "-a", "GQ", "-o", str(called), str(piled), catch_stdout=False
    )
    # The reads' header gives the toy's length, of which the warehouse would be right to complain.
    called.write_text(called.read_text().replace("##contig=<ID=chr22,length=600>\n", ""))
    found = equals_twin(called, tmp_path, [("22", "1", "600")])
    for pos, (code, why) in found.told("S", "22", 1, 600).items():
        assert raw(code, 2) == (2 if depth[pos] else 0), pos
        assert passing(code, 2) == (2 if depth[pos] >= 10 else 0), pos
        assert failed(why, 2) == (("depth",) if 0 < depth[pos] < 10 else ()), pos
    (row,) = found.calls
    assert (row["pos"], row["alt"], row["dp"], row["dosage"] & 3) == (
        variant, other, depth[variant], 1,
    )  # fmt: skip


def write_reads(out: Path, bases: str, variant: int, other: str, rng: Random) -> dict[int, int]:
    """Write 150 reads of 60 bases, every second one with the variant; returns the depth by pos."""
    depth = dict.fromkeys(range(1, len(bases) + 1), 0)
    lines = {
        "HD": {"VN": "1.6"},
        "SQ": [{"SN": "chr22", "LN": 600}],
        "RG": [{"ID": "a", "SM": "S"}],
    }
    starts = sorted(rng.randrange(100, 400) for _ in range(150))
    with pysam.AlignmentFile(str(out), "wb", header=lines) as file:
        for number, start in enumerate(starts):
            read = list(bases[start : start + 60])
            if number % 2 and start < variant <= start + 60:
                read[variant - 1 - start] = other
            for pos in range(start + 1, start + 61):
                depth[pos] += 1
            one = pysam.AlignedSegment(file.header)
            one.query_name, one.flag, one.mapping_quality = f"r{number}", 0, 60
            one.reference_id, one.reference_start, one.cigarstring = 0, start, "60M"
            one.query_sequence = "".join(read)
            one.query_qualities = pysam.qualitystring_to_array("I" * 60)
            one.set_tag("RG", "a")
            file.write(one)
    return depth

"""The task of annotating, at the size where only start-up is timed."""

from pathlib import Path

from benchmarks.generate import generate
from benchmarks.run import Plan, run_tasks
from benchmarks.sizes import SIZES
from benchmarks.tasks import TASKS


def test_cad_and_bcftools_annotate_alike(tmp_path: Path) -> None:
    generate(tmp_path, SIZES["tiny"])
    results = run_tasks(Plan(tmp_path, SIZES["tiny"], repeats=1), [TASKS["annotate"]])
    assert [one.side for one in results] == [
        "cad, VCF", "cad, BCF", "bcftools annotate, VCF", "bcftools annotate, BCF",
    ]  # fmt: skip
    assert len({one.counts for one in results}) == 1
    assert results[0].counts.lines == results[0].figures["shared"] == 133

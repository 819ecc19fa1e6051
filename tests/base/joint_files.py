"""Public joint VCFs as batches of one file."""

import csv
from pathlib import Path

import pysam

from tests.batch_dir import BatchDir


def people_of_1000_genomes(testdata: Path) -> dict[str, tuple[str, str]]:
    """Sex and superpopulation by sample."""
    with (testdata / "genotypes" / "samples_1000g.tsv").open() as table:
        rows = csv.DictReader(table, delimiter="\t")
        sex = {"male": "XY", "female": "XX", "": "unknown"}
        return {row["sample"]: (sex[row["sex"]], row["superpop"]) for row in rows}


def joint_batch(
    path: Path, folder: Path, people: dict[str, tuple[str, str]]
) -> tuple[Path, list[str]]:
    """A batch of a GRCh37 file whose samples are persons of a sex and cohort; and their names."""
    made = BatchDir(folder)
    made.manifest["assembly"] = "GRCh37"
    made.add(path.name, path.read_bytes())
    with pysam.VariantFile(str(path)) as file:
        samples = list(file.header.samples)
    rows = [f"{name}|{name}|{people[name][0]}|{people[name][1]}" for name in samples]
    made.sheet("sample_id|person_id|sex|cohort", *rows)
    return made.write(), samples

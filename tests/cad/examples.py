"""The examples of every command's help, and the files they speak of."""

import gzip
import json
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import pysam

from cad.docs.commands import split_help, walk
from tests.annotations import clinvar_line, sites
from tests.batch_dir import good_batch, table, vcf
from tests.cad.clinical_dir import packet, put
from tests.cli import cad

NOT_RUN = ("serve", "demo", "analyse", "export hail")
"""They have tests of their own: one does not end, the others take long."""
GENE = b"##gff-version 3\n" + b"".join(
    b"chr22\tH\tgene\t50\t500\t.\t+\t.\tID=ENSG%d.1;gene_name=%b;gene_type=lncRNA\n" % named
    for named in enumerate((b"BRCA1", b"SCN1A", b"KCNQ2"), 1)
)
"""Genes that lie elsewhere, for the examples to find."""
ONTOLOGY = """format-version: 1.2
data-version: hp/releases/2025-05-06

[Term]
id: HP:0000001
name: All

[Term]
id: HP:0001250
name: Seizure
is_a: HP:0000001 ! All
"""


def lay_out(folder: Path) -> None:
    """Write the files into a folder, where the examples are to be run."""
    for number in (1, 2):
        batch_id = f"SEQOIA-2026-11-20-00{number}"
        batch = good_batch(folder / batch_id)
        heads = "sample_id|person_id|sex|affected|family_id|father_id"
        batch.sheet(heads, "S1|P1|XX|1|F12|P2", "S2|P2|XY||F12|")
        batch.write({"batch_id": batch_id})
    for name, columns in (("child.vcf", ("C",)), ("parents.vcf", ("F", "M"))):
        line = "chr22 100 . A G . PASS . GT" + " 0/1" * len(columns)
        (folder / name).write_bytes(vcf(*columns, lines=(line,)))
    (folder / "patient.vcf").write_bytes(vcf("C", lines=("chr22 100 . A G . PASS . GT 0/1",)))
    pysam.tabix_compress(str(folder / "patient.vcf"), str(folder / "patient.vcf.gz"))
    sites(folder / "clinvar.vcf", [clinvar_line(100, "A", "G")])
    pysam.tabix_compress(str(folder / "clinvar.vcf"), str(folder / "clinvar.vcf.gz"))
    (folder / "gencode.gff3.gz").write_bytes(gzip.compress(GENE))
    (folder / "hp.obo").write_text(ONTOLOGY)
    (folder / "consents.tsv").write_bytes(
        table("person_id|scope|status|signed_on", "P1|industry|given|2026-02-01")
    )
    (folder / "corrections.tsv").write_bytes(table("person_id|affected", "P2|0"))
    (folder / "hospital.key").write_bytes(bytes(range(32)))
    for name in ("export", "hospital-2026-11"):
        put(folder / name, {"P1.json": packet("k1", "P1", "HP:0001250")})
    cohorts = {"name": "cohort", "version": "2026-10", "valid_from": "2026-10-01",
               "rows": [{"cohort": "POPGEN", "purposes": ["research"]}]}  # fmt: skip
    (folder / "cohorts-2026-10.json").write_text(json.dumps(cohorts))


def run_examples(between: Callable[[], None], init: Sequence[str] = ()) -> None:
    """Run all examples, in the order of the page; each has to work.

    Args:
        between: called after each.
        init: more words for `cad init`.
    """
    ran = set()
    for name, command in walk():
        _, examples = split_help(command)
        for example in examples:
            program, *words = shlex.split(example)
            assert program == "cad"
            assert words[: len(name.split())] == name.split()
            if name in NOT_RUN:
                continue
            result = cad(*words, *(init if name == "init" else ()))
            assert result.exit_code == 0, (example, result.stderr)
            between()
            ran.add(name)
    assert len(ran) == len(list(walk())) - len(NOT_RUN)

"""What lies in Hail as a batch: what it was made of and what is made of it load alike."""

from importlib import import_module
from pathlib import Path

import pysam
import pytest

from cad.batch_new import new_batch
from cad.build.run import build_base
from cad.push import push_batch
from cad.settings import Settings
from cad.warehouse import Warehouse
from tests.base.gvcfs import Gvcf
from tests.base.reading import assert_same_base, base_frame, files_of
from tests.batch_dir import vcf
from tests.cli import cad, cad_json
from tests.pushed import contents

pytestmark = [pytest.mark.usefixtures("hail"), pytest.mark.slow]
LINES = (
    "chr22 100 . A G 30 PASS DP=9 GT:AD:DP:GQ:PL 0/1:14,16:30:50:9,0,9 0/0:30,0:30:50:0,9,9",
    "chr22 150 . C T,G . q10 . GT:AD:DP:GQ:PL 1/2:0,9,21:30:50:9,9,9,9,0,9 0/0:9,0,0:9:50:.",
    "chr22 160 . CA C . . . GT:AD:DP:GQ:PL ./.:.:.:.:. 1/1:0,20:20:40:9,9,0",
    "chr22 170 . G A . PASS . GT:AD:DP:GQ:PL 0/1:29,1:30:50:9,0,9 0/1:15,15:30:19:9,0,9",
)
HEADER = """##FILTER=<ID=q10,Description="Low">
##INFO=<ID=DP,Number=1,Type=Integer,Description="Reads">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Reads">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Reads">
##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Quality">
##FORMAT=<ID=PL,Number=G,Type=Integer,Description="Likelihoods">
#CHROM"""


def test_a_matrix_loads_as_the_vcf_it_came_from(tmp_path: Path) -> None:
    path, matrix = tmp_path / "two.vcf", tmp_path / "two.mt"
    path.write_text(vcf("S1", "S2", lines=LINES).decode().replace("#CHROM", HEADER, 1))
    hl = import_module("hail")
    hl.import_vcf(str(path), reference_genome="GRCh38").write(str(matrix))
    new_batch([path], platform="P", out=tmp_path / "of_vcf", batch_id="B")
    told = ("--platform", "P", "--batch-id", "B", "-o", tmp_path / "of_matrix")
    made = cad_json("batch", "new", "--from-hail", matrix, *told)
    assert (made["assembly"], made["samples"], made["files"]) == ("GRCh38", 2, ["two.vcf.bgz"])
    found = []
    for name in ("of_vcf", "of_matrix"):
        with Warehouse.create(tmp_path / f"w_{name}", "GRCh38", settings=Settings()) as warehouse:
            receipt = push_batch(warehouse, tmp_path / name).to_json()["files"][0]
            found.append((receipt | {"path": ""}, contents(warehouse)))
    assert found[0] == found[1]
    assert found[0][0]["loaded"] == len(LINES)


def test_matrices_of_one_name_are_both_taken(tmp_path: Path) -> None:
    matrices = []
    for sample in ("S1", "S2"):
        (tmp_path / sample).mkdir()
        path, matrix = tmp_path / sample / "one.vcf", tmp_path / sample / "one.mt"
        path.write_bytes(vcf(sample, lines=("chr22 100 . A G . PASS . GT 0/1",)))
        import_module("hail").import_vcf(str(path), reference_genome="GRCh38").write(str(matrix))
        matrices += ["--from-hail", matrix]
    out = tmp_path / "out"
    made = cad_json("batch", "new", *matrices, "--platform", "P", "--batch-id", "B", "-o", out)
    assert made["samples"] == len(set(made["files"])) == 2


@pytest.mark.realdata
def test_a_dataset_loads_as_the_gvcfs_it_came_from(testdata: Path, tmp_path: Path) -> None:
    hl = import_module("hail")
    whole = testdata / "gvcf" / "HG00268.GRCh38.g.vcf.gz"
    parts = []
    for name, keep in (("A", range(0, 400)), ("B", range(150, 600))):
        head, lines = Gvcf(whole, name, "XX").lines
        columns = "\t".join([*head[-1].split("\t")[:9], name])
        text = [*head[:-1], columns, *(lines[at].text for at in keep)]
        parts.append(tmp_path / f"{name}.g.vcf.gz")
        with pysam.BGZFile(str(parts[-1]), "wb") as file:
            file.write(("\n".join(text) + "\n").encode())
        pysam.tabix_index(str(parts[-1]), preset="vcf")
    place = hl.Interval(
        hl.Locus("chr20", 17_000_000, "GRCh38"), hl.Locus("chr20", 19_000_000, "GRCh38")
    )
    hl.vds.new_combiner(
        output_path=str(tmp_path / "two.vds"), temp_path=str(tmp_path / "combined"),
        gvcf_paths=[str(path) for path in parts], intervals=[place], reference_genome="GRCh38",
    ).run()  # fmt: skip
    told = ("--platform", "P", "--batch-id", "B", "-o", tmp_path / "of_dataset")
    made = cad_json("batch", "new", "--from-hail", tmp_path / "two.vds", *told)
    assert (made["assembly"], made["samples"]) == ("GRCh38", 2)
    new_batch(parts, platform="P", out=tmp_path / "of_gvcfs", batch_id="B")
    found = []
    for name in ("of_dataset", "of_gvcfs"):
        with Warehouse.create(tmp_path / f"w_{name}", "GRCh38", settings=Settings()) as warehouse:
            push_batch(warehouse, tmp_path / name)
            build_base(warehouse)
            depth = files_of(warehouse, "base_depth", "care")
            found.append((base_frame(warehouse), depth))
    assert_same_base(found[0][0], found[1][0])
    assert found[0][0].height > 100
    assert found[0][1].equals(found[1][1])


def test_what_is_no_such_matrix_is_refused(tmp_path: Path) -> None:
    hl = import_module("hail")
    hl.utils.range_matrix_table(2, 2, n_partitions=1).write(str(tmp_path / "numbers.mt"))
    told = ("--platform", "P", "-o", tmp_path / "out")
    for name in ("numbers.mt", "absent.mt"):
        refused = cad_json("batch", "new", "--from-hail", tmp_path / name, *told, code=1)
        assert refused["reason"] == "matrix_unusable"
    assert cad("batch", "new", *told).exit_code == 2
    assert not (tmp_path / "out").exists()

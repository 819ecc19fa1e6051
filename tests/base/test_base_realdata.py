"""Counts of real cohorts equal what was published with them, bcftools and plink2."""

import csv
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pysam
import pytest

from cad.build.run import build_base
from cad.push import push_batch
from cad.warehouse import Warehouse
from schemas.errors import BatchRefused
from tests.base.joint_files import joint_batch, people_of_1000_genomes
from tests.base.reading import base_frame
from tests.peers import tool
from tests.twin import read_file
from tests.twin.alleles import normalise

pytestmark = pytest.mark.realdata
KEY = ["pos", "ref", "alt"]


@pytest.fixture(scope="module")
def people(testdata: Path) -> dict[str, tuple[str, str]]:
    """Sex and superpopulation of the people of the 1000 Genomes Project."""
    return people_of_1000_genomes(testdata)


def counted(path: Path, folder: Path, people: dict[str, tuple[str, str]]) -> pl.DataFrame:
    """Push a multi-sample file as one batch, build, and read the care base."""
    made, samples = joint_batch(path, folder / "batch", people)
    with Warehouse.create(folder / "warehouse", "GRCh37") as warehouse:
        receipt = push_batch(warehouse, made)
        assert receipt.samples == len(samples)
        build_base(warehouse)
        return base_frame(warehouse, ["care"])


@pytest.fixture(scope="module")
def chr22(
    testdata: Path, people: dict[str, tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> pl.DataFrame:
    path = testdata / "genotypes" / "1kg_phase3_chr22_2504.GRCh37.vcf.gz"
    return counted(path, tmp_path_factory.mktemp("chr22"), people)


def published(path: Path) -> Iterator[tuple[tuple[int, str, str], int, int, dict[str, float]]]:
    """Key, AC, AN and the frequency by superpopulation of each allele that has letters."""
    with pysam.VariantFile(str(path)) as file:
        for record in file:
            for place, alt in enumerate(record.alts or ()):
                if alt.startswith("<"):
                    continue
                key = normalise("22", record.pos, record.ref or "", alt, None)
                by = {
                    name: float(record.info[f"{name}_AF"][place])
                    for name in ("EAS", "EUR", "AFR", "AMR", "SAS")
                }
                yield (
                    (key.pos, key.ref, key.alt),
                    int(record.info["AC"][place]),
                    int(record.info["AN"]),
                    by,
                )


def test_phase_3_counts_are_those_published(testdata: Path, chr22: pl.DataFrame) -> None:
    path = testdata / "genotypes" / "1kg_phase3_chr22_2504.GRCh37.vcf.gz"
    rows = chr22.select("stratum", *KEY, "ac", "an", "ac_raw", "an_raw").rows()
    found = {(row[0], *row[1:4]): row[4:] for row in rows}
    checked = crossed = 0
    for key, ac, an, by in published(path):
        if ac == 0:
            assert ("all", *key) not in found
            continue
        assert found["all", *key] == (ac, an, ac, an)
        checked += 1
        for name, frequency in by.items():
            alleles, known, _, _ = found[f"cohort={name}", *key]
            # INFO gives four decimals.
            assert alleles / known == pytest.approx(frequency, abs=5.01e-5)
            crossed += 1
    assert checked == chr22.filter(pl.col("stratum") == "all").height == 6105
    assert crossed == 5 * checked


@pytest.fixture(scope="module")
def chr20(
    testdata: Path, people: dict[str, tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> pl.DataFrame:
    path = testdata / "genotypes" / "1kg_chr20_300.GRCh37.vcf.gz"
    return counted(path, tmp_path_factory.mktemp("chr20"), people)


FIGURES = ["ac", "an", "n_het", "n_hom"]


def stratum_figures(base: pl.DataFrame, stratum: str) -> dict[tuple[int, str, str], list[int]]:
    rows = base.filter(pl.col("stratum") == stratum).select(*KEY, *FIGURES).rows()
    return {row[:3]: list(row[3:]) for row in rows}


@pytest.mark.parametrize("stratum", ["all", "sex=XX", "cohort=EUR"])
def test_plink2_counts_the_same_genotypes(
    stratum: str,
    testdata: Path,
    chr20: pl.DataFrame,
    people: dict[str, tuple[str, str]],
    tmp_path: Path,
) -> None:
    path = testdata / "genotypes" / "1kg_chr20_300.GRCh37.vcf.gz"
    wanted = stratum.partition("=")[2]
    chosen = [name for name, facts in people.items() if not wanted or wanted in facts]
    (tmp_path / "keep.txt").write_text("".join(f"{name}\n" for name in chosen))
    command = [tool("plink2"), "--vcf", str(path), "--keep", "keep.txt", "--out", "counts"]
    command += ["--geno-counts", "cols=chrom,pos,ref,alt,homref,refalt1,homalt1"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    found = stratum_figures(chr20, stratum)
    compared = 0
    with (tmp_path / "counts.gcount").open() as table:
        for row in csv.DictReader(table, delimiter="\t"):
            key = normalise("20", int(row["POS"]), row["REF"], row["ALT"], None)
            het, hom = int(row["HET_REF_ALT1_CT"]), int(row["HOM_ALT1_CT"])
            an = 2 * (int(row["HOM_REF_CT"]) + het + hom)
            ours = found.get((key.pos, key.ref, key.alt))
            # A variant that nobody carries is not in the base; plink2 lists every line.
            assert ours is None or ours == [het + 2 * hom, an, het, hom]
            assert ours is not None or (stratum == "all" and het + hom == 0) or het + hom == 0
            compared += ours is not None
    assert compared == len(found)


def test_fill_tags_counts_the_same_by_sex(
    testdata: Path, chr20: pl.DataFrame, people: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    path = testdata / "genotypes" / "1kg_chr20_300.GRCh37.vcf.gz"
    with pysam.VariantFile(str(path)) as file:
        samples = list(file.header.samples)
    groups = tmp_path / "groups.txt"
    groups.write_text("".join(f"{name}\t{people[name][0]}\n" for name in samples))
    out = tmp_path / "filled.vcf"
    command = [tool("bcftools"), "+fill-tags", str(path), "-Ov", "-o", str(out)]
    command += ["--", "-S", str(groups), "-t", "AC,AN,AC_Het,AC_Hom"]
    subprocess.run(command, check=True, capture_output=True)
    by = {
        name: stratum_figures(chr20, f"sex={name}")
        for name in sorted({people[name][0] for name in samples})
    }
    compared = 0
    with pysam.VariantFile(str(out)) as file:
        for record in file:
            key = normalise("20", record.pos, record.ref or "", (record.alts or ("",))[0], None)
            for name, found in by.items():
                ours = found.get((key.pos, key.ref, key.alt))
                if ours is None:
                    assert record.info[f"AC_{name}"][0] == 0
                    continue
                ac, an, het, hom = ours
                assert ac == record.info[f"AC_{name}"][0]
                assert an == record.info[f"AN_{name}"]
                assert het == record.info[f"AC_Het_{name}"][0]
                assert 2 * hom == record.info[f"AC_Hom_{name}"][0]
                compared += 1
    assert compared == sum(map(len, by.values())) > 40_000


def test_exons_of_another_assembly_are_refused(testdata: Path, tmp_path: Path) -> None:
    # The file is NCBI36: 12 of its positions lie beyond GRCh37's chromosome 19.
    path = testdata / "genotypes" / "ceu_exon_90.vcf.gz"
    unsexed = dict.fromkeys(pysam.VariantFile(str(path)).header.samples, ("unknown", "CEU"))
    with pytest.raises(BatchRefused, match="too_many_defects"):
        counted(path, tmp_path, unsexed)


@pytest.mark.parametrize(
    "name",
    [
        "giab_ashkenazim_trio.GRCh37.vcf.gz",
        "hail_sample2_multiallelic.vcf",
        "pfeiffer_exome.GRCh37.vcf.gz",
    ],
)
def test_autosomes_equal_a_plain_recount(name: str, testdata: Path, tmp_path: Path) -> None:
    path = testdata / "genotypes" / name
    with pysam.VariantFile(str(path)) as file:
        samples = list(file.header.samples)
    base = counted(path, tmp_path, dict.fromkeys(samples, ("unknown", "one")))
    found = {
        (contig, *key): (ac, raw)
        for contig, *key, ac, raw in base.filter(pl.col("stratum") == "all")
        .select("contig", *KEY, "ac", "ac_raw")
        .rows()
        if contig not in ("X", "Y", "M")
    }
    plain = read_file(path, kind="germline", callability="sites", assembly="GRCh37")
    expected: Counter[tuple[str, int, str, str]] = Counter()
    passing: Counter[tuple[str, int, str, str]] = Counter()
    for sample in samples:
        for key, dosage in plain.calls(sample, 2, False).items():
            expected[key.contig, key.pos, key.ref, key.alt] += dosage
        for key, dosage in plain.calls(sample, 2, True).items():
            passing[key.contig, key.pos, key.ref, key.alt] += dosage
    autosomal = {key for key in expected if key[0] not in ("X", "Y", "M")}
    assert found == {key: (passing[key], expected[key]) for key in autosomal}
    assert len(found) > 50

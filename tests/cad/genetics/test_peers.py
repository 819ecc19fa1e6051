"""Genetic analyses of Hail's own test files give the values that are expected of them elsewhere.

HWE, mendel, TDT and the regressions go the whole way from a batch to SQL. SKAT and PC-Relate are
compared with what packages of R gave, by the functions that the analyses call. EPACTS's covariates
are not in the file, so that regressions are compared with fits made here.
"""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest
from scipy.stats import chi2, t

from cad.analyse import analyse
from cad.build.run import build_base
from cad.cohort.select import latest_cohort
from cad.genetics.people import choose_people
from cad.genetics.phenotypes import covariate_values, phenotype_values
from cad.registry.engine import reading
from cad.sql_access import open_sql
from cad.statistics.firth import firth_logistic
from cad.warehouse import Warehouse
from tests.cad.genetics.peers import EVERY, warehouse_of_peers

pytestmark = [pytest.mark.usefixtures("hail"), pytest.mark.slow, pytest.mark.realdata]
EPACTS = "regressionLogisticEpacts"
FEW = 3
"""Carriers, all of whom are affected or none: there is no end to such a fit."""
Row = dict[str, Any]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Epacts = tuple[dict[int, Floats], Floats, Floats]


@pytest.fixture(scope="module")
def peers(testdata: Path) -> Path:
    return testdata / "peers" / "hail"


@pytest.fixture(scope="module")
def warehouse(
    peers: Path, tmp_path_factory: pytest.TempPathFactory, hail: None
) -> Iterator[Warehouse]:
    with warehouse_of_peers(tmp_path_factory.mktemp("peers"), peers) as made:
        build_base(made)
        yield made


@pytest.fixture(scope="module")
def families(warehouse: Warehouse) -> Warehouse:
    analyse(warehouse, ["hwe", "mendel", "tdt"], "industry")
    return warehouse


def asked(warehouse: Warehouse, purpose: str, query: str) -> list[Row]:
    with open_sql(warehouse, purpose) as sql:
        return sql.ask(query).rows.to_pylist()


def test_hardy_weinberg_equals_hails_expected_values(families: Warehouse) -> None:
    expected = {
        2: (0.25, 0.5),
        3: (0.5357142857142857, 0.21428571428571427),
        4: (0.5714285714285714, 0.6571428571428573),
        5: (0.3333333333333333, 0.5),
    }
    rows = asked(families, "industry", "FROM analysis_hwe WHERE contig = '20' AND pos < 7")
    assert {row["pos"]: (row["expected_het"], row["p_value"]) for row in rows} == {
        pos: pytest.approx(values, rel=1e-12) for pos, values in expected.items()
    }


def test_mendelian_errors_equal_hails(families: Warehouse, peers: Path) -> None:
    hl, errors = import_module("hail"), import_module("cad.genetics.mendel").errors
    matrix = hl.import_vcf(str(peers / "mendel.vcf"), reference_genome="GRCh37")
    pedigree = hl.Pedigree.read(str(peers / "mendel.fam"))
    expected = {
        (row.locus.contig, row.locus.position, row.s): row.mendel_code
        for row in errors(matrix, pedigree).collect()
    }
    # As Hail's own test has them.
    assert Counter(child for _, _, child in expected) == {"Son1": 23, "Dtr1": 18}
    query = "SELECT m.*, person_id FROM analysis_mendel AS m JOIN samples USING (sample)"
    ours = {
        (row["contig"], row["pos"], row["person_id"].removeprefix("mendel:")): row["mendel_code"]
        for row in asked(families, "industry", query)
        if row["person_id"].startswith("mendel:")
    }
    # Y is not looked at, and on X a man is not heterozygous (DESIGN 5.5).
    lost = {key for key in expected if key[0] == "Y"} | {("X", 3, "Son1")}
    assert ours == {key: code for key, code in expected.items() if key not in lost}


def test_transmission_equals_hails_expected_values(families: Warehouse, peers: Path) -> None:
    ours = {
        (row["contig"], row["pos"], row["ref"], row["alt"]): row
        for row in asked(families, "industry", "FROM analysis_tdt")
    }
    with (peers / "tdt_results.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    expected = {
        (row["CHROM"], int(row["POSITION"]), row["REF"], row["ALT"]): row
        for row in rows
        if row["Chi2"] != "NaN"
    }
    with pysam.VariantFile(str(peers / "mendel.vcf")) as file:
        others = {(record.chrom, record.pos) for record in file}
    assert {key for key in ours if key[:2] not in others} == set(expected)
    assert len(expected) == 40
    for key, row in expected.items():
        told = (ours[key]["transmitted"], ours[key]["untransmitted"])
        assert told == (int(row["T"]), int(row["U"])), key
        assert ours[key]["chi_square"] == pytest.approx(float(row["Chi2"]), abs=1e-3)
        assert ours[key]["p_value"] == pytest.approx(float(row["Pval"]), rel=1e-3)


@pytest.fixture(scope="module")
def epacts(peers: Path) -> Epacts:
    """Genotypes by position, a missing one as the others' mean; the phenotype; sex."""
    told = {
        row[1]: row for row in map(str.split, (peers / f"{EPACTS}.fam").read_text().splitlines())
    }
    with pysam.VariantFile(str(peers / f"{EPACTS}.vcf")) as file:
        people = [told.get(name) for name in file.header.samples]
        kept = [
            at
            for at, row in enumerate(people)
            if at % EVERY == 0 and row and row[5] in "12" and row[4] in "12"
        ]
        genotypes = {}
        for record in file:
            calls = [record.samples[at]["GT"] for at in kept]
            alleles = np.array([np.nan if None in call else sum(call) for call in calls], float)
            genotypes[record.pos] = np.where(np.isnan(alleles), np.nanmean(alleles), alleles)
    y = np.array([people[at][5] == "2" for at in kept], float)
    sex = np.array([people[at][4] == "1" for at in kept], float)
    return genotypes, y, sex


def fit(design: Floats, y: Floats) -> tuple[Floats, Floats, float]:
    """Newton's way to the logistic model: coefficients, information, logarithm of likelihood."""
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        mean = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ (design * (mean * (1 - mean))[:, None])
        beta = beta + np.linalg.solve(information, design.T @ (y - mean))
    likelihood = float(np.log(np.where(y == 1, mean, 1 - mean)).sum())
    return beta, information, likelihood


def logistic_chance(test: str, x: Floats, y: Floats, sex: Floats) -> float:
    null = np.column_stack([np.ones(len(y)), sex])
    whole = np.column_stack([null, x])
    of_null, _, without = fit(null, y)
    if test == "score":
        mean = 1 / (1 + np.exp(-null @ of_null))
        information = whole.T @ (whole * (mean * (1 - mean))[:, None])
        score = whole.T @ (y - mean)
        return float(chi2.sf(score @ np.linalg.solve(information, score), 1))
    beta, information, likelihood = fit(whole, y)
    if test == "lrt":
        return float(chi2.sf(2 * (likelihood - without), 1))
    return float(chi2.sf(beta[2] ** 2 / np.linalg.inv(information)[2, 2], 1))


@pytest.fixture(scope="module")
def regressions(warehouse: Warehouse) -> dict[str, list[Row]]:
    """Rows by test: Wald's the whole way, the others on the same genotypes."""
    analyse(warehouse, ["regression"], "care", {"test": "wald"})
    found = {"wald": asked(warehouse, "care", "FROM analysis_regression")}
    study, run = (import_module(f"cad.genetics.{name}") for name in ("genotypes", "regression"))
    session = import_module("cad.hail_session").hail_session
    with session(warehouse.settings) as hail, latest_cohort(warehouse) as cohort:
        with reading(warehouse.engine) as connection:
            people = choose_people(connection, warehouse, cohort.commit_no, "care")
            own = people.participants
            y = phenotype_values(connection, cohort.commit_no, own, "affected")
        numbers = {"phenotype": y, **covariate_values(own, ["sex"], {})}
        for test in ("lrt", "score", "firth", "linear"):
            told = {"model": "linear" if test == "linear" else "logistic", "test": test}
            of_one = (hail, people, "GRCh37", told | {"min_ac": 1}, numbers)
            (table,) = run.run(study.Study(*of_one)).values()
            found[test] = table.to_pylist()
    return found


@pytest.mark.parametrize("test", ["wald", "lrt", "score"])
def test_logistic_regression_equals_a_fit_made_here(
    regressions: dict[str, list[Row]], epacts: Epacts, test: str
) -> None:
    genotypes, y, sex = epacts
    compared = 0
    for row in regressions[test]:
        x = genotypes[row["pos"]]
        assert row["n"] == len(y)
        assert row["ac"] == x.sum()
        if x.sum() < FEW:
            assert test == "score" or not row["converged"]
            continue
        compared += 1
        assert row["converged"]
        assert row["p_value"] == pytest.approx(logistic_chance(test, x, y, sex), rel=1e-5)
        if test == "wald":
            beta, information, _ = fit(np.column_stack([np.ones(len(y)), sex, x]), y)
            error = np.sqrt(np.linalg.inv(information)[2, 2])
            assert (row["beta"], row["standard_error"]) == pytest.approx((beta[2], error), rel=1e-5)
    assert compared >= 3


def test_firth_equals_another_implementation(
    regressions: dict[str, list[Row]], epacts: Epacts
) -> None:
    genotypes, y, sex = epacts
    for row in regressions["firth"]:
        x: Any = genotypes[row["pos"]]
        own = firth_logistic(y == 1, x, [("sex", sex)])
        assert own is not None
        assert row["beta"] == pytest.approx(own.beta, rel=1e-3)
        assert row["p_value"] == pytest.approx(own.p, rel=1e-3)


def test_linear_regression_is_least_squares(
    regressions: dict[str, list[Row]], epacts: Epacts
) -> None:
    genotypes, y, sex = epacts
    assert len(regressions["linear"]) == len(genotypes)
    for row in regressions["linear"]:
        design = np.column_stack([np.ones(len(y)), sex, genotypes[row["pos"]]])
        beta, residual, _, _ = np.linalg.lstsq(design, y, rcond=None)
        freedom = len(y) - 3
        error = np.sqrt(residual[0] / freedom * np.linalg.inv(design.T @ design)[2, 2])
        chance = 2 * t.sf(abs(beta[2] / error), freedom)
        told = (row["beta"], row["standard_error"], row["p_value"])
        assert told == pytest.approx((beta[2], error, chance), rel=1e-6)


def test_pc_relate_equals_the_package_of_r(peers: Path) -> None:
    hl, related = import_module("hail"), import_module("cad.genetics.relatedness").related
    matrix = hl.import_vcf(
        str(peers / "pc_relate_bn_input.vcf.bgz"), reference_genome="GRCh37", force_bgz=True
    )
    _, scores, _ = hl.hwe_normalized_pca(matrix.GT, k=2)
    ours = {(row.sample, row.other): row for row in related(matrix, scores, -9.0, 0.0).collect()}
    with gzip.open(peers / "pc_relate_r_truth.tsv.bgz", "rt") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    assert len(rows) == len(ours) == 4950
    # As near as Hail's own test asks for.
    for column, name, near in (
        ("kin", "kinship", 1e-3), ("ibd0", "ibd0", 1.3e-2), ("ibd1", "ibd1", 2.6e-2),
        ("ibd2", "ibd2", 1.3e-2),
    ):  # fmt: skip
        for row in rows:
            one, other = sorted(int(json.loads(row[person])["s"]) for person in ("i", "j"))
            assert ours[one, other][name] == pytest.approx(float(row[column]), abs=near)


def test_skat_equals_its_definition(peers: Path) -> None:
    hl, tests = import_module("hail"), import_module("cad.genetics.gene").kernel_tests
    genotypes = np.loadtxt(peers / "skat_genotype_matrix.csv", np.int32, delimiter=",")[:300, :20]
    values = np.loadtxt(peers / "skat_phenotypes.csv")[:300]
    persons, variants = genotypes.shape
    matrix = hl.utils.range_matrix_table(variants, persons, n_partitions=1)
    chosen = hl.literal(genotypes.T.tolist())[matrix.row_idx][matrix.col_idx]
    matrix = matrix.annotate_entries(GT=hl.unphased_diploid_gt_index_call(chosen))
    y = hl.literal(values.tolist())[matrix.col_idx]
    (found,) = tests(matrix, hl.literal("one"), hl.literal(1.0), y, [1.0], False).collect()
    residual = values - values.mean()
    spread = residual @ residual / (persons - 1)
    expected = ((genotypes.T @ residual) ** 2).sum() / (2 * spread)
    assert found.q_statistic == pytest.approx(expected, rel=1e-9)
    # Under no effect it is a sum of chi-squares, weighed by these eigenvalues (Wu 2011).
    centred = genotypes - genotypes.mean(axis=0)
    weights = np.linalg.eigvalsh(centred.T @ centred) / 2
    draws = np.random.default_rng(1).chisquare(1, (100_000, variants)) @ weights
    assert found.skat_p == pytest.approx(float((draws >= expected).mean()), abs=0.01)


def test_skat_with_covariates_and_weights_equals_the_package_of_r() -> None:
    hl, tests = import_module("hail"), import_module("cad.genetics.gene").kernel_tests
    alleles = [[0, 1, 0, 0, 0], [1, 0, 0, 0, 0], [0, 1, 2, 0, 2], [1, 0, 0, 2, 1]]
    matrix = hl.utils.range_matrix_table(4, 5)
    chosen = hl.literal(alleles)[matrix.row_idx][matrix.col_idx]
    matrix = matrix.annotate_entries(GT=hl.unphased_diploid_gt_index_call(chosen))
    y, first, second = (
        hl.literal(values)[matrix.col_idx]
        for values in ([3.0, 4, 6, 4, 1], [1.0, 3, 0, 6, 1], [2.0, 4, 9, 1, 1])
    )
    weight = hl.literal([1.0, 2, 1, 1])[matrix.row_idx]
    (small,) = tests(matrix, hl.literal("g"), weight, y, [1.0, first, second], False).collect()
    assert small.q_statistic == pytest.approx(3.404505, abs=5e-7)
    assert small.skat_p == pytest.approx(0.2497489, abs=1e-5)

"""Genetic analyses: what was planted in families is found, all the way from a batch to SQL."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pysam
import pytest
from scipy.stats import t

from cad.analyse import analyse
from cad.annotation.load import add_annotation
from cad.build.run import build_base
from cad.genetics.parameters import PARAMETERS
from cad.push import push_batch
from cad.sql_access import open_sql
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from schemas.errors import BadQuestion, NotFound
from tests.base.engines import HAIL_SETTINGS
from tests.cad.genetics.families import GENE, PER_CONTIG, RARE, Simulated, simulate

pytestmark = [pytest.mark.usefixtures("hail"), pytest.mark.slow]

GFF = (
    "##gff-version 3\n"
    f"chr{GENE[1]}\tH\tgene\t{GENE[2]}\t{GENE[3]}\t.\t-\t.\t"
    f"ID=ENSG1.1;gene_name={GENE[0]};gene_type=lncRNA\n"
)
HEIGHT = "measurement:local:http://loinc.org|8302-2"
Row = dict[str, Any]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return simulate(tmp_path_factory.mktemp("families") / "batch")


@pytest.fixture(scope="module")
def analysed(
    simulated: Simulated, tmp_path_factory: pytest.TempPathFactory, hail: None
) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("analysed")
    (folder / "genes.gff3").write_text(GFF)
    with Warehouse.create(folder / "warehouse", "GRCh38", settings=HAIL_SETTINGS) as made:
        push_batch(made, simulated.batch)
        add_annotation(made, "genes", folder / "genes.gff3", "1")
        build_base(made)
        analyse(made, list(PARAMETERS), "research", {"max_af": 0.03, "components": 3})
        told = {"phenotype": HEIGHT, "model": "linear", "covariates": ["age_years", "sex", "pc2"]}
        analyse(made, ["regression"], "research", told)
        yield made


def asked(warehouse: Warehouse, query: str) -> list[Row]:
    with open_sql(warehouse, "research") as sql:
        return sql.ask(query).rows.to_pylist()


def numbers(warehouse: Warehouse) -> dict[int, int]:
    """The person's number in the simulation, by sample number."""
    rows = asked(warehouse, "SELECT sample, sample_id FROM samples")
    return {row["sample"]: int(row["sample_id"][1:]) for row in rows}


def test_planted_new_variants_are_found_in_their_children(
    analysed: Warehouse, simulated: Simulated
) -> None:
    rows = asked(analysed, "SELECT * FROM analysis_de_novo")
    person = numbers(analysed)
    found = {
        (row["contig"], row["pos"], row["ref"], row["alt"]): person[row["sample"]] for row in rows
    }
    assert found == simulated.de_novo
    assert all(row["posterior"] > 0.9 for row in rows)


def test_mendelian_errors_are_the_new_variants_and_no_other(
    analysed: Warehouse, simulated: Simulated
) -> None:
    rows = asked(analysed, "SELECT * FROM analysis_mendel WHERE contig <> 'X'")
    person = numbers(analysed)
    found = {
        (row["contig"], row["pos"], row["ref"], row["alt"]): person[row["sample"]] for row in rows
    }
    assert found == simulated.de_novo
    assert {row["mendel_code"] for row in rows} == {2}
    assert asked(analysed, "SELECT * FROM analysis_mendel WHERE contig = 'X'") == []


def test_the_wrong_sex_is_told(analysed: Warehouse, simulated: Simulated) -> None:
    rows = asked(analysed, "SELECT * FROM analysis_sex")
    person = numbers(analysed)
    assert {person[row["sample"]]: row["inferred"] for row in rows} == dict(
        enumerate(simulated.sexes)
    )
    wrong = [person[row["sample"]] for row in rows if row["inferred"] != row["declared"]]
    assert wrong == [simulated.persons - 1]


def test_relatives_are_found_and_parents_kept(analysed: Warehouse, simulated: Simulated) -> None:
    person = numbers(analysed)
    expected = set()
    for family in simulated.families:
        for child in family.children:
            expected |= {(family.father, child), (family.mother, child)}
    expected.add(simulated.families[0].children)
    rows = asked(analysed, "SELECT * FROM analysis_relatedness WHERE king > 0.177")
    assert {(person[row["sample"]], person[row["other"]]) for row in rows} == expected
    kept = {
        person[row["sample"]]
        for row in asked(analysed, "SELECT sample FROM analysis_unrelated WHERE unrelated")
    }
    pairs = asked(analysed, "SELECT sample, other FROM analysis_relatedness")
    assert not [row for row in pairs if {person[row["sample"]], person[row["other"]]} <= kept]
    children = {child for family in simulated.families for child in family.children}
    assert not kept & children
    assert len(kept) > len(children)


def test_components_hold_everybody_and_founders_make_them(
    analysed: Warehouse, simulated: Simulated
) -> None:
    rows = asked(analysed, "SELECT * FROM analysis_pca")
    children = sum(len(family.children) for family in simulated.families)
    assert len(rows) == 3 * simulated.persons
    assert sum(not row["founder"] for row in rows) == 3 * children
    assert all(np.isfinite(row["score"]) for row in rows)
    values = [row["eigenvalue"] for row in asked(analysed, "FROM analysis_pca_variance")]
    assert values == sorted(values, reverse=True)
    assert len(values) == 3


def test_the_causal_variant_and_the_gene_stand_out(
    analysed: Warehouse, simulated: Simulated
) -> None:
    first, *_ = asked(
        analysed,
        "SELECT r.* FROM analysis_regression AS r JOIN analyses AS a USING (analysis) "
        "WHERE parameters LIKE '%logistic%' AND p_value IS NOT NULL ORDER BY p_value LIMIT 1",
    )
    assert (first["contig"], first["pos"], first["ref"], first["alt"]) == simulated.causal
    assert first["beta"] > 0
    assert first["p_value"] < 1e-4
    (gene,) = asked(analysed, "SELECT * FROM analysis_gene")
    assert (gene["gene"], gene["variants"]) == (GENE[0], RARE)
    assert gene["carriers"] <= RARE
    assert 0 < gene["skat_p"] <= 1
    assert gene["burden_beta"] > 0
    assert gene["burden_p"] < 0.1


def test_a_measurement_is_regressed_by_least_squares(
    analysed: Warehouse, simulated: Simulated
) -> None:
    with pysam.VariantFile(str(simulated.batch / "joint.vcf")) as file:
        genotypes = {
            (record.chrom, record.pos): [sum(one["GT"]) for one in record.samples.values()]
            for record in file
        }
    person = numbers(analysed)
    scores = asked(analysed, "FROM analysis_pca WHERE component = 2")
    second = {person[row["sample"]]: row["score"] for row in scores}
    rows = asked(
        analysed,
        "SELECT r.* FROM analysis_regression AS r JOIN analyses AS a USING (analysis) "
        "WHERE parameters LIKE '%linear%'",
    )
    people = range(simulated.persons)
    declared = [*simulated.sexes[:-1], "XY"]
    others = [
        [1.0] * simulated.persons,
        simulated.ages,
        [sex == "XY" for sex in declared],
        [second[one] for one in people],
    ]
    y = np.array(simulated.heights)
    assert len(rows) > 3 * PER_CONTIG
    for row in rows[:: len(rows) // 40]:
        design = np.array([*others, genotypes[f"chr{row['contig']}", row["pos"]]], float).T
        beta, residual, _, _ = np.linalg.lstsq(design, y, rcond=None)
        freedom = simulated.persons - design.shape[1]
        error = np.sqrt(residual[0] / freedom * np.linalg.inv(design.T @ design)[-1, -1])
        chance = 2 * t.sf(abs(beta[-1] / error), freedom)
        told = (row["beta"], row["standard_error"], row["p_value"])
        assert told == pytest.approx((beta[-1], error, chance), rel=1e-5)


def test_founders_keep_hardy_weinberg_proportions(
    analysed: Warehouse, simulated: Simulated
) -> None:
    (row,) = asked(
        analysed,
        "SELECT count(*) AS n, avg((p_value < 0.05)::INT) AS low, max(n) AS founders "
        "FROM analysis_hwe",
    )
    children = sum(len(family.children) for family in simulated.families)
    assert row["n"] > 900
    assert row["low"] < 0.08
    assert row["founders"] == simulated.persons - children


def test_runs_tell_what_they_were_made_of_and_are_not_made_twice(analysed: Warehouse) -> None:
    rows = asked(analysed, "SELECT * FROM analyses ORDER BY analysis")
    assert [row["name"] for row in rows] == [*PARAMETERS, "regression"]
    told = json.loads(rows[0]["parameters"])
    assert told["components"] == 3
    assert set(json.loads(rows[0]["versions"])) == {"cad-warehouse", "hail", "pyspark"}
    ((row, there),) = analyse(analysed, ["hwe"], "research")
    assert there
    assert row.analysis_no == rows[-2]["analysis"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"phenotype": "HPO:HP:0001250"}, "phenotype_unknown"),
        ({"phenotype": "height"}, "phenotype_unknown"),
        ({"covariates": ["pc9"]}, "covariate_unknown"),
        ({"colour": "blue"}, "parameter_unknown"),
        ({"test": "lucky"}, "parameter_unknown"),
    ],
)
def test_what_cannot_be_run_is_refused(
    given: dict[str, Any], reason: str, analysed: Warehouse
) -> None:
    with pytest.raises(BadQuestion) as refused:
        analyse(analysed, ["regression"], "research", given)
    assert refused.value.reason == reason


def test_who_did_not_consent_takes_no_part(analysed: Warehouse) -> None:
    with pytest.raises(NotFound) as refused:
        analyse(analysed, ["hwe"], "industry")
    assert refused.value.reason == "nobody_takes_part"


def test_the_unrelated_are_a_stratum_and_who_withdraws_leaves_no_run_behind(
    analysed: Warehouse, simulated: Simulated
) -> None:
    (kept,) = asked(analysed, "SELECT count(*) AS n FROM analysis_unrelated WHERE unrelated")
    build_base(analysed)
    rows = asked(analysed, "SELECT max(persons) AS n FROM frequencies WHERE stratum='unrelated=1'")
    assert rows == [kept]
    assert list(analysed.lake.folder.rglob("analysis_*.parquet"))
    withdraw(analysed, f"P{simulated.persons - 2}")
    assert asked(analysed, "SELECT * FROM analyses") == []
    build_base(analysed)
    assert list(analysed.lake.folder.rglob("analysis_*.parquet")) == []
    assert asked(analysed, "SELECT * FROM strata WHERE stratum = 'unrelated=1'") == []

"""Genetic analyses: what was planted is found, and Hail's own expected values come out.

The families go the whole way, from a batch to SQL; the peers' files straight to the functions that
the analyses call.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cad.analyse import analyse
from cad.annotation.load import add_annotation
from cad.build.run import build_base
from cad.genetics.parameters import PARAMETERS
from cad.push import push_batch
from cad.sql_access import open_sql
from cad.warehouse import Warehouse
from schemas.errors import BadQuestion, NotFound
from tests.base.engines import HAIL_SETTINGS
from tests.cad.genetics.families import GENE, RARE, Simulated, simulate

pytestmark = [pytest.mark.usefixtures("hail"), pytest.mark.slow]

GFF = (
    "##gff-version 3\n"
    f"chr{GENE[1]}\tH\tgene\t{GENE[2]}\t{GENE[3]}\t.\t-\t.\t"
    f"ID=ENSG1.1;gene_name={GENE[0]};gene_type=lncRNA\n"
)
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
        "SELECT * FROM analysis_regression WHERE p_value IS NOT NULL ORDER BY p_value LIMIT 1",
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
    assert [row["name"] for row in rows] == list(PARAMETERS)
    told = json.loads(rows[0]["parameters"])
    assert told["components"] == 3
    assert set(json.loads(rows[0]["versions"])) == {"cad-warehouse", "hail", "pyspark"}
    ((row, there),) = analyse(analysed, ["hwe"], "research")
    assert there
    assert row.analysis_no == rows[-1]["analysis"]


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


@pytest.fixture(scope="module")
def peers(testdata: Path) -> Path:
    return testdata / "peers" / "hail"


@pytest.mark.realdata
def test_hardy_weinberg_equals_hails_expected_values(peers: Path) -> None:
    import hail as hl  # noqa: PLC0415

    from cad.genetics.hwe import proportions  # noqa: PLC0415

    matrix = hl.import_vcf(str(peers / "HWE_test.vcf"), reference_genome="GRCh37")
    found = {row.locus.position: row for row in proportions(matrix).collect()}
    expected = {
        1: (0.0, 0.5),
        2: (0.25, 0.5),
        3: (0.5357142857142857, 0.21428571428571427),
        4: (0.5714285714285714, 0.6571428571428573),
        5: (0.3333333333333333, 0.5),
    }
    for pos, (share, p_value) in expected.items():
        assert found[pos].expected_het == pytest.approx(share)
        assert found[pos].p_value == pytest.approx(p_value)
    assert found[6].n == 0


@pytest.mark.realdata
def test_mendelian_errors_equal_hails_expected_counts(peers: Path) -> None:
    import hail as hl  # noqa: PLC0415

    from cad.genetics.mendel import errors  # noqa: PLC0415

    matrix = hl.import_vcf(str(peers / "mendel.vcf"), reference_genome="GRCh37")
    pedigree = hl.Pedigree.read(str(peers / "mendel.fam"))
    found = errors(matrix, pedigree).collect()
    assert len(found) == 41
    by_child = {name: sum(row.s == name for row in found) for name in ("Son1", "Dtr1")}
    assert by_child == {"Son1": 23, "Dtr1": 18}

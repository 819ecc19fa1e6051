"""Genotypes and analyses of a project: its own persons, under its own pseudonyms, and no others."""

from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from cad.audit.verify import read_entries
from cad.build.run import build_base
from cad.cohort.project import pseudonym, read_project
from cad.projects import approve_project, create_project
from cad.push import push_batch
from cad.registry.engine import reading
from cad.settings import Settings
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from tests.api.asking import key_for
from tests.base.engines import HAIL_SETTINGS
from tests.batch_dir import BatchDir, vcf
from tests.cli import cad_json

pytestmark = [pytest.mark.usefixtures("hail"), pytest.mark.slow]
ENDS = date(2126, 12, 31)


def trio(folder: Path) -> Path:
    """A family of whom only the father did not consent to research."""
    made = BatchDir(folder)
    made.put("wgs.bed", b"chr22\t0\t1000\nchrX\t0\t6000000\n")
    text = vcf(
        "M",
        "F",
        "C",
        lines=(
            "chr22 100 . A G . . . GT:DP:GQ:AD 0/1:30:50:14,16 1/1:20:40:0,20 0/0:30:50:30,0",
            "chr22 150 . C T . . . GT:DP:GQ:AD 0/0:30:50:30,0 0/0:30:50:30,0 0/1:40:60:21,19",
            "chr22 160 . C T . . . GT:DP:GQ:AD 0/0:30:9:30,0 0/0:30:50:30,0 1/1:40:60:0,40",
            "chrX 5000000 . C T . . . GT:DP:GQ:AD 0/1:40:60:20,20 1:40:60:0,40 1/1:40:60:0,40",
        ),
    ).decode()
    numbers = "".join(
        f'##FORMAT=<ID={name},Number={count},Type=Integer,Description="d">\n'
        for name, count in (("DP", 1), ("GQ", 1), ("AD", "R"))
    )
    text = text.replace("#CHROM", f"##contig=<ID=chrX,length=156040895>\n{numbers}#CHROM")
    made.add("trio.vcf", text.encode(), callability="bed", callable_bed="wgs.bed")
    made.sheet(
        "sample_id|person_id|sex|father_id|mother_id|affected",
        "M|P-M|XX|||0", "F|P-F|XY|||0", "C|P-C|XX|P-F|P-M|1",
    )  # fmt: skip
    given = [f"P-{name}|research|given|2026-01-01" for name in "MC"]
    made.sheet("person_id|scope|status|signed_on", *given, name="consents.tsv")
    return made.write()


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("projects")
    with Warehouse.create(folder / "w", "GRCh38", settings=HAIL_SETTINGS) as made:
        push_batch(made, trio(folder / "batch"))
        build_base(made)
        create_project(made, "P", title="t", purpose="research", scope={}, ends_on=ENDS)
        yield made


@pytest.fixture(scope="module")
def called(warehouse: Warehouse) -> tuple[str, str]:
    """What the project calls the mother and the child; it is approved now."""
    wanted = ("analyse", "sex", "--purpose", "research", "--project", "P")
    refused = cad_json(*wanted, "-w", warehouse.path, code=1)
    assert refused["reason"] == "project_not_open"
    approve_project(warehouse, "P", "Committee")
    with reading(warehouse.engine) as connection:
        key = read_project(connection, "P").key
    return pseudonym(key, "P-M"), pseudonym(key, "P-C")


def test_a_project_gets_the_genotypes_of_its_scope_under_its_pseudonyms(
    warehouse: Warehouse, called: tuple[str, str], tmp_path: Path
) -> None:
    (mother, child), out = called, tmp_path / "P.mt"
    told = ("--genotypes", "--purpose", "research", "--project", "P", "-w", warehouse.path)
    cad_json("export", "hail", "-o", out, *told)
    matrix = import_module("hail").read_matrix_table(str(out))
    assert {tuple(row.values()) for row in matrix.cols().collect()} == {
        (mother, "XX", "0", True, None, None),
        (child, "XX", "1", False, None, mother),
    }
    found = {
        (row.locus.position, row.s): (row.GT and row.GT.n_alt_alleles(), row.DP, row.GQ, row.AD)
        for row in matrix.entries().collect()
    }
    assert found == {
        (100, mother): (1, 30, 50, [14, 16]),
        (100, child): (0, None, None, None),
        (150, mother): (0, None, None, None),
        (150, child): (1, 40, 60, [21, 19]),
        (160, mother): (None, None, None, None),
        (160, child): (2, 40, 60, [0, 40]),
        (5_000_000, mother): (1, 40, 60, [20, 20]),
        (5_000_000, child): (2, 40, 60, [0, 40]),
    }


def test_a_project_reads_its_own_analyses_over_http(
    warehouse: Warehouse, called: tuple[str, str]
) -> None:
    mother, child = called
    given = ("--purpose", "research", "-w", warehouse.path)
    (run,) = cad_json("analyse", "sex", "--project", "P", *given)["analyses"]
    (again,) = cad_json("analyse", "sex", "--project", "P", *given)["analyses"]
    assert (again["analysis"], again["unchanged"]) == (run["analysis"], True)
    (other,) = cad_json("analyse", "sex", *given)["analyses"]
    assert (run["project"], other["project"], other["unchanged"]) == ("P", None, False)
    ours = key_for(warehouse, "researcher", "ours", projects=["P"])
    query = {"purpose": "research", "project": "P"}
    with TestClient(create_app(Settings(warehouse=warehouse.path))) as client:
        listed = client.get("/v1/analyses", params=query, headers=ours).json()["analyses"]
        assert [(one["analysis"], one["tables"]) for one in listed] == [
            (run["analysis"], ["analysis_sex"])
        ]
        address = f"/v1/analyses/{run['analysis']}/analysis_sex"
        found = client.get(address, params=query, headers=ours).json()
        assert found["total"] == 2
        assert {row["person"]: row["declared"] for row in found["rows"]} == {
            mother: "XX", child: "XX",
        }  # fmt: skip
        part = client.get(address, params={**query, "offset": 1, "limit": 5}, headers=ours).json()
        assert part["rows"] == found["rows"][1:]
        for place in (f"/v1/analyses/{other['analysis']}/analysis_sex", f"{address}_and_more"):
            answer = client.get(place, params=query, headers=ours)
            assert (answer.status_code, answer.json()["reason"]) == (404, "analysis_unknown")
        for role, projects, asked, reason in (
            ("researcher", [], query, "not_allowed"),
            ("researcher", ["P"], {"purpose": "research"}, "project_needed"),
            ("clinician", [], {"purpose": "care"}, "not_allowed"),
        ):
            scope = {"projects": projects} if projects else {}
            key = key_for(warehouse, role, f"a {role} {reason}", **scope)
            refused = client.get(address, params=asked, headers=key)
            assert (refused.status_code, refused.json()["reason"]) == (403, reason)
        # Who is no longer in the scope takes what they took part in along.
        withdraw(warehouse, "P-C")
        assert client.get("/v1/analyses", params=query, headers=ours).json() == {"analyses": []}
    entry = read_entries(warehouse)[-1]
    assert (entry["what"], entry["project"]) == ("analyses", "P")

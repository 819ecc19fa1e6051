"""Whoever has no scope changes no answer for that purpose: as if they had never been pushed."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cad.releases.create import create_release
from cad.warehouse import Warehouse
from tests.cad.questions.cohorts import phenotyped
from tests.cli import cad, cad_json
from tests.planted import SITES, Planted, plant

Words = tuple[str, ...]

PHENOTYPED: tuple[Words, ...] = (
    ("variant", "22-1000-A-G"),
    ("region", "22:1-2000"),
    ("depth", "22:1000-1010"),
    ("frequency", "22:1-2000", "--where", "HP:0000707"),
    ("frequency", "X:1-6000000", "--where", "founder=1", "--where", "affected!=1"),
    ("carriers", "22-1000-A-G"),
    ("phenotype", "HP:0000707"),
    ("phenotype", "HP:0000707", "--relatives", "--max-af", "0.5"),
    ("similar", "HP:0001250"),
    ("burden", "SYM0", "SYM2", "--cases", "HP:0000707", "--mask", "lof", "--max-af", "0.5"),
    ("gene", "SYM0", "--stratum", "affected=1"),
    ("sql", "-c", "SELECT * FROM frequencies ORDER BY ALL"),
)
FAMILIES = ("F0", "F1", "F3", "F5", "F9")
"""A father, a child, nobody, a mother, and a child with its father are out of the scope."""
_LAX = ("--max-af", "0.6", "--max-gnomad-af", "1")
PLANTED: tuple[Words, ...] = (
    ("gene", "ONE", "--stratum", "all", "--stratum", "founder=1"),
    ("gene", "THREE", "--stratum", "sex=XY"),
    ("gene", "TWO", "--impact", "HIGH", "--consequence", "stop_gained"),
    ("burden", "ONE", "TWO", "THREE", "--cases", "affected=1", *_LAX, "--min-score", "0.2"),
    ("burden", "ONE", "--cases", "sex=XX", "--controls", "founder=1", *_LAX, "--mask", "missense",
     "--min-score", "0.1", "--min-callable", "0.5", "--covariate", "platform"),
    *(("family", family, *_LAX) for family in FAMILIES),
    ("family", FAMILIES[3], *_LAX, "--gene", "TWO", "--impact", "HIGH", "--mode", "compound"),
    *(("explain", f"22-{site.pos}-A-G") for site in SITES[:2]),
    ("region", "X:70000000-70000900"),
    ("variant", "22-20000101-A-G", "--excluding-family", FAMILIES[0]),
)  # fmt: skip
RELEASED: tuple[Words, ...] = (
    ("gene", "ONE", "--release", "R1"),
    ("region", "X:70000000-70000900", "--release", "R1"),
    ("variant", "22-20000101-A-G", "--release", "R1"),
)


def ask(warehouse: Warehouse, questions: Sequence[Words]) -> list[Any]:
    """The answers for research; a refusal is one too."""
    found = []
    for question in questions:
        told = cad(*question, "-w", warehouse.path, "--purpose", "research", "--format", "json")
        assert told.exit_code in (0, 1), question
        found.append(_timeless(json.loads(told.stdout)))
    return found


def _timeless(answer: Any) -> Any:
    """An answer without the commit and the time of its build, wherever it says them."""
    if isinstance(answer, list):
        return [_timeless(one) for one in answer]
    if isinstance(answer, dict):
        told = {name: _timeless(one) for name, one in answer.items()}
        return {name: one for name, one in told.items() if name not in ("commit", "built_at")}
    return answer


def _same(questions: Sequence[Words], with_all: list[Any], without: list[Any]) -> None:
    for question, one, other in zip(questions, with_all, without, strict=True):
        assert one == other, question


def test_who_does_not_consent_changes_no_answer(tmp_path: Path) -> None:
    with phenotyped(tmp_path / "all", persons=30) as made:
        assert len(made.counting("research")) < len(made.people)
        with_all = ask(made.warehouse, PHENOTYPED)
    with phenotyped(tmp_path / "consenting", persons=30, consenting=True) as made:
        assert len(made.counting("research")) == len(made.people)
        without = ask(made.warehouse, PHENOTYPED)
    _same(PHENOTYPED, with_all, without)


@pytest.fixture(scope="module")
def consenting(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return plant(tmp_path_factory.mktemp("consenting"), consenting=True)


def test_nor_one_of_genes_burden_and_families(planted: Planted, consenting: Planted) -> None:
    with_all = ask(planted.warehouse, PLANTED)
    _same(PLANTED, with_all, ask(consenting.warehouse, PLANTED))
    told = dict(zip(PLANTED, with_all, strict=True))
    findings = {one: told["family", one, *_LAX]["findings"] for one in FAMILIES}
    assert {one for one, own in findings.items() if own} == {"F0", "F3", "F5"}
    asked_of_all = cad_json("family", "F0", *_LAX, "-w", planted.warehouse.path)
    assert asked_of_all["persons"] == 3
    assert told["family", "F0", *_LAX]["persons"] == 2


def test_nor_one_of_a_release(planted: Planted, consenting: Planted, tmp_path: Path) -> None:
    files = []
    for at, one in enumerate((planted, consenting)):
        create_release(one.warehouse, "R1")
        out = tmp_path / f"{at}.vcf.gz"
        cad_json("export", "vcf", "-o", out, "-w", one.warehouse.path, "--purpose", "research",
                 "--release", "R1")  # fmt: skip
        files.append([line for line in gzip.open(out, "rt") if not line.startswith("##")])
    assert files[0] == files[1]
    assert len(files[0]) > 30
    _same(RELEASED, *(ask(one.warehouse, RELEASED) for one in (planted, consenting)))

"""Whoever has no scope changes no answer for that purpose: as if they had never been pushed."""

from pathlib import Path
from typing import Any

from tests.cad.questions.cohorts import Made, phenotyped
from tests.cli import cad_json

QUESTIONS = (
    ("variant", "22-1000-A-G"),
    ("region", "22:1-2000"),
    ("depth", "22:1000-1010"),
    ("frequency", "22:1-2000", "--where", "HP:0000707"),
    ("carriers", "22-1000-A-G"),
    ("phenotype", "HP:0000707"),
    ("similar", "HP:0001250"),
    ("sql", "-c", "SELECT * FROM frequencies ORDER BY ALL"),
)


def answers(made: Made) -> list[Any]:
    where = ("-w", made.warehouse.path, "--purpose", "research")
    return [_timeless(cad_json(*question, *where)) for question in QUESTIONS]


def _timeless(answer: Any) -> Any:
    """An answer without the commit and the time of its build, wherever it says them."""
    if isinstance(answer, list):
        return [_timeless(one) for one in answer]
    if isinstance(answer, dict):
        told = {name: _timeless(one) for name, one in answer.items()}
        return {name: one for name, one in told.items() if name not in ("commit", "built_at")}
    return answer


def test_who_does_not_consent_changes_no_answer(tmp_path: Path) -> None:
    with phenotyped(tmp_path / "all", persons=30) as made:
        assert len(made.counting("research")) < len(made.people)
        with_all = answers(made)
    with phenotyped(tmp_path / "consenting", persons=30, consenting=True) as made:
        assert len(made.counting("research")) == len(made.people)
        without = answers(made)
    for question, one, other in zip(QUESTIONS, with_all, without, strict=True):
        assert one == other, question

"""Without an optional extra: a clear refusal that names it, and nothing is changed."""

import sys
from pathlib import Path

import pytest

from cad.extras import import_part
from cad.warehouse import Warehouse
from schemas.errors import Unavailable
from tests.cli import cad_json


@pytest.mark.parametrize(
    "command",
    [
        ("build", "--engine", "hail"),
        ("analyse", "pca"),
        ("export", "hail", "-o", "nowhere.ht"),
    ],
)
def test_hail_is_named_where_it_is_missing(
    command: tuple[str, ...], sqlite_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cad.base_hail", "cad.hail_session", "cad.export.hail"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "hail", None)
    refused = cad_json(*command, "-w", sqlite_warehouse.path, code=1)
    assert (refused["error"], refused["reason"]) == ("Unavailable", "extra_missing")
    assert "cad-warehouse[hail]" in refused["detail"]
    assert cad_json("status", "-w", sqlite_warehouse.path)["commit"] == 0


def test_s3_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    init = ("init", "-w", tmp_path / "own", "--assembly", "GRCh38", "--lake", "s3://lake/national")
    refused = cad_json(*init, code=1)
    assert (refused["error"], refused["reason"]) == ("Unavailable", "extra_missing")
    assert "cad-warehouse[s3]" in refused["detail"]
    assert not (tmp_path / "own").exists()


def test_what_no_extra_brings_is_no_missing_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wants_more.py").write_text("import not_of_this_world\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_of_this_world"):
        import_part("wants_more")


def test_a_library_of_an_extra_is_told_by_its_first_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wants_spark.py").write_text("import pyspark.sql.not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(Unavailable, match="extra_missing"):
        import_part("wants_spark")

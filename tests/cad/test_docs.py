"""The generated pages say what the code says: each test fails where something is undocumented."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from cad.docs import FOLDER, PAGES, stale_pages, write_pages
from cad.docs.commands import walk
from cad.docs.markdown import table
from cad.settings import Settings, WarehouseConfig
from loaders.jobs import Thresholds
from schemas.lake import LAKE_TABLES
from schemas.manifest import manifest_schema
from schemas.reasons import REASONS
from schemas.sheets import SHEETS
from tests.cli import cad_json


def _page(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def test_no_page_is_stale() -> None:
    assert stale_pages() == []


def test_the_command_tells_that_the_pages_are_up_to_date() -> None:
    assert cad_json("docs", "--check")["written"] == []


def test_a_changed_a_missing_and_a_stray_page_are_stale_until_written(tmp_path: Path) -> None:
    assert write_pages(tmp_path) == list(PAGES)
    assert stale_pages(tmp_path) == []
    (tmp_path / "reasons.md").write_text("changed")
    (tmp_path / "settings.md").unlink()
    (tmp_path / "stray.md").write_text("")
    assert stale_pages(tmp_path) == ["reasons.md", "settings.md", "stray.md"]
    write_pages(tmp_path)
    assert stale_pages(tmp_path) == []
    assert not (tmp_path / "stray.md").exists()


def test_every_column_of_the_lake_is_in_the_dictionary() -> None:
    text = _page("data-dictionary.md")
    for name, schema in LAKE_TABLES.items():
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        for field in schema:
            assert f"| `{field.name}` | " in section, (name, field.name)
            assert (field.metadata or {})[b"description"].decode() in section


def test_every_reason_is_listed_once_with_both_texts() -> None:
    text = _page("reasons.md")
    for code, reason in REASONS.items():
        assert text.count(f"| `{code}` | {reason.en} | {reason.fr} |") == 1, code


def test_every_setting_is_listed_and_explained() -> None:
    text = _page("settings.md")
    names = {f"CAD_{name.upper()}" for name in Settings.model_fields}
    names |= {f"CAD_INIT__{name.upper()}" for name in WarehouseConfig.model_fields}
    names |= {f"CAD_INIT__THRESHOLDS__{field.name.upper()}" for field in fields(Thresholds)}
    listed = dict(re.findall(r"^\| `(CAD_\w+)` \| [^|]* \| ([^|]*) \|$", text, re.MULTILINE))
    assert set(listed) == names
    assert all(listed.values())


@pytest.mark.parametrize(("name", "command"), list(walk()), ids=lambda value: str(value))
def test_every_command_and_option_is_listed(name: str, command: Any) -> None:
    section = _page("commands.md").partition(f"\n## cad {name}\n")[2].partition("\n## ")[0]
    assert section
    for param in command.params:
        if param.param_type_name == "option" and param.name not in ("format_", "verbose", "quiet"):
            assert re.search(rf"`{param.opts[0]}[ `]", section), param.name


def test_every_field_of_the_manifest_and_column_of_the_sheets_is_listed() -> None:
    text = _page("batch.md")
    schema = manifest_schema()
    for name in (*schema["properties"], *schema["$defs"]["file"]["properties"]):
        assert re.search(rf"^\| `(?:files\[\]\.)?{name}` \| ", text, re.MULTILINE), name
    for sheet, columns in SHEETS.items():
        section = text.partition(f"\n## {sheet}\n")[2].partition("\n## ")[0]
        for column in columns:
            assert f"| `{column.name}` | " in section, (sheet, column.name)


def test_cells_cannot_break_a_table() -> None:
    assert table(("a", "b"), [("x|y", "two\nlines")]).splitlines()[2] == "| x\\|y | two lines |"

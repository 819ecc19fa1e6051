"""The settings page: every environment variable that CAD reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Final

from pydantic import BaseModel, ByteSize
from pydantic.fields import FieldInfo

from cad.docs.markdown import code, page, table
from cad.settings import Settings, WarehouseConfig
from loaders.jobs import Thresholds

_PREFIX = str(Settings.model_config["env_prefix"])
_DELIMITER = str(Settings.model_config["env_nested_delimiter"])

_MEANINGS: Final = {
    "min_gq": "Least genotype quality (GQ, else RGQ, else GQX).",
    "min_dp": "Least depth where the ploidy is 2.",
    "min_dp_haploid": "Least depth where the ploidy is 1.",
    "min_allele_balance": "Least part of the reads of each called allele, where two are.",
    "min_dp_mitochondrial": "Least depth on M.",
    "min_vaf": "Least allele fraction of a call on M; below it the sample is reference.",
    "homoplasmic_vaf": "Least allele fraction of a homoplasmic call on M.",
}
"""A threshold that is not here fails the page."""


def settings_page() -> str:
    """The page."""
    introduction = (
        "CAD reads its settings once, from the environment; what is not set has the default. "
        "Values that are not a single word are written as JSON."
    )
    fixed = (
        "What the next `cad init` makes a warehouse with, for life: figures counted under other "
        "rules cannot be added to those it has. Every release names them."
    )
    return page(
        "Settings",
        introduction,
        _table(_variables(Settings, _PREFIX)),
        f"## Fixed by `cad init`\n\n{fixed}",
        _table(_variables(WarehouseConfig, f"{_PREFIX}INIT{_DELIMITER}")),
        "## Thresholds\n\nWhen a genotype passes and is counted, after gnomAD's adj filter; "
        "fixed by `cad init` too.",
        _table(_thresholds(f"{_PREFIX}INIT{_DELIMITER}THRESHOLDS{_DELIMITER}")),
    )


def _table(rows: Iterator[tuple[str, str, str]]) -> str:
    return table(("variable", "default", "meaning"), rows)


def _variables(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in model.model_fields.items():
        yield code(prefix + name.upper()), _default(field), field.description or ""


def _thresholds(prefix: str) -> Iterator[tuple[str, str, str]]:
    for field in fields(Thresholds):
        yield code(prefix + field.name.upper()), code(str(field.default)), _MEANINGS[field.name]


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if value is None:
        return ""
    if isinstance(value, BaseModel) or is_dataclass(value):
        return "see below"
    if isinstance(value, ByteSize):
        return code(value.human_readable())
    if isinstance(value, tuple | dict):
        return code(json.dumps(value)) if value else ""
    return code(str(value))

"""Figures as rows of `schemas.views.FREQUENCIES`: one per variant and stratum."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

from cad.export.figures import FiguresBlock
from cad.flags import FLAG_FIELDS, raised_names
from cad.query.base import Base
from schemas.views import FREQUENCIES

WITH_DICTIONARY: Final = [name for name in FREQUENCIES.names if name != "pos"]


def frequency_rows(base: Base, block: FiguresBlock, schema: pa.Schema = FREQUENCIES) -> pa.Table:
    """A block's variants x strata as rows, null where a release hides them."""
    variants, strata = block.ac.shape
    variant = np.repeat(np.arange(variants), strata)
    names = pa.array([stratum.name for stratum in base.strata])
    ref, alt = (pa.array(alleles) for alleles in zip(*block.alleles, strict=True))
    columns = {
        "contig": pa.repeat(block.contig, len(variant)),
        "pos": pa.array(block.pos[variant].astype(np.int32)),
        "ref": ref.take(variant),
        "alt": alt.take(variant),
        "stratum": names.take(np.tile(np.arange(strata), variants)),
        "hidden": pa.array(block.hidden.ravel()),
        "flags": pa.array(raised_names(block.flags, base.variants)).take(variant),
    }
    for name, values in zip(FLAG_FIELDS, block.flags.T, strict=True):
        columns[name] = pa.array(values, mask=np.isnan(values)).take(variant)
    for name in schema.names:
        if name not in columns:
            columns[name] = _figure(block, name)
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def _figure(block: FiguresBlock, name: str) -> pa.Array[Any]:
    """A figure of all variants and strata."""
    values = getattr(block, name)
    hidden = block.masks.get(name, np.zeros(values.shape, bool))
    if values.dtype.kind != "f":
        values = values.astype(np.int32)
    else:
        hidden = hidden | np.isnan(values)
    made: pa.Array[Any] = pa.array(values.ravel(), mask=hidden.ravel())
    return made

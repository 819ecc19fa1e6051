"""Several bases read side by side: the same positions of each, thousands of variants at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

import numpy as np

from cad.export.figures import FiguresBlock

ROWS: Final = 8_192
"""Variants of a base in a window, about."""


def windows(
    streams: Mapping[str, Iterator[FiguresBlock]], rows: int = ROWS
) -> Iterator[dict[str, FiguresBlock]]:
    """Cut streams of blocks into windows that hold all variants of their positions.

    A base without a variant in a window is absent from it. Blocks never cut a position in two.
    """
    held: dict[str, list[FiguresBlock]] = {name: [] for name in streams}
    going = set(streams)
    while going or any(held.values()):
        for name in sorted(going):
            while sum(len(block.pos) for block in held[name]) < rows:
                block = next(streams[name], None)
                if block is None:
                    going.discard(name)
                    break
                held[name].append(block)
        # Of those that go on, what lies beyond the last position read is not known yet.
        ends = [int(held[name][-1].pos[-1]) for name in going]
        window = {}
        for name, blocks in held.items():
            if blocks:
                whole = joined(blocks)
                stop = len(whole.pos)
                if ends:
                    stop = int(np.searchsorted(whole.pos, min(ends), side="right"))
                held[name] = [part(whole, stop, len(whole.pos))] if stop < len(whole.pos) else []
                if stop:
                    window[name] = part(whole, 0, stop)
        if window:
            yield window


def joined(blocks: list[FiguresBlock]) -> FiguresBlock:
    """Blocks of one contig as one."""
    if len(blocks) == 1:
        return blocks[0]
    found: dict[str, Any] = {"contig": blocks[0].contig}
    for field in fields(FiguresBlock):
        values = [getattr(block, field.name) for block in blocks]
        if field.name == "alleles":
            found["alleles"] = [pair for pairs in values for pair in pairs]
        elif field.name == "masks":
            names = {name for masks in values for name in masks}
            found["masks"] = {name: np.concatenate([one[name] for one in values]) for name in names}
        elif field.name != "contig":
            found[field.name] = np.concatenate(values)
    return FiguresBlock(**found)


def part(block: FiguresBlock, start: int, stop: int) -> FiguresBlock:
    """Some variants of a block."""
    found: dict[str, Any] = {"contig": block.contig}
    for field in fields(FiguresBlock):
        values = getattr(block, field.name)
        if field.name == "masks":
            found["masks"] = {name: mask[start:stop] for name, mask in values.items()}
        elif field.name != "contig":
            found[field.name] = values[start:stop]
    return FiguresBlock(**found)

"""Lookups through CAD's query layer: ``...steps.lookup_index WAREHOUSE KEYS OUT DEPTH``.

`bare`: the row of the key index, in which all figures lie packed.

`figures`: counts and denominators of all strata, as arrays. `answer`: the whole document that
``cad variant --format json`` prints, parsing of the question and frequencies included.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.counts_file import Key
from benchmarks.lookups import read_keys, time_lookups, write_found
from cad.index import COUNT_FIELDS, DEPTH_FIELDS, IndexCache, IndexRow
from cad.query import BaseReader, Place, Variant, find_variant, open_base
from cad.warehouse import Warehouse


def main(folder: str, keys_file: str, out: str, depth: str) -> None:
    """Look variants up, print the times, write what was found."""
    keys = read_keys(Path(keys_file))
    with Warehouse.open(Path(folder)) as warehouse, open_base(warehouse, "care") as base:
        reader = BaseReader(warehouse, base)
        look = {"answer": _answers, "figures": _figures, "bare": _bare}[depth]
        write_found(Path(out), keys, look(reader, keys))


def _bare(reader: BaseReader, keys: list[Key]) -> list[tuple[int, int]]:
    indexes, base = IndexCache(), reader.base

    def look(key: Key) -> IndexRow | None:
        path = base.path("base_index", Place.of("20", key[0]))
        return None if path is None else indexes.reader(path).lookup(*key)

    found = time_lookups(look, keys)
    number = base.strata[0].number
    return [_of_row(row, number) for row in found if row is not None]


def _of_row(row: IndexRow, number: int) -> tuple[int, int]:
    counts = {int(one[0]): one[1:] for one in row.counts.astype(int)}
    het, hom, hemi = counts[number][:3] if number in counts else (0, 0, 0)
    return int(het + 2 * hom + hemi), int(row.depths[0][number - 1])


def _figures(reader: BaseReader, keys: list[Key]) -> list[tuple[int, int]]:
    found = time_lookups(lambda key: reader.lookup(Variant("20", *key)), keys)
    het, hom, hemi = (COUNT_FIELDS.index(name) for name in ("n_het", "n_hom", "n_hemi"))
    an = DEPTH_FIELDS.index("an")
    return [
        (int(of.counts[0, het] + 2 * of.counts[0, hom] + of.counts[0, hemi]), int(of.depths[0, an]))
        for of in found
    ]


def _answers(reader: BaseReader, keys: list[Key]) -> list[tuple[int, int]]:
    found = time_lookups(lambda key: find_variant(reader, f"20-{key[0]}-{key[1]}-{key[2]}"), keys)
    everybody = [document["frequencies"][0] for document in found]
    return [(figures["ac"], figures["an"]) for figures in everybody]


if __name__ == "__main__":
    main(*sys.argv[1:])

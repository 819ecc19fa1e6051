"""Persons by term of HPO, observed and excluded, as a release tells them for each purpose."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cad.clinical.hpo import Hpo, open_hpo
from cad.cohort.phenotypes import Profiles, read_features
from cad.disclosure.tables import Flags, Longs
from cad.disclosure.terms import ToldTerms, hidden_figures
from cad.registry.engine import reading
from cad.releases.names import PHENOTYPES, UNDISCLOSED
from cad.releases.read import find_phenotypes
from cad.warehouse import Warehouse
from loaders.jobs import WrittenFile
from loaders.lake_writer import file_sha256
from schemas.errors import NotFound
from schemas.releases import RELEASE_PHENOTYPES

FIGURES: Final = ("observed", "excluded")
"""As `cad.disclosure.terms` has them."""


def write_phenotypes(
    warehouse: Warehouse,
    folder: Path,
    commit_no: int,
    persons: Mapping[str, Collection[str]],
    earlier: Sequence[str],
) -> Iterator[WrittenFile]:
    """Write the table of each purpose that counts anybody with a feature.

    Args:
        warehouse: the warehouse.
        folder: to write below, in a folder for each purpose.
        commit_no: the pinned commit.
        persons: whom each purpose counts.
        earlier: the releases before: what one of them hid stays hidden, and what one of them told
            tells no more together with this one.
    """
    everybody = sorted({person for of in persons.values() for person in of})
    hpo = _hpo(warehouse, commit_no)
    row_of = {person: row for row, person in enumerate(everybody)}
    with reading(warehouse.engine) as connection:
        features = read_features(connection, commit_no, row_of)
    profiles = Profiles(features, len(everybody), hpo)
    told = {profiles.resolve(one.code) for one in features if one.system == "HPO"}
    terms = sorted(told | set(profiles.rows_by_term))
    members = {
        purpose: np.isin(np.arange(len(everybody)), [row_of[one] for one in of])
        for purpose, of in persons.items()
    }
    figures = _count(profiles, terms, members)
    hidden = _hide(warehouse, terms, figures, members, earlier, kinds_of(terms, hpo))
    for purpose in persons:
        nothing = np.zeros((len(terms), 2), bool)
        mask = nothing if purpose in UNDISCLOSED else hidden
        rows = _rows(terms, figures[purpose], mask, hpo)
        if rows.num_rows:
            path = folder / purpose / "phenotypes.parquet"
            path.parent.mkdir(exist_ok=True)
            pq.write_table(rows, path, compression="zstd")
            size, digest = path.stat().st_size, file_sha256(path)
            yield WrittenFile(PHENOTYPES, path, rows.num_rows, size, digest, ())


def _hpo(warehouse: Warehouse, commit_no: int) -> Hpo | None:
    try:
        return open_hpo(warehouse, commit_no)
    except NotFound:
        return None


def _count(
    profiles: Profiles, terms: Sequence[str], members: Mapping[str, Flags]
) -> dict[str, Longs]:
    """By purpose: term x `FIGURES`."""
    found = {purpose: np.zeros((len(terms), 2), np.int64) for purpose in members}
    for at, term in enumerate(terms):
        for place, who in enumerate((profiles.observed(term), profiles.excluded(term))):
            for purpose, own in members.items():
                found[purpose][at, place] = (who & own).sum()
    return found


def _hide(
    warehouse: Warehouse,
    terms: Sequence[str],
    figures: Mapping[str, Longs],
    members: Mapping[str, Flags],
    earlier: Sequence[str],
    kinds: Longs,
) -> Flags:
    purposes = [one for one in figures if one not in UNDISCLOSED]
    return hidden_figures(
        [figures[one] for one in purposes],
        [int(members[one].sum()) for one in purposes],
        warehouse.config.small_count,
        kinds,
        [[_told(warehouse, name, one, terms) for one in purposes] for name in earlier],
    )


def _told(warehouse: Warehouse, release: str, purpose: str, terms: Sequence[str]) -> ToldTerms:
    """What a release told of the terms; one that its table does not name nobody had or lacked."""
    found = find_phenotypes(warehouse, release, purpose)
    rows = {row["hpo_id"]: row for row in found["terms"]}
    figures = [[rows[one][name] if one in rows else 0 for name in FIGURES] for one in terms]
    shown = [[figure is not None for figure in own] for own in figures]
    values = [[figure or 0 for figure in own] for own in figures]
    return ToldTerms(
        np.array(values, np.int64).reshape(-1, len(FIGURES)),
        np.array(shown, bool).reshape(-1, len(FIGURES)),
        found["persons"],
    )


def kinds_of(terms: Sequence[str], hpo: Hpo | None) -> Longs:
    """Pairs of a term and one that it is a kind of, each with itself too, as places."""
    place = {term: at for at, term in enumerate(terms)}
    closures = hpo.closures(terms) if hpo else {}
    pairs = {(at, at) for at in place.values()}
    pairs |= {
        (place[term], place[above])
        for term, found in closures.items()
        for above in found
        if above in place
    }
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def _rows(terms: Sequence[str], figures: Longs, hidden: Flags, hpo: Hpo | None) -> pa.Table:
    """The rows of terms that are told of anybody, small or not."""
    kept = np.flatnonzero(figures.any(axis=1) | hidden.any(axis=1)).tolist()
    columns: dict[str, pa.Array[Any]] = {
        "hpo_id": pa.array([terms[at] for at in kept], pa.string()),
        "label": pa.array([hpo.label(terms[at]) if hpo else None for at in kept], pa.string()),
        "hidden": pa.array([bool(hidden[at].any()) for at in kept], pa.bool_()),
    }
    for place, name in enumerate(FIGURES):
        values = figures[kept, place].astype(np.int32)
        columns[name] = pa.array(values, mask=hidden[kept, place])
    names = RELEASE_PHENOTYPES.names
    return pa.Table.from_arrays([columns[name] for name in names], schema=RELEASE_PHENOTYPES)

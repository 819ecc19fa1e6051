"""Persons by term of HPO, observed and excluded, as a release tells them for each purpose.

A term's small figures are hidden like a stratum's. Terms do not add up to anything, but who has a
term has what it is a kind of, and who lacks a term lacks all its kinds: `bounds` has what follows
of a hidden figure. Where its bounds come closer than the small count, what binds it is hidden too.
`excluded` adds to `observed` at most everybody: where a figure of nearly everybody would tell a
hidden one, no excluded feature is told at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cad.clinical.hpo import Hpo, open_hpo
from cad.cohort.phenotypes import Profiles, read_features
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.releases.names import PHENOTYPES, UNDISCLOSED, purpose_of
from cad.warehouse import Warehouse
from loaders.jobs import WrittenFile
from loaders.lake_writer import file_sha256
from schemas.errors import NotFound
from schemas.releases import RELEASE_PHENOTYPES

Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]
FIGURES: Final = ("observed", "excluded")


def write_phenotypes(
    warehouse: Warehouse,
    folder: Path,
    commit_no: int,
    persons: Mapping[str, Collection[str]],
    before: str | None,
) -> Iterator[WrittenFile]:
    """Write the table of each purpose that counts anybody with a feature.

    Args:
        warehouse: the warehouse.
        folder: to write below, in a folder for each purpose.
        commit_no: the pinned commit.
        persons: whom each purpose counts.
        before: the release before, of which what it hid stays hidden.
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
    before_hid = _hidden_before(warehouse, before)
    hidden = _hide(warehouse, terms, figures, members, before_hid, kinds_of(terms, hpo))
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


def hidden_figures(
    figures: Sequence[Longs], persons: Sequence[int], small: int, before: Flags, kinds: Longs
) -> Flags:
    """Which figures are hidden, of all purposes alike: term x `FIGURES`.

    Args:
        figures: of each purpose: term x `FIGURES`.
        persons: whom each purpose counts.
        small: the small count.
        before: what the release before hid.
        kinds: pairs of a term and one that it is a kind of, each with itself too; as places.
    """
    hidden = before.copy()
    for own in figures:
        hidden |= (own >= 1) & (own < small)
    for own, total in zip(figures, persons, strict=True):
        tight = total - own < min(small, total)
        # Beside a figure of nearly everybody the other one cannot be large.
        told = tight & ~hidden & hidden[:, ::-1]
        if told.any() or (tight & (own > 0))[:, 1].any():
            hidden[:, 1] = True
    while any(
        _widen(hidden, own, total, min(small, total), kinds)
        for own, total in zip(figures, persons, strict=True)
    ):
        pass
    return hidden


def bounds(
    hidden: Flags, own: Longs, total: int, kinds: Longs
) -> tuple[Longs, Longs, Longs, Longs]:
    """What is known of each figure by those shown: `observed`, then everybody but `excluded`.

    In this order a term's `observed` is at most that of what it is a kind of, and at most everybody
    but those in whom either was excluded: one partial order, so that the bounds are exact.

    Returns:
        The figures, least and greatest values, and the pairs of which the first is at most the
        second; as places among the figures.
    """
    terms, (of, above) = len(own), kinds.T
    values = np.concatenate([own[:, 0], total - own[:, 1]])
    shown = ~hidden.T.ravel()
    strict = of != above
    pairs = np.concatenate(
        [
            np.stack([of, above])[:, strict],
            np.stack([of + terms, above + terms])[:, strict],
            np.stack([of, above + terms]),
        ],
        axis=1,
    )
    least, most = np.zeros(2 * terms, np.int64), np.full(2 * terms, total)
    low, high = pairs[:, shown[pairs[0]]], pairs[:, shown[pairs[1]]]
    np.maximum.at(least, low[1], values[low[0]])
    np.minimum.at(most, high[0], values[high[1]])
    return values, least, most, pairs


def _widen(hidden: Flags, own: Longs, total: int, need: int, kinds: Longs) -> bool:
    """Hide what binds hidden figures too closely; returns whether there was any."""
    values, least, most, (low, high) = bounds(hidden, own, total, kinds)
    terms = len(own)
    narrow = hidden.T.ravel() & (most - least < need)
    if hidden[:, 1].all():
        # Nothing excluded is told at all: `observed` alone has hidden figures.
        narrow[terms:] = False
    if not narrow.any():
        return False
    shown = ~hidden.T.ravel()
    by_low = shown[low] & narrow[high] & (values[low] > 0) & (values[low] > most[high] - need)
    is_bound = np.zeros(2 * terms, bool)
    is_bound[high[by_low]] = True
    by_high = shown[high] & (narrow & ~is_bound)[low] & (values[high] < least[low] + need)
    more = np.concatenate([low[by_low], high[by_high]])
    hidden[more % terms, more // terms] = True
    return len(more) > 0


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
    before: Mapping[str, tuple[bool, bool]],
    kinds: Longs,
) -> Flags:
    purposes = [one for one in figures if one not in UNDISCLOSED]
    carried = np.array([before.get(term, (False, False)) for term in terms], bool).reshape(-1, 2)
    return hidden_figures(
        [figures[one] for one in purposes],
        [int(members[one].sum()) for one in purposes],
        warehouse.config.small_count,
        carried,
        kinds,
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


def _hidden_before(warehouse: Warehouse, before: str | None) -> dict[str, tuple[bool, bool]]:
    """By term: which of `FIGURES` the release before hid, for any purpose."""
    found: dict[str, tuple[bool, bool]] = {}
    if before is None:
        return found
    with reading(warehouse.engine) as connection:
        files = [
            file
            for purpose in ("research", "industry")
            for file in lake_files(
                connection, 2**31 - 1, PHENOTYPES, purpose=purpose_of(before, purpose)
            )
        ]
    for file in files:
        for row in pq.read_table(warehouse.lake.local(file.path)).to_pylist():
            own = tuple(row[name] is None for name in FIGURES)
            known = found.get(row["hpo_id"], (False, False))
            found[row["hpo_id"]] = (own[0] or known[0], own[1] or known[1])
    return found


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

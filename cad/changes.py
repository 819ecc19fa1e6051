"""What changed since some earlier time: the list of what to look at again.

Variants whose frequency among founders or in everybody passed 1 % (BS1) or 5 % (BA1), that show
their first homozygote, or that ClinVar classifies otherwise. Figures of then are those that builds
wrote down (`cad.build.crossings`), classes those of the version of ClinVar that answered then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import pyarrow.parquet as pq
from sqlalchemy import Connection, select

from cad.build.people import ALL
from cad.frequency import allele_count, counted_alleles
from cad.query.asked import about_base
from cad.query.base import Base
from cad.query.parse import Variant
from cad.query.reader import BaseReader
from cad.registry.bases import BaseRow, latest_base
from cad.registry.engine import reading
from cad.registry.files import lake_files
from cad.registry.releases import find_release
from cad.registry.tables import base as base_table
from schemas.contigs import CONTIG_ORDER
from schemas.errors import NotFound

Document = dict[str, Any]
Key = tuple[str, int, str, str]

_BANDS: Final = (("bs1", 100), ("ba1", 20))
"""A frequency above 1 / n."""


@dataclass
class Changed:
    """What changed of one variant."""

    variant: Variant
    changes: list[Document] = field(default_factory=list)


@dataclass(frozen=True)
class Since:
    """The base of then; None where there was none yet. `commit_no` is the commit asked for."""

    asked: str
    commit_no: int
    base: BaseRow | None
    release: str | None = None

    def to_json(self) -> Document:
        """Which base the figures before are of."""
        return {
            "asked": self.asked,
            "release": self.release,
            "commit": None if self.base is None else self.base.commit_no,
            "built_at": None if self.base is None else self.base.built_at.isoformat(),
        }


def read_since(connection: Connection, text: str) -> Since:
    """The base that was the latest at a commit, or at the end of a day (UTC), or of a release.

    Raises:
        NotFound: `release_unknown`, for what is neither a release, a commit's number nor a date.
    """
    release = find_release(connection, text)
    if release is not None:
        return Since(text, release.commit_no, latest_base(connection, release.commit_no), text)
    if text.isdecimal():
        return Since(text, int(text), latest_base(connection, int(text)))
    try:
        end = datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC)
    except ValueError:
        detail = "no release has this name; a commit's number or a date will do"
        raise NotFound("release_unknown", detail, text) from None
    query = select(base_table.c.commit_no).where(base_table.c.built_at < end)
    commit_no = max(connection.scalars(query), default=0)
    return Since(text, commit_no, latest_base(connection, commit_no))


def figure_changes(reader: BaseReader, since: Since) -> dict[Key, list[Document]]:
    """Changes of figures between the base of then and the reader's, by variant.

    Figures before are those of the base before the first build that noted the variant since then;
    its band and whether it had homozygotes are those of then.
    """
    base = reader.base
    first = since.base.commit_no if since.base is not None else 0
    before: dict[tuple[Key, str], Document] = {}
    for row in sorted(_rows(reader, base, first), key=lambda row: int(row["built_from"])):
        key = row["contig"], row["pos"], row["ref"], row["alt"]
        before.setdefault((key, row["stratum"]), row)
    places = {stratum.name: at for at, stratum in enumerate(base.strata)}
    found: dict[Key, list[Document]] = defaultdict(list)
    for (key, stratum), row in before.items():
        if stratum in places:
            after = _figures_now(reader, key, places[stratum])
            found[key] += net_changes(stratum, _figures_before(row), after)
    return {key: changes for key, changes in found.items() if changes}


def _rows(reader: BaseReader, base: Base, first: int) -> Iterator[Document]:
    """What builds noted that were made upon the base of a commit or a later one."""
    with reading(reader.warehouse.engine) as connection:
        files = lake_files(connection, base.pinned_no, "base_changes", purpose=base.purpose)
    for file in files:
        path = reader.warehouse.lake.local(file.path)
        yield from pq.read_table(path, filters=[("built_from", ">=", first)]).to_pylist()


def net_changes(stratum: str, before: Document, after: Document) -> Iterator[Document]:
    """What came of it all; `n_hom` may be None, where it is not told."""
    about = {"stratum": stratum, "before": before, "after": after}
    for what, share in _BANDS:
        was, is_ = (share * one["ac"] > one["an"] for one in (before, after))
        if was != is_:
            yield {"what": what, "direction": "above" if is_ else "below", **about}
    if stratum == ALL and before["n_hom"] == 0 < (after["n_hom"] or 0):
        yield {"what": "first_homozygote", **about}
    if stratum == ALL and before["ac"] == 0 < after["ac"]:
        yield {"what": "first_seen", **about}


def _figures_before(row: Document) -> Document:
    return figures_document(row["ac_before"], row["an_before"], row["n_hom_before"])


def _figures_now(reader: BaseReader, key: Key, at: int) -> Document:
    """The figures of a stratum, by its place; `ac` as the frequency counts it: on M of n_hom."""
    figures = reader.lookup(Variant(*key))
    n_het, n_hom, n_hemi = figures.counts[at].tolist()[:3]
    alleles = counted_alleles(key[0], allele_count(key[0], n_het, n_hom, n_hemi), n_hom)
    return figures_document(int(alleles), int(figures.depths[at][0]), n_hom)


def figures_document(ac: int, an: int, n_hom: int | None) -> Document:
    """Figures as a list of changes tells them."""
    return {"ac": ac, "an": an, "af": ac / an if an else None, "n_hom": n_hom}


def describe(
    reader: BaseReader, found: Mapping[Key, Sequence[Document]]
) -> tuple[list[Document], dict[str, list[str]]]:
    """Each variant with what changed, its figures now and in whom; and variants by indication."""
    documents, by_indication = [], defaultdict(list)
    for key in sorted(found, key=lambda one: (CONTIG_ORDER[one[0]], *one[1:])):
        variant = Variant(*key)
        indications = list(_indications(reader, variant))
        documents.append(
            {"variant": str(variant), "changes": list(found[key]), "indications": indications}
        )
        for one in indications:
            by_indication[one["indication"]].append(str(variant))
    return documents, dict(sorted(by_indication.items()))


def _indications(reader: BaseReader, variant: Variant) -> Iterator[Document]:
    """The indications in which the variant is seen, with how often."""
    figures = reader.lookup(variant)
    prefix = "indication="
    hidden = {name: mask.tolist() for name, mask in figures.masks.items()}
    for at, stratum in enumerate(reader.base.strata):
        ac = int(allele_count(variant.contig, *figures.counts[at][:3]))
        if any(hidden[name][at] for name in ("ac", "an") if name in hidden):
            continue
        if stratum.name.startswith(prefix) and not stratum.is_conjunction and ac:
            counts, depths = figures.counts[at].tolist(), figures.depths[at].tolist()
            forms_hidden = "n_het" in hidden and hidden["n_het"][at]
            yield {
                "indication": stratum.name.removeprefix(prefix),
                "ac": ac,
                "an": depths[0],
                "carriers": None if forms_hidden else sum(counts[:3]),
            }


def is_seen(reader: BaseReader, key: Key) -> bool:
    """Whether anybody in the base carries a variant, whatever the thresholds say."""
    return bool(reader.lookup(Variant(*key)).counts[0].any())


def merged(parts: Iterable[Mapping[Key, Sequence[Document]]]) -> dict[Key, list[Document]]:
    """Changes of several kinds, by variant."""
    whole: dict[Key, list[Document]] = defaultdict(list)
    for part in parts:
        for key, changes in part.items():
            whole[key] += changes
    return whole


def about(reader: BaseReader, since: Since) -> Document:
    """Between which bases."""
    return {**about_base(reader), "since": since.to_json()}

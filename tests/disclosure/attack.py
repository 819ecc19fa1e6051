"""The attack: for each hidden figure, its least and greatest value that fits all that is told.

A linear programme over the persons' figures of one variant: what is shown is fixed, the strata of
each attribute add up to `all`, the cells of conjunctions to their attributes' strata, and in each
stratum the rules of counting hold (DESIGN 5.6). Several tables, of purposes or releases, may be
attacked together: figures of the smaller one are then at most those of the larger one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from cad.build.people import attributes_of
from schemas.contigs import RegionClass

FIGURES = ("ac", "n_het", "n_hom", "n_hemi", "ac_raw", "an", "persons", "an_raw")
COUNTS = FIGURES[:5]
Told = dict[str, dict[str, int | None]]
"""By stratum and figure: what is shown, None where it is hidden."""


@dataclass(frozen=True)
class Table:
    """What one table tells of one variant, and what is true."""

    told: Told
    truth: dict[str, dict[str, int]]


def narrow_figures(
    tables: Sequence[Table],
    region: RegionClass,
    small: int,
    nested: bool = False,
    most: int = 12,
) -> Iterator[tuple[int, str, str, float, float, int]]:
    """Hidden figures with less freedom than the smaller of `small` and that of `all`.

    With `nested` each table's persons are among those of the next: figures only grow, and one that
    a table shows and another hides need only be free as far as `all` grew between them. Of the
    hidden figures at most so many are attacked, those drawn by the tables' own content.
    """
    programme = _Programme(tables, region, nested)
    hidden = [
        (at, stratum, name)
        for at, table in enumerate(tables)
        for stratum, figures in table.told.items()
        for name in FIGURES
        if figures[name] is None
        and not _is_zero_by_sex(stratum, name, region)
        # Withheld for what they would tell of the sexes; what is shown of the stratum bounds them.
        and not (figures["ac"] is not None and name.startswith("n_"))
        and not (stratum == "all" and name == "persons")
    ]
    chosen = Random(len(hidden)).sample(hidden, min(most, len(hidden)))
    for at, stratum, name in chosen:
        table = tables[at]
        wanted = min(small, table.truth["all"][name])
        if nested:
            wanted = min(wanted, *_growth(tables, at, stratum, name))
        low, high = programme.range(at, stratum, name)
        truth = table.truth[stratum][name]
        assert low - 1e-6 <= truth <= high + 1e-6, (stratum, name, low, high, truth)
        if high - low < wanted - 1e-6:
            yield at, stratum, name, low, high, wanted


def _growth(tables: Sequence[Table], at: int, stratum: str, name: str) -> list[int]:
    """How much `all` grew to or from each other table that shows the figure, or knows it is 0.

    No more can be free, as both of `all` are told: whatever a stratum grew by, `all` did.
    """
    found = [10**9]
    for other, table in enumerate(tables):
        row = table.told.get(stratum)
        # A form that is withheld beside an `ac` that is shown is bounded by it.
        bound = "ac" if name.startswith("n_") else name
        shown = row is None or row[name] is not None or row[bound] is not None
        if other != at and shown:
            grew = tables[at].truth["all"][name] - table.truth["all"][name]
            found.append(abs(grew))
    return found


def _is_zero_by_sex(stratum: str, name: str, region: RegionClass) -> bool:
    """Figures that are 0 as everybody knows."""
    sex = attributes_of(stratum).get("sex")
    if region is RegionClass.X_SPECIFIC:
        zero = {"XX": ("n_hemi",), "XY": ("n_het", "n_hom")}
        return sex in ("other", "unknown") or name in zero.get(sex or "", ())
    if region is RegionClass.Y_SPECIFIC:
        return sex in ("XX", "other", "unknown") or name in ("n_het", "n_hom")
    return name == "n_hemi"


class _Programme:
    def __init__(self, tables: Sequence[Table], region: RegionClass, nested: bool) -> None:
        self.place: dict[tuple[int, str, str], int] = {}
        self.bounds: list[tuple[float, float | None]] = []
        self.equal: list[tuple[dict[int, float], float]] = []
        self.most: list[tuple[dict[int, float], float]] = []
        for at, table in enumerate(tables):
            for stratum, figures in table.told.items():
                for name in FIGURES:
                    self.place[at, stratum, name] = len(self.bounds)
                    value = figures[name]
                    if value is None and _is_zero_by_sex(stratum, name, region):
                        value = 0
                    self.bounds.append((0, None) if value is None else (value, value))
                self._counting(at, stratum, region)
            self._sums(at, list(table.told))
        if nested:
            self._nest(tables)
        self._matrices = self._gather(self.equal), self._gather(self.most)

    def _at(self, at: int, stratum: str, **factors: float) -> dict[int, float]:
        return {self.place[at, stratum, name]: factor for name, factor in factors.items()}

    def _counting(self, at: int, stratum: str, region: RegionClass) -> None:
        """The rules of counting in one stratum."""
        hom = 1 if region is RegionClass.MITOCHONDRIAL else 2
        self.equal.append((self._at(at, stratum, ac=-1, n_het=1, n_hom=hom, n_hemi=1), 0))
        rules = [
            dict(n_het=1, n_hom=1, n_hemi=1, persons=-1), dict(ac=1, an=-1), dict(ac=1, ac_raw=-1),
            dict(ac_raw=1, an_raw=-1), dict(persons=1, an=-1), dict(an=1, an_raw=-1),
        ]  # fmt: skip
        if region in (RegionClass.DIPLOID, RegionClass.X_SPECIFIC):
            rules += [dict(an=1, persons=-2), dict(n_hom=1, persons=1, an=-1)]
        else:
            rules.append(dict(an=1, persons=-1))
        if region is RegionClass.X_SPECIFIC:
            rules.append(dict(n_hemi=1, an=1, persons=-2))
        self.most += [(self._at(at, stratum, **rule), 0) for rule in rules]

    def _sums(self, at: int, strata: list[str]) -> None:
        """Strata that differ in one attribute add up to the stratum without it."""
        values = {name: attributes_of(name) for name in strata}
        groups: dict[tuple[str, str], list[str]] = {}
        for name, own in values.items():
            for attribute in own:
                rest = {key: value for key, value in own.items() if key != attribute}
                wanted = [one for one in strata if values[one] == rest]
                kind = "|".join(own)
                for one in wanted:
                    groups.setdefault((one, f"{kind}/{attribute}"), []).append(name)
        for (whole, _), parts in groups.items():
            for figure in FIGURES:
                row = {self.place[at, part, figure]: 1.0 for part in parts}
                row[self.place[at, whole, figure]] = -1.0
                self.equal.append((row, 0))
        # Cells whose attributes have no strata of their own add up to everybody.
        for kind in {tuple(own) for own in values.values() if len(own) > 1}:
            parts = [name for name, own in values.items() if tuple(own) == kind]
            for figure in FIGURES:
                row = {self.place[at, part, figure]: 1.0 for part in parts}
                row[self.place[at, "all", figure]] = -1.0
                self.equal.append((row, 0))

    def _nest(self, tables: Sequence[Table]) -> None:
        for at in range(len(tables) - 1):
            for stratum in tables[at].told:
                for name in FIGURES:
                    if (at + 1, stratum, name) in self.place:
                        row = {self.place[at, stratum, name]: 1.0}
                        row[self.place[at + 1, stratum, name]] = -1.0
                        self.most.append((row, 0))

    def _gather(self, rows: list[tuple[dict[int, float], float]]) -> tuple[csr_array, np.ndarray]:
        entries = [(r, c, v) for r, (row, _) in enumerate(rows) for c, v in row.items()]
        r, c, v = zip(*entries, strict=True)
        matrix = csr_array((v, (r, c)), shape=(len(rows), len(self.bounds)))
        return matrix, np.array([right for _, right in rows])

    def range(self, at: int, stratum: str, name: str) -> tuple[float, float]:
        """The least and the greatest value that a figure may have."""
        (equal, equal_to), (most, at_most) = self._matrices
        found = []
        for sign in (1, -1):
            goal = np.zeros(len(self.bounds))
            goal[self.place[at, stratum, name]] = sign
            solved = linprog(goal, most, at_most, equal, equal_to, self.bounds, method="highs")
            assert solved.status in (0, 3), solved.message
            found.append(np.inf * -sign if solved.status == 3 else solved.fun * sign)
        return found[0], found[1]

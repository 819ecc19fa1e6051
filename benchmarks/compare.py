"""Compare the sides of a run: a table of ratios, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.ratios import BOUNDS, RATIOS, Bound, Ratio, Sides
from benchmarks.results import Result


@dataclass(frozen=True)
class Row:
    """One line of the table; `startup` is our figure on tiny data."""

    ratio: Ratio
    ours: float
    peer: float
    startup: float | None = None

    @property
    def value(self) -> float:
        """Ours by the peer's."""
        return self.ours / self.peer

    @property
    def missed(self) -> bool:
        """Whether the goal is missed, as far as the table shows digits."""
        return self.ratio.goal is not None and round(self.value, 3) > self.ratio.goal


@dataclass(frozen=True)
class BoundRow:
    """One line of the table of figures that have goals of their own."""

    bound: Bound
    value: float

    @property
    def missed(self) -> bool:
        """Whether the goal is missed."""
        return self.bound.goal is not None and self.value > self.bound.goal


def bound_rows(results: Sequence[Result]) -> list[BoundRow]:
    """The figures with goals of their own that the results have."""
    sides = {(result.task, result.side): result for result in results}
    found = ((bound, sides.get((bound.task, bound.side))) for bound in BOUNDS)
    return [BoundRow(bound, side.figures[bound.name]) for bound, side in found if side is not None]


def compare_rows(results: Sequence[Result]) -> list[Row]:
    """The ratios that the results have both sides of."""
    sides: Sides = {(result.task, result.side): result for result in results}
    rows = []
    for ratio in RATIOS:
        values = ratio.values(sides)
        if values is not None:
            rows.append(Row(ratio, *values, ratio.startup(sides)))
    return rows


def disagreements(results: Sequence[Result]) -> list[str]:
    """Each side that did not count as the first one of its run, task and group did."""
    first: dict[tuple[str, str, str], Result] = {}
    found = []
    for result in results:
        other = first.setdefault((result.run, result.task, result.group), result)
        if result.counts != other.counts:
            found.append(
                f"{result.task}: {other.side} and {result.side} count differently: "
                f"{_told(other)} against {_told(result)}"
            )
    return found


def alone(results: Sequence[Result]) -> list[str]:
    """Each group of which only one side was counted: nothing confirms it."""
    sizes: dict[tuple[str, str, str], int] = {}
    for result in results:
        key = (result.run, result.task, result.group)
        sizes[key] = sizes.get(key, 0) + 1
    return [f"{task}: one side alone, {group}" for (_, task, group), n in sizes.items() if n < 2]


def missed_goals(rows: Sequence[Row], bounds: Sequence[BoundRow] = ()) -> list[str]:
    """Each ratio, and each figure of its own, above its goal."""
    ratios = [
        f"{row.ratio.task}: {row.ratio.text}: {row.value:.3g}x {row.ratio.peer}, "
        f"goal {row.ratio.goal}x"
        for row in rows
        if row.missed
    ]
    return ratios + [
        f"{row.bound.task}: {row.bound.text}: {row.value:.3g} {row.bound.unit}, "
        f"goal {row.bound.goal:g}"
        for row in bounds
        if row.missed
    ]


def to_markdown(results: Sequence[Result], rows: Sequence[Row]) -> str:
    """The table as README holds it, and the lines that say what it was measured with."""
    lines = [
        "| question | unit | CAD | of it start-up | peer | peer's figure | ratio | goal |",
        "|---|---|---:|---:|---|---:|---:|---:|",
    ]
    for row in rows:
        goal = "" if row.ratio.goal is None else f"<= {row.ratio.goal}x"
        startup = "" if row.startup is None else f"{row.startup:.3g}"
        cells = (
            row.ratio.text, row.ratio.unit, f"{row.ours:.3g}", startup, row.ratio.peer,
            f"{row.peer:.3g}", f"{row.value:.3g}x", goal,
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", *_of_bounds(bound_rows(results)), *_context(results)])


def _of_bounds(rows: Sequence[BoundRow]) -> list[str]:
    """The table of figures with goals of their own, if there are any."""
    lines = ["| question | unit | CAD | goal |", "|---|---|---:|---:|"]
    for row in rows:
        goal = "" if row.bound.goal is None else f"<= {row.bound.goal:g}"
        lines.append(f"| {row.bound.text} | {row.bound.unit} | {row.value:.3g} | {goal} |")
    return [*lines, ""] if rows else []


def _context(results: Sequence[Result]) -> list[str]:
    """What it was measured with: data, machine, tools, memory."""
    one = results[0]
    tools = sorted({result.tool for result in results})
    revisions = ", ".join(dict.fromkeys(result.git for result in results))
    peaks = {result.task: 0 for result in results}
    for result in results:
        if result.tool.startswith("cad "):
            peaks[result.task] = max(peaks[result.task], result.peak_rss)
    memory = ", ".join(f"{task} {peak / 2**20:.0f} MiB" for task, peak in peaks.items())
    libraries = ", ".join(f"{name} {number}" for name, number in one.versions.items())
    return [
        f"Size `{one.size}`, revision {revisions}, {one.machine['cores']} cores "
        f"({one.machine['processor']}); median of up to {max(r.repeats for r in results)} repeats; "
        "CPU is user and system time of all processes, interpreter start included.",
        f"{'; '.join(tools)}; {libraries}. CAD's largest process: {memory}.",
    ]


def _told(result: Result) -> str:
    counts = result.counts
    return f"{counts.lines} counts, ac {counts.ac}, an {counts.an}"

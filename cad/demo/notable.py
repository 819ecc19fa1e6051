"""Variants of the simulated cohort that are worth showing to a reader, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from cad.demo.people import DISPLAYED_INDICATION
from cad.demo.truth import DemoTruth

Key = tuple[str, int, str, str]


@dataclass(frozen=True)
class Notable:
    """A variant worth showing: its id, why, its answer's state (DESIGN 6), its counts in ``all``.

    ``expected`` has the keys of ``truth.QUANTITIES``; it is empty where nothing is assayed.
    """

    variant: str
    why: str
    state: str
    expected: Mapping[str, int]


def notable_variants(
    truth: DemoTruth,
    shared: Key,
    silent: Key,
    upto_night: int,
    cohort_purposes: Mapping[str, frozenset[str]] | None = None,
) -> list[Notable]:
    """Five for care: a shared rare variant, a hemizygous, a heteroplasmic one, and two unseen.

    Args:
        truth: The cohort's counts.
        shared: The variant planted in several probands of one pre-indication.
        silent: A variant that nobody carries, at a place everybody was looked at.
        upto_night: The last night pushed and built.
        cohort_purposes: As for ``DemoTruth.rows``.
    """
    rows = truth.rows(upto_night, cohort_purposes)
    seen = rows.filter(pl.col("purpose") == "care", pl.col("stratum") == "all", pl.col("ac") > 0)
    rare = pl.col("ac") / pl.col("an")
    men = seen.filter(pl.col("n_hemi") >= 2).sort(rare, "pos", "alt")
    mixed = seen.filter(pl.col("contig") == "M", pl.col("n_het") >= 1).sort("n_hom", "pos")
    chosen: list[tuple[Key, str]] = [
        (shared, f"rare, de novo, in affected probands of {DISPLAYED_INDICATION}"),
        (_first_key(men), "on X outside the PARs, hemizygous in men"),
        (_first_key(mixed), "heteroplasmic on M"),
        (silent, "looked at in most persons, seen in none"),
    ]
    found = [
        _describe(key, why, truth.expected(upto_night, key, "care", cohort_purposes))
        for key, why in chosen
    ]
    return [*found, Notable("7-117559590-A-G", "on a contig no file covers", "not_assayed", {})]


def _first_key(rows: pl.DataFrame) -> Key:
    contig, pos, ref, alt = rows.select("contig", "pos", "ref", "alt").row(0)
    return str(contig), int(pos), str(ref), str(alt)


def _describe(key: Key, why: str, expected: Mapping[str, int]) -> Notable:
    variant = "-".join(map(str, key))
    state = "seen" if expected["ac"] else "callable_not_seen" if expected["an"] else "not_callable"
    return Notable(variant, why, state, expected)

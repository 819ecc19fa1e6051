"""Thousands of variants in one question: the figures of each, without what it is called or does.

Each block of the key index is read once, and fractions are worked out for all variants together.
The figures are those of `cad.query.answer.find_variant`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cad.frequency import allele_count, allele_frequency, counted_alleles, faf95
from cad.query.answer import counted_document
from cad.query.asked import chosen_strata
from cad.query.look_up import resolve
from cad.query.parse import Variant
from cad.query.reader import BaseReader
from schemas.errors import BadQuestion, NotFound

Document = dict[str, Any]
Longs = NDArray[np.int64]

MAX_VARIANTS: Final = 10_000
_FIELDS: Final = ("variant", "state", "raw_only", "normalised_from", "frequencies")
FIGURES: Final = (
    *("ac", "an", "af", "n_het", "n_hom", "n_hemi", "persons", "faf95", "ac_raw", "an_raw"),
)


def find_variants(
    reader: BaseReader, texts: Sequence[str], strata: Sequence[str] = ("all",)
) -> list[Document]:
    """The figures of many variants, in the order asked.

    Args:
        reader: of the base of a purpose.
        texts: each as `resolve` reads it.
        strata: whose figures; the state is that of `all`, or of the one stratum asked for.

    Returns:
        One document a text: `asked`, `variant`, `state`, `raw_only`, `normalised_from`,
        `frequencies` and `error`, which is None; where a text is no variant, `error` is its
        `reason` and `detail`, and the others are null.

    Raises:
        BadQuestion: `request_malformed`, where there are too many.
        NotFound: `stratum_unknown`.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    if len(texts) > MAX_VARIANTS:
        raise BadQuestion("request_malformed", f"ask for at most {MAX_VARIANTS:,} variants at once")
    chosen = chosen_strata(reader.base, strata)
    read = [_read(reader, text) for text in texts]
    found = [one for one in read if isinstance(one, Variant)]
    documents = iter(_documents(reader, found, chosen))
    return [
        {"asked": text, **(next(documents) if isinstance(one, Variant) else one)}
        for text, one in zip(texts, read, strict=True)
    ]


def _read(reader: BaseReader, text: str) -> Variant | Document:
    try:
        return resolve(reader, text)
    except (BadQuestion, NotFound) as error:
        said = dict.fromkeys(("variant", "state", "raw_only", "normalised_from", "frequencies"))
        return {**said, "error": {"reason": error.reason, "detail": error.detail}}


def _documents(
    reader: BaseReader, variants: Sequence[Variant], chosen: Sequence[int]
) -> Iterator[Document]:
    if reader.base.release is not None:
        # Each variant of a release hides figures of its own.
        yield from _one_by_one(reader, variants, chosen)
        return
    counts, depths = reader.gather(variants, chosen)
    on_m = np.array([one.contig == "M" for one in variants], bool)
    columns = _columns(counts, depths, on_m)
    decisive = 0 if len(chosen) == 1 else chosen.index(0) if 0 in chosen else None
    if decisive is None:
        everybody = reader.gather(variants, [0])
        states = _states(_columns(*everybody, on_m), everybody[1], 0)
    else:
        states = _states(columns, depths, decisive)
    names = [reader.base.strata[at].name for at in chosen]
    figures = [columns[name].tolist() for name in FIGURES]
    for variant, (state, raw_only), *rows in zip(variants, states, *figures, strict=True):
        yield {
            "variant": str(variant),
            "state": state,
            "raw_only": raw_only,
            "normalised_from": variant.normalised_from,
            "frequencies": [
                _frequency(name, values) for name, *values in zip(names, *rows, strict=True)
            ],
            "error": None,
        }


def _one_by_one(
    reader: BaseReader, variants: Sequence[Variant], chosen: Sequence[int]
) -> Iterator[Document]:
    for variant in variants:
        whole = counted_document(reader, variant, reader.lookup(variant), chosen)
        yield {**{name: whole[name] for name in _FIELDS}, "error": None}


def _frequency(stratum: str, values: Sequence[Any]) -> Document:
    row = {"stratum": stratum, **dict(zip(FIGURES, values, strict=True)), "hidden": False}
    if not row["an"]:
        row["af"] = None
    return row


def _columns(counts: Longs, depths: Longs, on_m: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """Every figure by name: variant x stratum."""
    het, hom, hemi, *raw = np.moveaxis(counts, -1, 0)
    an, an_raw, persons, _ = np.moveaxis(depths, -1, 0)
    is_m = on_m[:, None]
    ac = np.where(is_m, allele_count("M", het, hom, hemi), allele_count("1", het, hom, hemi))
    ac_raw = np.where(is_m, allele_count("M", *raw), allele_count("1", *raw))
    alleles = np.where(is_m, counted_alleles("M", ac, hom), ac)
    return {
        "ac": ac, "an": an, "af": allele_frequency(alleles, an), "n_het": het, "n_hom": hom,
        "n_hemi": hemi, "persons": persons, "faf95": faf95(alleles, an), "ac_raw": ac_raw,
        "an_raw": an_raw,
    }  # fmt: skip


def _states(columns: dict[str, NDArray[Any]], depths: Longs, at: int) -> list[tuple[str, bool]]:
    """The state of DESIGN 6 of each variant in one stratum, and whether only raw counts exist."""
    ac, an, raw = (columns[name][:, at] for name in ("ac", "an", "ac_raw"))
    assayed = depths[:, at, -1]
    names = ("seen", "callable_not_seen", "not_callable", "not_assayed")
    which = np.select([ac > 0, an > 0, assayed > 0], [0, 1, 2], 3)
    only_raw = (which == 1) & (raw > 0)
    return [(names[one], told) for one, told in zip(which.tolist(), only_raw.tolist(), strict=True)]

"""Annotating a file from its first to its last byte."""

from __future__ import annotations

import glob
import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import pysam

from cad.annotate.bcf import BcfWriter
from cad.annotate.bgzip import BgzipWriter
from cad.annotate.fields import figure_line, with_lines
from cad.annotate.figure_texts import FigureTeller
from cad.annotate.figures import STATES, FigureReader
from cad.annotate.look_up import AlleleLookUp, Told, Watch
from cad.annotate.source_texts import open_tellers
from cad.annotate.text import annotated, without_stale
from cad.leases import pin
from cad.query.asked import chosen_strata
from cad.query.reader import BaseReader
from cad.readers import open_reader
from cad.warehouse import Warehouse
from loaders.sites.blocks import OrderCheck, Progress, read_blocks
from loaders.sites.header import check_contigs
from loaders.sites.lines import Lines
from schemas.errors import BadQuestion, Conflict, Forbidden

log = logging.getLogger(__name__)

_INDEX: Final = {".vcf.gz": ".tbi", ".bcf": ".csi"}


@dataclass(frozen=True)
class Annotated:
    """What was written; `states` counts alternates, `missing` those that are no variants.

    Without figures, `purpose`, `stratum` and `states` are None, and `commit` is the latest one.
    `annotations` tell of each source how many alternates it knows.
    """

    path: Path
    index: Path
    purpose: str | None
    stratum: str | None
    commit: int
    release: str | None
    records: int
    states: dict[str, int] | None
    missing: int
    ref_mismatches: int
    annotations: list[dict[str, Any]]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The document that `cad annotate` prints."""
        return {
            "path": str(self.path),
            "index": str(self.index),
            "purpose": self.purpose,
            "stratum": self.stratum,
            "commit": self.commit,
            "release": self.release,
            "records": self.records,
            "states": self.states,
            "missing": self.missing,
            "ref_mismatches": self.ref_mismatches,
            "annotations": self.annotations,
            "seconds": round(self.seconds, 3),
        }


def annotate(
    warehouse: Warehouse,
    source: Path,
    out: Path,
    *,
    purpose: str = "care",
    stratum: str = "all",
    own_family: str | None = None,
    annotation: Sequence[str] = (),
    figures: bool = True,
    release: str | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
) -> Annotated:
    """Write a copy of a VCF with the base's figures of each alternate, and its index beside it.

    Args:
        warehouse: the warehouse.
        source: VCF, plain or bgzipped, or BCF; in order, with samples or without.
        out: ``.vcf.gz`` or ``.bcf``; it is there whole or not at all.
        purpose: whose consents and cohorts let them count.
        stratum: in whom.
        own_family: count as if this family's persons were not in the base: one's own patient.
        annotation: sources whose fields are written too (`cad.annotate.source_texts`).
        figures: False writes these alone, and needs no base.
        release: whose figures are written, what it hides as a dot; None for the latest base.
        progress: told now and then.
        watch: shown the alternates, in the base's form.

    Raises:
        Conflict: `output_exists`; `base_conflict`, where a build replaced the base meanwhile.
        BadQuestion: `assembly_mismatch`, `header_malformed`, `line_malformed`, `pos_unusable`,
            `file_unsorted`, `purpose_unknown`, `annotation_field_unknown`; `file_unusable` for
            another kind of output.
        Forbidden: `not_allowed`, where a family is to be taken out of a release.
        NotFound: `base_missing`, `stratum_unknown`, `family_unknown`, `annotation_unknown`,
            `release_unknown`.
        BatchRefused: `bgzf_truncated`, `bgzf_corrupt`, `bcf_malformed`.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    started = perf_counter()
    with ExitStack() as stack:
        text, index = stack.enter_context(_output(out))
        teller, commit_no, pinned_no, lines = None, 0, 0, []
        if figures:
            reader = stack.enter_context(open_reader(warehouse, purpose, release))
            teller, about = _figure_teller(stack, reader, stratum, own_family)
            lines, commit_no, pinned_no = [about], reader.base.commit_no, reader.base.pinned_no
        else:
            commit_no = pinned_no = stack.enter_context(pin(warehouse))
        sources = open_tellers(warehouse, pinned_no, annotation)
        look_up = AlleleLookUp(warehouse, [*([teller] if teller else []), *sources], watch=watch)
        lines += [one.line for each in look_up.tellers for one in each.fields]
        with _writer(text, out) as file:
            records = _write(source, file, lines, look_up, progress)
        _finish(text, out)
    seconds = perf_counter() - started
    log.info("annotated %d records in %.2f s", records, seconds)
    return Annotated(
        path=out,
        index=index,
        purpose=purpose if figures else None,
        stratum=stratum if figures else None,
        commit=commit_no,
        release=release if figures else None,
        records=records,
        states=_states(teller, release),
        missing=look_up.missing,
        ref_mismatches=look_up.ref_mismatches,
        annotations=[one.to_json() for one in sources],
        seconds=seconds,
    )


def _states(teller: FigureTeller | None, release: str | None) -> dict[str, int] | None:
    """Alternates by state; a base hides nothing."""
    if teller is None:
        return None
    found = dict(zip(STATES, teller.states.tolist(), strict=True))
    if release is None:
        del found["hidden"]
    return found


def _figure_teller(
    stack: ExitStack, reader: BaseReader, stratum: str, own_family: str | None
) -> tuple[FigureTeller, str]:
    """What tells a stratum's figures, and the header line about it."""
    warehouse, base = reader.warehouse, reader.base
    (at,) = chosen_strata(base, [stratum])
    chosen = base.strata[at]
    if base.release is not None:
        if own_family is not None:
            raise Forbidden(
                "not_allowed", "a release is told as it is, without leaving anybody out"
            )
        about = figure_line(warehouse, base, chosen, is_without_family=False)
        released = import_module("cad.releases.figures")
        return FigureTeller(released.ReleasedFigures(reader, at)), about
    family = None
    if own_family is not None:
        # Counting takes the build's compiled code, two seconds to load for those who need it.
        counting = import_module("cad.annotate.own_family")
        family = stack.enter_context(counting.open_family(reader, own_family, chosen))
    about = figure_line(warehouse, base, chosen, is_without_family=family is not None)
    return FigureTeller(FigureReader(reader, chosen, family)), about


@contextmanager
def _output(out: Path) -> Iterator[tuple[Path, Path]]:
    """The index's path, and a place to write text to; nothing is left of it.

    Raises:
        Conflict: `output_exists`.
        BadQuestion: `file_unusable`.
    """
    index = index_of(out)
    for path in (out, index):
        if path.exists():
            raise Conflict("output_exists", "name another file, or delete this one", path.name)
    out.parent.mkdir(parents=True, exist_ok=True)
    kind = ".bcf" if out.suffix == ".bcf" else ".vcf.gz"
    text = out.with_name(f".{out.name}.part{kind}")
    try:
        yield text, index
    finally:
        for path in out.parent.glob(f"{glob.escape(text.name)}*"):
            path.unlink(missing_ok=True)


def index_of(out: Path) -> Path:
    """Where the index of an output lies.

    Raises:
        BadQuestion: `file_unusable`, where it is none that can be written.
    """
    for kind, ending in _INDEX.items():
        if out.name.endswith(kind):
            return out.with_name(out.name + ending)
    raise BadQuestion("file_unusable", "expected a name with .vcf.gz or .bcf", out.name)


def _writer(made: Path, out: Path) -> BgzipWriter | BcfWriter:
    """Writes text to a place, packed as the output is to be."""
    return BcfWriter(made, out.name) if out.suffix == ".bcf" else BgzipWriter(made)


def _finish(made: Path, out: Path) -> None:
    """Index what was written, unless its writer did, and give it its name."""
    if out.suffix != ".bcf":
        pysam.tabix_index(str(made), preset="vcf", force=True)
    index_of(made).rename(index_of(out))
    made.rename(out)


def _write(
    source: Path,
    file: BgzipWriter | BcfWriter,
    lines: list[str],
    look_up: AlleleLookUp,
    progress: Progress | None,
) -> int:
    """Write text; returns the number of records."""
    blocks = read_blocks(source, progress)
    # Bytes that are no UTF-8 pass through as they are.
    header = next(blocks).decode(errors="surrogateescape")
    check_contigs(header, look_up.warehouse.assembly, source.name)
    order = OrderCheck(source.name)
    number = header.count("\n") + 1
    names = [[field.name for field in teller.fields] for teller in look_up.tellers]
    header, stale = with_lines(header, lines)
    records = 0
    file.write(header.encode(errors="surrogateescape"))
    for block in blocks:
        fresh = without_stale(block, stale) if stale else block
        parsed = Lines.parse(fresh, number + records, source.name)
        found = []
        for contig, run in parsed.runs():
            name = contig.decode(errors="replace")
            order.check(name, parsed.pos[run])
            found.append(look_up.find(name, parsed.written(run)))
        told = [Told.join(parts) for parts in zip(*found, strict=True)]
        file.write(annotated(parsed, told, names))
        records += len(parsed)
    return records

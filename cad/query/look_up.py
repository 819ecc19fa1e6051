"""A variant by any name: by its place, by HGVS on a transcript, by rs number, by VRS identifier.

Names that several variants fit are settled by the base: where one of them was seen, it is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pyarrow.compute as pc
import pyarrow.parquet as pq

from cad.annotation.gene_model import GeneModel
from cad.annotation.gene_source import gene_model_of
from cad.annotation.reader import AnnotationReader
from cad.query.base import Place
from cad.query.parse import Variant, Written, normalised, parse_place, parse_variant
from cad.query.reader import BaseReader
from cad.registry.engine import reading
from cad.registry.files import lake_files
from loaders.genes.transcript import Transcript, split_version
from loaders.hgvs.locate import Located, NotLocatedError, locate_coding
from loaders.hgvs.parse import HgvsName, parse_edit, parse_name
from loaders.hgvs.protein import snvs_of, spelled
from loaders.reference import registered_sequence
from loaders.vrs import PREFIX
from schemas.errors import BadQuestion, NotFound

_RS: Final = re.compile(r"rs(\d{1,12})", re.IGNORECASE | re.ASCII)
_VRS: Final = re.compile(r"(?:ga4gh:)?VA\.([\w-]{32})", re.ASCII)
_SHOWN: Final = 5


def resolve(reader: BaseReader, text: str) -> Variant:
    """The variant that a name means, in the base's own form.

    Args:
        reader: of the base of a purpose.
        text: see `cad.query.parse.parse_variant`; or ``rs123``, ``ga4gh:VA.…``, HGVS on a
            transcript, its protein or a gene's MANE Select or canonical transcript.

    Raises:
        BadQuestion: `variant_malformed`, `variant_not_located`, `variant_ambiguous`,
            `ref_mismatch_query`, `assembly_mismatch_query`.
        NotFound: `variant_unknown`, `genes_missing`.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    asked = text.strip()
    placed = parse_place(asked, reader.warehouse.assembly, reader.reference)
    if placed is not None:
        return placed
    number = _RS.fullmatch(asked)
    if number is not None:
        return _meant(reader, _by_rs(reader, int(number[1])), asked)
    digest = _VRS.fullmatch(asked)
    if digest is not None:
        return _meant(reader, _by_vrs(reader, digest[1]), asked)
    name = parse_name(asked)
    if name is not None and name.kind in ("c", "n", "p"):
        return _meant(reader, _by_transcript(reader, name, asked), asked)
    return parse_variant(text, reader.warehouse.assembly, reader.reference)


def _meant(reader: BaseReader, found: Sequence[Variant], asked: str) -> Variant:
    """The one variant that is meant: the only one, else the only one that was seen."""
    if not found:
        raise NotFound("variant_unknown", "no source that is loaded knows it", asked)
    variants = list({str(one): one for one in found}.values())
    if len(variants) > 1:
        seen = [one for one in variants if reader.lookup(one).counts.any()]
        if len(seen) != 1:
            some = ", ".join(str(one) for one in (seen or variants)[:_SHOWN])
            more = len(seen or variants) - _SHOWN
            told = f"{some} and {more} more" if more > 0 else some
            which = "seen in the base" if seen else "none of them seen in the base"
            raise BadQuestion("variant_ambiguous", f"it fits {told}, {which}", asked)
        variants = seen
    return replace(variants[0], asked_as=asked)


def _by_rs(reader: BaseReader, number: int) -> list[Variant]:
    annotations = reader.annotations(None)
    kinds = {"dbsnp": pc.field("rs") == number}
    kinds["clinvar"] = pc.match_substring_regex(pc.field("rs"), rf"(^|\D){number}(\D|$)")
    sources = [source for source in annotations.sources if source.kind in kinds]
    if not sources:
        detail = "no source with rs numbers is loaded: add dbsnp or clinvar"
        raise NotFound("variant_unknown", detail, f"rs{number}")
    for kind, condition in kinds.items():
        found = [
            variant
            for source in sources
            if source.kind == kind
            for variant in _where(annotations.paths(source, f"annotation_{kind}"), condition)
        ]
        if found:
            return found
    return []


def _where(paths: Sequence[Path], condition: pc.Expression) -> Iterator[Variant]:
    """Variants of placed files whose rows meet a condition."""
    for path in paths:
        rows = pq.read_table(path, columns=["contig", "pos", "ref", "alt"], filters=condition)
        for row in rows.to_pylist():
            yield Variant(row["contig"], row["pos"], row["ref"], row["alt"])


def _by_vrs(reader: BaseReader, digest: str) -> list[Variant]:
    """The variant of the base with an identifier; one that this purpose never saw is none."""
    warehouse, base = reader.warehouse, reader.base
    with reading(warehouse.engine) as connection:
        files = lake_files(connection, base.pinned_no, "base_vrs")
    if not files:
        detail = (
            "identifiers are known once a base is built on whole registered contigs"
            if warehouse.has_reference
            else "identifiers need a registered reference, and there is none"
        )
        raise NotFound("variant_unknown", detail, PREFIX + digest)
    held = [
        warehouse.lake.local(file.path)
        for file in files
        if file.contig is not None
        and file.bin is not None
        and base.paths("counts", Place(file.contig, file.bin))
    ]
    found = list(_where(held, pc.field("vrs") == digest))
    seen = [one for one in found if reader.lookup(one).counts.any()]
    if not seen:
        detail = "no variant seen in this base has it; an identifier alone tells no place"
        raise NotFound("variant_unknown", detail, PREFIX + digest)
    return seen


def _by_transcript(reader: BaseReader, name: HgvsName, asked: str) -> list[Variant]:
    annotations = reader.annotations(None)
    model = gene_model_of(annotations)
    if model is None:
        raise NotFound("genes_missing", "add a gene model: cad annotation add genes", asked)
    transcripts = _named(model, name)
    if not transcripts:
        detail = f"the loaded gene model has no {name.accession}"
        raise NotFound("variant_unknown", detail, asked)
    if name.kind == "p":
        return [
            variant
            for one in transcripts
            for variant in _by_protein(reader, annotations, one, name, asked)
        ]
    edit = parse_edit(name.change)
    if edit is None:
        detail = "expected a substitution, del, dup, ins, delins, inv or repeat"
        raise BadQuestion("variant_malformed", detail, asked)
    found = []
    for one in transcripts:
        bases = registered_sequence(reader.reference, one.contig)
        try:
            found.append(_placed(reader, one, locate_coding(edit, one, bases), asked))
        except NotLocatedError as error:
            raise BadQuestion("variant_not_located", str(error), asked) from None
    return found


def _named(model: GeneModel, name: HgvsName) -> list[Transcript]:
    """The transcripts a name is of; of a gene its MANE Select, else its canonical or only one.

    Raises:
        BadQuestion: `variant_ambiguous`, where a gene has several and none of these.
        NotFound: `variant_unknown`, where the name asks for another version than is loaded.
    """
    _, version = split_version(name.accession)
    found = model.transcripts_named(name.accession) or (
        model.transcripts_of_protein(name.accession) if name.kind == "p" else []
    )
    for one in found:
        own = (one.version, split_version(one.protein_id or "")[1])
        if version is not None and version not in own and set(own) != {None}:
            detail = f"the loaded gene model has {one.name}"
            raise NotFound("variant_unknown", detail, name.accession)
    if found:
        return found
    genes = model.find(name.accession)
    if genes is None:
        return []
    own_transcripts = model.transcripts_of(genes[1])
    chosen = [one for one in own_transcripts if one.mane_select]
    chosen = chosen or [one for one in own_transcripts if one.canonical]
    if not chosen and len(own_transcripts) > 1:
        some = ", ".join(one.name for one in own_transcripts[:_SHOWN])
        detail = f"the gene has no MANE Select nor canonical transcript; name one of {some}"
        raise BadQuestion("variant_ambiguous", detail, name.accession)
    return chosen or own_transcripts


def _by_protein(
    reader: BaseReader,
    annotations: AnnotationReader,
    transcript: Transcript,
    name: HgvsName,
    asked: str,
) -> list[Variant]:
    """Variants that change a protein so: those seen, else the SNVs that would."""
    from_base = _seen_with(reader, annotations, transcript, name.change)
    if from_base:
        return from_base
    bases = registered_sequence(reader.reference, transcript.contig)
    return [
        _placed(reader, transcript, Located(*snv), asked)
        for snv in snvs_of(transcript, bases, name.change)
    ]


def _seen_with(
    reader: BaseReader, annotations: AnnotationReader, transcript: Transcript, change: str
) -> list[Variant]:
    found: list[Variant] = []
    own = (pc.field("transcript_id") == transcript.transcript_id) & (
        pc.ends_with(pc.field("hgvs_p"), f":p.{spelled(change)}")
    )
    for source in annotations.sources:
        if source.kind == "genes":
            found += _where(annotations.paths(source, "annotation_consequence"), own)
    return [one for one in found if reader.lookup(one).counts.any()]


def _placed(reader: BaseReader, transcript: Transcript, located: Located, asked: str) -> Variant:
    assembly = reader.warehouse.assembly
    return normalised(Written(transcript.contig, *located), asked, assembly, reader.reference)

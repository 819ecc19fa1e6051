"""Answers as DESIGN 6 and 8 word them: plain documents, made of what JSON knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from cad.annotation.answer import annotations_between, annotations_of
from cad.annotation.reader import AnnotationReader
from cad.flags import flags_document
from cad.frequency import allele_count, allele_frequency, counted_alleles, faf95
from cad.query.asked import about_base, chosen_strata
from cad.query.describe import describer
from cad.query.family import FamilyShare, family_share
from cad.query.look_up import resolve
from cad.query.mito import BINS, vaf_histograms
from cad.query.parse import Region, Variant, parse_region
from cad.query.reader import BaseReader, Figures
from loaders.normalise import normalise_variant
from schemas.errors import Forbidden

Document = dict[str, Any]


def find_variant(
    reader: BaseReader,
    text: str,
    strata: Sequence[str] = (),
    excluding_family: str | None = None,
    annotation: Sequence[str] | None = None,
) -> Document:
    """How often a variant is seen, in how many persons who could have shown it, in whom.

    Args:
        reader: of the base of a purpose.
        text: the variant as the asker writes it, in any form that `resolve` reads.
        strata: only these strata's figures; all where empty. The state is that of `all`, or of the
            one stratum asked for.
        excluding_family: count as if this family's persons were not in the base; the flags, which
            change no count, stay those of the whole base.
        annotation: sources that are asked too, as `cad.annotation.manage.chosen_sources` reads
            them: None asks each by its default version.

    Raises:
        BadQuestion: `variant_malformed`, `variant_not_located`, `variant_ambiguous`,
            `ref_mismatch_query`, `assembly_mismatch_query`.
        NotFound: `variant_unknown`, `genes_missing`, `stratum_unknown`, `family_unknown`,
            `annotation_unknown`.
        Conflict: `base_conflict`, where a build replaced the base while a family was taken out or
            M was read.
        Forbidden: `not_allowed`, where a family is to be taken out of a release.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    if excluding_family is not None and reader.base.release is not None:
        raise Forbidden("not_allowed", "a release is told as it is, without leaving anybody out")
    variant = resolve(reader, text)
    chosen = chosen_strata(reader.base, strata)
    region = Region(variant.contig, variant.pos, variant.pos)
    figures = reader.lookup(variant)
    annotations = reader.annotations(annotation)
    said = describer(reader, annotations, region)(variant, bool(figures.counts.any()))
    said["annotations"] = annotations_of(annotations, variant)
    by_vaf = _by_vaf(reader, region, excluding_family)
    if excluding_family is None:
        return counted_document(reader, variant, figures, chosen) | by_vaf(variant) | said
    share = family_share(reader, variant, excluding_family)
    # A stratum that the family alone makes up is none of a base without them.
    kept = [at for at in chosen if strata or reader.base.strata[at].name not in share.emptied]
    figures -= share.figures
    return counted_document(reader, variant, figures, kept or [0], share) | by_vaf(variant) | said


def find_region(
    reader: BaseReader,
    text: str,
    strata: Sequence[str] = (),
    annotation: Sequence[str] | None = None,
) -> Document:
    """The variants of the base in a region, sorted, each as `find_variant` answers.

    Raises:
        BadQuestion: `region_malformed`.
        NotFound: `stratum_unknown`, `annotation_unknown`.
        Conflict: `base_conflict`, where a build replaced the base while M was read.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    found = find_region_from(reader, text, strata, annotation)
    return {**found, "variants": list(found["variants"])}


def find_region_from(
    reader: BaseReader,
    text: str,
    strata: Sequence[str] = (),
    annotation: Sequence[str] | None = None,
    after: tuple[int, str, str] | None = None,
) -> Document:
    """As `find_region`; `variants` are an iterator, of those after a position, ref and alt.

    Raises:
        As `find_region`, the last two while iterating.
    """
    region = parse_region(text, reader.warehouse.assembly)
    chosen = chosen_strata(reader.base, strata)
    rest = region if after is None else replace(region, start=max(region.start, after[0]))
    found = variants_between(reader, rest, chosen, reader.annotations(annotation), after)
    return {"region": str(region), **about_counted(reader), "variants": found}


def variants_between(
    reader: BaseReader,
    region: Region,
    chosen: Sequence[int],
    annotations: AnnotationReader,
    after: tuple[int, str, str] | None = None,
) -> Iterator[Document]:
    """The documents of the base's variants in a region, sorted, with the figures of some strata.

    Those up to `after` (position, ref, alt) are left out.

    Raises:
        Conflict: `base_conflict`, where a build replaced the base while M was read.
        Unavailable: `lake_file_damaged`, `registry_unusable`.
    """
    by_vaf = _by_vaf(reader, region)
    said = annotations_between(annotations, region)
    describe = describer(reader, annotations, region)
    for variant, figures in reader.between(region):
        if after is not None and (variant.pos, variant.ref, variant.alt) <= after:
            continue
        document = counted_document(reader, _as_asked(reader, variant), figures, chosen)
        document |= by_vaf(variant) | describe(variant, True)
        yield document | {"annotations": said(variant)}


def _by_vaf(
    reader: BaseReader, region: Region, excluding_family: str | None = None
) -> Callable[[Variant], Document]:
    """What the variants of a region gain: on M persons by VAF, elsewhere nothing."""
    if region.contig != "M" or reader.base.release is not None:
        # A release stores none.
        return lambda _: {}
    found = vaf_histograms(reader, region, excluding_family)
    nobody = [0] * BINS
    return lambda one: {"vaf_histogram": found.get((one.pos, one.ref, one.alt), nobody)}


def _as_asked(reader: BaseReader, variant: Variant) -> Variant:
    """A variant of the base, with whether the reference tells that it lies no further left."""
    key = (variant.contig, variant.pos, variant.ref, variant.alt)
    return replace(variant, is_aligned=normalise_variant(reader.reference, *key).is_aligned)


def about_counted(reader: BaseReader, without: FamilyShare | None = None) -> Document:
    """Which base an answer is from, and whom it counts."""
    base = reader.base
    emptied = without.emptied if without else frozenset()
    return {
        **about_base(reader),
        "persons": base.persons - (without.persons if without else 0),
        "platforms": [one for one in base.platforms if f"platform={one}" not in emptied],
    }


def counted_document(
    reader: BaseReader,
    variant: Variant,
    figures: Figures,
    chosen: Sequence[int],
    without: FamilyShare | None = None,
) -> Document:
    """The figures of one variant in some strata, what a release hides left out."""
    rows = _rows(reader, variant.contig, figures, chosen)
    for name, mask in figures.masks.items():
        for row, is_hidden in zip(rows, mask[chosen].tolist(), strict=True):
            if is_hidden:
                row |= {name: None, "hidden": True}
    decisive = chosen[0] if len(chosen) == 1 else 0
    state, raw_only = _state(variant.contig, figures, decisive)
    return {
        "variant": str(variant),
        "state": state,
        "raw_only": raw_only,
        **about_counted(reader, without),
        "normalised_from": variant.normalised_from,
        "left_aligned": variant.is_aligned,
        "frequencies": rows,
        "flags": flags_document(figures.flags, reader.base.variants),
    }


def _state(contig: str, figures: Figures, at: int) -> tuple[str, bool]:
    """The state of DESIGN 6, and whether only raw counts exist."""
    if "ac" in figures.masks and figures.masks["ac"][at]:
        return "hidden", False
    counts = figures.counts[at]
    an, _, _, assayed = figures.depths[at].tolist()
    if int(allele_count(contig, *counts[:3])) > 0:
        return "seen", False
    if an > 0:
        return "callable_not_seen", int(allele_count(contig, *counts[3:])) > 0
    return ("not_callable" if assayed > 0 else "not_assayed"), False


def _rows(
    reader: BaseReader, contig: str, figures: Figures, chosen: Sequence[int]
) -> list[Document]:
    """The figures of the strata asked for, one row each."""
    counts = figures.counts[chosen].T
    an, an_raw, persons, _ = figures.depths[chosen].T
    ac, ac_raw = allele_count(contig, *counts[:3]), allele_count(contig, *counts[3:])
    alleles = counted_alleles(contig, ac, counts[1])
    columns = (
        *(ac, an, allele_frequency(alleles, an), *counts[:3], persons, faf95(alleles, an)),
        *(ac_raw, an_raw),
    )
    names = [reader.base.strata[at].name for at in chosen]
    return [_row(*row) for row in zip(names, *(one.tolist() for one in columns), strict=True)]


def _row(
    stratum: str,
    ac: int,
    an: int,
    af: float,
    n_het: int,
    n_hom: int,
    n_hemi: int,
    persons: int,
    faf95: float,
    ac_raw: int,
    an_raw: int,
) -> Document:
    """One stratum's figures under their names."""
    return {
        "stratum": stratum,
        "ac": ac,
        "an": an,
        "af": af if an else None,
        "n_het": n_het,
        "n_hom": n_hom,
        "n_hemi": n_hemi,
        "persons": persons,
        "faf95": faf95,
        "ac_raw": ac_raw,
        "an_raw": an_raw,
        "hidden": False,
    }

"""Consequences that a VCF tells: VEP's CSQ, SnpEff's ANN, bcftools' BCSQ, by their header's words.

Which alternate an entry is of: VEP's ALLELE_NUM where it is given, else the allele as the tool
writes it (VEP drops the first base where all alleles share it); of a line with one alternate, that
one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import pyarrow as pa

from loaders.annotation.job import Rows, SourceJob
from loaders.annotation.vcf import SiteRows, read_sites
from loaders.consequences.bcftools import Site
from loaders.consequences.rows import Row, by_severity, row_of, rows_table
from loaders.genes.transcript import split_version
from loaders.sites.blocks import read_blocks
from schemas.consequences import BCFTOOLS, impact
from schemas.errors import BadQuestion

FIELDS: Final = ("CSQ", "vep", "ANN", "BCSQ")
"""INFO keys that tell consequences; a file's first is read."""

_DECLARED: Final = re.compile(r'##INFO=<ID=(\w+),.*?Description="(.*)"', re.MULTILINE)
_TOOL: Final = re.compile(r"^##(VEP|SnpEffVersion|bcftools/csqVersion)=(.{1,300})", re.MULTILINE)
_WORDS: Final[Mapping[str, str]] = {
    "allele": "allele",
    "allele_num": "allele_num",
    "consequence": "terms",
    "annotation": "terms",
    "impact": "impact",
    "annotation_impact": "impact",
    "symbol": "symbol",
    "gene_name": "symbol",
    "gene": "gene_id",
    "gene_id": "gene_id",
    "feature": "feature",
    "feature_id": "feature",
    "feature_type": "feature_type",
    "biotype": "biotype",
    "transcript_biotype": "biotype",
    "strand": "strand",
    "hgvsc": "hgvs_c",
    "hgvs.c": "hgvs_c",
    "hgvsp": "hgvs_p",
    "hgvs.p": "hgvs_p",
    "canonical": "canonical",
    "mane_select": "mane_select",
    "transcript": "feature",
    "dna_change": "dna_change",
}
"""What a column of CSQ, ANN or BCSQ is, by its name in small letters."""
_BCSQ: Final = ("terms", "symbol", "feature", "biotype", "strand", "amino_acids", "dna_change")
_STRANDS: Final = {"1": "+", "-1": "-", "+": "+", "-": "-"}


class Format(NamedTuple):
    """How entries of a file are written: the INFO key, and what each part of an entry is."""

    key: str
    parts: tuple[str, ...]


def consequence_format(header: str) -> Format | None:
    """How a header says that consequences are written; None where it declares none.

    >>> text = '##INFO=<ID=CSQ,Number=.,Type=String,Description="... Format: Allele|Consequence">'
    >>> consequence_format(text)
    Format(key='CSQ', parts=('allele', 'terms'))
    """
    declared = dict(_DECLARED.findall(header))
    for key in FIELDS:
        if key not in declared:
            continue
        if key == "BCSQ":
            return Format(key, _BCSQ)
        said = declared[key]
        words = said.partition("Format:")[2] or said.partition("'")[2].rpartition("'")[0]
        names = [name.strip(" '\"").lower() for name in words.split("|")]
        parts = tuple(_WORDS.get(name.partition(" ")[0].partition("/")[0], name) for name in names)
        if "terms" in parts:
            return Format(key, parts)
    return None


def read_consequences(job: SourceJob) -> Rows:
    """Rows of `annotation_consequence`, those of a variant together, most severe first.

    Raises:
        BadQuestion: `annotation_malformed` where the header declares no such field or an entry
            has more parts than it says; see also `loaders.annotation.vcf.read_site_table`.
        BatchRefused: `bgzf_truncated`, `bgzf_corrupt`, `bcf_malformed`.
    """
    header = next(read_blocks(job.path, None)).decode(errors="surrogateescape")
    form = consequence_format(header)
    if form is None:
        wanted = ", ".join(FIELDS)
        detail = f"the header declares none of {wanted} with its format"
        raise BadQuestion("annotation_malformed", detail, job.name)
    job.tally.facts |= {"field": form.key, **_tool(header)}
    for _, rows in read_sites(job, {"terms": (form.key,)}):
        yield "annotation_consequence", consequence_rows(rows, form)


def consequence_rows(rows: SiteRows, form: Format) -> pa.Table:
    """What entries tell of some variants, as rows of `annotation_consequence`.

    Raises:
        BadQuestion: `annotation_malformed`, where an entry has more parts than the header says.
    """
    return rows_table(list(_rows(rows, form)))


def _tool(header: str) -> dict[str, str]:
    """What the header says of the tool that wrote it."""
    found = _TOOL.search(header)
    return {found[1]: found[2].strip('"')} if found else {}


def _rows(rows: SiteRows, form: Format) -> Iterator[Row]:
    key = rows.key()
    places = zip(*(_texts(key[name]) for name in Site._fields), strict=True)
    told = rows.info.values(form.key, rows.line).to_pylist()
    for at, (place, text) in enumerate(zip(places, told, strict=True)):
        if not text:
            continue
        written = rows.written_at(at)
        own = [
            entry_row(rows.contig, Site(*place), entry, form)
            for entry in _entries(text, form, rows.where(at))
            if _is_of(entry, written, int(rows.nth[at]))
        ]
        yield from sorted((row for row in own if row is not None), key=by_severity)


def _texts(column: Any) -> list[Any]:
    return list(column.to_pylist())


def _entries(text: str, form: Format, where: str) -> Iterator[dict[str, str]]:
    for entry in text.split(","):
        parts = entry.split("|")
        if entry.startswith("@"):
            # bcftools: told with another variant of the haplotype.
            continue
        if len(parts) > len(form.parts):
            detail = f"an entry of {form.key} has {len(parts)} parts, its header {len(form.parts)}"
            raise BadQuestion("annotation_malformed", detail, where)
        yield {name: part for name, part in zip(form.parts, parts, strict=False) if part}


def _is_of(entry: Mapping[str, str], written: tuple[str, Sequence[str]], nth: int) -> bool:
    """Whether an entry is of the nth alternate of its line."""
    ref, alts = written
    if len(alts) == 1:
        return True
    number = entry.get("allele_num")
    if number is not None:
        return number == str(nth + 1)
    allele = entry.get("allele")
    if allele is None:
        change = entry.get("dna_change", "")
        return ">" not in change or change.rpartition(">")[2] == alts[nth]
    return allele in (alts[nth], _vep_allele(ref, alts, nth))


def _vep_allele(ref: str, alts: Sequence[str], nth: int) -> str:
    is_indel = any(len(alt) != len(ref) for alt in alts)
    if is_indel and all(alt[:1] == ref[:1] for alt in alts):
        return alts[nth][1:] or "-"
    return alts[nth]


def entry_row(contig: str, site: Site, entry: Mapping[str, str], form: Format) -> Row | None:
    """One entry as a row; None where it names no consequence."""
    terms = entry.get("terms", "").lstrip("*").split("&")
    if form.key == "BCSQ":
        terms = [BCFTOOLS.get(term, term) for term in terms]
    if not terms[0]:
        return None
    is_transcript = entry.get("feature_type", "transcript").lower() == "transcript"
    feature = entry.get("feature") if is_transcript else None
    names = {name: _name(entry.get(name), feature) for name in ("hgvs_c", "hgvs_p")}
    # VEP's identifiers have their version in the names alone.
    transcript, version = split_version(feature or "")
    if version is None and names["hgvs_c"]:
        bare, version = split_version(names["hgvs_c"].partition(":")[0])
        version = version if bare == transcript else None
    return row_of(
        contig,
        site,
        terms,
        gene_id=split_version(entry["gene_id"])[0] if "gene_id" in entry else None,
        symbol=entry.get("symbol"),
        transcript_id=transcript or None,
        transcript_version=version,
        biotype=entry.get("biotype"),
        strand=_STRANDS.get(entry.get("strand", "")),
        impact=entry.get("impact") or impact(terms),
        mane_select=bool(entry.get("mane_select")),
        canonical=entry.get("canonical") == "YES",
        origin="CSQ" if form.key == "vep" else form.key,
        **names,
    )


def _name(text: str | None, feature: str | None) -> str | None:
    """An HGVS name with what it is of, which SnpEff leaves out."""
    if not text:
        return None
    name = unquote(text)
    return name if ":" in name or not feature else f"{feature}:{name}"

"""HGVS names against Ensembl VEP's and ClinVar's, both ways."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from loaders.genes.transcript import Exon, Transcript
from loaders.hgvs.change import change_of, shifted
from loaders.hgvs.locate import NotLocatedError, locate_coding, locate_genomic
from loaders.hgvs.names import coding_name, genomic_name
from loaders.hgvs.parse import HgvsEdit, parse_edit, parse_name
from loaders.hgvs.protein import protein_name, snvs_of
from loaders.reference import Sequence
from tests.annotated import (
    alternate,
    chromosome_1,
    load_genes,
    model_text,
    transcripts_of,
    vep_entries,
)

TRI_ALLELIC = "ENST00000488147.1:n.1111_1112insG"
"""VEP 8x, of a line with two alternates: the base inserted is the one before it, a duplication."""


@pytest.mark.realdata
def test_names_are_veps(testdata: Path, tmp_path: Path) -> None:
    (tmp_path / "genes.gff3").write_text(model_text(testdata))
    known = {one.transcript_id: one for one in transcripts_of(load_genes(tmp_path / "genes.gff3"))}
    bases = chromosome_1(testdata)
    named = proteins = 0
    for columns, entry in vep_entries(testdata / "annotation" / "vep_csq_802.vcf"):
        one = known.get(entry["Feature"])
        if one is None or not entry["HGVSc"]:
            continue
        variant = alternate(columns, entry)
        name = coding_name(one, bases, *variant)
        if entry["HGVSc"] == TRI_ALLELIC:
            assert name == "ENST00000488147.1:n.1111dup"
        else:
            assert name == entry["HGVSc"]
        located = locate_coding(_edit(entry["HGVSc"]), one, bases)
        assert _leftmost(bases, *located) == _leftmost(bases, *variant)
        change = (protein_name(one, bases, *variant) or "").partition(":")[2]
        assert change == entry["HGVSp"].replace("%3D", "=").partition(":")[2]
        named, proteins = named + 1, proteins + bool(change)
    assert (named, proteins) == (214, 28)


@pytest.mark.realdata
def test_genomic_names_are_clinvars(testdata: Path) -> None:
    bases = chromosome_1(testdata)
    same = repeats = 0
    with gzip.open(testdata / "annotation" / "clinvar_2000.vcf.gz", "rt") as lines:
        for line in lines:
            found = re.search(r"CLNHGVS=([^;]*)", line)
            if line.startswith("#") or found is None:
                continue
            contig, pos, _, ref, alt = line.split("\t")[:5]
            if alt == ".":
                continue
            name = genomic_name("GRCh37", bases, contig, int(pos), ref, alt)
            written = parse_name(found[1])
            edit = parse_edit(written.change) if written else None
            if edit is None:
                # One of several units, which is not read.
                assert found[1].endswith("CCGC[2]C[1]")
                continue
            assert _leftmost(bases, *locate_genomic(edit, bases)) == (
                _leftmost(bases, int(pos), ref, alt)
            )
            same += name == found[1]
            repeats += edit.kind == "repeat"
            assert name == found[1] or edit.kind == "repeat"
    assert (same, repeats) == (1979, 19)


#                    1         2         3         4
#           1234567890123456789012345678901234567890123
SEQUENCE = "CCCATGAAAGCTGTAAGTTTTTTCAGCTCGGTGGTTAACCATGA"


def _transcript(strand: str = "+") -> Transcript:
    """Two coding exons: ATG AAA GCT | CTC GGT GGT TAA, with bases before and after."""
    exons = (Exon(2, 12, 4, 12, 0), Exon(27, 41, 27, 38, 0))
    if strand == "-":
        size = len(SEQUENCE) + 1
        exons = tuple(
            Exon(*(size - at for at in (one.end, one.start, one.cds_end, one.cds_start)), 0)
            for one in reversed(exons)
        )
    return Transcript(
        "T",
        2,
        "G",
        "GENE",
        "protein_coding",
        "1",
        exons[0].start,
        exons[-1].end,
        strand,
        exons,
        "P.1",
    )


def _bases(strand: str = "+") -> Sequence:
    text = SEQUENCE if strand == "+" else SEQUENCE.translate(str.maketrans("ACGT", "TGCA"))[::-1]
    return Sequence(1, np.frombuffer(text.encode(), np.uint8))


CASES = [
    ((4, "A", "G"), "c.1A>G", "p.Met1?"),
    ((2, "C", "T"), "c.-2C>T", None),
    ((9, "A", "G"), "c.6A>G", "p.Lys2="),
    ((8, "A", "G"), "c.5A>G", "p.Lys2Arg"),
    ((7, "A", "T"), "c.4A>T", "p.Lys2Ter"),
    ((6, "GA", "G"), "c.6del", "p.Ala3LeufsTer?"),
    ((6, "G", "GA"), "c.6dup", "p.Ala3SerfsTer?"),
    ((6, "GAAA", "G"), "c.4_6del", "p.Lys2del"),
    ((9, "A", "AAAA"), "c.4_6dup", "p.Lys2dup"),
    ((9, "A", "ACCC"), "c.6_7insCCC", "p.Lys2_Ala3insPro"),
    ((7, "AAAGCT", "TGGTGG"), "c.4_9delinsTGGTGG", "p.Lys2_Ala3delinsTrpTrp"),
    ((10, "GC", "TT"), "c.7_8delinsTT", "p.Ala3Phe"),
    ((10, "G", "C"), "c.7G>C", "p.Ala3Pro"),
    ((10, "GCT", "AGC"), "c.7_9inv", "p.Ala3Ser"),
    ((12, "T", "A"), "c.9T>A", "p.Ala3="),
    ((13, "G", "A"), "c.9+1G>A", None),
    ((26, "G", "A"), "c.10-1G>A", None),
    ((19, "T", "C"), "c.9+7T>C", None),
    ((20, "T", "C"), "c.10-7T>C", None),
    ((9, "A", "ACCCTGAC"), "c.6_7insCCCTGAC", "p.Ala3ProfsTer2"),
    ((9, "A", "ACCCTGACCC"), "c.6_7insCCCTGACCC", "p.Ala3delinsProTer"),
    ((9, "A", "ATGA"), "c.6_7insTGA", "p.Ala3Ter"),
    ((6, "GAAA", "G"), "c.4_6del", "p.Lys2del"),
    ((36, "TAA", "CAA"), "c.19T>C", "p.Ter7GlnextTer?"),
    ((35, "TTAA", "T"), "c.19_21del", "p.Ter7ProextTer?"),
    ((36, "T", "C"), "c.19T>C", "p.Ter7GlnextTer?"),
    ((30, "GGTGGT", "G"), "c.14_18del", "p.Gly5ValfsTer?"),
    ((29, "C", "CGGT"), "c.16_18dup", "p.Gly6dup"),
    ((30, "GGTG", "G"), "c.16_18del", "p.Gly6del"),
    ((39, "C", "T"), "c.*1C>T", None),
    ((12, "TGTAA", "T"), "c.9+3_9+6del", None),
]


@pytest.mark.parametrize(("variant", "coding", "protein"), CASES)
def test_names_by_hand(variant: tuple[int, str, str], coding: str, protein: str | None) -> None:
    one, bases = _transcript(), _bases()
    assert bases.fetch(variant[0], variant[0] + len(variant[1]) - 1) == variant[1]
    assert coding_name(one, bases, *variant) == f"T.2:{coding}"
    assert protein_name(one, bases, *variant) == (protein and f"P.1:{protein}")
    located = locate_coding(_edit(f"T.2:{coding}"), one, bases)
    assert _leftmost(bases, *located) == _leftmost(bases, *variant)


@pytest.mark.parametrize(("variant", "coding", "protein"), CASES)
def test_other_strand_has_the_same_names(
    variant: tuple[int, str, str], coding: str, protein: str | None
) -> None:
    one, bases = _transcript("-"), _bases("-")
    pos, ref, alt = variant
    turned = str.maketrans("ACGT", "TGCA")
    flipped = (
        len(SEQUENCE) + 2 - pos - len(ref), ref.translate(turned)[::-1], alt.translate(turned)[::-1]
    )  # fmt: skip
    assert coding_name(one, bases, *flipped) == f"T.2:{coding}"
    assert protein_name(one, bases, *flipped) == (protein and f"P.1:{protein}")


def test_snvs_of_a_protein_change() -> None:
    assert list(snvs_of(_transcript(), _bases(), "Lys2Ter")) == [(7, "A", "T")]
    assert list(snvs_of(_transcript(), _bases(), "K2N")) == [(9, "A", "C"), (9, "A", "T")]
    assert list(snvs_of(_transcript(), _bases(), "Arg2Ter")) == []
    assert list(snvs_of(_transcript(), _bases(), "Lys2fs")) == []


@pytest.mark.parametrize(
    "name", ["c.9+1", "c.", "c.5A>", "c.5A<G", "c.5ins", "c.5_6insN[12]", "c.?_5del", "c.(5_6)del"]
)
def test_change_that_is_none(name: str) -> None:
    assert parse_edit(name[2:]) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("c.200A>G", "no position"), ("c.8+1G>A", "no position"), ("c.*99A>G", "no position"),
        ("c.5_4del", "first position"), ("c.5_9insA", "next to it"), ("c.4_6delAA", "2 bases"),
        ("c.4CCC[2]", "no such unit"), ("c.13GGT[2]", "as often"),
    ],
)  # fmt: skip
def test_change_that_lies_nowhere(name: str, why: str) -> None:
    with pytest.raises(NotLocatedError, match=why):
        locate_coding(_edit(f"T:{name}"), _transcript(), _bases())


def test_deletion_without_reference_lies_nowhere() -> None:
    with pytest.raises(NotLocatedError, match="no reference"):
        locate_genomic(_edit("1:g.5del"), Sequence.empty())
    assert locate_genomic(_edit("1:g.5A>G"), Sequence.empty()) == (5, "A", "G")


def test_deletion_of_the_first_base_has_the_next_as_its_anchor() -> None:
    assert locate_genomic(_edit("1:g.1del"), _bases()) == (1, "CC", "C")


def _edit(name: str) -> HgvsEdit:
    written = parse_name(name)
    assert written is not None
    edit = parse_edit(written.change)
    assert edit is not None
    return edit


def _leftmost(bases: Sequence, pos: int, ref: str, alt: str) -> object:
    """A change as far left as it may be written."""
    return shifted(change_of(pos, ref, alt), bases, forward=False)

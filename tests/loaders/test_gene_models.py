"""GTF and GFF3 of different makers to the same genes, transcripts and exons; what is refused."""

import gzip
from pathlib import Path

import pytest

from loaders.annotation.gene_models import read_genes
from loaders.annotation.job import SourceJob
from loaders.genes.transcript import Place
from schemas.errors import BadQuestion
from tests.annotated import gff_cells, load_genes, transcripts_of

ENSEMBL_GFF3 = """\
##gff-version 3
##sequence-region 22 1 50818468
#!genome-build GRCh38.p14
22|h|gene|1000|1900|.|-|.|ID=gene:ENSG01;Name=AAA1;biotype=protein_coding;version=4;\
description=thing %5BSource:HGNC Symbol%3BAcc:HGNC:77%5D
22|h|mRNA|1000|1900|.|-|.|ID=transcript:ENST01;Parent=gene:ENSG01;biotype=protein_coding;\
tag=basic,Ensembl_canonical,MANE_Select;version=7
22|h|exon|1000|1200|.|-|.|Parent=transcript:ENST01;rank=2
22|h|CDS|1101|1200|.|-|1|Parent=transcript:ENST01;protein_id=ENSP01;protein_version=2
22|h|exon|1801|1900|.|-|.|Parent=transcript:ENST01;rank=1
22|h|CDS|1801|1850|.|-|0|Parent=transcript:ENST01;protein_id=ENSP01;protein_version=2
KI270728.1|h|gene|1|9|.|+|.|ID=gene:ENSG09;biotype=protein_coding
"""
GENCODE_GFF3 = """\
##gff-version 3
#description: evidence-based annotation of the human genome (GRCh38), version 49 (Ensembl 115)
chr22|H|gene|1000|1900|.|-|.|ID=ENSG01.4;gene_id=ENSG01.4;gene_type=protein_coding;\
gene_name=AAA1;hgnc_id=HGNC:77
chr22|H|transcript|1000|1900|.|-|.|ID=ENST01.7;Parent=ENSG01.4;gene_id=ENSG01.4;\
transcript_id=ENST01.7;gene_type=protein_coding;transcript_type=protein_coding;\
tag=basic,Ensembl_canonical,MANE_Select
chr22|H|exon|1801|1900|.|-|.|ID=exon:ENST01.7:1;Parent=ENST01.7;exon_number=1
chr22|H|CDS|1801|1850|.|-|0|ID=CDS:ENST01.7;Parent=ENST01.7;protein_id=ENSP01.2
chr22|H|start_codon|1848|1850|.|-|0|Parent=ENST01.7
chr22|H|exon|1000|1200|.|-|.|ID=exon:ENST01.7:2;Parent=ENST01.7;exon_number=2
chr22|H|CDS|1101|1200|.|-|1|ID=CDS:ENST01.7;Parent=ENST01.7;protein_id=ENSP01.2
"""
GENCODE_GTF = """\
##description: evidence-based annotation of the human genome (GRCh38), version 49 (Ensembl 115)
chr22|H|gene|1000|1900|.|-|.|gene_id "ENSG01.4"; gene_type "protein_coding"; gene_name "AAA1"; \
level 2; hgnc_id "HGNC:77";
chr22|H|transcript|1000|1900|.|-|.|gene_id "ENSG01.4"; transcript_id "ENST01.7"; gene_type \
"protein_coding"; gene_name "AAA1"; transcript_type "protein_coding"; level 2; tag "basic"; tag \
"Ensembl_canonical"; tag "MANE_Select";
chr22|H|exon|1801|1900|.|-|.|gene_id "ENSG01.4"; transcript_id "ENST01.7"; exon_number 1;
chr22|H|CDS|1801|1850|.|-|0|gene_id "ENSG01.4"; transcript_id "ENST01.7"; protein_id "ENSP01.2";
chr22|H|exon|1000|1200|.|-|.|gene_id "ENSG01.4"; transcript_id "ENST01.7"; exon_number 2;
chr22|H|CDS|1104|1200|.|-|1|gene_id "ENSG01.4"; transcript_id "ENST01.7"; protein_id "ENSP01.2";
chr22|H|stop_codon|1101|1103|.|-|0|gene_id "ENSG01.4"; transcript_id "ENST01.7";
"""
ENSEMBL_GTF = """\
#!genome-build GRCh38.p14
22|h|gene|1000|1900|.|-|.|gene_id "ENSG01"; gene_version "4"; gene_name "AAA1"; gene_biotype \
"protein_coding"; hgnc_id "77";
22|h|transcript|1000|1900|.|-|.|gene_id "ENSG01"; gene_version "4"; transcript_id "ENST01"; \
transcript_version "7"; gene_name "AAA1"; gene_biotype "protein_coding"; transcript_biotype \
"protein_coding"; tag "basic"; tag "Ensembl_canonical"; tag "MANE_Select";
22|h|exon|1801|1900|.|-|.|gene_id "ENSG01"; transcript_id "ENST01";
22|h|CDS|1801|1850|.|-|0|gene_id "ENSG01"; transcript_id "ENST01"; protein_id "ENSP01"; \
protein_version "2";
22|h|exon|1000|1200|.|-|.|gene_id "ENSG01"; transcript_id "ENST01";
22|h|CDS|1104|1200|.|-|1|gene_id "ENSG01"; transcript_id "ENST01"; protein_id "ENSP01"; \
protein_version "2";
22|h|stop_codon|1101|1103|.|-|0|gene_id "ENSG01"; transcript_id "ENST01";
"""


def put(folder: Path, text: str, name: str = "genes.gff3") -> Path:
    """A file with blanks of the text's columns as tabs."""
    path = folder / name
    path.write_text(text.replace("|", "\t"))
    return path


@pytest.mark.parametrize("text", [ENSEMBL_GFF3, GENCODE_GFF3, GENCODE_GTF, ENSEMBL_GTF])
def test_each_form_gives_the_same_model(text: str, tmp_path: Path) -> None:
    tables = load_genes(put(tmp_path, text), "GRCh38")
    assert tables["annotation_gene"].to_pylist() == [
        {"gene_id": "ENSG01", "gene_version": 4, "symbol": "AAA1", "hgnc_id": "HGNC:77",
         "aliases": [], "previous": [], "biotype": "protein_coding", "contig": "22",
         "start": 1000, "end": 1900, "strand": "-"}
    ]  # fmt: skip
    assert tables["annotation_transcript"].to_pylist() == [
        {"transcript_id": "ENST01", "transcript_version": 7, "gene_id": "ENSG01",
         "biotype": "protein_coding", "protein_id": "ENSP01.2", "mane_select": True,
         "mane_plus_clinical": False, "canonical": True,
         "tags": ["basic", "Ensembl_canonical", "MANE_Select"],
         "contig": "22", "start": 1000, "end": 1900, "strand": "-"}
    ]  # fmt: skip
    assert [list(row.values()) for row in tables["annotation_exon"].to_pylist()] == [
        ["ENST01", 2, "22", 1000, 1200, 1101, 1200, 1],
        ["ENST01", 1, "22", 1801, 1900, 1801, 1850, 0],
    ]


def test_order_of_lines_and_packing_do_not_matter(tmp_path: Path) -> None:
    lines = ENSEMBL_GFF3.splitlines()
    path = put(tmp_path, "\n".join([*lines[:3], *reversed(lines[3:])]) + "\n")
    packed = tmp_path / "genes.gff3.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert load_genes(packed, "GRCh38") == load_genes(path, "GRCh38")
    assert load_genes(path, "GRCh38") == load_genes(put(tmp_path, ENSEMBL_GFF3, "b"), "GRCh38")


def test_exons_alone_imply_what_holds_them(tmp_path: Path) -> None:
    kept = [line for line in ENSEMBL_GTF.splitlines() if "|gene|" not in line]
    kept = [line for line in kept if "|transcript|" not in line]
    tables = load_genes(put(tmp_path, "\n".join(kept) + "\n"), "GRCh38")
    (gene,) = tables["annotation_gene"].to_pylist()
    assert (gene["gene_id"], gene["start"], gene["end"]) == ("ENSG01", 1000, 1900)
    assert tables["annotation_exon"].num_rows == 2


def test_lines_of_other_contigs_are_counted(tmp_path: Path) -> None:
    job = SourceJob(put(tmp_path, ENSEMBL_GFF3), "GRCh38")
    list(read_genes(job))
    assert job.tally.left_out == {"contig_not_counted": 1}
    assert job.tally.facts["genome-build"] == "GRCh38.p14"


@pytest.mark.parametrize(
    ("old", "new", "reason", "detail"),
    [
        ("|1101|1200|.|-|1|", "|1101|1200|.|-|3|", "annotation_malformed", "phase, found '3'"),
        ("|1000|1200|", "|1200|1000|", "annotation_malformed", "start <= end"),
        ("|1000|1200|", "|x|1200|", "annotation_malformed", "whole numbers"),
        ("|1101|1200|.|-|", "|1101|1200|.|+|", "annotation_malformed", "another strand"),
        ("|1101|1200|", "|901|1200|", "annotation_malformed", "beyond its transcript"),
        ("|1101|1200|", "|1201|1300|", "annotation_malformed", "in no exon"),
        ("Parent=transcript:ENST01;rank=2", "Parent=X", "annotation_malformed", "not there"),
        ("Parent=gene:ENSG01", "Parent=gene:X", "annotation_malformed", "not there"),
        ("ID=gene:ENSG01;", "gene ENSG01;", "annotation_malformed", "attributes"),
        ("22|h|exon|1000", "22|exon|1000", "annotation_malformed", "9 columns, found 8"),
        ("|1900|.|-|.|ID=gene", "|50818469|.|-|.|ID=gene", "assembly_mismatch", "50818468"),
        ("22 1 50818468", "22 1 51304566", "assembly_mismatch", "51304566 bases"),
        ("GRCh38.p14", "GRCh37.p13", "assembly_mismatch", "names GRCh37"),
    ],
)  # fmt: skip
def test_what_is_refused(old: str, new: str, reason: str, detail: str, tmp_path: Path) -> None:
    assert old in ENSEMBL_GFF3
    path = put(tmp_path, ENSEMBL_GFF3.replace(old, new))
    with pytest.raises(BadQuestion, match=detail) as error:
        load_genes(path, "GRCh38")
    assert error.value.reason == reason
    assert (error.value.where or "").startswith("genes.gff3, line ")


@pytest.mark.parametrize(
    ("old", "new", "detail"),
    [
        ('gene_id "ENSG01.4"; transcript_id "ENST01.7"; exon', "exon", "no gene_id"),
        ('transcript_id "ENST01.7"; exon_number 1', "exon_number 1", "no transcript_id"),
        ('level 2; hgnc_id "HGNC:77";', 'level 2; hgnc_id "HGNC:77', "attributes"),
    ],
)  # fmt: skip
def test_what_is_refused_of_gtf(old: str, new: str, detail: str, tmp_path: Path) -> None:
    assert old in GENCODE_GTF
    with pytest.raises(BadQuestion, match=detail):
        load_genes(put(tmp_path, GENCODE_GTF.replace(old, new)), "GRCh38")


def test_no_gene_on_a_counted_contig(tmp_path: Path) -> None:
    last = ENSEMBL_GFF3.splitlines()[-1]
    with pytest.raises(BadQuestion, match="annotation_empty"):
        load_genes(put(tmp_path, last + "\n"), "GRCh38")


def test_places_in_a_transcript(tmp_path: Path) -> None:
    (one,) = transcripts_of(load_genes(put(tmp_path, ENSEMBL_GFF3), "GRCh38"))
    assert (one.cds_first, one.cds_last, one.length) == (51, 200, 301)
    assert one.place(1900) == Place(1, 0)
    assert one.place(1200) == Place(101, 0)
    assert one.place(1798) == Place(100, 3)
    assert one.place(1203) == Place(101, -3)
    assert one.place(999) is None
    for pos in range(1000, 1901):
        place = one.place(pos)
        assert place is not None
        assert one.position(place) == pos
    assert one.position(Place(99, 1)) is None
    assert one.position(Place(302, 0)) is None


@pytest.mark.realdata
def test_real_genes_overlap_on_both_strands(testdata: Path, tmp_path: Path) -> None:
    path = testdata / "annotation" / "csq" / "ENST00000580206" / "ENST00000580206.gff"
    lines = ["\t".join(cells) for cells in gff_cells(path)]
    tables = load_genes(put(tmp_path, "\n".join(lines) + "\n"))
    genes = {row["symbol"]: row for row in tables["annotation_gene"].to_pylist()}
    assert {name: row["strand"] for name, row in genes.items()} == {
        "ANKRD30B": "+", "RNU6-1210P": "+", "AP006565.1": "-", "MIR3156-2": "+",
    }  # fmt: skip
    assert genes["ANKRD30B"]["hgnc_id"] == "HGNC:24165"
    assert all(one.length > 0 for one in transcripts_of(tables))

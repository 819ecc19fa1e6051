"""Consequences computed and read: bcftools' own expectations, and VEP's, field by field."""

import gzip
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from loaders.annotation.consequences import read_consequences
from loaders.annotation.job import SourceJob
from loaders.consequences.bcftools import Site, call_consequences, write_fasta
from loaders.consequences.rows import compute_rows
from loaders.genes.transcript import Exon, Transcript
from loaders.normalise import normalise_variant
from loaders.reference import Sequence
from schemas.consequences import BCFTOOLS, TERMS, impact, most_severe, severity
from schemas.contigs import canonical_contig
from schemas.errors import BadQuestion, Unavailable
from tests.annotated import (
    alternate,
    chromosome_1,
    fasta_bases,
    gff_cells,
    load_genes,
    model_text,
    transcripts_of,
    vep_entries,
)

GAP = 20_000
Told = frozenset[tuple[str, str, str, str]]
"""Consequence, symbol, transcript and biotype of each entry."""

OTHERWISE = {
    "EDUMMY0003": "NMD_transcript beside the UTR",
    "ENST00000318249.2": "the UTR, which the case's own model leaves out, beside start_retained",
    "ENST00000368801": "start_retained; the expectation is haplotype-aware",
    "ENST00000375992": "start_retained; the expectation is haplotype-aware",
    "ENST00000479739": "NMD_transcript beside start_lost",
    "ENST00000528237": "stop_gained beside stop_retained",
    "ENST00000573314": "NMD_transcript beside frameshift",
}
"""Folders with one variant of which the bundled bcftools says more or other than is expected; so it
does, but for the second, run with `--local-csq` on the folder's own files."""
_IDS = ("gene_id", "transcript_id")
_SHORT = {"nonsense_mediated_decay": "NMD"}
"""What bcftools calls a biotype, where that is not its own name."""
_LEFT_OUT = ("EDUMMY0002", "EMN908947", "ENST00000000000", "ENST00000000001")
"""Folders of several contigs, of a virus and of worms, whose models are no Ensembl human ones."""


@dataclass
class Cases:
    """The cases of `annotation/csq` on one contig, one folder behind the other."""

    gff: list[str] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)
    expected: list[tuple[str, Site, Told]] = field(default_factory=list)
    length: int = 0

    def add(self, folder: Path) -> None:
        """Take a folder with one FASTA of one sequence, one model of it, and VCFs."""
        fasta = next(folder.glob("*.fa"))
        sequence = fasta_bases(fasta).bases.tobytes().decode()
        name, offset = folder.name, self.length
        for cells in gff_cells(folder / f"{fasta.stem}.gff"):
            start, end = max(1, int(cells[3])) + offset, int(cells[4]) + offset
            # Several folders have the same genes.
            said = cells[8].replace("gene:", f"gene:{name}/")
            said = said.replace("transcript:", f"transcript:{name}/")
            said = ";".join(one for one in said.split(";") if one.partition("=")[0] not in _IDS)
            self.gff.append("\t".join(["1", *cells[1:3], str(start), str(end), *cells[5:8], said]))
        for vcf in sorted(folder.glob("*.vcf")):
            self.expected += [
                (name, Site(site.pos + offset, site.ref, site.alt), told)
                for site, told in _expected(vcf)
            ]
        gap = "N" * GAP
        self.bases += [sequence, gap]
        self.length += len(sequence) + GAP


def _expected(vcf: Path) -> Iterator[tuple[Site, Told]]:
    """Variants that a case tells the consequences of, each taken alone."""
    for line in vcf.read_text(errors="replace").splitlines():
        columns = line.split("\t")
        if line.startswith("#"):
            continue
        info = dict(entry.split("=", 1) for entry in columns[7].split(";") if "=" in entry)
        text = info.get("EXPL") or info.get("EXP")
        if text is None or "@" in text or "<" in columns[4] or "," in columns[4]:
            continue
        if columns[3] != columns[4]:
            yield Site(int(columns[1]), columns[3], columns[4]), _told(text)


def _told(text: str) -> Told:
    parts = ([*entry.split("|"), "", "", ""] for entry in text.split(",") if entry != ".")
    return frozenset((one[0].lstrip("*"), one[1], one[2], one[3]) for one in parts)


@pytest.mark.realdata
def test_consequences_are_bcftools_own(testdata: Path, tmp_path: Path) -> None:
    cases = Cases()
    for folder in sorted((testdata / "annotation" / "csq").iterdir()):
        if folder.name not in _LEFT_OUT:
            cases.add(folder)
    (tmp_path / "genes.gff3").write_text("\n".join(cases.gff) + "\n")
    transcripts = transcripts_of(load_genes(tmp_path / "genes.gff3"))
    bases = Sequence(1, np.frombuffer("".join(cases.bases).encode(), np.uint8))
    fasta = write_fasta("1", bases, tmp_path / "bases.fa")
    symbols = {one.gene_id: one.symbol for one in transcripts}
    biotypes = {one.transcript_id: one.biotype for one in transcripts}
    ordered = sorted({site for _, site, _ in cases.expected})
    called = dict(call_consequences("1", bases, fasta, transcripts, ordered))
    otherwise = set()
    for folder, site, expected in cases.expected:
        found = frozenset(
            ("&".join(entry.words), symbols[entry.gene_id], entry.transcript_id.rpartition("/")[2])
            for entry in called[site]
        )
        if found != {one[:3] for one in expected}:
            otherwise.add((folder, site))
            continue
        for entry in called[site]:
            short = {one[3] for one in expected if one[2] and entry.transcript_id.endswith(one[2])}
            own = biotypes.get(entry.transcript_id, "")
            assert short <= {own, own.removesuffix("_gene"), _SHORT.get(own, "")}
    assert sorted(folder for folder, _ in otherwise) == sorted(OTHERWISE)
    assert len(cases.expected) == 126


@pytest.mark.realdata
def test_consequences_are_veps(testdata: Path, tmp_path: Path) -> None:
    (tmp_path / "genes.gff3").write_text(model_text(testdata))
    transcripts = transcripts_of(load_genes(tmp_path / "genes.gff3"))
    coding = {one.transcript_id for one in transcripts if one.is_coding}
    told = {}
    for columns, entry in vep_entries(testdata / "annotation" / "vep_csq_802.vcf"):
        if entry.get("Feature") in coding and entry["HGVSc"]:
            told[Site(*alternate(columns, entry)), entry["Feature"]] = entry
    bases = chromosome_1(testdata)
    fasta = write_fasta("1", bases, tmp_path / "bases.fa")
    sites = sorted({site for site, _ in told})
    rows = compute_rows("1", bases, fasta, transcripts, sites).to_pylist()
    found = {(Site(row["pos"], row["ref"], row["alt"]), row["transcript_id"]): row for row in rows}
    for key, entry in told.items():
        row = found[key]
        assert set(row["consequences"]) == set(entry["Consequence"].split("&"))
        assert (row["impact"], row["symbol"]) == (entry["IMPACT"], entry["SYMBOL"])
        assert (row["gene_id"], row["biotype"]) == (entry["Gene"], entry["BIOTYPE"])
        assert {"+": "1", "-": "-1"}[row["strand"]] == entry["STRAND"]
    assert len(told) == 58
    assert {row["mane_select"] for row in rows if row["symbol"] == "OR4F5"} == {True}


def trimmed(contig: str, pos: int, ref: str, alt: str) -> tuple[str, int, str, str]:
    """A variant's key where no reference is registered."""
    return canonical_contig(contig) or contig, *normalise_variant(None, contig, pos, ref, alt)[:3]


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "entries"),
    [("annotation/vep_csq_802.vcf", 2219), ("genotypes/trio_vep_csq.GRCh37.vcf.gz", 4418)],
)
def test_vep_is_read_field_by_field(
    name: str, entries: int, testdata: Path, tmp_path: Path
) -> None:
    path = testdata / name
    plain = tmp_path / "plain.vcf"
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt") as text:
        plain.write_text(text.read())
    expected: dict[tuple[str, int, str, str], set[tuple[object, ...]]] = defaultdict(set)
    for columns, entry in vep_entries(plain):
        if not entry.get("Consequence"):
            continue
        key = trimmed(columns[0], *alternate(columns, entry))
        is_transcript = entry["Feature_type"] == "Transcript"
        expected[key].add(
            (
                frozenset(entry["Consequence"].split("&")), entry["IMPACT"],
                entry["SYMBOL"] or None, entry["Gene"] or None,
                entry["Feature"] if is_transcript else None, entry["BIOTYPE"] or None,
                {"1": "+", "-1": "-"}.get(entry["STRAND"]), entry["CANONICAL"] == "YES",
                entry["HGVSc"] or None, entry["HGVSp"].replace("%3D", "=") or None,
            )
        )  # fmt: skip
    found: dict[tuple[str, int, str, str], set[tuple[object, ...]]] = defaultdict(set)
    job = SourceJob(path, "GRCh37")
    for table, rows in read_consequences(job):
        assert table == "annotation_consequence"
        for row in rows.to_pylist():
            key = row["contig"], row["pos"], row["ref"], row["alt"]
            names = ("symbol", "gene_id", "transcript_id", "biotype", "strand", "canonical")
            rest = (row[one] for one in (*names, "hgvs_c", "hgvs_p"))
            found[key].add((frozenset(row["consequences"]), row["impact"], *rest))
            assert row["origin"] == "CSQ"
            version = row["transcript_version"]
            assert version is None or f".{version}:" in row["hgvs_c"]
    assert found == expected
    assert sum(map(len, found.values())) == entries


@pytest.mark.realdata
def test_snpeff_is_read_field_by_field(testdata: Path, tmp_path: Path) -> None:
    with gzip.open(testdata / "genotypes" / "trio_vep_csq.GRCh37.vcf.gz", "rt") as text:
        lines = [line for line in text if not line.startswith("##INFO=<ID=CSQ")]
    path = tmp_path / "ann.vcf"
    path.write_text("".join(lines))
    expected = set()
    for line in lines:
        told = re.search(r"[\t;]ANN=([^;\t]*)", line)
        if line.startswith("#") or told is None:
            continue
        contig, pos, _, ref, alt = line.split("\t")[:5]
        for entry in told[1].split(","):
            parts = entry.split("|")
            is_transcript = parts[5] == "transcript"
            transcript = parts[6].partition(".")[0] if is_transcript and parts[6] else None
            terms = frozenset(parts[1].split("&"))
            name = f"{parts[6]}:{parts[9]}" if is_transcript and parts[9] else parts[9] or None
            key = trimmed(contig, int(pos), ref, alt)
            expected.add((*key, terms, parts[2], parts[3] or None, transcript, name))
    found = set()
    for _, rows in read_consequences(SourceJob(path, "GRCh37")):
        for row in rows.to_pylist():
            key = row["contig"], row["pos"], row["ref"], row["alt"]
            names = ("impact", "symbol", "transcript_id", "hgvs_c")
            found.add((*key, frozenset(row["consequences"]), *(row[one] for one in names)))
    assert found == expected
    assert len(found) > 1000


HEADER = (
    "##fileformat=VCFv4.2\n##contig=<ID=22,length=50818468>\n"
    '##INFO=<ID={key},Number=.,Type=String,Description="{said}">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
)
VEP = "Consequence annotations from Ensembl VEP. Format: Allele|Consequence|IMPACT|SYMBOL|Feature"


def told_by(folder: Path, key: str, said: str, *lines: str) -> dict[tuple[int, str], list[str]]:
    """Terms by position and alternate that a small file tells."""
    path = folder / "told.vcf"
    rows = "".join("22\t" + line.replace(" ", "\t") + "\n" for line in lines)
    path.write_text(HEADER.format(key=key, said=said) + rows)
    found = defaultdict(list)
    for _, table in read_consequences(SourceJob(path, "GRCh38")):
        for row in table.to_pylist():
            found[row["pos"], row["alt"]] += row["consequences"]
    return dict(found)


def test_entries_of_several_alternates_are_told_apart(tmp_path: Path) -> None:
    line = "100 . CA C,CAT,TA . . CSQ=-|frameshift_variant,AT|intron_variant,TA|missense_variant"
    # One that does not begin as the others keeps VEP from dropping the first base.
    assert told_by(tmp_path, "CSQ", VEP, line) == {(100, "T"): ["missense_variant"]}
    line = "100 . CA C,CAT . . CSQ=-|frameshift_variant,AT|intron_variant"
    assert told_by(tmp_path, "CSQ", VEP, line) == {
        (100, "C"): ["frameshift_variant"], (101, "AT"): ["intron_variant"],
    }  # fmt: skip


def test_bcsq_is_read(tmp_path: Path) -> None:
    said = "Local consequence annotation from BCFtools/csq, see http://x. Format: Consequence|gene"
    entry = "missense|AAA1|ENST01|protein_coding|+|2K>2R|100A>G,@90"
    assert told_by(tmp_path, "BCSQ", said, f"100 . A G . . BCSQ={entry}", "200 . A G . . .") == {
        (100, "G"): ["missense_variant"]
    }


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadQuestion, match="declares none of CSQ") as error:
        told_by(tmp_path, "CSX", VEP, "100 . A G . . CSX=G|x")
    assert error.value.reason == "annotation_malformed"
    with pytest.raises(BadQuestion, match="has 6 parts, its header 5") as error:
        told_by(tmp_path, "CSQ", VEP, "90 . A G . . .", "100 . A G . . CSQ=G|x|HIGH|A|T|1")
    assert error.value.where == "told.vcf, line 6"


def test_words_of_bcftools_have_terms() -> None:
    assert set(BCFTOOLS.values()) <= set(TERMS)
    assert sorted(TERMS, key=severity) == list(TERMS)
    assert most_severe(["intron_variant", "stop_gained"]) == "stop_gained"
    assert impact(["made_up"]) == "MODIFIER"


def test_failure_of_bcftools_is_told(tmp_path: Path) -> None:
    bases = Sequence(1, np.frombuffer(b"ACGTACGTACGTACGTACGT", np.uint8))
    fasta = write_fasta("1", bases, tmp_path / "bases.fa")
    fasta.unlink()
    one = Transcript("T", 1, "G", "G", "protein_coding", "1", 2, 10, "+", (Exon(2, 10, 2, 10, 0),))
    with pytest.raises(Unavailable, match="consequences_failed"):
        list(call_consequences("1", bases, fasta, [one], [Site(3, "G", "T")]))

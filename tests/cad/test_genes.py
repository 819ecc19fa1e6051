"""Genes, consequences, identifiers and look-ups of a warehouse on real transcripts of GRCh37."""

import gzip
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.gene_models import GeneAnswer
from cad.annotation.compute import annotate_variants
from cad.annotation.load import add_annotation
from cad.annotation.manage import remove_version
from cad.annotation.reader import open_annotations
from cad.build.run import build_base
from cad.push import push_batch
from cad.query import BaseReader, find_region, open_base
from cad.query.explain import explain_variant
from cad.registry.engine import reading
from cad.registry.numbers import latest_commit
from cad.settings import Settings
from cad.warehouse import Warehouse
from cad.withdraw import withdraw
from schemas.errors import BadQuestion, CadError, NotFound
from tests.annotated import fasta_bases, model_text
from tests.api.asking import key_for
from tests.batch_dir import BatchDir, vcf
from tests.cad.gene_answers import ask, check_served, gene, rows_of
from tests.cli import cad
from tests.vrs_reference import reference_implementation

pytestmark = pytest.mark.realdata

NESTED = """\
1\tx\tgene\t862000\t863000\t.\t-\t.\tID=gene:ENSG90;Name=NEST1;biotype=lincRNA
1\tx\tlnc_RNA\t862000\t863000\t.\t-\t.\tID=transcript:ENST90;Parent=gene:ENSG90;biotype=lincRNA
1\tx\texon\t862000\t863000\t.\t-\t.\tParent=transcript:ENST90
"""
NAMES = (
    "hgnc_id\tsymbol\talias_symbol\tprev_symbol\tensembl_gene_id\n"
    'HGNC:28706\tSAMD11\t"MGC45873|MRS"\tOLDSAM\tENSG00000187634\n'
    "HGNC:99\tNEST1\tMRS\t\tENSG90\n"
)
WIDE = (b"chr22,length=50818468>", b"1,length=249250621>\n##contig=<ID=MT,length=16569>")
BOTH = ("1 69270 . A G", "1 69511 . A G")
ONLY_ONE = (
    "1 69590 . T A", "1 135147 . G A", "1 139233 . C A", "1 862500 . A C", "1 865584 . G A",
    "1 865694 . C T", "1 874816 . C CT", "MT 513 . GCA G", "MT 1438 . A G",
)  # fmt: skip
ONLY_TWO = ("1 69428 . T G", "1 865700 . C A", "MT 310 . T TC")


@dataclass(frozen=True)
class Made:
    """A warehouse with genes, a base of two persons, and what it was made of."""

    warehouse: Warehouse
    folder: Path


def _batch(folder: Path, name: str, genotype: str, places: Iterable[str]) -> Path:
    """A batch of one person with these variants."""
    made = BatchDir(folder / name)
    made.manifest |= {"batch_id": name, "assembly": "GRCh37"}
    ordered = sorted(places, key=lambda at: (at.startswith("MT"), int(at.split()[1])))
    lines = tuple(f"{at} . PASS . GT:DP:GQ {genotype}:300:99" for at in ordered)
    made.add("a.vcf", vcf(name, lines=lines).replace(*WIDE), callability="sites")
    made.sheet("sample_id|person_id|sex", f"{name}|P-{name}|XX")
    return made.write()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, testdata: Path) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("genes")
    chromosome = (testdata / "reference" / "GRCh37_chr1_1-3400000.fa").read_text()
    mitochondrion = (testdata / "reference" / "chrM_rCRS.fa").read_text()
    (folder / "ref.fa").write_text(f"{chromosome.rstrip()}\n{mitochondrion}")
    (folder / "genes.gff3").write_text(model_text(testdata) + NESTED)
    (folder / "hgnc.tsv").write_text(NAMES)
    one = _batch(folder, "ONE", "0/1", (*BOTH, *ONLY_ONE))
    two = _batch(folder, "TWO", "1/1", (*BOTH, *ONLY_TWO))
    settings = Settings(threads=2)
    path = folder / "warehouse"
    with Warehouse.create(path, "GRCh37", folder / "ref.fa", settings=settings) as warehouse:
        add_annotation(warehouse, "genes", folder / "genes.gff3", "75")
        add_annotation(warehouse, "hgnc", folder / "hgnc.tsv", "2026-11")
        add_annotation(
            warehouse, "clinvar", testdata / "annotation" / "clinvar_2000.vcf.gz", "2023"
        )
        for batch in (one, two):
            push_batch(warehouse, batch)
        build_base(warehouse)
        yield Made(warehouse, folder)


def test_answer_tells_consequences_names_and_identifier(made: Made, testdata: Path) -> None:
    answer = ask(made.warehouse, "1-69511-A-G")
    assert (answer["most_severe"], answer["impact"]) == ("missense_variant", "MODERATE")
    assert answer["consequences"] == [
        {"gene_id": "ENSG00000186092", "symbol": "OR4F5", "transcript": "ENST00000335137.3",
         "biotype": "protein_coding", "strand": "+", "consequences": ["missense_variant"],
         "impact": "MODERATE", "mane_select": True, "canonical": False,
         "hgvs_c": "ENST00000335137.3:c.421A>G", "hgvs_p": "ENSP00000334393.3:p.Thr141Ala"}
    ]  # fmt: skip
    assert answer["consequences_from"] == {
        "source": "genes", "kind": "genes", "version": "75", "origin": "computed",
    }  # fmt: skip
    assert answer["hgvs_g"] == "NC_000001.10:g.69511A>G"
    assert (answer["vrs_id"], answer["vrs_missing"]) == (
        None, "the contig's whole sequence is not registered",
    )  # fmt: skip
    sequence = fasta_bases(testdata / "reference" / "chrM_rCRS.fa").bases.tobytes().decode()
    accession = "SQ.k3grVkjY-hoWcCUojHw6VU6GE3MZ8Sct"
    for pos, ref, alt in ((513, "GCA", "G"), (310, "T", "TC"), (1438, "A", "G")):
        expected = reference_implementation(sequence, accession, pos, ref, alt)["id"]
        assert ask(made.warehouse, f"M-{pos}-{ref}-{alt}")["vrs_id"] == expected
    with open_base(made.warehouse, "care") as base:
        region = find_region(BaseReader(made.warehouse, base), "1:69000-70000", ["all"])
    check_served(region["variants"][1])
    assert region["variants"][2]["consequences"] == answer["consequences"]


def test_both_strands_and_genes_within_genes(made: Made) -> None:
    nested = ask(made.warehouse, "1-862500-A-C")
    told = {row["symbol"]: row for row in nested["consequences"]}
    assert {name: row["consequences"] for name, row in told.items()} == {
        "NEST1": ["non_coding_transcript_exon_variant"]
    }
    assert told["NEST1"]["hgvs_c"] == "ENST90:n.501T>G"
    reverse = ask(made.warehouse, "1-139233-C-A")["consequences"][0]
    assert (reverse["strand"], reverse["hgvs_c"]) == ("-", "ENST00000423372.3:c.77G>T")
    assert reverse["hgvs_p"].endswith(":p.Gly26Val")


@pytest.mark.parametrize(
    ("text", "variant", "normalised_from"),
    [
        ("1-69511-A-G", "1-69511-A-G", None),
        ("chr1:g.69511A>G", "1-69511-A-G", None),
        ("NC_000001.10:g.69511A>G", "1-69511-A-G", None),
        ("NC_000001.10:69510:A:G", "1-69511-A-G", None),
        ("NC_000001.10:69510:1:G", "1-69511-A-G", None),
        ("ENST00000335137.3:c.421A>G", "1-69511-A-G", None),
        ("ENST00000335137:c.421A>G", "1-69511-A-G", None),
        ("ENST00000335137.3(OR4F5):c.421A>G", "1-69511-A-G", None),
        ("OR4F5:c.421A>G", "1-69511-A-G", None),
        ("ENSP00000334393.3:p.Thr141Ala", "1-69511-A-G", None),
        ("ENSP00000334393.3:p.(Thr141Ala)", "1-69511-A-G", None),
        ("OR4F5:p.T141A", "1-69511-A-G", None),
        ("ENST00000423372.3:c.77G>T", "1-139233-C-A", None),
        ("AL627309.1:c.77G>T", "1-139233-C-A", None),
        ("NC_012920.1:m.1438A>G", "M-1438-A-G", None),
        # Written further right than the base keeps it.
        ("MT-515-ACA-A", "M-513-GCA-G", "M-515-ACA-A"),
        ("NC_012920.1:m.523_524del", "M-513-GCA-G", "M-522-CAC-C"),
        ("NC_012920.1:512:GCA:G", "M-513-GCA-G", None),
        ("NC_012920.1:521:CA:", "M-513-GCA-G", "M-521-ACA-A"),
    ],
)
def test_names_that_are_found(
    text: str, variant: str, normalised_from: str | None, made: Made
) -> None:
    answer = ask(made.warehouse, text)
    assert (answer["variant"], answer["normalised_from"]) == (variant, normalised_from)
    assert answer["asked_as"] == (None if "-" in text[:3] else text)
    assert answer["state"] == "seen"


def test_every_command_takes_every_name(made: Made) -> None:
    with open_base(made.warehouse, "care") as base:
        reader = BaseReader(made.warehouse, base)
        assert explain_variant(reader, "OR4F5:c.421A>G")["variant"] == "1-69511-A-G"
    told = cad("watch", "OR4F5:c.421A>G", "-w", made.warehouse.path, "--format", "json")
    assert "1-69511-A-G" in told.stdout
    told = cad("variant", "OR4F5:c.421A>G", "-w", made.warehouse.path)
    assert "asked as OR4F5:c.421A>G" in told.stdout
    assert "OR4F5 missense_variant ENST00000335137.3:c.421A>G p.Thr141Ala" in told.stdout


def test_vrs_identifiers_are_found_where_seen(made: Made) -> None:
    identifier = ask(made.warehouse, "M-513-GCA-G")["vrs_id"]
    answer = ask(made.warehouse, identifier)
    assert (answer["variant"], answer["asked_as"]) == ("M-513-GCA-G", identifier)
    # Nobody's consent lets research see it, and so not that somebody has it.
    with pytest.raises(NotFound, match="variant_unknown"):
        ask(made.warehouse, identifier, purpose="research")
    rows = rows_of(made.warehouse, "base_vrs")
    assert {(row["pos"], row["alt"]) for row in rows} == {(310, "TC"), (513, "G"), (1438, "G")}


def test_rs_numbers(made: Made) -> None:
    with pytest.raises(NotFound, match="no source that is loaded knows it"):
        ask(made.warehouse, "rs1")
    text = (
        "##fileformat=VCFv4.2\n##contig=<ID=1,length=249250621>\n"
        '##INFO=<ID=RS,Number=1,Type=Integer,Description="x">\n'
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        "1\t69270\trs201219564\tA\tG\t.\t.\tRS=201219564\n"
        "1\t69511\trs2691305\tA\tC,G\t.\t.\tRS=2691305\n"
        "1\t69590\trs7\tT\tA,C\t.\t.\tRS=7\n"
        "1\t69600\trs8\tT\tA,C\t.\t.\tRS=8\n"
    )
    (made.folder / "dbsnp.vcf").write_text(text)
    add_annotation(made.warehouse, "dbsnp", made.folder / "dbsnp.vcf", "157")
    assert ask(made.warehouse, "rs201219564")["variant"] == "1-69270-A-G"
    # Of several alternates the one that was seen is meant.
    assert ask(made.warehouse, "RS2691305")["variant"] == "1-69511-A-G"
    with pytest.raises(BadQuestion, match="none of them seen") as error:
        ask(made.warehouse, "rs8")
    assert error.value.reason == "variant_ambiguous"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NC_000001.11:g.69511A>G", "assembly_mismatch_query"),
        ("NC_000001.11:69510:A:G", "assembly_mismatch_query"),
        ("NC_000001.10:g.69511C>G", "ref_mismatch_query"),
        ("NC_000001.10:g.69511A>", "variant_malformed"),
        ("NC_000001.10:g.4000000del", "variant_not_located"),
        ("1:69511:A:G", "variant_malformed"),
        ("ENST00000335137.2:c.421A>G", "variant_unknown"),
        ("ENST99999999999:c.421A>G", "variant_unknown"),
        ("ENST00000335137.3:c.5000A>G", "variant_not_located"),
        ("ENST00000335137.3:c.421C>G", "ref_mismatch_query"),
        ("ENST00000335137.3:c.[1A>G;2T>C]", "variant_malformed"),
        ("SAMD11:c.5A>G", "ref_mismatch_query"),
        ("ENSP00000334393.3:p.Thr141Trp", "variant_unknown"),
        ("ENSP00000334393.3:p.Thr141=", "variant_ambiguous"),
        ("ga4gh:VA.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "variant_unknown"),
        ("BRCA9:c.5A>G", "variant_unknown"),
    ],
)
def test_names_that_are_not(text: str, reason: str, made: Made) -> None:
    with pytest.raises(CadError) as error:
        ask(made.warehouse, text)
    assert error.value.reason == reason


def test_gene(made: Made) -> None:
    answer = gene(made.warehouse, "OR4F5")
    assert answer["matched_by"] == "symbol"
    assert [one["variant"] for one in answer["variants"]] == [
        "1-69428-T-G", "1-69511-A-G", "1-69590-T-A", "1-69270-A-G",
    ]  # fmt: skip
    assert answer["by_consequence"] == [
        {"consequence": "missense_variant", "impact": "MODERATE", "variants": 3},
        {"consequence": "synonymous_variant", "impact": "LOW", "variants": 1},
    ]
    first = answer["variants"][1]
    assert first["frequencies"][0]["ac"] == 3
    assert first["in_gene"]["hgvs_p"] == "ENSP00000334393.3:p.Thr141Ala"
    (clinvar,) = (one for one in first["annotations"] if one["source"] == "clinvar")
    assert clinvar["version"] == "2023"
    assert [one["transcript"] for one in answer["genes"][0]["transcripts"]] == ["ENST00000335137.3"]
    low = gene(made.warehouse, "or4f5", impacts=["LOW"], strata=["sex=XX"])
    assert [one["variant"] for one in low["variants"]] == ["1-69270-A-G"]
    assert low["variants"][0]["frequencies"][0]["stratum"] == "sex=XX"
    assert gene(made.warehouse, "OR4F5", consequences=["stop_gained"])["variants"] == []


@pytest.mark.parametrize(
    ("name", "matched_by", "symbols"),
    [
        ("ENSG00000187634.6", "gene_id", ["SAMD11"]), ("HGNC:28706", "hgnc_id", ["SAMD11"]),
        ("oldsam", "previous", ["SAMD11"]), ("MGC45873", "alias", ["SAMD11"]),
        ("MRS", "alias", ["SAMD11", "NEST1"]),
    ],
)  # fmt: skip
def test_gene_by_another_name(name: str, matched_by: str, symbols: list[str], made: Made) -> None:
    answer = gene(made.warehouse, name)
    assert answer["matched_by"] == matched_by
    assert [one["symbol"] for one in answer["genes"]] == symbols
    assert answer["genes"][0]["previous"] == ["OLDSAM"]
    assert "NEST1" in {one["symbol"] for one in answer["genes"][0]["overlapping"]} | set(symbols)


def test_genes_that_overlap_have_each_its_own_variants(made: Made) -> None:
    nested, around = gene(made.warehouse, "NEST1"), gene(made.warehouse, "SAMD11")
    assert [one["variant"] for one in nested["variants"]] == ["1-862500-A-C"]
    assert nested["genes"][0]["overlapping"] == [
        {"gene_id": "ENSG00000187634", "symbol": "SAMD11", "strand": "+"}
    ]
    found = {one["variant"]: one["in_gene"]["most_severe"] for one in around["variants"]}
    assert found["1-865694-C-T"] == "missense_variant"
    assert "1-862500-A-C" not in found


def test_gene_that_is_none(made: Made, sqlite_warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="gene_unknown"):
        gene(made.warehouse, "NOGENE")
    with pytest.raises(BadQuestion, match="consequence_unknown"):
        gene(made.warehouse, "OR4F5", impacts=["SEVERE"])
    with pytest.raises(BadQuestion, match="consequence_unknown"):
        gene(made.warehouse, "OR4F5", consequences=["missense"])
    batch = BatchDir(tmp_path / "b")
    batch.add("a.vcf", vcf("S", lines=("chr22 100 . A G . PASS . GT 0/1",)), callability="sites")
    batch.sheet("sample_id|person_id|sex", "S|P|XX")
    push_batch(sqlite_warehouse, batch.write())
    build_base(sqlite_warehouse)
    with pytest.raises(NotFound, match="genes_missing"):
        gene(sqlite_warehouse, "OR4F5")
    with pytest.raises(NotFound, match="genes_missing"):
        ask(sqlite_warehouse, "OR4F5:c.1A>G")


def test_gene_on_the_command_line_and_in_the_service(made: Made) -> None:
    told = cad("gene", "OLDSAM", "-w", made.warehouse.path)
    assert "SAMD11 ENSG00000187634 1:" in told.stdout
    assert "found by its previous" in told.stdout
    assert "formerly OLDSAM" in told.stdout
    document = json.loads(
        cad("gene", "OR4F5", "-w", made.warehouse.path, "--format", "json").stdout
    )
    app = create_app(Settings(warehouse=made.warehouse.path))
    key = key_for(made.warehouse, "clinician")
    with TestClient(app, "http://127.0.0.1", headers=key) as client:
        served = client.get("/v1/genes/OR4F5")
        GeneAnswer.model_validate_json(served.text)
        answer = served.json()
        assert all(one.pop("citation") for one in answer["variants"])
        assert {name: answer[name] for name in document} == document
        assert client.get("/v1/genes/NOGENE").status_code == 404
        named = client.get("/v1/variants/OR4F5:c.421A%3EG").json()
        assert named["variant"] == "1-69511-A-G"


def test_only_what_is_new_is_computed(made: Made, tmp_path: Path) -> None:
    path = Path(shutil.copytree(made.warehouse.path, tmp_path / "warehouse"))
    shutil.copy(made.folder / "warehouse.key", tmp_path / "warehouse.key")
    with Warehouse.open(path, Settings(threads=2)) as warehouse:
        before = rows_of(warehouse, "annotation_consequence")
        assert annotate_variants(warehouse).commit is None
        again = _batch(tmp_path, "THREE", "0/1", ["1 69600 . T C"])
        push_batch(warehouse, again)
        build_base(warehouse)
        assert annotate_variants(warehouse).commit is None
        after = rows_of(warehouse, "annotation_consequence")
        new = [row for row in after if row not in before]
        assert [row["pos"] for row in new] == [69600]
        assert len(after) == len(before) + 1
        # Who leaves takes along what nobody else has.
        for person in ("P-TWO", "P-THREE"):
            withdraw(warehouse, person)
        build_base(warehouse)
        left = {row["pos"] for row in rows_of(warehouse, "annotation_consequence")}
        assert left == {int(at.split()[1]) for at in (*BOTH, *ONLY_ONE)}
        assert {row["pos"] for row in rows_of(warehouse, "base_vrs")} == {513, 1438}
        held = b"".join(one.read_bytes() for one in warehouse.lake.folder.rglob("*.parquet"))
        assert b"ENSP00000334393.3:p.Phe113Cys" not in held
        # A version of the model has consequences of its own; the other's come back with it.
        text = (made.folder / "genes.gff3").read_text().replace("OR4F5", "OR4F5B")
        (tmp_path / "genes.gff3").write_text(text)
        add_annotation(warehouse, "genes", tmp_path / "genes.gff3", "76")
        assert ask(warehouse, "1-69511-A-G")["consequences"][0]["symbol"] == "OR4F5B"
        older = ask(warehouse, "1-69511-A-G", annotation=["genes@75"])
        assert older["consequences"][0]["symbol"] == "OR4F5"
        # Nor does a version that does not answer keep what nobody has any more.
        withdraw(warehouse, "P-ONE")
        build_base(warehouse)
        assert rows_of(warehouse, "annotation_consequence") == []
        assert rows_of(warehouse, "base_vrs") == []
        push_batch(warehouse, _batch(tmp_path, "FOUR", "0/1", BOTH))
        build_base(warehouse)
        remove_version(warehouse, "genes", "76")
        annotate_variants(warehouse)
        assert ask(warehouse, "1-69511-A-G")["consequences"][0]["symbol"] == "OR4F5"


def test_what_is_computed_at_once_is_what_is_computed_by_and_by(made: Made, tmp_path: Path) -> None:
    settings = Settings(threads=2)
    path = tmp_path / "warehouse"
    with Warehouse.create(path, "GRCh37", made.folder / "ref.fa", settings=settings) as warehouse:
        for name in ("TWO", "ONE"):
            push_batch(warehouse, made.folder / name)
            build_base(warehouse)
        add_annotation(warehouse, "genes", made.folder / "genes.gff3", "75")
        for table in ("annotation_consequence", "base_vrs"):
            assert rows_of(warehouse, table) == rows_of(made.warehouse, table)


def test_consequences_that_a_file_tells_come_first(
    made: Made, tmp_path: Path, testdata: Path
) -> None:
    path = Path(shutil.copytree(made.warehouse.path, tmp_path / "warehouse"))
    shutil.copy(made.folder / "warehouse.key", tmp_path / "warehouse.key")
    told = testdata / "annotation" / "vep_csq_802.vcf"
    with Warehouse.open(path, Settings(threads=2)) as warehouse:
        add_annotation(warehouse, "vep", told, "90")
        answer = ask(warehouse, "1-69511-A-G")
        assert answer["consequences_from"] == {
            "source": "vep", "kind": "consequences", "version": "90", "origin": "CSQ",
        }  # fmt: skip
        assert answer["consequences"][0]["hgvs_p"] == "ENSP00000334393.3:p.Thr141Ala"
        # What it leaves out is computed.
        other = ask(warehouse, "1-865694-C-T")["consequences_from"]
        assert other["source"] == "genes"
        # Of a variant that nobody has it tells all the same, the model nothing.
        unseen = ask(warehouse, "1-14464-A-T")
        assert (unseen["state"], unseen["most_severe"]) == (
            "not_assayed", "non_coding_transcript_exon_variant",
        )  # fmt: skip
        assert ask(warehouse, "1-69091-A-G")["consequences_missing"].startswith("told of")
        annotations = open_annotations(warehouse, _latest(warehouse))
        computed = [one for one in annotations.sources if one.kind == "genes"]
        rows = pa.concat_tables(
            [pq.read_table(one) for one in annotations.paths(computed[0], "annotation_consequence")]
        )
        assert 69511 not in rows["pos"].to_pylist()


def _latest(warehouse: Warehouse) -> int:
    with reading(warehouse.engine) as connection:
        return latest_commit(connection)


def test_files_carry_consequences(made: Made, tmp_path: Path) -> None:
    lines = ("1 69511 . A G . PASS . GT 0/1", "1 69600 . T C . PASS . GT 0/1")
    (tmp_path / "p.vcf").write_bytes(vcf("S", lines=lines).replace(*WIDE))
    for words in (("annotate", tmp_path / "p.vcf"), ("export", "vcf")):
        out = tmp_path / f"{words[0]}.vcf.gz"
        done = cad(*words, "-o", out, "-w", made.warehouse.path, "--annotation", "genes,vep:impact")
        assert done.exit_code == 1
        assert "annotation_unknown" in done.stderr
        done = cad(*words, "-o", out, "-w", made.warehouse.path, "--annotation", "genes")
        assert done.exit_code == 0, done.stderr
        with gzip.open(out, "rt") as text:
            told = {line.split("\t")[1]: line for line in text if not line.startswith("#")}
        assert (
            "CAD_genes_symbol=OR4F5;CAD_genes_consequences=missense_variant;"
            "CAD_genes_impact=MODERATE;CAD_genes_hgvs_c=ENST00000335137.3:c.421A>G;"
            "CAD_genes_hgvs_p=ENSP00000334393.3:p.Thr141Ala"
        ) in told["69511"]
        assert "CAD_genes_symbol" not in told.get("69600", "")

"""Tables of scores and genes: columns by their names, rows as written, faults with their line."""

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from loaders.annotation.job import SourceJob
from loaders.annotation.kinds import KINDS, kind_of
from schemas.contigs import Assembly
from schemas.errors import BadQuestion


def read(
    path: Path, kind: str, text: str | bytes, assembly: Assembly = "GRCh38"
) -> tuple[SourceJob, list[dict[str, Any]]]:
    """The rows of a file, without nulls, and its job."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    job = SourceJob(path, assembly)
    tables = [rows.cast(pa.schema(rows.schema)) for _, rows in KINDS[kind].read(job)]
    rows = [row for table in tables for row in table.to_pylist()]
    return job, [{name: value for name, value in row.items() if value is not None} for row in rows]


def key(contig: str, pos: int, ref: str, alt: str) -> dict[str, Any]:
    return {"contig": contig, "pos": pos, "ref": ref, "alt": alt}


def tabbed(*lines: str) -> str:
    return "".join("\t".join(line.split("|")) + "\n" for line in lines)


class TestScores:
    def test_cadd(self, tmp_path: Path) -> None:
        text = "## CADD GRCh38-v1.7 (c) ...\n" + tabbed(
            "#Chrom|Pos|Ref|Alt|RawScore|PHRED",
            "1|10001|T|A|0.702541|8.478",
            "1|10001|TCC|TC|-0.1|0.001",
            "X|5|A|G|.|.",
        )
        _, rows = read(tmp_path / "c.tsv", "cadd", text)
        assert rows == [
            {**key("1", 10001, "T", "A"), "raw": 0.702541, "phred": 8.478},
            {**key("1", 10001, "TC", "T"), "raw": -0.1, "phred": 0.001},
            key("X", 5, "A", "G"),
        ]

    def test_revel_takes_the_assemblys_position(self, tmp_path: Path) -> None:
        text = (
            "chr,hg19_pos,grch38_pos,ref,alt,aaref,aaalt,REVEL,Ensembl_transcriptid\n"
            "1,35142,36000,G,A,T,M,0.027,ENST00000417324\n"
            "1,35143,.,G,A,T,M,0.1,ENST00000417324\n"
        )
        job, rows = read(tmp_path / "r.csv", "revel", text)
        assert rows == [
            {**key("1", 36000, "G", "A"), "score": 0.027, "transcripts": "ENST00000417324"}
        ]
        assert job.tally.left_out == {"no_position_or_allele": 1}
        _, rows = read(tmp_path / "r.csv", "revel", text, "GRCh37")
        assert [row["pos"] for row in rows] == [35142, 35143]

    def test_alphamissense_names_its_genome(self, tmp_path: Path) -> None:
        text = "# Copyright\n#\n" + tabbed(
            "#CHROM|POS|REF|ALT|genome|uniprot_id|transcript_id|protein_variant|am_pathogenicity"
            "|am_class",
            "chr1|69094|G|T|hg38|Q8NH21|ENST00000335137.4|V2L|0.2937|likely_benign",
        )
        packed = gzip.compress(text.encode())
        _, rows = read(tmp_path / "a.tsv.gz", "alphamissense", packed)
        assert rows == [
            {
                **key("1", 69094, "G", "T"), "score": 0.2937, "class": "likely_benign",
                "transcript": "ENST00000335137.4", "protein": "Q8NH21", "protein_variant": "V2L",
            }
        ]  # fmt: skip
        with pytest.raises(BadQuestion) as caught:
            read(tmp_path / "a.tsv.gz", "alphamissense", packed, "GRCh37")
        assert caught.value.reason == "assembly_mismatch"

    def test_spliceai_has_a_row_for_each_gene_and_alternate(self, tmp_path: Path) -> None:
        text = (
            '##fileformat=VCFv4.2\n##INFO=<ID=SpliceAI,Number=.,Type=String,Description="">\n'
            + tabbed(
                "#CHROM|POS|ID|REF|ALT|QUAL|FILTER|INFO",
                "1|100|.|A|C,G|.|.|SpliceAI=G~GENE1~0.00~0.10~0.91~0.02~-3~4~5~6,"
                "G~GENE2~0.00~0.00~.~0.00~1~2~3~4,C~GENE1~0.5~0~0~0~9~9~9~9",
                "1|200|.|A|C|.|.|.",
            ).replace("~", "|")
        )
        _, rows = read(tmp_path / "s.vcf", "spliceai", text)
        found = [(row["alt"], row["gene"], row["ds_max"]) for row in rows]
        assert found == [("C", "GENE1", 0.5), ("G", "GENE1", 0.91), ("G", "GENE2", 0.0)]
        assert (rows[1]["ds_dg"], rows[1]["dp_ag"], rows[1]["dp_dl"]) == (0.91, -3, 6)

    @pytest.mark.parametrize(
        ("text", "reason", "where"),
        [
            (tabbed("chrom|pos|ref|alt|score", "1|5|A|G"), "annotation_malformed", "line 2"),
            (tabbed("chrom|pos|ref|alt|score", "1|5|A|G|x"), "annotation_malformed", "line 2"),
            (
                tabbed("chrom|pos|ref|alt|score", "1|5|A|G|1", "1|y|A|G|1"),
                "annotation_malformed", "line 3",
            ),
            (tabbed("chrom|pos|ref|alt|value", "1|5|A|G|1"), "annotation_malformed", "line 1"),
            (tabbed("chrom|pos|ref|alt|score"), "annotation_empty", ""),
            ("", "annotation_empty", ""),
            (
                tabbed("chrom|pos|ref|alt|score", "1|9|A|G|1", "1|5|A|G|1"),
                "file_unsorted", "record 2",
            ),
            (
                tabbed("chrom|pos|ref|alt|score", "22|50818469|A|G|1"),
                "assembly_mismatch", "line 2",
            ),
            ("## CADD GRCh37-v1.6\n" + tabbed("#chrom|pos|ref|alt|score", "1|9|A|G|1"),
             "assembly_mismatch", ""),
        ],
    )  # fmt: skip
    def test_fault_is_told_with_its_place(
        self, tmp_path: Path, text: str, reason: str, where: str
    ) -> None:
        with pytest.raises(BadQuestion) as caught:
            read(tmp_path / "s.tsv", "score", text)
        assert caught.value.reason == reason
        assert where in (caught.value.where or "")


class TestGenes:
    def test_panelapp_list(self, tmp_path: Path) -> None:
        text = tabbed(
            "Entity Name|Entity type|Gene Symbol|Level4|Model_Of_Inheritance|Phenotypes|GEL_Status"
            "|EnsemblId(GRch37)|EnsemblId(GRch38)|HGNC",
            "BRCA1|gene|BRCA1|Inherited breast cancer|MONOALLELIC|Breast cancer;Fanconi|3|ENSG37"
            "|ENSG38|HGNC:1100",
            "AAAS|gene|AAAS|Achalasia|BIALLELIC||2|ENSG1|ENSG2|HGNC:13666",
        )
        _, rows = read(tmp_path / "p.tsv", "gene-list", text)
        assert [row["symbol"] for row in rows] == ["AAAS", "BRCA1"]
        assert rows[1] == {
            "symbol": "BRCA1", "gene_id": "ENSG38", "hgnc_id": "HGNC:1100",
            "list": "Inherited breast cancer", "status": "3", "inheritance": "MONOALLELIC",
            "diseases": "Breast cancer;Fanconi",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("header", "line"),
        [
            ("gene|transcript|pLI|oe_lof|oe_lof_upper|mis_z|canonical",
             "B|T1|0.9|0.1|0.35|2.5|true"),
            ("gene|transcript|lof.pLI|lof.oe|lof.oe_ci.upper|mis.z_score|canonical",
             "B|T1|0.9|0.1|0.35|2.5|TRUE"),
        ],
    )  # fmt: skip
    def test_constraint_of_either_version(self, tmp_path: Path, header: str, line: str) -> None:
        text = tabbed(header, line, "A|T2|NA|.||NaN|false")
        _, rows = read(tmp_path / "c.tsv", "gene-constraint", text)
        assert rows == [
            {"symbol": "A", "transcript": "T2", "canonical": False},
            {
                "symbol": "B", "transcript": "T1", "canonical": True, "pli": 0.9, "oe_lof": 0.1,
                "loeuf": 0.35, "mis_z": 2.5,
            },
        ]  # fmt: skip

    @pytest.mark.realdata
    def test_hpo_and_orphanet(self, testdata: Path) -> None:
        hpo = testdata / "clinical" / "hpo_2025-01-16" / "genes_to_phenotype.txt.gz"
        ((table, rows),) = KINDS["gene-disease"].read(SourceJob(hpo, "GRCh38"))
        with gzip.open(hpo, "rt") as file:
            lines = [line.rstrip("\n").split("\t") for line in file][1:]
        known = sorted((one for one in lines if one[1] != "-"), key=lambda one: one[1])
        assert table == "annotation_gene_disease"
        assert rows["symbol"].to_pylist() == [one[1] for one in known]
        kif7 = [one for one in known if one[1] == "KIF7"]
        own = [row for row in rows.to_pylist() if row["symbol"] == "KIF7"]
        assert {(row["gene_id"], row["hpo_id"], row["disease_id"]) for row in own} == {
            (one[0], one[2], one[5]) for one in kif7
        }
        xml = testdata / "clinical" / "en_product6_test.xml"
        ((_, rows),) = KINDS["gene-disease"].read(SourceJob(xml, "GRCh38"))
        (row,) = (one for one in rows.to_pylist() if one["symbol"] == "KIF7")
        assert (row["disease_id"], row["gene_id"]) == ("ORPHA:166024", "ENSG00000166813")
        assert row["association"] == "Disease-causing germline mutation(s) in"
        assert row["status"] == "Assessed"

    def test_orphanet_as_a_table_has_bare_codes(self, tmp_path: Path) -> None:
        text = tabbed("OrphaCode|Name|Symbol", "166024|Dysplasia|KIF7")
        _, rows = read(tmp_path / "o.tsv", "gene-disease", text)
        assert rows == [{"symbol": "KIF7", "disease_id": "ORPHA:166024", "disease": "Dysplasia"}]

    def test_no_xml(self, tmp_path: Path) -> None:
        with pytest.raises(BadQuestion, match="annotation_malformed"):
            read(tmp_path / "o.xml", "gene-disease", "<JDBOR><Disorder>")


def test_names_tell_kinds() -> None:
    names = ("gnomad", "gnomad-exomes", "cadd", "hpo", "hpo-labels-fr", "hpo-genes")
    found = {name: kind_of(name, None).name for name in names}
    assert found == {
        "gnomad": "gnomad", "gnomad-exomes": "gnomad", "cadd": "cadd", "hpo": "hpo",
        "hpo-labels-fr": "hpo-labels", "hpo-genes": "gene-disease",
    }  # fmt: skip
    assert kind_of("ours", "clinvar").name == "clinvar"
    for name, kind in (("ours", None), ("clinvar", "vcf")):
        with pytest.raises(BadQuestion, match="annotation_kind_unknown"):
            kind_of(name, kind)

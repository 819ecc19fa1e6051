"""Annotating a VCF: each alternate against the answer to the same variant, all else as it was."""

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pysam
import pytest

from cad.annotate import annotate
from cad.annotate.bcf import BcfWriter
from cad.annotate.fields import NAMES
from cad.build.run import build_base
from cad.push import push_batch
from cad.query import BaseReader, find_variant, open_base
from cad.warehouse import Warehouse
from schemas.contigs import canonical_contig, contig_length
from schemas.errors import BadQuestion, BatchRefused, Conflict, NotFound
from tests.batch_dir import BatchDir, vcf
from tests.cli import cad, cad_json
from tests.pushed import family
from tests.queried import Queried, built, queried
from tests.twin.cohorts import Shape

KEYS = {
    "CAD_AC": "ac", "CAD_AN": "an", "CAD_AF": "af", "CAD_NHOMALT": "n_hom", "CAD_NHEMI": "n_hemi",
    "CAD_FAF95": "faf95", "CAD_PERSONS": "persons",
}  # fmt: skip
Figures = dict[str, Any]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queried]:
    shape = Shape(persons=9, batches=3, lines=40)
    with queried(tmp_path_factory.mktemp("annotate"), seed=3, shape=shape) as found:
        yield found


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("trio")
    with built(folder / "warehouse", [family(folder / "batch").path], None) as warehouse:
        yield warehouse


def header(*columns: str) -> list[str]:
    names = ("22", "X", "Y", "M")
    lengths = [f"##contig=<ID=chr{one},length={contig_length('GRCh38', one)}>" for one in names]
    titles = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", *columns)
    return [
        "##fileformat=VCFv4.3", "##contig=<ID=chrUn_1,length=5000>", *lengths,
        '##ALT=<ID=DEL,Description="Deletion">',
        '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth, by CAD_AC=1 or not">',
        '##INFO=<ID=DB,Number=0,Type=Flag,Description="Flag">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "\t".join(titles),
    ]  # fmt: skip


def text_of(path: Path) -> list[str]:
    with gzip.open(path, "rt", newline="") as file:
        return file.read().split("\n")[:-1]


def body(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if not line.startswith("#")]


def records_of(cohort: Queried, *, with_samples: bool) -> list[str]:
    """Lines with every variant of the base, in other writings too, and much that is none."""
    rng = Random(11)
    places: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for contig, pos, ref, alt in cohort.scans["care"].variants:
        places.setdefault((contig, pos), []).append((ref, alt))
    for contig, pos in cohort.scans["care"].depth:
        if rng.random() < 0.05:
            places.setdefault((contig, pos), []).append(("N", "NTTGTTGTTG"))
    lines = []
    for (contig, pos), alleles in places.items():
        for ref, alt in alleles:
            more = rng.choice(["", "", ",*", ",<DEL>", f",{ref}A", ",T", ",t", ",<NON_REF>,*"])
            name, alt = rng.choice(["chr", ""]) + contig, rng.choice([alt, alt.lower()])
            info = rng.choice([".", "DP=3", "DB;DP=7"])
            lines.append(
                (contig, pos, [f"chr{contig}", pos, "id", ref, alt + more, ".", "q", info])
            )
            assert canonical_contig(name) == contig
    lines += [
        ("22", 5, ["chr22", 5, ".", "N", ".", ".", ".", "DP=1"]),
        ("22", 6, ["chr22", 6, ".", "N", "<DEL>,*", "9", ".", "."]),
    ]
    order = ("22", "X", "Y", "M")
    lines = sorted(
        (one for one in lines if one[0] in order), key=lambda x: (order.index(x[0]), x[1])
    )
    foreign = ["chrUn_1", 7, ".", "A", "G", ".", ".", "."]
    samples = ["GT", "0/1", "./."] if with_samples else []
    return ["\t".join(map(str, line + samples)) for line in [foreign, *(one[2] for one in lines)]]


def expected(
    reader: BaseReader, line: str, stratum: str, excluding: str | None
) -> list[Figures | None]:
    """The figures of each alternate, by asking for one variant at a time."""
    chrom, pos, _, ref, alts = line.split("\t")[:5]
    contig = canonical_contig(chrom)
    found: list[Figures | None] = []
    for alt in alts.split(","):
        try:
            if contig is None:
                raise BadQuestion("variant_malformed", chrom)
            text = f"{contig}-{pos}-{ref}-{alt}"
            answer = find_variant(reader, text, [stratum], excluding)
        except BadQuestion:
            found.append(None)
        else:
            figures = {name: answer["frequencies"][0][key] for name, key in KEYS.items()}
            found.append(figures | {"CAD_STATE": answer["state"]})
    return found


def fields_of(info: str) -> dict[str, list[str]]:
    pairs = (one.partition("=")[::2] for one in info.split(";"))
    return {name: value.split(",") for name, value in pairs if name in NAMES}


def assert_told(info: str, figures: list[Figures | None]) -> None:
    told = fields_of(info)
    if not any(figures):
        assert not told
        return
    assert list(told) == list(NAMES)
    for at, one in enumerate(figures):
        for name, values in told.items():
            assert len(values) == len(figures)
            if one is None or one[name] is None:
                assert values[at] == "."
            elif isinstance(one[name], float):
                assert float(values[at]) == pytest.approx(one[name], rel=1e-6)
            else:
                assert values[at] == str(one[name])


@pytest.mark.parametrize(
    ("stratum", "excluding", "with_samples"),
    [
        ("all", None, False), ("all", None, True), ("sex=XY", None, False), ("all", "F1", True),
        ("sex=XX", "F1", False),
    ],
)  # fmt: skip
def test_each_alternate_is_told_what_its_own_question_answers(
    cohort: Queried, tmp_path: Path, stratum: str, excluding: str | None, with_samples: bool
) -> None:
    lines = records_of(cohort, with_samples=with_samples)
    columns = ("FORMAT", "S1", "S2") if with_samples else ()
    source = tmp_path / "in.vcf"
    source.write_text("\n".join([*header(*columns), *lines]) + "\n")
    made = annotate(
        cohort.warehouse, source, tmp_path / "out.vcf.gz", stratum=stratum, own_family=excluding
    )
    assert made.records == len(lines)
    written = body(text_of(made.path))
    seen = 0
    with open_base(cohort.warehouse, "care") as base:
        reader = BaseReader(cohort.warehouse, base)
        for line, before in zip(written, lines, strict=True):
            figures = expected(reader, before, stratum, excluding)
            now, was = line.split("\t"), before.split("\t")
            assert now[:7] + now[8:] == was[:7] + was[8:]
            assert_told(now[7], figures)
            kept = [one for one in now[7].split(";") if one.partition("=")[0] not in NAMES]
            assert ";".join(kept) == ("" if was[7] == "." and any(figures) else was[7])
            seen += sum(one is not None and one["CAD_STATE"] == "seen" for one in figures)
    assert made.states["seen"] == seen > 10
    assert sum(made.states.values()) + made.missing == sum(
        line.split("\t")[4].count(",") + 1 for line in lines
    )


def test_header_gains_lines_and_loses_none(trio: Warehouse, tmp_path: Path) -> None:
    lines = header()
    (tmp_path / "in.vcf").write_text("\n".join([*lines, "chr22\t100\t.\tA\tG\t.\t.\t."]) + "\n")
    made = annotate(trio, tmp_path / "in.vcf", tmp_path / "out.vcf.gz", own_family="F1")
    written = text_of(made.path)
    assert [line for line in written if line in lines] == lines
    with open_base(trio, "care") as base:
        built_at = base.built_at.isoformat()
    (about,) = [line for line in written if line.startswith("##cad_annotation=")]
    assert f'Commit="2",BuiltAt="{built_at}",Persons="3",OwnFamily="left out"' in about
    assert "F1" not in "\n".join(written)
    with pysam.VariantFile(str(made.path)) as file:
        assert all(file.header.info[name].number == "A" for name in NAMES)


def one_line(warehouse: Warehouse, folder: Path, line: str, **more: Any) -> str:
    """The INFO column that a line gets; blanks stand for tabs."""
    folder.mkdir(exist_ok=True)
    source = folder / "one.vcf"
    source.write_text("\n".join([*header(), "\t".join(line.split())]) + "\n")
    made = annotate(warehouse, source, folder / "one.vcf.gz", **more)
    (written,) = body(text_of(made.path))
    return written.split("\t")[7]


def test_by_hand(trio: Warehouse, tmp_path: Path) -> None:
    # 100 A>G: mother 0/1, father 1/1, child 0/0; 150 C>T,G: the child 1/2.
    told = one_line(trio, tmp_path / "a", "chr22 100 . A G . . DP=9")
    assert told == (
        "DP=9;CAD_AC=3;CAD_AN=6;CAD_AF=0.5;CAD_NHOMALT=1;CAD_NHEMI=0;CAD_FAF95=0.13628191;"
        "CAD_PERSONS=3;CAD_STATE=seen"
    )
    told = one_line(trio, tmp_path / "b", "22 149 . NC NG,*,NT,NA,<DEL> . . .")
    assert told == (
        "CAD_AC=1,.,1,0,.;CAD_AN=6,.,6,6,.;CAD_AF=0.16666667,.,0.16666667,0,.;"
        "CAD_NHOMALT=0,.,0,0,.;CAD_NHEMI=0,.,0,0,.;CAD_FAF95=0,.,0,0,.;CAD_PERSONS=3,.,3,3,.;"
        "CAD_STATE=seen,.,seen,callable_not_seen,."
    )
    told = one_line(trio, tmp_path / "c", "MT 100 . A G . . .")
    assert told.endswith("CAD_AN=0;CAD_AF=.;CAD_NHOMALT=0;CAD_NHEMI=0;CAD_FAF95=0;"
                         "CAD_PERSONS=0;CAD_STATE=not_assayed")  # fmt: skip
    told = one_line(trio, tmp_path / "d", "chr22 100 . A G . . .", own_family="F1")
    assert told.startswith("CAD_AC=0;CAD_AN=0;CAD_AF=.;")
    told = one_line(trio, tmp_path / "e", "chr22 100 . A G . . .", stratum="founder=0")
    assert told.startswith("CAD_AC=0;CAD_AN=2;CAD_AF=0;")
    told = one_line(trio, tmp_path / "f", "chr22 150 . C G . . .", purpose="research")
    assert told.startswith("CAD_AC=1;CAD_AN=2;CAD_AF=0.5;")


def test_annotated_anew_holds_one_answer(trio: Warehouse, tmp_path: Path) -> None:
    line = "chr22\t100\tCAD_AC=1\tA\tG\t.\t.\tCAD_AC=77;DP=9;CAD_STATE=x"
    bare = "chr22\t101\t.\tA\t<DEL>\t.\t.\tCAD_AC=77"
    old = '##INFO=<ID=CAD_AC,Number=1,Type=String,Description="of old">'
    (tmp_path / "in.vcf").write_text(
        "\n".join([header()[0], old, *header()[1:], line, bare]) + "\n"
    )
    once = annotate(trio, tmp_path / "in.vcf", tmp_path / "once.vcf.gz")
    twice = annotate(trio, once.path, tmp_path / "twice.vcf.gz", stratum="founder=0")
    first, second = body(text_of(once.path)), body(text_of(twice.path))
    assert first[0].split("\t")[2] == "CAD_AC=1"
    assert first[0].split("\t")[7].startswith("DP=9;CAD_AC=3;CAD_AN=6;")
    assert first[1].split("\t")[7] == "."
    assert second[0].split("\t")[7].startswith("DP=9;CAD_AC=0;CAD_AN=2;")
    assert second[0].count("CAD_AC=") == 2
    for path in (once.path, twice.path):
        told = [one for one in text_of(path) if "ID=CAD_AC," in one or "cad_annotation" in one]
        assert len(told) == 2
        assert old not in told


def test_lines_end_as_they_did(trio: Warehouse, tmp_path: Path) -> None:
    lines = [*header(), "chr22\t100\t.\tA\tG\t.\t.\t.", "chr22\t101\t.\tA\tG\t.\t.\tDP=1"]
    (tmp_path / "in.vcf").write_bytes("\r\n".join(lines).encode())
    made = annotate(trio, tmp_path / "in.vcf", tmp_path / "out.vcf.gz")
    *rest, last = text_of(made.path)
    assert all(line.endswith("\r") for line in rest)
    assert rest[-1].endswith("CAD_STATE=seen\r")
    # The file did not say how its last line ends.
    assert last.endswith("CAD_STATE=callable_not_seen")


def test_bytes_that_are_no_utf8_pass(trio: Warehouse, tmp_path: Path) -> None:
    lines = [
        *header()[:-1],
        "##note=\udce9t\udce9",
        header()[-1],
        "chr22\t100\t\udce9\tA\tG\t.\t.\t.",
    ]
    (tmp_path / "in.vcf").write_bytes("\n".join(lines).encode(errors="surrogateescape") + b"\n")
    made = annotate(trio, tmp_path / "in.vcf", tmp_path / "out.vcf.gz")
    with gzip.open(made.path) as file:
        text = file.read()
    assert b"##note=\xe9t\xe9\n" in text
    assert b"chr22\t100\t\xe9\tA\tG\t.\t.\tCAD_AC=3" in text


def test_index_finds_the_lines(cohort: Queried, tmp_path: Path) -> None:
    lines = records_of(cohort, with_samples=False)
    (tmp_path / "in.vcf").write_text("\n".join([*header(), *lines]) + "\n")
    pysam.tabix_compress(str(tmp_path / "in.vcf"), str(tmp_path / "in.vcf.gz"))
    made = annotate(cohort.warehouse, tmp_path / "in.vcf.gz", tmp_path / "out.vcf.gz")
    with pysam.TabixFile(str(made.path), index=str(made.index)) as file:
        assert file.contigs == ["chrUn_1", "chr22", "chrX", "chrY", "chrM"]
        assert sum(1 for name in file.contigs for _ in file.fetch(name)) == len(lines)


@pytest.mark.parametrize("packing", ["vcf", "vcf.gz", "bcf"])
def test_bcf_says_the_same_as_text(cohort: Queried, tmp_path: Path, packing: str) -> None:
    lines = records_of(cohort, with_samples=True)
    plain = tmp_path / "in.vcf"
    known = [line.replace("\tq\t", "\tPASS\t") for line in lines]
    plain.write_text("\n".join([*header("FORMAT", "S1", "S2"), *known]) + "\n")
    source = tmp_path / f"in.{packing}"
    if packing == "vcf.gz":
        pysam.tabix_compress(str(plain), str(source))
    elif packing == "bcf":
        with BcfWriter(source, "in.bcf") as file:
            file.write(plain.read_bytes())
    text = annotate(cohort.warehouse, source, tmp_path / "out.vcf.gz", own_family="F1")
    binary = annotate(cohort.warehouse, source, tmp_path / "out.bcf", own_family="F1")
    assert (binary.records, binary.states) == (text.records, text.states)
    assert binary.index.name == "out.bcf.csi"
    with (
        pysam.VariantFile(str(text.path)) as ours,
        pysam.VariantFile(str(binary.path), index_filename=str(binary.index)) as theirs,
    ):
        assert [str(one) for one in theirs] == [str(one) for one in ours]
        assert sum(1 for _ in theirs.fetch("chr22")) > 10


def test_annotating_bcf_anew(trio: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "in.vcf").write_text("\n".join([*header(), "chr22\t100\t.\tA\tG\t.\t.\t."]) + "\n")
    once = annotate(trio, tmp_path / "in.vcf", tmp_path / "once.bcf")
    twice = annotate(trio, once.path, tmp_path / "twice.bcf", stratum="founder=0")
    with pysam.VariantFile(str(twice.path)) as file:
        (record,) = file
        assert (record.info["CAD_AC"], record.info["CAD_STATE"]) == ((0,), ("callable_not_seen",))
        assert str(file.header).count("##cad_annotation=") == 1


def test_left_aligned_against_the_reference_before_the_look_up(
    tmp_path: Path, sqlite_warehouse: Warehouse
) -> None:
    repeat = "GATTT" + "CA" * 10 + "GGGTC"
    (tmp_path / "ref.fa").write_text(f">chr22:1001-{1000 + len(repeat)}\n{repeat}\n")
    made = BatchDir(tmp_path / "batch")
    made.add("one.vcf", vcf("S1", lines=("chr22 1005 . TCA T . PASS . GT 0/1",)))
    made.sheet("sample_id|person_id|sex", "S1|P1|XX")
    with Warehouse.create(
        tmp_path / "w", "GRCh38", tmp_path / "ref.fa", settings=sqlite_warehouse.settings
    ) as warehouse:
        push_batch(warehouse, made.write())
        build_base(warehouse)
        told = one_line(warehouse, tmp_path / "a", "chr22 1018 . CACA CA . . .")
        assert told.startswith("CAD_AC=1;CAD_AN=2;")
        # Not what the reference holds: no variant of it, in one base and in several.
        (tmp_path / "in.vcf").write_text(
            "\n".join(
                [*header(), "chr22\t1005\t.\tG\tA,T\t.\t.\t.", "chr22\t1005\t.\tGCA\tG\t.\t.\t."]
            )
            + "\n"
        )
        answer = annotate(warehouse, tmp_path / "in.vcf", tmp_path / "out.vcf.gz")
        assert (answer.missing, answer.ref_mismatches) == (3, 3)
        assert [line.split("\t")[7] for line in body(text_of(answer.path))] == [".", "."]


REFUSED = {
    "assembly_mismatch": [header()[0], "##contig=<ID=chr22,length=51304566>", header()[-1]],
    "header_malformed": ["##fileformat=VCFv4.3", "chr22\t1\t.\tA\tG\t.\t.\t."],
    "line_malformed": [*header(), "chr22\t1\t.\tA\tG\t.\t.", "chr22\t2\t.\tA\tG\t.\t.\t."],
    "pos_unusable": [*header(), "chr22\t1e3\t.\tA\tG\t.\t.\t."],
    "file_unsorted": [*header(), "chr22\t9\t.\tA\tG\t.\t.\t.", "chr22\t8\t.\tA\tG\t.\t.\t."],
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refused_and_nothing_is_left(trio: Warehouse, tmp_path: Path, reason: str) -> None:
    (tmp_path / "in.vcf").write_text("\n".join(REFUSED[reason]) + "\n")
    with pytest.raises(BadQuestion, match=reason):
        annotate(trio, tmp_path / "in.vcf", tmp_path / "new" / "out.vcf.gz")
    assert list((tmp_path / "new").iterdir()) == []


def test_where_the_fault_is(trio: Warehouse, tmp_path: Path) -> None:
    good = "chr22\t1\t.\tA\tG\t.\t.\t."
    again = [*header(), good, good.replace("22", "X"), good]
    (tmp_path / "in.vcf").write_text("\n".join(again) + "\n")
    with pytest.raises(BadQuestion, match=r"chr22 comes once more.*in\.vcf, record 3"):
        annotate(trio, tmp_path / "in.vcf", tmp_path / "out.vcf.gz")
    (tmp_path / "in.vcf").write_text("\n".join([*header(), good, good.replace("\t1\t", "\t-\t")]))
    with pytest.raises(BadQuestion, match=rf"in\.vcf, line {len(header()) + 2}"):
        annotate(trio, tmp_path / "in.vcf", tmp_path / "out.vcf.gz")
    pysam.tabix_compress(str(tmp_path / "in.vcf"), str(tmp_path / "cut.vcf.gz"))
    data = (tmp_path / "cut.vcf.gz").read_bytes()
    (tmp_path / "cut.vcf.gz").write_bytes(data[:-28])
    for name in ("out.vcf.gz", "out.bcf"):
        with pytest.raises(BatchRefused, match="bgzf_truncated"):
            annotate(trio, tmp_path / "cut.vcf.gz", tmp_path / name)


def test_unsorted_for_bcf_too(trio: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "in.vcf").write_text("\n".join(REFUSED["file_unsorted"]) + "\n")
    with pytest.raises(BadQuestion, match="file_unsorted"):
        annotate(trio, tmp_path / "in.vcf", tmp_path / "out.bcf")


def test_output_is_never_written_over(trio: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "in.vcf").write_text("\n".join(header()) + "\n")
    for name in ("out.vcf.gz", "other.vcf.gz.tbi"):
        (tmp_path / name).write_text("mine")
        with pytest.raises(Conflict, match="output_exists"):
            annotate(trio, tmp_path / "in.vcf", tmp_path / name.removesuffix(".tbi"))
        assert (tmp_path / name).read_text() == "mine"
    with pytest.raises(BadQuestion, match="file_unusable"):
        annotate(trio, tmp_path / "in.vcf", tmp_path / "out.vcf")


def test_words_that_nobody_knows(trio: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "in.vcf").write_text("\n".join(header()) + "\n")
    for reason, more in (
        ("stratum_unknown", {"stratum": "sex=YY"}),
        ("family_unknown", {"own_family": "F9"}),
    ):
        with pytest.raises(NotFound, match=reason):
            annotate(trio, tmp_path / "in.vcf", tmp_path / "out.vcf.gz", **more)
    assert annotate(trio, tmp_path / "in.vcf", tmp_path / "out.vcf.gz").records == 0


def test_blocks_of_any_size_give_the_same(
    cohort: Queried, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = records_of(cohort, with_samples=True)
    (tmp_path / "in.vcf").write_text("\n".join([*header("FORMAT", "S1", "S2"), *lines]) + "\n")
    whole = annotate(cohort.warehouse, tmp_path / "in.vcf", tmp_path / "whole.vcf.gz")
    monkeypatch.setattr("loaders.bgzf.read_chunks.__defaults__", (301, None))
    parts = annotate(cohort.warehouse, tmp_path / "in.vcf", tmp_path / "parts.vcf.gz")
    assert text_of(parts.path) == text_of(whole.path)
    assert parts.states == whole.states


def test_the_command(trio: Warehouse, tmp_path: Path) -> None:
    lines = [*header(), "chr22\t100\t.\tA\tG,*\t.\t.\t.", "chr22\t101\t.\tA\tG\t.\t.\t."]
    (tmp_path / "in.vcf").write_text("\n".join(lines) + "\n")
    words = ("annotate", tmp_path / "in.vcf", "-w", trio.path)
    document = cad_json(*words, "-o", tmp_path / "a.vcf.gz", "--own-family", "F1")
    assert (document["records"], document["missing"], document["release"]) == (2, 1, None)
    assert document["states"]["not_assayed"] == 2
    shown = cad(*words, "-o", tmp_path / "b.vcf.gz").stdout
    assert "2 records, care, all, commit 2" in shown
    assert "1 seen, 1 callable not seen, 0 not callable, 0 not assayed, 1 that are not" in shown
    refused = cad_json(*words, "-o", tmp_path / "b.vcf.gz", code=1)
    assert refused["reason"] == "output_exists"
    assert cad("annotate", tmp_path / "none.vcf", "-o", "x.vcf.gz", "-w", trio.path).exit_code == 2


def test_bcf_keeps_what_text_may_say_and_needs_it_declared(trio: Warehouse, tmp_path: Path) -> None:
    lines = [*header(), "chr22\t100\t.\tA\tG,<DEL>\t.\t.\t.", "chr22\t101\t.\tA\t<DEL>\t.\t.\t."]
    (tmp_path / "in.vcf").write_text("\n".join(lines) + "\n")
    with pysam.VariantFile(
        str(annotate(trio, tmp_path / "in.vcf", tmp_path / "a.bcf").path)
    ) as out:
        first, second = out
        # htslib's Python records would have gained an END here.
        assert list(first.info) == list(NAMES)
        assert list(second.info) == []
    (tmp_path / "in.vcf").write_text("\n".join([*lines, "chr22\t102\t.\tA\tG\t.\tq9\t."]) + "\n")
    with pytest.raises(BadQuestion, match=r"FILTER 'q9' at chr22:102 is not defined"):
        annotate(trio, tmp_path / "in.vcf", tmp_path / "b.bcf")
    assert {path.name for path in tmp_path.iterdir()} == {"in.vcf", "a.bcf", "a.bcf.csi"}

"""The commands that give figures, on a base that can be counted by hand."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pysam
import pytest

from tests.batch_dir import BatchDir, good_batch, vcf
from tests.cli import cad, cad_json

PROGRAM = str(Path(sys.executable).with_name("cad"))
VARIANT_FIELDS = {
    "variant", "assembly", "state", "purpose", "persons", "platforms", "commit", "release",
    "built_at", "normalised_from", "frequencies",
}  # fmt: skip
FREQUENCY_FIELDS = {
    "stratum", "ac", "an", "af", "n_het", "n_hom", "n_hemi", "persons", "faf95", "ac_raw",
    "an_raw", "hidden",
}  # fmt: skip


@pytest.fixture(scope="module")
def national(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with one built batch: S1 of P1 carries 22-100-A-G, S2 of P2 does not.

    P1 alone allows research.
    """
    folder = tmp_path_factory.mktemp("figures")
    path = folder / "national"
    assert cad("init", "-w", path, "--assembly", "GRCh38").exit_code == 0
    batch = good_batch(folder / "batch")
    batch.sheet("sample_id|person_id|sex|family_id", "S1|P1|XX|F1", "S2|P2|XY|F2")
    assert cad("push", batch.write(), "-w", path).exit_code == 0
    assert cad("build", "-w", path).exit_code == 0
    return path


def test_a_variant_is_answered_as_the_contract_says(national: Path) -> None:
    answer = cad_json("variant", "22-100-A-G", "-w", national)
    assert set(answer) >= VARIANT_FIELDS
    told = {name: answer[name] for name in ("variant", "assembly", "state", "purpose", "persons")}
    assert told == {
        "variant": "22-100-A-G",
        "assembly": "GRCh38",
        "state": "seen",
        "purpose": "care",
        "persons": 2,
    }
    assert (answer["commit"], answer["release"], answer["platforms"]) == (2, None, ["SEQOIA"])
    every = answer["frequencies"][0]
    assert set(every) == FREQUENCY_FIELDS
    counts = {name: every[name] for name in ("stratum", "ac", "an", "af", "n_het", "persons")}
    assert counts == {"stratum": "all", "ac": 1, "an": 4, "af": 0.25, "n_het": 1, "persons": 2}


def test_the_purpose_stands_after_the_command(national: Path) -> None:
    answer = cad_json("variant", "22-100-A-G", "-w", national, "--purpose", "research")
    assert (answer["purpose"], answer["persons"]) == ("research", 1)
    assert answer["frequencies"][0]["an"] == 2
    assert cad("variant", "22-100-A-G", "-w", national, "--purpose", "x").exit_code == 2


def test_strata_may_be_chosen(national: Path) -> None:
    words = ("variant", "22-100-A-G", "-w", national)
    answer = cad_json(*words, "--stratum", "sex=XY")
    assert answer["state"] == "callable_not_seen"
    assert [row["stratum"] for row in answer["frequencies"]] == ["sex=XY"]
    both = cad_json(*words, "--stratum", "sex=XX", "--stratum", "sex=XY")
    assert [row["ac"] for row in both["frequencies"]] == [1, 0]
    assert cad_json(*words, "--stratum", "sex=ZZ", code=1)["reason"] == "stratum_unknown"


def test_a_family_may_be_left_out(national: Path) -> None:
    words = ("variant", "22-100-A-G", "-w", national, "--excluding-family")
    assert cad_json(*words, "F1")["frequencies"][0]["ac"] == 0
    assert cad_json(*words, "F2")["frequencies"][0]["an"] == 2
    assert cad_json(*words, "F9", code=1)["reason"] == "family_unknown"


@pytest.mark.parametrize("written", ["22:100:A:G", "22-0-A-G", "23-100-A-G", "22-100-A-"])
def test_a_misspelt_variant_is_refused(national: Path, written: str) -> None:
    refused = cad_json("variant", written, "-w", national, code=1)
    assert (refused["error"], refused["reason"]) == ("BadQuestion", "variant_malformed")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("22-100-A-G", "seen: 1 of 4 alleles, in 1 of the 2 persons who could have shown it"),
        (
            "22-150-C-T",
            "looked for and not seen: none of 4 alleles, 2 persons could have shown it",
        ),
        ("22-5000-C-T", "not assayed: no assay of the persons counted covers this place"),
    ],
)
def test_a_human_reads_the_state_in_words(national: Path, asked: str, sentence: str) -> None:
    lines = cad("variant", asked, "-w", national).stdout.splitlines()
    assert lines[0].startswith(f"{asked} (GRCh38, care: 2 persons from SEQOIA, commit 2, built ")
    assert sentence in lines


def test_a_human_reads_figures_by_stratum(national: Path) -> None:
    lines = cad("variant", "22-100-A-G", "-w", national).stdout.splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines if line.startswith(("all", "sex"))}
    assert rows["all"] == ["1", "4", "0.25", "1", "0", "0", "2", "0", "1", "4"]
    assert rows["sex=XY"] == ["0", "2", "0", "0", "0", "0", "1", "0", "0", "2"]


def test_a_region_lists_its_variants(national: Path) -> None:
    answer = cad_json("region", "22:1-200", "-w", national)
    assert [one["variant"] for one in answer["variants"]] == ["22-100-A-G"]
    assert set(answer["variants"][0]) >= VARIANT_FIELDS
    assert cad_json("region", "22:101-200", "-w", national)["variants"] == []
    assert cad_json("region", "22:1", "-w", national, code=1)["reason"] == "region_malformed"
    human = cad("region", "22:1-200", "-w", national).stdout
    assert re.search(r"^22-100-A-G +seen +all +1 +4 ", human, re.MULTILINE)
    chosen = ("--stratum", "sex=XX", "--stratum", "sex=XY")
    both = cad("region", "22:1-200", "-w", national, *chosen).stdout
    assert [line.split()[2] for line in both.splitlines()[2:]] == ["sex=XX", "sex=XY"]


def test_before_the_first_build_there_is_nothing_to_ask(tmp_path: Path) -> None:
    cad("init", "-w", tmp_path / "w", "--assembly", "GRCh38")
    for words in (("variant", "22-100-A-G"), ("region", "22:1-2"), ("sql", "-c", "SELECT 1")):
        assert cad_json(*words, "-w", tmp_path / "w", code=1)["reason"] == "base_missing"


def test_the_base_is_exported_as_vcf(national: Path, tmp_path: Path) -> None:
    out = tmp_path / "sites.vcf.gz"
    made = cad_json("export", "vcf", "-o", out, "-w", national, "--names", "gnomad", "--all")
    assert (made["variants"], made["purpose"], made["release"]) == (1, "care", None)
    with pysam.VariantFile(str(out)) as file:
        [record] = file.fetch("chr22", 99, 100)
        assert (record.info["AC"], record.info["AN"]) == ((1,), 4)
        assert record.info["AC_XX"] == (1,)
    assert cad_json("export", "vcf", "-o", out, "-w", national, code=1)["reason"] == "output_exists"


def test_the_base_is_exported_as_parquet(national: Path, tmp_path: Path) -> None:
    out = tmp_path / "parquet"
    made = cad_json("export", "parquet", "-o", out, "-w", national, "--purpose", "research")
    rows = pq.ParquetFile(next(out.rglob("*.parquet"))).read().to_pylist()
    assert made["rows"] == len(rows)
    assert {row["an"] for row in rows if row["stratum"] == "all"} == {2}


def test_sql_answers_one_select(national: Path) -> None:
    query = (
        "SELECT contig, pos, ac, sum(an) OVER () AS total FROM frequencies WHERE stratum = 'all'"
    )
    answer = cad_json("sql", "-c", query, "-w", national)
    assert [column["name"] for column in answer["columns"]] == ["contig", "pos", "ac", "total"]
    assert answer["rows"] == [["22", 100, 1, 4]]
    assert answer["truncated"] is False
    piped = subprocess.run(
        [PROGRAM, "sql", "-w", str(national), "--format", "json"],
        input=query, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(piped.stdout) == answer
    assert re.search(r"^22 +100 +1 +4$", cad("sql", "-c", query, "-w", national).stdout, re.M)


@pytest.mark.parametrize("query", ["DROP VIEW calls", "SELECT 1; SELECT 2", "SELECT * FROM nobody"])
def test_sql_refuses_all_else(national: Path, query: str) -> None:
    assert cad_json("sql", "-c", query, "-w", national, code=1)["reason"] == "sql_refused"


def test_sql_writes_every_kind_of_value(national: Path) -> None:
    query = (
        "SELECT 12::HUGEINT, 10::HUGEINT ** 0 * 170141183460469231731687303715884105727::HUGEINT, "
        "DATE '2026-11-20', [1::HUGEINT], {'a': 1.5}, NULL, 'x'::BLOB, true"
    )
    [row] = cad_json("sql", "-c", query, "-w", national)["rows"]
    assert row[0] == 12
    assert row[2:] == ["2026-11-20", [1], {"a": 1.5}, None, "78", True]


def test_sql_says_where_it_cut(national: Path) -> None:
    environment = {"CAD_SQL_ROWS": "2"}
    words = ("sql", "-c", "FROM range(5)", "-w", national)
    document = json.loads(cad(*words, "--format", "json", **environment).stdout)
    assert (document["rows"], document["truncated"]) == ([[0], [1]], True)
    assert "first 2 rows" in cad(*words, **environment).stdout


@contextmanager
def _terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    try:
        yield ours, theirs
    finally:
        os.close(ours)


def test_sql_converses_on_a_terminal(national: Path) -> None:
    with _terminal() as (ours, theirs):
        command = [PROGRAM, "sql", "-w", str(national)]
        with subprocess.Popen(
            command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            os.close(theirs)
            os.write(ours, b"SELECT 6 * 7\n AS answer;\nSELECT nothing;\nSELECT 1 AS one;\n\x04")
            said, told = process.communicate()
    assert process.returncode == 0
    assert re.search(r"answer\s+42\s", said)
    assert re.search(r"one\s+1\s", said)
    assert "sql_refused" in told


def test_sql_wants_a_question_for_a_document(national: Path) -> None:
    with _terminal() as (_, theirs):
        command = [PROGRAM, "sql", "-w", str(national), "--format", "json"]
        done = subprocess.run(command, stdin=theirs, capture_output=True, check=False)
        os.close(theirs)
    assert (done.returncode, done.stdout) == (2, b"")


def test_the_service_answers_until_it_is_interrupted(national: Path) -> None:
    made = cad_json("client", "create", "lab", "--role", "clinician", "-w", national)
    key = {"authorization": f"Bearer {made['key']}"}
    command = [PROGRAM, "serve", "-w", str(national), "--port", "0", "--format", "json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        url = ""
        for line in process.stderr:
            if found := re.search(r"CAD at (http://127\.0\.0\.1:\d+)/", line):
                url = found[1]
            if "startup complete" in line:
                break
        status = httpx.get(f"{url}/v1/status").json()
        nobody = httpx.get(f"{url}/v1/variants/22-100-A-G")
        answer = httpx.get(f"{url}/v1/variants/22-100-A-G", headers=key).json()
        process.send_signal(signal.SIGINT)
        document, _ = process.communicate()
    assert status["is_built"] is True
    assert (nobody.status_code, nobody.json()["reason"]) == (401, "credentials_missing")
    assert answer.pop("citation")["address"].startswith(f"{url}/v1/variants/22-100-A-G?")
    assert answer == cad_json("variant", "22-100-A-G", "-w", national)
    assert process.returncode == 0
    assert json.loads(document) == {"served": url}


def test_the_service_listens_on_this_machine_only(national: Path) -> None:
    refused = cad_json("serve", "-w", national, "--host", "0.0.0.0", code=1)  # noqa: S104
    assert (refused["error"], refused["reason"]) == ("Forbidden", "bind_refused")


def test_a_taken_port_is_named(national: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = cad_json("serve", "-w", national, "--port", port, code=1)
    assert (refused["reason"], refused["where"]) == ("port_unusable", f"127.0.0.1:{port}")


def test_a_missing_warehouse_is_not_served(tmp_path: Path) -> None:
    assert cad_json("serve", "-w", tmp_path, code=1)["reason"] == "warehouse_missing"


def test_a_withdrawal_tells_nothing_and_the_build_takes_the_person_out(tmp_path: Path) -> None:
    path = tmp_path / "w"
    cad("init", "-w", path, "--assembly", "GRCh38")
    cad("push", good_batch(tmp_path / "b").write(), "-w", path)
    cad("build", "-w", path)
    result = cad("withdraw", "P1", "-w", path, "--format", "json")
    assert json.loads(result.stdout) == {"withdrawn": True}
    assert "P1" not in result.stderr
    assert cad_json("withdraw", "NOBODY", "-w", path) == {"withdrawn": True}
    assert cad_json("status", "-w", path)["purposes"]["care"]["persons_next"] == 1
    assert cad_json("build", "-w", path)["persons_removed"] == 1
    gone = cad_json("variant", "22-100-A-G", "-w", path)
    assert (gone["state"], gone["persons"]) == ("callable_not_seen", 1)


def test_maintenance_changes_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "w"
    cad("init", "-w", path, "--assembly", "GRCh38")
    lines = ("chr22 100 . A G . PASS . GT 0/1", "chr22 30000000 . C T . PASS . GT 0/1")
    for number in (1, 2):
        batch = BatchDir(tmp_path / str(number))
        batch.add("one.vcf", vcf("S1", lines=lines))
        batch.sheet("sample_id|person_id|sex", f"S1|P{number}|XX")
        cad("push", batch.write({"batch_id": f"N{number}"}), "-w", path)
    cad("build", "-w", path)
    before = cad_json("variant", "22-100-A-G", "-w", path)
    maintained = cad_json("maintain", "-w", path)
    assert maintained["compact"]["samples"] == 2
    assert maintained["sweep"]["files_deleted"] == maintained["compact"]["files_replaced"]
    assert cad_json("variant", "22-100-A-G", "-w", path) == before
    assert cad_json("maintain", "-w", path)["compact"]["samples"] == 0


@pytest.mark.slow
def test_the_demo_is_right(tmp_path: Path) -> None:
    document = cad_json("demo", "--small", "-o", tmp_path / "demo")
    assert document["is_right"]
    assert cad_json("status", "-w", document["warehouse"])["is_built"]


def test_nobody_counted_is_from_no_platform(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    cad("init", "-w", folder, "--assembly", "GRCh38")
    cad("build", "-w", folder)
    shown = cad("variant", "22-100-A-G", "-w", folder).stdout.splitlines()
    assert shown[0].startswith("22-100-A-G (GRCh38, care: 0 persons, commit 1, built ")
    assert shown[1].startswith("not assayed")

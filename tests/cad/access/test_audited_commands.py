"""Every command that answers more than public metadata leaves an entry in the audit log."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cad.annotation.load import add_annotation
from cad.audit import verify_log
from cad.audit.persons import person_tokens
from cad.audit.verify import read_entries
from cad.cli.app import COMMANDS
from cad.warehouse import Warehouse
from tests.cli import cad
from tests.planted import PERSONS, SITES, plant
from tests.pushed import family

PUBLIC = frozenset(
    {
        # Without a warehouse.
        "validate", "batch new", "pseudonymise", "demo", "docs",
        # What anybody may know (`status` of cad.gate), and the lists of what is loaded.
        "status", "hpo", "annotation list", "codes list", "codes show", "audit verify",
        # Makes, loads or tidies up, and answers nothing but how that went.
        "init", "upgrade", "maintain", "annotation add", "annotation default",
        "annotation remove", "codes add",
        # It enters what it tells of what is watched: `test_watches_fire_by_night`.
        "build",
        # The service enters its own reads.
        "serve",
    }
)  # fmt: skip
VARIANT = str(SITES[0].key).replace("'", "").replace(", ", "-").strip("()")
REGION = "22:20000000-20001000"
OBO = "".join(
    f"[Term]\nid: {term}\nname: {term[-4:]}\n{f'is_a: {parent}' if parent else ''}\n\n"
    for term, parent in (
        ("HP:0000001", ""), ("HP:0000118", "HP:0000001"), ("HP:0000707", "HP:0000118"),
        ("HP:0001250", "HP:0000707"), ("HP:0001263", "HP:0000707"),
    )
)  # fmt: skip
PEDIGREE = ("P-MOTHER", "P-FATHER", "P-CHILD")
FAMILY_2 = ("P08", "P09", "P10")


@dataclass(frozen=True)
class Example:
    """A call of a command; `{}` is the folder of files, the command's name its first words.

    Attributes:
        words: of the call.
        what: the question that its entry names.
        persons: whose hashes the entry holds.
        code: with which the command ends.
        release: that the entry names.
        project: likewise.
    """

    words: str
    what: str
    persons: tuple[str, ...] = ()
    code: int = 0
    release: str | None = None
    project: str | None = None

    @property
    def command(self) -> str:
        first, second, *_ = [*self.words.split(), ""]
        return f"{first} {second}" if COMMANDS[first].subcommands else first


EXAMPLES = (
    Example("push {}/NIGHT-1", "push"),
    Example("clinical push {}/documents", "push"),
    Example("receipt NIGHT-1", "batches"),
    Example("batches", "batches"),
    Example("consent import {}/consents.tsv", "consents"),
    Example("consent show P08", "consents", ("P08",)),
    Example("samples update {}/samples.tsv", "samples"),
    Example("build", ""),
    Example("variant VARIANT --excluding-family F2", "frequencies"),
    Example("region REGION", "frequencies"),
    Example("gene ONE", "frequencies"),
    Example("depth REGION", "frequencies"),
    Example("explain VARIANT", "explain"),
    Example("frequency REGION --where family=F2", "subset"),
    Example("carriers VARIANT --where person=P08", "carriers"),
    Example("phenotype HP:0000707 --relatives --region REGION", "phenotypes"),
    Example("burden ONE --mask lof --cases person=P00|P04|P08", "burden"),
    Example("family F2 --gene ONE", "families", FAMILY_2),
    Example("similar HP:0001250", "similar"),
    Example("similar --person P08", "similar", ("P08",)),
    Example("indicators", "indicators"),
    Example("annotate {}/in.vcf -o {}/annotated.vcf.gz --own-family F2", "frequencies"),
    Example("changes --since 1", "changes"),
    Example("watch VARIANT", "changes"),
    Example("sql -c SELECT_PERSONS", "sql"),
    Example("contact VARIANT --message Hello", "contact"),
    Example("contact --list --platform SEQOIA", "contact_inbox"),
    Example("export vcf -o {}/out.vcf.gz", "export"),
    Example("export parquet -o {}/parquet", "export"),
    # Entered before the first file is written: what already stands there ends it early.
    Example("export hail -o {}/parquet", "export", code=1),
    Example("analyse pca --set nothing=1", "operate", code=1),
    Example("release create R1", "releases", release="R1"),
    Example("release list", "releases"),
    Example("release show R1", "releases", release="R1"),
    Example("variant VARIANT --purpose research --release R1", "frequencies", release="R1"),
    Example(
        "project create Q --title T --ends 2999-12-31 --phenotype HP:0001250",
        "projects", project="Q",
    ),
    Example("project approve Q --by Board", "projects", project="Q"),
    Example("project show Q", "projects", project="Q"),
    Example("project list", "projects"),
    Example(
        "similar HP:0000707 --purpose research --project Q", "similar", ("P04", "P08", "P-CHILD"),
        project="Q",
    ),
    Example(
        "carriers 22-150-C-T --purpose research --project Q", "carriers", ("P-CHILD",),
        project="Q",
    ),
    Example("project close Q", "projects", project="Q"),
    Example("client create chu --role clinician", "clients"),
    Example("client list", "clients"),
    Example("client revoke chu", "clients"),
    Example("withdraw P-FATHER", "withdraw"),
    Example("audit show", "audit"),
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """An example's call: how it ended, and the entries that it left."""

    code: int
    output: str
    entries: list[dict[str, Any]]


@dataclass(frozen=True)
class Asked:
    """What all examples left behind, and what persons were called before any withdrew."""

    warehouse: Warehouse
    told: dict[Example, Told]
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("audited")
    _write_files(folder)
    with plant(folder).warehouse as warehouse:
        add_annotation(warehouse, "hpo", folder / "hp.obo", "1")
        told: dict[Example, Told] = {}
        tokens: dict[str, str] = {}
        for example in EXAMPLES:
            if example.what == "withdraw":
                tokens = person_tokens(warehouse, [*PERSONS, *PEDIGREE])
            before = len(read_entries(warehouse))
            result = cad(*_words(example, folder), "-w", warehouse.path)
            told[example] = Told(
                result.exit_code, result.output, read_entries(warehouse)[before:]
            )  # fmt: skip
        yield Asked(warehouse, told, tokens)


def _words(example: Example, folder: Path) -> list[str]:
    known = {
        "VARIANT": VARIANT,
        "REGION": REGION,
        "SELECT_PERSONS": "SELECT person_id FROM samples",
    }
    return [known.get(word, word).replace("{}", str(folder)) for word in example.words.split()]


def _write_files(folder: Path) -> None:
    family(folder / "NIGHT-1")
    (folder / "hp.obo").write_text("format-version: 1.2\n\n" + OBO)
    documents = folder / "documents"
    documents.mkdir()
    features = "".join(f"{one}\tHPO\tHP:0001250\n" for one in ("P04", "P08"))
    (documents / "phenotypes.tsv").write_text("person_id\tsystem\tcode\n" + features)
    consents = "".join(f"{one}\tresearch\tgiven\t2026-01-01\n" for one in ("P04", "P08"))
    (folder / "consents.tsv").write_text("person_id\tscope\tstatus\tsigned_on\n" + consents)
    (folder / "samples.tsv").write_text("sample_id\tindication\nP08\tEpilepsy\n")
    line = f"chr22\t{SITES[0].pos}\t.\tA\tG\t.\t.\t.\n"
    contig = "##contig=<ID=chr22,length=50818468>\n"
    title = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    (folder / "in.vcf").write_text(f"##fileformat=VCFv4.2\n{contig}{title}{line}")


def test_every_command_is_an_example_or_public() -> None:
    known = {
        f"{name} {below}" if below else name
        for name, entry in COMMANDS.items()
        for below in (entry.subcommands or ("",))
    }
    audited = {example.command for example in EXAMPLES if example.what}
    assert audited | PUBLIC == known
    assert not audited & PUBLIC


@pytest.mark.parametrize(
    "example", [one for one in EXAMPLES if one.what], ids=lambda one: one.words
)
def test_a_read_leaves_an_entry(asked: Asked, example: Example) -> None:
    told = asked.told[example]
    assert told.code == example.code, told.output
    (entry,) = told.entries
    assert (entry["what"], entry["role"]) == (example.what, "operator")
    assert (entry["release"], entry["project"]) == (example.release, example.project)
    assert sorted(entry["persons"]) == sorted(asked.tokens[one] for one in example.persons)
    told_text = json.dumps(entry)
    # Neither persons nor families.
    assert not re.search(r"\b(P\d\d|P-[A-Z]+|F\d)\b", told_text)


def test_a_withdrawal_is_entered_without_anything_of_the_person(asked: Asked) -> None:
    (entry,) = next(
        told.entries for one, told in asked.told.items() if one.what == "withdraw"
    )  # fmt: skip
    assert entry["asked"] == {}
    assert entry["persons"] == []
    assert {entry[name] for name in ("commit", "release", "project", "rows")} == {None}


def test_the_log_of_all_is_whole(asked: Asked) -> None:
    report = verify_log(asked.warehouse)
    assert (report.faults, report.unsealed) == ((), 0)

"""How every command behaves: help, exit codes, one document on stdout, messages on stderr."""

import json
import logging
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cad.cli import app
from cad.cli.app import COMMANDS, load_command
from cad.cli.conduct import conducted
from cad.cli.failure import describe, exit_code
from cad.cli.reply import Reply
from cad.docs.commands import split_help, walk
from schemas.errors import EXIT_CODE, BatchRefused, CadError, NotFound
from tests.batch_dir import good_batch
from tests.cli import cad, cad_json

WALKED = dict(walk())
HEAVY = {"numba", "hail", "fastapi", "uvicorn", "duckdb", "pyarrow", "numpy", "sqlalchemy", "pysam"}


def test_the_program_lists_every_command() -> None:
    result = cad("--help")
    assert result.exit_code == 0
    # Long sentences are folded at the terminal's width.
    words = " ".join(result.stdout.replace("│", " ").split())
    for name, entry in COMMANDS.items():
        assert f" {name} {entry.help}" in words


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says(name: str) -> None:
    text, _ = split_help(load_command(name))  # type: ignore[arg-type]
    assert text.split("\n\n")[0].replace("\n", " ") == COMMANDS[name].help


@pytest.mark.parametrize("name", WALKED)
def test_every_command_is_explained(name: str) -> None:
    result = cad(*name.split(), "--help")
    assert result.exit_code == 0
    text, examples = split_help(WALKED[name])
    assert text.endswith(".")
    assert examples
    for param in WALKED[name].params:
        # A positional argument is named so that it needs no more words.
        assert getattr(param, "help", None) or param.param_type_name == "argument", param.name


@pytest.mark.parametrize("name", WALKED)
def test_every_command_takes_the_common_options(name: str) -> None:
    options = {word for param in WALKED[name].params for word in param.opts}
    assert {"--format", "--verbose", "-v", "--quiet", "-q"} <= options
    if "--warehouse" in options:
        assert "-w" in options


@pytest.mark.parametrize(
    "words",
    [
        ("frequency",),
        ("status",),
        ("status", "-w", "x", "--format", "xml"),
        ("receipt", "-w", "x"),
        ("init", "-w", "x", "--assembly", "hg19"),
        ("build", "-w", "x", "--engine", "spark"),
        ("batch",),
        ("push", "-w", "x"),
        ("--frobnicate",),
    ],
    ids=" ".join,
)
def test_misuse_ends_with_2_and_prints_no_document(words: tuple[str, ...]) -> None:
    result = cad(*words)
    assert result.exit_code == 2
    assert "Usage" in result.stderr
    assert result.stdout == ""


def test_a_misspelt_command_is_guessed() -> None:
    assert "'status'" in cad("statu").stderr


def test_a_refusal_is_a_document_and_exit_code_1(tmp_path: Path) -> None:
    document = cad_json("status", "-w", tmp_path / "nowhere", code=1)
    assert document == {
        "error": "NotFound",
        "reason": "warehouse_missing",
        "detail": "no warehouse.json here",
        "where": "nowhere",
    }


def test_a_refusal_is_two_lines_on_stderr_for_a_human(tmp_path: Path) -> None:
    result = cad("status", "-w", tmp_path / "nowhere")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 2
    assert "warehouse_missing" in result.stderr


def test_the_environment_names_the_warehouse(tmp_path: Path) -> None:
    assert cad("init", "-w", tmp_path / "w", "--assembly", "GRCh38").exit_code == 0
    result = cad("status", "--format", "json", CAD_WAREHOUSE=str(tmp_path / "w"))
    assert json.loads(result.stdout)["assembly"] == "GRCh38"


def test_options_may_stand_before_and_after_the_argument(tmp_path: Path) -> None:
    cad("init", "-w", tmp_path / "w", "--assembly", "GRCh38")
    after = cad("receipt", "NIGHT", "-w", tmp_path / "w", "--format", "json")
    before = cad("receipt", "--format", "json", "-w", tmp_path / "w", "NIGHT")
    assert json.loads(after.stdout) == json.loads(before.stdout)


@pytest.mark.parametrize("kind", EXIT_CODE)
def test_each_error_has_its_exit_code(kind: type[CadError]) -> None:
    class Finer(kind):  # type: ignore[misc, valid-type]
        pass

    assert exit_code(kind("not_found", "x")) == EXIT_CODE[kind] == 1
    assert exit_code(Finer("not_found", "x")) == EXIT_CODE[kind]


def _program(function: object) -> typer.Typer:
    made = typer.Typer()
    made.command()(conducted(function))  # type: ignore[arg-type]
    return made


def _unforeseen() -> Reply:
    """Fail as no code should."""
    raise RuntimeError("/data/P-SECRET/P-SECRET.vcf.gz")


def test_an_unforeseen_error_tells_the_place_and_no_message() -> None:
    result = CliRunner().invoke(_program(_unforeseen), ["--format", "json"])
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (document["error"], document["reason"]) == ("InternalError", "internal_error")
    assert "RuntimeError" in document["detail"]
    assert "SECRET" not in result.output
    assert "Traceback" not in result.output


def test_the_trace_of_an_unforeseen_error_is_shown_on_demand() -> None:
    assert "Traceback" in CliRunner().invoke(_program(_unforeseen), ["-v"]).stderr


def test_a_file_error_tells_why_and_not_which() -> None:
    document = describe(PermissionError(13, "Permission denied", "/data/P-SECRET.vcf"))
    assert document["reason"] == "file_unusable"
    assert "Permission denied" in document["detail"]
    assert "SECRET" not in document["detail"]


def test_a_refusal_shows_no_trace_even_to_the_curious() -> None:
    def refuse() -> Reply:
        raise NotFound("batch_unknown", "no live batch has this id", "B")

    result = CliRunner().invoke(_program(refuse), [])
    assert result.exit_code == 1
    assert "Traceback" not in result.stderr


def test_log_lines_go_to_stderr_at_the_level_asked_for() -> None:
    def work() -> Reply:
        log = logging.getLogger("cad.some.step")
        log.debug("a detail")
        log.info("a step")
        log.warning("a warning")
        log.error("an error")
        logging.getLogger("somebody.else").info("chatter")
        return Reply({"done": True}, lambda console: console.print("done"))

    said = {
        flag: CliRunner().invoke(_program(work), [flag] if flag else []).stderr
        for flag in ("", "-v", "-q", "-qq")
    }
    words = ("a detail", "a step", "a warning", "an error", "chatter")
    assert {flag: [word for word in words if word in text] for flag, text in said.items()} == {
        "": ["a step", "a warning", "an error"],
        "-v": ["a detail", "a step", "a warning", "an error"],
        "-q": ["a warning", "an error"],
        "-qq": ["an error"],
    }
    assert logging.getLogger("cad").level == logging.NOTSET


def test_a_batch_error_is_a_batch_error() -> None:
    error = BatchRefused("pos_unusable", "POS abc", "a.vcf, line 3")
    assert describe(error) == error.to_json()


def _loaded(*words: str) -> set[str]:
    """The heavy modules that a command has loaded when it ends."""
    script = (
        "import sys\nfrom cad.cli import app\n"
        "try:\n    app(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True
    )
    return HEAVY & set(done.stderr.split())


def test_help_loads_nothing_heavy() -> None:
    assert _loaded("--help") == set()


def test_a_look_at_the_registry_loads_no_compiler_and_no_service(tmp_path: Path) -> None:
    loaded = _loaded("batches", "-w", str(tmp_path))
    assert not loaded & {"numba", "hail", "fastapi", "uvicorn"}


def test_the_installed_command_runs_this_program() -> None:
    command = Path(sys.executable).with_name("cad")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == CliRunner().invoke(app, ["--version"]).stdout


def _read_terminal(seen: int) -> bytes:
    """Everything that is written to a terminal until nobody holds it open any more."""
    drawn = b""
    while True:
        try:
            drawn += os.read(seen, 1 << 16)
        except OSError:
            return drawn


def test_a_progress_bar_is_drawn_on_a_terminal_only(tmp_path: Path) -> None:
    batch = good_batch(tmp_path / "batch").write()
    program = str(Path(sys.executable).with_name("cad"))
    command = [program, "validate", str(batch), "--format", "json"]
    seen, told = pty.openpty()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told) as process:
        os.close(told)
        drawn = _read_terminal(seen)
        document, _ = process.communicate()
    os.close(seen)
    assert process.returncode == 0
    assert json.loads(document)["status"] == "valid"
    assert b"reading" in drawn
    plain = subprocess.run(command, capture_output=True, check=True)
    assert b"reading" not in plain.stderr
    assert b"\x1b" not in plain.stderr + plain.stdout

"""The README and the guides tell the truth: what they print is printed, what they name exists."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cad.cli.app import COMMANDS, load_command

ROOT = Path(__file__).parents[1]
GUIDES = sorted((ROOT / "cad" / "docs" / "guides").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *GUIDES]
ELISION = "..."
CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "<moment>"),
    (re.compile(r"\b\d+(\.\d+)? s\b"), "<seconds>"),
)
"""What is printed otherwise each time: moments and durations."""


@dataclass
class Step:
    """A command of a console block, and the lines the page says it prints."""

    command: str
    lines: list[str] = field(default_factory=list)


def console_steps(text: str) -> list[Step]:
    """Give the commands of all console blocks; the demo's own `$` lines are part of its output."""
    steps: list[Step] = []
    for block in re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL):
        is_demo = block.startswith("$ cad demo")
        for number, line in enumerate(block.splitlines()):
            if line.startswith("$ ") and (number == 0 or not is_demo):
                steps.append(Step(line[2:]))
            else:
                steps[-1].lines.append(line)
    return steps


def steady(line: str) -> str:
    """Give a line without what changes from run to run."""
    for pattern, word in CHANGING:
        line = pattern.sub(word, line)
    return line.rstrip()


def missing_lines(said: list[str], printed: list[str]) -> list[str]:
    """Give the lines of a page that were not printed, in order and without others between them.

    Lines may have been left out only where the page says so.
    """
    at, may_skip, missing = 0, False, []
    for line in said:
        if line == ELISION:
            may_skip = True
            continue
        places = range(at, len(printed) if may_skip else min(at + 1, len(printed)))
        found = next((place for place in places if printed[place] == line), None)
        if found is None:
            missing.append(line)
        else:
            at, may_skip = found + 1, False
    if at < len(printed) and not may_skip:
        missing.append(f"(not said: {printed[at]})")
    return missing


def named_commands(text: str) -> list[list[str]]:
    """Give the words after each `cad` that a page shows as code."""
    code = re.findall(r"`(cad [^`\n]+)`", text)
    for block in re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL):
        code += re.findall(r"^(?:\$ )?(cad [^#\n]*)", block, flags=re.MULTILINE)
    return [re.split(r"\s{2,}", one)[0].split()[1:] for one in code]


@pytest.mark.slow
def test_the_readme_prints_what_is_printed(tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CAD_")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    steps = console_steps((ROOT / "README.md").read_text(encoding="utf-8"))
    script = "".join(
        f"echo {shlex.quote(f'>>> {place}')}\n{step.command}\n" for place, step in enumerate(steps)
    )
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    parts = re.split(r"^>>> \d+\n", done.stdout, flags=re.MULTILINE)[1:]
    for step, part in zip(steps, parts, strict=True):
        said = [steady(line) for line in step.lines]
        assert missing_lines(said, [steady(line) for line in part.splitlines()]) == []


def test_a_line_that_is_not_printed_is_noticed() -> None:
    printed = ["one", "two", "three"]
    assert missing_lines(["one", ELISION, "three"], printed) == []
    assert missing_lines(["one", "three"], printed) == ["three", "(not said: two)"]
    assert missing_lines(["one", "two"], printed) == ["(not said: three)"]
    assert missing_lines([ELISION, "four", ELISION], printed) == ["four"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https:)([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {title.lower().replace(" ", "-") for title in titles}, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_named_exist_with_their_options(page: Path) -> None:
    for words in named_commands(page.read_text(encoding="utf-8")):
        if words[0].startswith(("-", "<")):
            continue
        assert words[0] in COMMANDS, words
        command = load_command(words[0])
        inner = getattr(command, "commands", None)
        if inner is not None:
            assert words[1] in inner, words
            command = inner[words[1]]
        options = {name for param in command.params for name in param.opts} | {"--help"}
        assert {word for word in words if re.match(r"--?[a-z]", word)} <= options, words


def test_every_guide_is_linked_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert GUIDES
    for guide in GUIDES:
        assert f"(cad/docs/guides/{guide.name})" in text

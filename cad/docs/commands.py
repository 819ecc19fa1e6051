"""The command page: every command with its arguments, options and examples, from the CLI itself."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any, Final

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from cad.cli.app import COMMANDS, load_command
from cad.docs.markdown import code, page, table

EXAMPLE: Final = "Example: "
_COMMON: Final = ("format_", "verbose", "quiet")


def commands_page() -> str:
    """The page."""
    introduction = (
        "Every command takes `--format human|json`, `-v` and `-q`. With `--format json` one JSON "
        "document goes to stdout; messages and progress go to stderr. The exit code is 0 when "
        "done, 1 when refused (the document then holds `error`, `reason` and `detail`; see "
        "[reasons](reasons.md)) and 2 when the command was misused. `CAD_WAREHOUSE` stands for "
        "`--warehouse`."
    )
    return page("Commands", introduction, *(_section(*one) for one in walk()))


def walk() -> Iterator[tuple[str, TyperCommand]]:
    """Every command that does something: its words after ``cad``, and the command."""
    for name in COMMANDS:
        command = load_command(name)
        if isinstance(command, TyperGroup):
            for below, inner in command.commands.items():
                yield f"{name} {below}", _checked(inner)
        else:
            yield name, command


def split_help(command: TyperCommand) -> tuple[str, list[str]]:
    """What a command's help says, and its examples."""
    paragraphs = cleandoc(command.help or "").split("\n\n")
    examples = [text.removeprefix(EXAMPLE) for text in paragraphs if text.startswith(EXAMPLE)]
    rest = [text for text in paragraphs if not text.startswith(EXAMPLE)]
    return "\n\n".join(rest), examples


def _checked(command: Any) -> TyperCommand:
    if not isinstance(command, TyperCommand):
        raise TypeError(command)
    return command


def _section(name: str, command: TyperCommand) -> str:
    text, examples = split_help(command)
    context = typer.Context(command)
    rows = [_row(one, context) for one in command.params if one.name not in _COMMON]
    parts = [f"## cad {name}", text, "```\n" + "\n".join(examples) + "\n```"]
    if rows:
        parts.append(table(("argument or option", "default", "meaning"), rows))
    return "\n\n".join(parts)


def _row(one: Any, context: typer.Context) -> tuple[str, str, str]:
    if isinstance(one, TyperArgument):
        return code(one.metavar or str(one.name).upper()), "", one.help or ""
    if not isinstance(one, TyperOption):
        raise TypeError(one)
    names = ", ".join(code(word + _value(one, context)) for word in one.opts)
    return names, _default(one), one.help or ""


def _value(option: TyperOption, context: typer.Context) -> str:
    if option.is_flag:
        return ""
    choices = option.display_type(context).strip("<>")
    return f" {option.metavar or (choices if '|' in choices else 'VALUE')}"


def _default(option: TyperOption) -> str:
    if option.required:
        return "required"
    if option.is_flag or option.default is None:
        return ""
    return code(str(option.default))

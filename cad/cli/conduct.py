"""How every command behaves: common options, log lines, one answer on stdout, errors, exit code."""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

import orjson
import typer
from rich.console import Console

from cad.cli.failure import describe, exit_code, show_failure
from cad.cli.logs import level_of, logging_to
from cad.cli.options import FormatOption, QuietOption, VerboseOption
from cad.cli.reply import Reply, console_on

log = logging.getLogger(__name__)

T = TypeVar("T")

_MISUSE: Final = (typer.Exit, typer.Abort, typer.BadParameter)
_COMMON: Final = tuple(
    inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
    for name, kind, default in (
        ("format_", FormatOption, "human"),
        ("verbose", VerboseOption, 0),
        ("quiet", QuietOption, 0),
    )
)


def conducted(command: Callable[..., Reply]) -> Callable[..., None]:
    """Make a command of the command line out of a function that returns a reply.

    The result takes ``--format``, ``-v`` and ``-q`` beside the function's own options, prints the
    reply or the error, and ends with its exit code.
    """

    @wraps(command)
    def run(*, format_: str, verbose: int, quiet: int, **options: Any) -> None:
        with logging_to(console_on(sys.stderr), level_of(verbose, quiet)):
            reply = attempt(lambda: command(**options))
        if isinstance(reply, Exception):
            reply = _refused(reply)
        if format_ == "json":
            print_json(reply.document)
        else:
            reply.show(console_on(sys.stdout))
        raise typer.Exit(reply.exit_code)

    signature = inspect.signature(command, eval_str=True)
    own = [one.replace(kind=one.KEYWORD_ONLY) for one in signature.parameters.values()]
    run.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*own, *_COMMON], return_annotation=None
    )
    return run


def attempt(action: Callable[[], T]) -> T | Exception:
    """What an action returns, or the error that ended it; misuse and interrupts pass through."""
    try:
        return action()
    except _MISUSE:
        raise
    except Exception as error:
        log.debug("%s", type(error).__name__, exc_info=error)
        return error


def print_json(document: Any) -> None:
    """Print one JSON document to stdout."""
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)
    sys.stdout.write(text.decode() + "\n")


def _refused(error: Exception) -> Reply:
    document = describe(error)

    def show(_: Console) -> None:
        show_failure(document, console_on(sys.stderr))

    return Reply(document, show, exit_code(error))

"""The table of commands, and the application that loads a command's module when it is called.

Reading VCF, counting and serving each need libraries that take a second to import; ``cad --help``
and a question about one variant need none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from cad.cli.conduct import conducted
from cad.cli.reply import Reply


class Entry(NamedTuple):
    """Where a command is: a function of a module, or one for each subcommand.

    `help` is the first sentence of the function's docstring, for ``cad --help``.
    """

    panel: str
    module: str
    function: str
    help: str
    subcommands: Mapping[str, str] = {}


_PLATFORM: Final = "Platforms: batches"
_FIGURES: Final = "Figures"
_OPERATOR: Final = "The operator's"
_DEVELOPER: Final = "Development"

COMMANDS: Final[dict[str, Entry]] = {
    "init": Entry(_OPERATOR, "create", "init", "Make a warehouse."),
    "validate": Entry(
        _PLATFORM, "validate", "validate", "Check a batch as a push would, without a warehouse."
    ),
    "batch": Entry(_PLATFORM, "batch", "", "Make a batch out of VCF files.", {"new": "new"}),
    "pseudonymise": Entry(
        _PLATFORM,
        "pseudonymise",
        "pseudonymise",
        "Strip and key clinical documents and sheets, at the hospital.",
    ),
    "push": Entry(_PLATFORM, "push", "push", "Push batches; each directory commits on its own."),
    "clinical": Entry(
        _PLATFORM, "clinical", "", "Push clinical documents by themselves.", {"push": "push"}
    ),
    "receipt": Entry(
        _PLATFORM, "status", "receipt", "Show the receipt of a batch that was pushed."
    ),
    "batches": Entry(_PLATFORM, "status", "batches", "List the batches of the warehouse."),
    "annotation": Entry(
        _OPERATOR,
        "annotation",
        "",
        "Load and list what other sources say of variants and genes.",
        {"add": "add", "list": "list_", "default": "default", "remove": "remove"},
    ),
    "build": Entry(
        _FIGURES, "build", "build", "Bring the figures up to what was pushed since the last build."
    ),
    "analyse": Entry(
        _FIGURES,
        "analyse",
        "analyse",
        "Run genetic analyses of the persons who count for a purpose.",
    ),
    "variant": Entry(_FIGURES, "query", "variant", "How often, and in whom, one variant is seen."),
    "region": Entry(_FIGURES, "query", "region", "The variants seen in a region."),
    "frequency": Entry(
        _FIGURES,
        "frequency",
        "frequency",
        "How often variants are seen in any subset of persons, with exact denominators.",
    ),
    "burden": Entry(
        _FIGURES,
        "burden",
        "burden",
        "Whether cases carry a gene's damaging variants more often than controls.",
    ),
    "family": Entry(
        _FIGURES,
        "family",
        "family",
        "Variants of a family's children that fit a way of inheritance.",
    ),
    "depth": Entry(
        _FIGURES,
        "depth",
        "depth",
        "In how many alleles a variant could have been seen, at each position of a region.",
    ),
    "carriers": Entry(
        _FIGURES,
        "carriers",
        "carriers",
        "Who carries a variant: how many, of what kind, and with which features more than others.",
    ),
    "explain": Entry(
        _FIGURES, "explain", "explain", "Walk the AN of a variant to its terms, by platform."
    ),
    "annotate": Entry(
        _FIGURES, "annotate", "annotate", "Write the figures of each alternate into a VCF."
    ),
    "hpo": Entry(_FIGURES, "hpo", "hpo", "What the loaded release of HPO says of a term."),
    "gene": Entry(_FIGURES, "gene", "gene", "The variants seen in a gene, by what they do to it."),
    "phenotype": Entry(
        _FIGURES,
        "phenotype",
        "phenotype",
        "Persons with a phenotype, and the genes and variants they carry more often than others.",
    ),
    "similar": Entry(
        _FIGURES,
        "similar",
        "similar",
        "Who is most like a profile: persons inside a project, counts of them outside.",
    ),
    "indicators": Entry(
        _FIGURES,
        "indicators",
        "indicators",
        "Persons, samples, sequences, delays, yield, off-route and set-aside shares.",
    ),
    "export": Entry(
        _FIGURES,
        "export",
        "",
        "Write the figures to files.",
        {"vcf": "vcf", "parquet": "parquet", "hail": "hail"},
    ),
    "release": Entry(
        _OPERATOR,
        "release",
        "",
        "Freeze the figures under a name, small ones hidden outside care.",
        {"create": "create", "list": "list_", "show": "show"},
    ),
    "changes": Entry(
        _FIGURES,
        "changes",
        "changes",
        "What to look at again: BA1, BS1, first homozygotes and classes that changed since then.",
    ),
    "watch": Entry(
        _FIGURES,
        "changes",
        "watch",
        "Watch a variant or gene: `cad build` and `cad status` tell what befalls it.",
    ),
    "sql": Entry(
        _FIGURES,
        "sql",
        "sql",
        "Ask read-only SQL of the warehouse's views, or of those of a release.",
    ),
    "status": Entry(_OPERATOR, "status", "status", "Show what the warehouse holds."),
    "maintain": Entry(
        _OPERATOR,
        "maintain",
        "maintain",
        "Gather small files into large ones, and delete what nobody needs.",
    ),
    "upgrade": Entry(
        _OPERATOR,
        "upgrade",
        "upgrade",
        "Bring the registry of a warehouse to the version of this program.",
    ),
    "consent": Entry(
        _OPERATOR, "consent", "", "Record and show consents.", {"import": "import_", "show": "show"}
    ),
    "codes": Entry(
        _OPERATOR,
        "codes",
        "",
        "Load and show dated lists: routes, pre-indications, cohorts.",
        {"add": "add", "list": "list_", "show": "show"},
    ),
    "samples": Entry(_OPERATOR, "corrections", "", "Correct sample sheets.", {"update": "update"}),
    "withdraw": Entry(
        _OPERATOR,
        "withdraw",
        "withdraw",
        "Withdraw a person: hidden at once, taken out of the figures by the next build.",
    ),
    "project": Entry(
        _OPERATOR,
        "project",
        "",
        "Projects: where persons are told apart outside care, under pseudonyms of their own.",
        {
            "create": "create",
            "approve": "approve",
            "close": "close",
            "list": "list_",
            "show": "show",
        },
    ),
    "contact": Entry(
        _FIGURES,
        "contact",
        "contact",
        "Have a message relayed to carriers of a variant who agreed to be contacted again.",
    ),
    "audit": Entry(
        _OPERATOR,
        "audit",
        "",
        "Who read what: show the log, and prove that it is whole.",
        {"verify": "verify", "show": "show"},
    ),
    "client": Entry(
        _OPERATOR,
        "client",
        "",
        "Give keys to those who ask the service.",
        {"create": "create", "list": "list_", "revoke": "revoke"},
    ),
    "serve": Entry(_OPERATOR, "serve", "serve", "Serve the figures over HTTP, until Ctrl-C."),
    "demo": Entry(
        _OPERATOR, "demo", "demo", "Simulate three nights, count them, and check every figure."
    ),
    "docs": Entry(_DEVELOPER, "docs", "docs", "Write the generated pages of the documentation."),
}


class LazyGroup(TyperGroup):
    """Lists the commands from the table, and loads the one that is called."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, entry in COMMANDS.items():
            self.add_command(TyperCommand(name, help=entry.help, rich_help_panel=entry.panel))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that the arguments begin with, loaded, and the rest of the arguments."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, found if name is None else load_command(name), rest


def load_command(name: str) -> TyperCommand | TyperGroup:
    """A command of `COMMANDS` with all its options."""
    entry = COMMANDS[name]
    module = import_module(f"cad.cli.{entry.module}")
    made = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    if entry.subcommands:
        made.callback(help=entry.help)(lambda: None)
        for below, function in entry.subcommands.items():
            _add(made, below, getattr(module, function))
    else:
        _add(made, name, getattr(module, entry.function))
    command = typer.main.get_command(made)
    if not isinstance(command, TyperCommand | TyperGroup):
        raise TypeError(name)
    command.name = name
    return command


def _add(to: typer.Typer, name: str, function: Callable[..., Reply]) -> None:
    to.command(name)(conducted(function))


def _show_version(wanted: bool) -> None:
    if wanted:
        # Reading a distribution's metadata takes longer to import than all else that help needs.
        typer.echo(import_module("importlib.metadata").version("cad-warehouse"))
        raise typer.Exit


app = typer.Typer(
    name="cad",
    cls=LazyGroup,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def describe_program(
    _version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version."),
    ] = False,
) -> None:
    """CAD, the national variant warehouse: from nightly batches to allele frequencies."""


def main() -> None:
    """Run the command line."""
    app(prog_name="cad")

"""The command line (DESIGN 8): ``cad`` and its commands.

A command is a function that takes typed options and returns a `cad.cli.reply.Reply`: a document
for ``--format json``, a way to show it to a human, and an exit code. Printing, logging and the
mapping of errors are decided once, in `cad.cli.conduct`. The commands stand in modules of their
own, which `cad.cli.app` loads when they are called and not before.
"""

from __future__ import annotations

from cad.cli.app import app, main

__all__ = ["app", "main"]

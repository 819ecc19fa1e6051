"""Runs the command line in this process, as a user would."""

import json
from typing import Any

from typer.testing import CliRunner, Result

from cad.cli import app


def cad(*words: object, **environment: str) -> Result:
    """Run ``cad`` with these words; stdout and stderr are kept apart."""
    runner = CliRunner()
    arguments = [str(word) for word in words]
    return runner.invoke(
        app, arguments, prog_name="cad", env={"CAD_WAREHOUSE": None, **environment}
    )


def cad_json(*words: object, code: int = 0) -> Any:
    """The one document that a command prints with ``--format json``; the exit code is checked."""
    result = cad(*words, "--format", "json")
    assert result.exit_code == code, result.stderr
    return json.loads(result.stdout)

"""JSON read strictly: UTF-8, no repeated key, no NaN, no bottomless nesting.

A repeated key would hide its first value from every check.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn


class NotJsonError(ValueError):
    """The text is not JSON in the strict sense; the message says why and repeats nothing of it."""


def parse_json(data: bytes) -> Any:
    """The value of a JSON text; a byte order mark at its start is dropped.

    Raises:
        NotJsonError: where the text is not JSON.

    >>> parse_json(b'{"a": [1, null]}')
    {'a': [1, None]}
    """
    try:
        value = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_unique_keys,
            parse_constant=_no_constant,
        )
        # An escaped half of a surrogate pair is no character: nothing could store it.
        json.dumps(value, ensure_ascii=False).encode()
        return value
    except UnicodeEncodeError as error:
        raise NotJsonError("an escape stands for half a character") from error
    except UnicodeDecodeError as error:
        raise NotJsonError(f"byte {error.start + 1} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise NotJsonError(f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise NotJsonError("it is nested too deeply") from error
    except NotJsonError:
        raise
    except ValueError as error:
        raise NotJsonError("a number has too many digits") from error


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJsonError("an object has the same key twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise NotJsonError(f"{name} is not a JSON value")

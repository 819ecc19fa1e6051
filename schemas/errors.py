"""The error tree; every error carries a reason code of `schemas.reasons`.

    CadError
    ├── BatchRefused      what a platform pushed: nothing of it is kept
    ├── NotFound          a batch, variant, person, release ... that is not there
    ├── BadQuestion       a question that cannot be understood
    ├── Conflict          somebody else was faster, or the thing exists already
    ├── Unavailable       the warehouse, an engine or an extra is not there or not usable
    ├── Forbidden         not allowed to the one who asks
    ├── Unauthenticated   nobody knows who asks
    ├── LimitReached      more than a caller may ask for, send or keep
    └── TooLarge          one request holds more than the service takes

Exit codes of the command line and HTTP statuses are decided by `EXIT_CODE` and `HTTP_STATUS` alone.
A message says what was found, what was expected and where; it never holds a person's identifier or
phenotype.
"""

from __future__ import annotations

from typing import Final

from schemas.reasons import REASONS


class CadError(Exception):
    """An error the caller can act on.

    Attributes:
        reason: a code of `schemas.reasons.REASONS`.
        detail: what was found and what was expected.
        where: file, line, variant or setting; None where the detail says it all.
    """

    def __init__(self, reason: str, detail: str, where: str | None = None) -> None:
        if reason not in REASONS:
            raise KeyError(reason)
        super().__init__(reason, detail, where)
        self.reason = reason
        self.detail = detail
        self.where = where

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.reason}: {self.detail}{place}"

    def to_json(self) -> dict[str, str | None]:
        """The document that `--format json` prints and the API's problem details extend."""
        return {
            "error": type(self).__name__,
            "reason": self.reason,
            "detail": self.detail,
            "where": self.where,
        }


class BatchRefused(CadError):
    """A batch is refused as a whole; the warehouse is unchanged."""


class NotFound(CadError):
    """What was asked for does not exist."""


class BadQuestion(CadError):
    """The question itself is malformed."""


class Conflict(CadError):
    """Another writer or an existing object stands in the way."""


class Unavailable(CadError):
    """The warehouse or a part of the installation cannot be used."""


class Forbidden(CadError):
    """The caller's role, purpose or place does not allow this."""


class Unauthenticated(CadError):
    """The caller has shown no key or token, or one that does not hold."""


class LimitReached(CadError):
    """The caller has used up what its limits allow; later it may go on."""


class TooLarge(CadError):
    """One request holds more than the service takes."""


EXIT_CODE: Final[dict[type[CadError], int]] = dict.fromkeys(
    (
        *(CadError, BatchRefused, NotFound, BadQuestion, Conflict, Unavailable, Forbidden),
        *(Unauthenticated, LimitReached, TooLarge),
    ),
    1,
)
"""Exit code of the command line by error; 0 is done, 2 is misuse of the command itself."""

HTTP_STATUS: Final[dict[type[CadError], int]] = {
    CadError: 500,
    BatchRefused: 422,
    NotFound: 404,
    BadQuestion: 400,
    Conflict: 409,
    Unavailable: 503,
    Forbidden: 403,
    Unauthenticated: 401,
    LimitReached: 429,
    TooLarge: 413,
}
"""HTTP status by error."""

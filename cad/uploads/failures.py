"""What an error of the operating system is told as."""

from __future__ import annotations

import errno
import os
from typing import Final

from schemas.errors import CadError, Unavailable

_OF_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG})


def told_as(error: BaseException) -> CadError:
    """The error that callers are told: themselves, a disk that fails, or what nobody foresaw.

    Of an error's own message nothing is told: it may hold anything.
    """
    if isinstance(error, CadError):
        return error
    if isinstance(error, OSError) and error.errno in _OF_DISK:
        return Unavailable("storage_unusable", os.strerror(error.errno))
    return CadError("internal_error", type(error).__name__)

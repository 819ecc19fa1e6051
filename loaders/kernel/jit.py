"""How the kernels are compiled: once, kept on disk, without the interpreter lock.

`compiled` is for what Python calls, `inner` for what only kernels call, and `inlined` for what runs
for each line or genotype and takes many arrays: compiled into its caller, it need not be handed
them. `woven` functions become part of their caller before it is compiled, which spares their own
compilation. None of them allocates: their callers give them room. So Numba need not count
references to arrays (`_nrt`), which would cost more than the work that most of these functions do.

Numba's cache looks at the file of a kernel alone, not at those of what is compiled into it: what
was compiled from other sources than lie here now is removed before it could be loaded.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

_COMPILED: Final[dict[str, Any]] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "_nrt": False,
}
_INNER: Final[dict[str, Any]] = {**_COMPILED, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def forget_stale() -> None:
    """Remove what was compiled from other sources, as before an upgrade or an edit."""
    folder = Path(__file__).parent
    cache = folder / "__pycache__"
    stamp = cache / "kernels.stamp"
    facts = {path.name: path.stat() for path in sorted(folder.glob("*.py"))}
    wanted = "".join(f"{name} {one.st_size} {one.st_mtime_ns}\n" for name, one in facts.items())
    with suppress(OSError):
        if stamp.exists() and stamp.read_text() == wanted:
            return
        for file in [*cache.glob("*.nbi"), *cache.glob("*.nbc")]:
            file.unlink(missing_ok=True)
        cache.mkdir(exist_ok=True)
        own = cache / f"kernels.{os.getpid()}"
        own.write_text(wanted)
        own.replace(stamp)


forget_stale()


def compiled(function: Kernel) -> Kernel:
    """A kernel that Python calls."""
    kernel: Kernel = numba.njit(**_COMPILED)(function)
    return kernel


def inner(function: Kernel) -> Kernel:
    """A kernel that only kernels call; called by Python it would crash."""
    kernel: Kernel = numba.njit(**_INNER)(function)
    return kernel


def inlined(function: Kernel) -> Kernel:
    """A kernel that is compiled into the kernels that call it."""
    kernel: Kernel = numba.njit(forceinline=True, **_INNER)(function)
    return kernel


def woven(function: Kernel) -> Kernel:
    """A kernel that becomes part of its one caller before that is compiled."""
    kernel: Kernel = numba.njit(inline="always", **_INNER)(function)
    return kernel


def _build_load_word(_typing: Any, text: Any, at: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        place = builder.gep(array.data, [args[1]])
        return builder.load(builder.bitcast(place, ir.IntType(64).as_pointer()), align=1)

    return types.int64(text, at), build


def _build_lowest_bit(_typing: Any, _word: Any) -> Any:
    def build(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), build


def _build_wide(_typing: Any, value: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.cast(builder, args[0], signature.args[0], types.int64)

    return types.int64(value), build


load_word: Callable[[Any, int], int] = cast(Any, intrinsic(_build_load_word))
"""Eight bytes of a text from a place on as an integer, the first lowest; all must be there."""
lowest_bit: Callable[[int], int] = cast(Any, intrinsic(_build_lowest_bit))
"""The number of the lowest bit that is set; the word must not be 0."""
wide: Callable[[Any], int] = cast(Any, intrinsic(_build_wide))
"""An integer of any width as one of 64 bits."""

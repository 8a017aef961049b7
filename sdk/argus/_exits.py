"""How the process came to its end, for those who report at its end that it went well or not."""

from __future__ import annotations

import builtins
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_code: Any = None
_watched = False


def watch() -> None:
    """Remember what `sys.exit` is called with, from now on; nothing else tells exit hooks of it."""
    global _watched
    if _watched:
        return
    _watched = True
    leave = sys.exit

    def exit(code: Any = None, /) -> NoReturn:  # noqa: A001 - it is called that
        global _code
        _code = code
        leave(code)

    sys.exit = exit


def failure() -> str | None:
    """Why the process ends badly, in an exit hook; None when it ends well.

    The interpreter keeps the exception that nobody caught in `sys.last_value`, also outside of an interactive session.
    In a notebook that is the error of some cell, perhaps long ago and mended since.
    """
    error = getattr(sys, "last_value", None)
    if error is not None and not hasattr(builtins, "__IPYTHON__"):
        from argus._job import describe

        return describe(error)
    return by_code(_code)


def by_code(code: Any) -> str | None:
    """What an exit code says: nothing for None and 0, a text for itself, as `sys.exit` takes them."""
    if code is None or code == 0:
        return None
    return f"exit code {code}" if isinstance(code, int) else str(code)

"""Modules that cost much to load and are seldom asked for: loaded when something of them is. Each stands for a name of
a package of others; our own modules are imported where they are used.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            # Asked by whoever looks through all modules, and not for what it is.
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


def later(name: str) -> Any:
    """What stands for a module until it is needed. Import the module itself under TYPE_CHECKING."""
    return _Later(name)


@contextlib.contextmanager
def imported_later(*names: str) -> Iterator[None]:
    """In this block others import what stands for these modules, where they are not loaded already.

    A package that wants a part of one of them, `from rich.console import Console`, is told that it is not installed.
    """
    standing = {name: _Later(name) for name in names if name not in sys.modules}
    sys.modules.update(standing)
    try:
        yield
    finally:
        for name in standing:
            sys.modules.pop(name, None)

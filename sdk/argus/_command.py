"""The command that started this process. Captured when a batch begins, so it may import little."""

from __future__ import annotations

import shlex
import sys

from argus._secrets import mask_arguments

_LONGEST_COMMAND = 4_096


def command_line() -> str | None:
    """The command that started this process, secrets masked; None in a notebook, where it says nothing."""
    arguments = list(getattr(sys, "orig_argv", None) or [sys.executable, *sys.argv])
    if any("ipykernel" in argument or "jupyter" in argument for argument in arguments[:3]):
        return None
    return shlex.join(mask_arguments(arguments))[:_LONGEST_COMMAND]

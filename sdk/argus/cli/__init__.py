"""The `argus` command.

Exit codes: 0 well, 1 not well, 2 wrong usage, 3 the server cannot be reached, 4 it refuses; 130 after Ctrl-C.
`argus run` passes on the code of the command that it ran.
"""

from __future__ import annotations

from argus.cli.app import main

__all__ = ["main"]

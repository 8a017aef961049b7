"""What a command ends with: its exit code, and a sentence for people: what happened, why, what to do."""

from __future__ import annotations

OK = 0
NOT_WELL = 1
USAGE = 2
UNREACHABLE = 3
REFUSED = 4
INTERRUPTED = 130
PIPE_CLOSED = 141

NAMES = {NOT_WELL: "not_well", USAGE: "usage", UNREACHABLE: "unreachable", REFUSED: "refused"}


class CliError(Exception):
    """Ends the command with `code`. `todo` says what the person can do about it."""

    def __init__(self, code: int, what: str, todo: str = "") -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.todo = todo

    def as_dict(self) -> dict[str, str]:
        """For `--json`."""
        return {"code": NAMES.get(self.code, "not_well"), "message": self.what, "todo": self.todo}


class PipeClosed(Exception):
    """Whoever read our output has gone (`| head`); no `OSError`, so that no framework handles it its own way."""

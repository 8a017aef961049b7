"""One line of a diagnosis, and what all lines together mean."""

from __future__ import annotations

from argus.cli.errors import NOT_WELL, OK

WELL, WARN, FAIL = "ok", "warn", "fail"


class Check:
    """One line of the diagnosis; `todo` says what to do where it is not well. `code` is the exit code of a failure."""

    __slots__ = ("code", "name", "status", "text", "todo")

    def __init__(self, name: str, status: str, text: str, todo: str = "", code: int = NOT_WELL) -> None:
        self.name = name
        self.status = status
        self.text = text
        self.todo = todo
        self.code = code

    def as_dict(self) -> dict[str, str]:
        """For `--json`."""
        return {"name": self.name, "status": self.status, "text": self.text, "todo": self.todo}


def exit_code(checks: list[Check]) -> int:
    """0 when nothing failed, else that of the first failure: what fails first is most often the cause."""
    return next((check.code for check in checks if check.status == FAIL), OK)

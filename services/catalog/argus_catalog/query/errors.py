"""What is wrong with a query, and where."""

from __future__ import annotations

from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError


class QueryError(ArgusError):
    """A query that cannot be answered.

    Args:
        what: a sentence for people.
        position: the first character that it is about, counted from 0.
        hint: what to write instead.
        part: which part of the request: `query`, `sort`, `columns` or `group_by`.
    """

    def __init__(self, what: str, position: int = 0, hint: str | None = None, part: str = "query") -> None:
        self.what, self.position, self.hint = what, position, hint
        message = f"{what} (at character {position + 1} of {part})" + (f". {hint}" if hint else ".")
        details = {"position": position, "hint": hint, "part": part}
        super().__init__(ErrorCode.QUERY_INVALID, message, details=details)

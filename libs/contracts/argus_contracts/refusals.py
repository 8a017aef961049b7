"""Why an event or a whole request body was refused, in the form that the HTTP answers carry."""

import re
from math import isfinite
from typing import Any, Final

import msgspec

from argus_contracts.errors import ErrorCode

Location = tuple[str | int, ...]
Detail = str | dict[str, Any] | list[dict[str, Any]]

# PostgreSQL stores neither NUL nor half a surrogate pair, in text and in JSONB.
UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_SHOWN_LENGTH: Final = 200
# Of many unknown keys, this many are named.
MAX_FAULTS: Final = 10


class RefusalError(ValueError):
    """Base of ``EventError`` and ``BodyError``.

    ``code`` is stable, ``message`` one English sentence, ``status`` the HTTP status, ``detail`` what the answer's
    "detail" holds (text, object, or a list of {type, loc, msg, input}), ``loc`` where the first fault lies.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str | None = None,
        status: int | None = None,
        detail: Detail | None = None,
        loc: Location = (),
    ) -> None:
        """Fill what is not given from the code's defaults."""
        self.code = code
        self.message = message or code.message
        self.status = status or code.status
        self.detail: Detail = self.message if detail is None else detail
        self.loc = loc
        super().__init__(self.message)


class EventError(RefusalError):
    """One event is refused."""


class BodyError(RefusalError):
    """A request body is refused whole."""


class RejectedEvent(msgspec.Struct, frozen=True):
    """The place of a refused event in its request, its event_id when that could be read, and the reason."""

    index: int
    event_id: str | None
    error: EventError


def fault(kind: str, loc: Location, text: str, value: Any = None, **context: Any) -> dict[str, Any]:
    """One item of a 422 "detail" list. Objects and lists are not echoed, long texts are cut."""
    place = [_shown(part) for part in loc]
    item: dict[str, Any] = {"type": kind, "loc": place, "msg": text, "input": _shown(value)}
    if context:
        item["ctx"] = context
    return item


def sentence(faults: list[dict[str, Any]]) -> str:
    """All faults in one line of text, each led by its place."""
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in faults)


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return UNSTORABLE.sub("\ufffd", value[:_SHOWN_LENGTH])
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    return None

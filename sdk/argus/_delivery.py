"""What an answer of the server means for the events that were sent: pure decisions, no I/O."""

from __future__ import annotations

import json
import random
import time
from email.utils import mktime_tz, parsedate_tz

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argus._transport import Reply

# What to do with the lines of a request.
READ = "read"  # stored or rejected one by one: read the results
SPLIT = "split"  # refused together: find the one that is at fault
WAIT = "wait"  # the server is ill or busy: the same again soon
HOLD = "hold"  # only a person can mend it (token, address): keep everything, try again slowly

HOLD_S = 30.0
_LONGEST_WAIT_S = 30.0
_LONGEST_RETRY_AFTER_S = 300.0
_SILENT_RETRY_AFTER_S = 2.0

_ACCEPTED = b'"status":"accepted"'
_WAIT_STATUSES = frozenset({408, 425, 429})
_HOLD_STATUSES = frozenset({401, 403, 404, 405, 407})


class Verdict:
    """What to do (`READ`, `SPLIT`, `WAIT`, `HOLD`), why, and for `WAIT` the seconds that the server asked for."""

    __slots__ = ("action", "reason", "wait_s")

    def __init__(self, action: str, reason: str = "", wait_s: float | None = None) -> None:
        self.action = action
        self.reason = reason
        self.wait_s = wait_s


class Results:
    """The per-event answers of an accepted request, by the event's place in it."""

    __slots__ = ("duplicates", "rejected", "transient")

    def __init__(self) -> None:
        self.duplicates: list[int] = []
        self.rejected: list[tuple[int, str]] = []
        self.transient: list[int] = []


def judge(reply: Reply) -> Verdict:
    """Decide by status (and for 2xx by shape: a login page of some gateway acknowledges nothing)."""
    status = reply.status
    if reply.ok:
        if _body(reply) is not None:
            return Verdict(READ)
        return Verdict(WAIT, "the answer is not an Argus server's; is the address right?")
    reason = f"HTTP {status}: {detail(reply)}"
    # A 404 that is no JSON: a gateway that has just started and does not know its services yet.
    if status in _WAIT_STATUSES or (status == 404 and not reply.body.lstrip().startswith(b"{")):
        return Verdict(WAIT, reason, _retry_after(reply))
    if status in _HOLD_STATUSES or 300 <= status < 400:
        place = reply.headers.get("location")
        return Verdict(HOLD, f"{reason} (it points to {place})" if place else reason)
    if 400 <= status < 500:
        return Verdict(SPLIT, reason)
    return Verdict(WAIT, reason, _retry_after(reply) if "retry-after" in reply.headers else None)


def is_all_stored(reply: Reply, count: int) -> bool:
    """Whether the answer says of every event that it was stored now, told without reading it as JSON.

    That is the rule, and reading a thousand results would hold the interpreter from the training for milliseconds. An
    error's text cannot look like this, since its quotation marks are escaped.
    """
    return reply.ok and reply.body.count(_ACCEPTED) == count and reply.body.count(b'"status"') == count


def read_results(reply: Reply, count: int) -> Results:
    """Sort the per-event results. A server that answers with counts alone has taken everything."""
    results = Results()
    body = _body(reply) or {}
    items = body.get("results")
    if not isinstance(items, list):
        return results
    results.transient = list(range(len(items), count))  # unanswered events are not acknowledged ones
    for place, item in enumerate(items[:count]):
        status = item.get("status") if isinstance(item, dict) else None
        if status in ("deduplicated", "duplicate"):
            results.duplicates.append(place)
        elif status == "rejected":
            error = str(item.get("error") or "no reason given")
            if error.startswith("internal:"):
                results.transient.append(place)
            else:
                results.rejected.append((place, error))
    return results


def unproven(reply: Reply, count: int) -> list[int]:
    """The places of events, sent once more, that the server did not know by their id and place: it had lost them."""
    items = (_body(reply) or {}).get("results")
    known = items if isinstance(items, list) else []
    return [place for place in range(count) if place >= len(known) or not _is_known(known[place])]


def backoff(failures: int) -> float:
    """Seconds before the next try after `failures` in a row: 0.2 s doubling to 30 s, with jitter of a half."""
    return float(min(_LONGEST_WAIT_S, 0.2 * 2 ** min(failures - 1, 10)) * random.uniform(0.5, 1.0))


def detail(reply: Reply) -> str:
    """The server's own words, shortened."""
    try:
        body = json.loads(reply.body)
    except ValueError:
        return reply.body[:200].decode("utf-8", "replace").strip()
    words = body.get("detail", body) if isinstance(body, dict) else body
    return (words if isinstance(words, str) else json.dumps(words, ensure_ascii=False))[:300]


def _is_known(item: object) -> bool:
    return (
        isinstance(item, dict) and item.get("status") in ("deduplicated", "duplicate") and item.get("db_id") is not None
    )


def _body(reply: Reply) -> dict[str, object] | None:
    try:
        body = json.loads(reply.body)
    except ValueError:
        return None
    return body if isinstance(body, dict) and ("results" in body or "accepted" in body) else None


def _retry_after(reply: Reply) -> float:
    """Seconds that the server asks for: a number, or a date as HTTP writes it."""
    text = reply.headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text)
    if seconds != seconds:  # noqa: PLR0124 - only NaN differs from itself
        return _SILENT_RETRY_AFTER_S
    return max(0.05, min(seconds, _LONGEST_RETRY_AFTER_S))


def _seconds_until(date: str) -> float:
    parts = parsedate_tz(date)
    return _SILENT_RETRY_AFTER_S if parts is None else mktime_tz(parts) - time.time()

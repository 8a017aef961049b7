"""Alerts: a word from the training to whoever watches it. The same word is not said twice within a while."""

from __future__ import annotations

from time import monotonic

from argus._guard import tell_once
from argus._values import freeze

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

WAIT_S = 60.0
"""How long the same title of the same job is not sent again, where nobody says otherwise."""

_LONGEST_TITLE = 200
_LONGEST_TEXT = 4000
# A script that puts a number into each title must not fill the memory.
_MOST_TITLES = 1000
_LEVELS = {"info": "info", "warn": "warn", "warning": "warn", "error": "error", "critical": "error"}

_said: dict[tuple[str | None, str | None, str], float] = {}


def send(
    add: Callable[..., None],
    batch_id: str | None,
    job_id: str | None,
    title: object,
    text: object = "",
    level: object = "info",
    wait_s: object = WAIT_S,
) -> None:
    """Report an alert, unless the same title of this job was reported less than `wait_s` seconds ago.

    `wait_s` may be a timedelta. Longer texts than the server takes are cut.
    """
    data = words(title, text, level)
    pause = _seconds(wait_s)
    if _is_due((batch_id, job_id, data["title"]), pause):
        add("alert", job_id, {**data, "wait_s": pause})


def words(title: object, text: object, level: object) -> dict[str, Any]:
    """An alert's data as the server takes them."""
    return {
        "title": _cut(" ".join(str(title).split()) or "Alert", _LONGEST_TITLE),
        "text": _cut(str(freeze(text) if text is not None else ""), _LONGEST_TEXT),
        "level": _level(level),
    }


def _is_due(key: tuple[str | None, str | None, str], pause: float) -> bool:
    at = monotonic()
    last = _said.get(key)
    if last is not None and at - last < pause:
        return False
    if len(_said) >= _MOST_TITLES:
        _said.pop(next(iter(_said)), None)
    _said.pop(key, None)  # the newest last
    _said[key] = at
    return True


def _seconds(wait_s: Any) -> float:
    total = getattr(wait_s, "total_seconds", None)
    return max(float(total() if total is not None else wait_s), 0.0)


def _level(level: Any) -> str:
    # Enumerations of other trackers have their word as value.
    word = str(getattr(level, "value", level)).lower()
    if word not in _LEVELS:
        tell_once(f"alert:{word}", "an alert's level is info, warn or error; %r counts as info", word)
    return _LEVELS.get(word, "info")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"

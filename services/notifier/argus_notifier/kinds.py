"""The kinds of events that people can be told of, and what is told when nobody chose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from argus_contracts.errors import ErrorCode
from argus_contracts.events import EventType
from argus_kit.errors import ArgusError

# Mailed when nobody chose otherwise?
DEFAULTS: Final[dict[str, bool]] = {
    EventType.BATCH_DONE: False,
    EventType.BATCH_FAILED: True,
    EventType.BATCH_DIVERGED: True,
    EventType.BATCH_STALLED: False,
    EventType.JOB_FAILED: True,
    EventType.JOB_IDLE_FLAGGED: False,
    "share_granted": True,
}
# Names under which pages save a choice, beside the events' own.
_ALIASES: Final = {"batch_completed": EventType.BATCH_DONE}
# Can be chosen; nothing sends them yet.
_SILENT: Final = frozenset({"job_completed", "host_offline"})

SUBSCRIBABLE: Final = frozenset(DEFAULTS) | frozenset(_ALIASES) | _SILENT


def check(kinds: Iterable[str]) -> None:
    """Refuse what cannot be subscribed to.

    Raises:
        ArgusError: subscription.kind_unknown (400).
    """
    unknown = sorted(set(kinds) - SUBSCRIBABLE)
    if unknown:
        raise ArgusError(
            ErrorCode.SUBSCRIPTION_KIND_UNKNOWN,
            f"These kinds of events cannot be subscribed to: {', '.join(unknown[:10])}.",
            details={"unknown": unknown[:10]},
        )


def names_of(event_type: str) -> frozenset[str]:
    """All names under which a choice about this event may have been saved."""
    return frozenset({event_type, *(alias for alias, kind in _ALIASES.items() if kind == event_type)})

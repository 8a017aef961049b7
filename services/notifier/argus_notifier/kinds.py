"""What people can be told of: the one table of kinds, and what holds of each when nobody chose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from argus_contracts.errors import ErrorCode
from argus_contracts.events import EventType
from argus_kit.errors import ArgusError

Severity = Literal["info", "warn", "error"]
About = Literal["batch", "host", "project", "person"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind.

    Attributes:
        severity: how much it matters, unless the one that happened says otherwise.
        about: what it is about, and so who may hear of it.
        mailed: whether it is mailed when nobody chose.
        in_inbox: whether it comes into inboxes at all.
        pref: the preference that switches it in inboxes; None: it is always on.
        for_admins: whether it comes into the inboxes of administrators too.
        subscribable: whether mails and channels can be chosen for it.
        event: the type of the event on the stream that says that it happened; None: it is found in other ways.
        is_watched: whether watchdogs find it, so that it is told at most once in a while of one batch or host.
        aliases: other names under which pages save a choice about it.
    """

    name: str
    severity: Severity
    about: About = "batch"
    mailed: bool = False
    in_inbox: bool = True
    pref: str | None = None
    for_admins: bool = False
    subscribable: bool = True
    event: str | None = None
    is_watched: bool = False
    aliases: tuple[str, ...] = ()


def _watched(name: str, severity: Severity, **more: Any) -> Kind:
    """What watchdogs find; administrators see it too."""
    return Kind(name, severity, is_watched=True, for_admins=True, **more)


_T = EventType
_ALL: Final = (
    Kind("batch_done", "info", pref="notify_batch_done", event=_T.BATCH_DONE, aliases=("batch_completed",)),
    Kind("batch_failed", "error", mailed=True, pref="notify_batch_failed", event=_T.BATCH_FAILED),
    _watched("batch_diverged", "warn", mailed=True, pref="notify_diverged", event=_T.BATCH_DIVERGED),
    _watched("val_loss_diverging", "warn", pref="notify_diverged"),
    _watched("batch_stalled", "warn", event=_T.BATCH_STALLED),
    Kind("job_failed", "error", mailed=True, pref="notify_job_failed", event=_T.JOB_FAILED),
    Kind("job_completed", "info", in_inbox=False, event=_T.JOB_DONE),
    _watched("job_idle_flagged", "warn", pref="notify_job_idle", event=_T.JOB_IDLE_FLAGGED),
    _watched("oom_suspected", "error"),
    _watched("gpu_too_hot", "warn", about="host"),
    _watched("host_offline", "error", about="host", mailed=True),
    Kind("host_recovered", "info", about="host"),
    _watched("disk_low", "warn", about="host", mailed=True),
    Kind("alert", "info", mailed=True, event=_T.ALERT),
    # A rule says itself where it is told, and a digest is chosen on its own.
    Kind("rule", "info", subscribable=False),
    Kind("share_granted", "info", about="project", mailed=True),
    Kind("digest", "info", about="person", in_inbox=False, subscribable=False),
)

KINDS: Final[dict[str, Kind]] = {kind.name: kind for kind in _ALL}
BY_EVENT: Final[dict[str, Kind]] = {kind.event: kind for kind in _ALL if kind.event is not None}
"""By type of event, what it is told as."""

MAILABLE: Final = frozenset(kind.name for kind in _ALL if kind.subscribable)
"""What mails can be about."""

SUBSCRIBABLE: Final = frozenset(name for kind in _ALL if kind.subscribable for name in (kind.name, *kind.aliases))


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


def names_of(kind: str) -> frozenset[str]:
    """All names under which a choice about this kind may have been saved."""
    return frozenset({kind, *KINDS[kind].aliases})

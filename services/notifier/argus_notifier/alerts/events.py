"""Which events are worth a word, and how an event is read for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from argus_contracts import bus as wire
from argus_contracts.events import EventType

_REASON_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class Alert:
    """A kind of alert. `pref` names the inbox preference that switches it; None: always on."""

    severity: Literal["info", "warn", "error"]
    pref: str | None


ALERTS: Final[dict[str, Alert]] = {
    EventType.JOB_FAILED: Alert("error", "notify_job_failed"),
    EventType.BATCH_FAILED: Alert("error", "notify_batch_failed"),
    EventType.BATCH_DONE: Alert("info", "notify_batch_done"),
    EventType.BATCH_STALLED: Alert("warn", None),
    EventType.BATCH_DIVERGED: Alert("warn", "notify_diverged"),
    EventType.JOB_IDLE_FLAGGED: Alert("warn", "notify_job_idle"),
}


class AlertEvent(msgspec.Struct):
    """What is read of an event's envelope."""

    event_id: str
    event_type: str
    job_id: str | None = None
    data: dict[str, Any] = {}

    @property
    def alert(self) -> Alert:
        """Its kind."""
        return ALERTS[self.event_type]

    @property
    def leaves(self) -> bool:
        """Whether one of several processes left the batch that they share."""
        return self.event_type == EventType.BATCH_DONE and self.data.get("joined") is True

    @property
    def about_job(self) -> str | None:
        """The job that it is about; a divergence names it in its data."""
        named = self.data.get("job_id")
        return self.job_id or (named if isinstance(named, str) else None)

    @property
    def dedupe_key(self) -> str:
        """What makes its second arrival no second notification."""
        return f"{self.event_type}:{self.event_id}"

    @property
    def reason(self) -> str | None:
        """Why, in the sender's words; `reason` and `error` are the same field."""
        for name in ("reason", "error"):
            said = self.data.get(name)
            if said is not None and (text := str(said).strip()):
                return text if len(text) <= _REASON_LENGTH else f"{text[:_REASON_LENGTH]}…"
        return None


_DECODER = msgspec.json.Decoder(AlertEvent)


def alerts_of(bundle: wire.EventBundle) -> list[AlertEvent]:
    """Those of a bundle's events that are worth a word; the others are not even decoded."""
    return [
        _DECODER.decode(raw) for head, raw in zip(bundle.heads, bundle.events, strict=True) if head.event_type in ALERTS
    ]

"""What is remembered of the watched things while a part of the stream, or of the clock's work, is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from prometheus_client import Counter

from argus_contracts import bus as wire
from argus_notifier.alerts.occurrences import Occurrence
from argus_notifier.kinds import KINDS

RUNS: Final = Counter("argus_watchdog_runs_total", "Rounds in which a watchdog looked at something", ["watchdog"])
FIRINGS: Final = Counter("argus_watchdog_firings_total", "What watchdogs found", ["kind"])

Detector = Literal["silence", "idle", "divergence", "memory", "host"]


@dataclass(slots=True)
class Note:
    """A row of `watch`."""

    key: str
    detector: Detector
    batch_key: int | None = None
    state: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None


class Notes:
    """Notes by key, which of them changed, and what follows: requests to ingest, and what people are told."""

    def __init__(self, known: Iterable[Note] = ()) -> None:
        self._known = {note.key: note for note in known}
        self.changed: dict[str, Note] = {}
        self.gone: set[str] = set()
        self.requests: list[tuple[str, msgspec.Struct]] = []
        self.occurrences: list[Occurrence] = []

    def get(self, key: str) -> Note | None:
        """What is known under a key."""
        return self._known.get(key)

    def of_batch(self, batch_key: int, detector: Detector) -> Iterator[Note]:
        """What one detector knows of a batch."""
        return (note for note in self._known.values() if (note.batch_key, note.detector) == (batch_key, detector))

    def put(self, note: Note) -> None:
        """Remember something new or changed."""
        self._known[note.key] = self.changed[note.key] = note
        self.gone.discard(note.key)

    def drop(self, key: str) -> None:
        """Forget something."""
        if self._known.pop(key, None) is not None:
            self.gone.add(key)
            self.changed.pop(key, None)

    def ask(self, subject: str, request: msgspec.Struct) -> None:
        """Ask ingest for something, once this is committed."""
        self.requests.append((subject, request))

    def flag(self, request: wire.BatchFlag) -> None:
        """Ask ingest for a flag, or for its end."""
        if request.is_set:
            FIRINGS.labels(request.flag).inc()
        self.ask(wire.BATCH_FLAG, request)

    def tell(self, kind: str, key: str, at: datetime, **about: Any) -> None:
        """Have people told; the severity is that of the kind."""
        FIRINGS.labels(kind).inc()
        self.occurrences.append(Occurrence(kind, f"{kind}:{key}", KINDS[kind].severity, at, **about))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be written."""
        return not (self.changed or self.gone or self.requests or self.occurrences)

"""The server's time, so that deadlines hold on a host whose own clock is wrong or is set while the agent runs."""

from __future__ import annotations

import threading
import time
from email.utils import mktime_tz, parsedate_tz


class ServerClock:
    """The server's clock as its answers tell it, carried on by the monotonic one; before the first, this host's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard: tuple[float, float] | None = None

    def hear(self, date: str | None) -> None:
        """Take the `Date` of an answer that came just now."""
        parts = parsedate_tz(date) if date else None
        if parts is not None:
            with self._lock:
                self._heard = (mktime_tz(parts), time.monotonic())

    def now(self) -> float:
        """Seconds since 1970, by the server."""
        with self._lock:
            if self._heard is None:
                return time.time()
            told, at = self._heard
        return told + time.monotonic() - at

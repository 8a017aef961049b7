"""A browser's EventSource: reads a channel, and after each lost connection asks for what it missed."""

from __future__ import annotations

import contextlib
import json
import threading

import httpx


class Page:
    """Everything that came over `channel` since this was made: event ids in `seen`, and how often it was resynced."""

    def __init__(self, url: str, credential: str, channel: str) -> None:
        self._url, self._channel = url, channel
        self._headers = {"Authorization": f"Bearer {credential}"}
        self._last: str | None = None
        self._ended = threading.Event()
        self._open = threading.Event()
        self.seen: set[str] = set()
        self.repeated = 0
        self.connections = 0
        self.resyncs: list[str] = []
        self.refused: list[str] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._open.wait(30), f"the stream never opened: {self.refused[-3:]}"

    def close(self) -> None:
        """Read no more."""
        self._ended.set()
        self._thread.join(15)

    def _run(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(httpx.HTTPError):
                self._read()
            self._ended.wait(0.2)

    def _read(self) -> None:
        headers = self._headers | ({"Last-Event-ID": self._last} if self._last else {})
        timeout = httpx.Timeout(5, read=2)
        with (
            httpx.Client(timeout=timeout) as client,
            client.stream("GET", f"{self._url}/api/sse", params={"channels": self._channel}, headers=headers) as answer,
        ):
            if answer.status_code != 200:
                self.refused.append(f"{answer.status_code} {answer.read()[:200]!r}")
                return
            self.connections += 1
            frame: dict[str, str] = {}
            lines = answer.iter_lines()
            while not self._ended.is_set():
                line = next(lines, None)
                if line is None:
                    return
                if line:
                    name, _, value = line.partition(": ")
                    frame[name] = value
                elif frame:
                    self._take(frame)
                    frame = {}

    def _take(self, frame: dict[str, str]) -> None:
        if frame.get("event") == "hello":
            # Where the stream begins: else a connection that ends before its first event would leave a gap.
            self._last = self._last or json.loads(frame["data"])["last_event_id"]
            self._open.set()
        if frame.get("event") == "resync":
            self.resyncs.append(frame.get("data", ""))
        if "id" not in frame:
            return
        self._last = frame["id"]
        event = json.loads(frame["data"]).get("event_id")
        if event in self.seen:
            self.repeated += 1
        self.seen.add(event)

"""Server-Sent Events as a stream of frames that outlives its connections."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from argus._delivery import backoff
from argus._transport import Reply, Unreachable
from argus.cli.errors import CliError
from argus.cli.server import Server, with_query

# The server says something every 15 s; twice that without a word is a dead connection.
_SILENCE_S = 35.0
_RECONNECT_STATUSES = frozenset({429, 500, 502, 503, 504})


class Frame:
    """One event: its name and what it carries."""

    __slots__ = ("data", "name")

    def __init__(self, name: str, data: Any) -> None:
        self.name = name
        self.data = data


# Told when a connection was lost, so that a person knows why nothing comes.
LOST = "connection-lost"


def follow(server: Server, path: str, channels: str) -> Iterator[Frame]:
    """Frames of the channels for ever, from one connection to the next without a gap; `LOST` frames in between.

    Raises:
        CliError: the server refuses the stream. Connections that break are opened anew.
    """
    last_id: str | None = None
    failures = 0
    while True:
        try:
            for frame, event_id in _connection(server, with_query(path, {"channels": channels}), last_id):
                failures = 0
                last_id = event_id or last_id
                if frame is not None:
                    yield frame
        except Unreachable as error:
            failures += 1
            yield Frame(LOST, str(error))
        time.sleep(backoff(max(failures, 1)))


def parse(lines: Iterable[bytes]) -> Iterator[tuple[str, str, str | None]]:
    """Name, data and id of each frame of a stream's lines."""
    name, data, event_id = "message", list[str](), None
    for raw in lines:
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if not line:
            if data:
                yield name, "\n".join(data), event_id
            name, data, event_id = "message", [], None
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id":
            event_id = value


def _connection(server: Server, path: str, last_id: str | None) -> Iterator[tuple[Frame | None, str | None]]:
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-cache"}
    if last_id is not None:
        headers["Last-Event-ID"] = last_id
    server.transport.timeout_s = _SILENCE_S
    with server.transport.stream(path, headers) as response:
        if response.status != 200:
            reply = Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read(65_536))
            if reply.status in _RECONNECT_STATUSES:
                raise Unreachable(f"HTTP {reply.status}")
            raise server.refusal(reply)
        try:
            for name, text, event_id in parse(response):
                data = _decoded(text)
                if name == "hello" and isinstance(data, dict):
                    yield Frame(name, data), str(data.get("last_event_id") or "") or None
                else:
                    yield (None if name == "keepalive" else Frame(name, data)), event_id
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(str(error) or type(error).__name__) from error
    raise Unreachable("the server ended the stream")


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


__all__ = ["LOST", "CliError", "Frame", "follow", "parse"]

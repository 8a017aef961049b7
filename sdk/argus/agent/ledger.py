"""What the agent has begun and what it still has to say about it: on the disk before it happens.

One JSON line for each step of a command. A line holds facts (`state`, `batch_id`, ...), messages to the server
(`say`), or the number of a message that the server has taken (`said`). Facts and messages that belong together are one
line, so that a crash leaves both or neither.
"""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any

from argus.agent.store import append_line

# A command that ended is remembered this long, so that it is known when it comes again.
KEEP_S = 30 * 86_400.0
_COMPACT_FROM_BYTES = 1024 * 1024
_OVER = frozenset({"refused", "failed", "over"})
_GOING_ON = frozenset({"begun", "started"})


class Ledger:
    """Commands by their ids; used from several threads. Every change is synced to the disk before it returns."""

    def __init__(self, folder: str, *, is_ours: bool = True) -> None:
        """`is_ours`: we are the agent. Others only read, and see the file as it was when they opened it."""
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self._path = os.path.join(folder, "commands.jsonl")
        self._lock = threading.RLock()
        self._entries: dict[str, dict[str, Any]] = {}
        for line in self._read(mend=is_ours):
            self._apply(line)
        self._compact_at = 0
        if is_ours:
            self.compact()

    def get(self, command_id: str) -> dict[str, Any] | None:
        """What is known of a command, as a copy; None where it never came here."""
        with self._lock:
            entry = self._entries.get(command_id)
            return dict(entry) if entry is not None else None

    def all(self) -> list[dict[str, Any]]:
        """Every command that is remembered, in the order in which they came."""
        with self._lock:
            return [dict(entry) for entry in self._entries.values()]

    def open(self, *kinds: str) -> list[dict[str, Any]]:
        """Commands of these kinds that were begun and are not over."""
        return [entry for entry in self.all() if entry.get("kind") in kinds and entry.get("state") not in _OVER]

    def note(self, command_id: str, *messages: dict[str, Any], **facts: Any) -> None:
        """Keep facts about a command, and messages that the server is to get. Raises OSError."""
        with self._lock:
            entry = self._entries.get(command_id, {})
            first = entry.get("next", 0)
            line: dict[str, Any] = {"id": command_id, "at": time.time(), **facts}
            if messages:
                line["say"] = [{"n": first + place, **message} for place, message in enumerate(messages)]
            self._append(line)

    def said(self, command_id: str, number: int) -> None:
        """The server has taken a message. Raises OSError."""
        with self._lock:
            self._append({"id": command_id, "said": number})

    def unsaid(self) -> list[tuple[str, dict[str, Any]]]:
        """Messages that the server has not taken, in order, with their commands."""
        with self._lock:
            return [
                (command_id, dict(message))
                for command_id, entry in self._entries.items()
                for message in entry.get("outbox", ())
            ]

    def compact(self) -> None:
        """Write the file anew, a line for each command, where it has grown. Raises OSError."""
        with self._lock:
            size = os.path.getsize(self._path) if os.path.exists(self._path) else 0
            if size < max(_COMPACT_FROM_BYTES, self._compact_at):
                return
            since = time.time() - KEEP_S
            self._entries = {
                command_id: entry
                for command_id, entry in self._entries.items()
                if entry.get("outbox") or entry.get("state") in _GOING_ON or entry.get("at", 0) > since
            }
            temporary = f"{self._path}.new"
            with open(temporary, "w", encoding="utf-8", opener=_private) as file:
                file.writelines(json.dumps(entry) + "\n" for entry in self._entries.values())
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._path)
            # Where all of it is young, it is written anew only when it has doubled.
            self._compact_at = 2 * os.path.getsize(self._path)

    def _append(self, line: dict[str, Any]) -> None:
        append_line(self._path, line)
        self._apply(line)

    def _apply(self, line: dict[str, Any]) -> None:
        entry = self._entries.setdefault(str(line["id"]), {"next": 0, "outbox": []})
        facts = {key: value for key, value in line.items() if key not in ("say", "said")}
        entry.update(facts)
        if "say" in line:
            entry["outbox"] = [*entry["outbox"], *line["say"]]
            entry["next"] = line["say"][-1]["n"] + 1
        if "said" in line:
            entry["outbox"] = [message for message in entry["outbox"] if message["n"] != line["said"]]

    def _read(self, *, mend: bool) -> list[dict[str, Any]]:
        try:
            with open(self._path, "rb+" if mend else "rb") as file:
                content = file.read()
                if mend and content and not content.endswith(b"\n"):
                    file.write(b"\n")  # a crash cut the last line; the next one must not be joined to it
        except FileNotFoundError:
            return []
        lines: list[dict[str, Any]] = []
        for text in content.splitlines():
            try:
                line = json.loads(text)
            except ValueError:
                continue  # what it would have said has not happened: it is written first
            if isinstance(line, dict) and "id" in line:
                lines.append(line)
        return lines


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)

"""The file where events lie that the server will never take, each with the reason that it gave."""

from __future__ import annotations

import json
import os
import time

from argus._guard import tell_once

# All such files of a folder together: enough to find the fault; scripts that send millions of bad events fill no disk.
_MOST_BYTES = 64 * 1024 * 1024


class RejectedFile:
    """Appends to `rejected-<pid>-<random>.jsonl`, created with the first rejection."""

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, f"rejected-{os.getpid()}-{os.urandom(4).hex()}.jsonl")
        self._size: int | None = None

    def add(self, line: bytes, reason: str) -> None:
        """Keep one event and tell the user about the first of each kind of reason. A full disk loses the copy only."""
        tell_once(
            f"rejected:{reason[:60]}",
            "the server rejected an event (%s); it and others like it are kept in %s",
            reason[:300],
            self.path,
        )
        head = json.dumps({"rejected_at": int(time.time()), "reason": reason[:2_000]}, ensure_ascii=False)[:-1]
        record = f'{head},"event":'.encode("utf-8", "replace") + _as_json(line) + b"}\n"
        try:
            folder = os.path.dirname(self.path) or "."
            os.makedirs(folder, mode=0o700, exist_ok=True)
            if self._size is None:
                self._size = folder_bytes(folder, "rejected-")
            if self._size + len(record) > _MOST_BYTES:
                return
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                self._size += os.write(descriptor, record)
            finally:
                os.close(descriptor)
        except OSError as error:
            tell_once("rejected-file", "rejected events cannot be kept in %s: %s", self.path, error)


def folder_bytes(folder: str, beginning: str = "") -> int:
    """Bytes that the folder's journals, spill files and rejected events take, or those whose names begin so."""
    total = 0
    for entry in os.scandir(folder):
        if entry.name.startswith(beginning) and entry.name.endswith(".jsonl"):
            try:
                total += entry.stat().st_size
            except FileNotFoundError:
                continue  # its owner just finished
    return total


def _as_json(line: bytes) -> bytes:
    """The event itself, or its text where it is no JSON."""
    text = line.strip()
    try:
        json.loads(text)
    except ValueError:
        return json.dumps(text.decode("utf-8", "replace")).encode()
    return text

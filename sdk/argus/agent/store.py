"""What the agent remembers between starts: who it is, and which commands it has begun."""

from __future__ import annotations

import json
import os
from typing import Any


def home() -> str:
    """`ARGUS_AGENT_HOME`, or `~/.argus-agent`."""
    return os.environ.get("ARGUS_AGENT_HOME") or os.path.join(os.path.expanduser("~"), ".argus-agent")


class Registration:
    """The server, the agent's id and token, and the poll interval in seconds; kept in `token.json`, mode 0600.

    `reporter_token` is the `em_live_` token that the runs it starts report with, where one was given.
    """

    def __init__(
        self, argus_url: str, agent_id: str, agent_token: str, poll_interval_s: float, reporter_token: str | None = None
    ) -> None:
        self.argus_url = argus_url
        self.agent_id = agent_id
        self.agent_token = agent_token
        self.poll_interval_s = poll_interval_s
        self.reporter_token = reporter_token

    def save(self, folder: str) -> None:
        """Write the file, readable by its owner alone from its first byte. Raises OSError."""
        os.makedirs(folder, mode=0o700, exist_ok=True)
        temporary = os.path.join(folder, f"token.json.{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(vars(self), file, indent=1)
        os.replace(temporary, os.path.join(folder, "token.json"))

    @classmethod
    def load(cls, folder: str) -> Registration | None:
        """Read the file; None where there is none that can be read."""
        try:
            with open(os.path.join(folder, "token.json"), encoding="utf-8") as file:
                kept = json.load(file)
            return cls(
                str(kept["argus_url"]),
                str(kept["agent_id"]),
                str(kept["agent_token"]),
                float(kept["poll_interval_s"]),
                kept.get("reporter_token"),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None


class Ledger:
    """Commands that were begun, on disk before they run: one that comes again after a crash is not run again."""

    def __init__(self, folder: str) -> None:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self._path = os.path.join(folder, "commands.jsonl")
        self._entries: dict[str, dict[str, Any]] = {}
        for entry in self._read():
            self._entries.setdefault(entry["id"], {}).update(entry)

    def get(self, command_id: str) -> dict[str, Any] | None:
        """What is known of a command; None where it never began here."""
        return self._entries.get(command_id)

    def run_of(self, batch_id: str) -> dict[str, Any] | None:
        """The latest command that began this batch here."""
        runs = [entry for entry in self._entries.values() if entry.get("batch_id") == batch_id]
        return runs[-1] if runs else None

    def note(self, command_id: str, **facts: Any) -> None:
        """Keep facts about a command, synced to the disk before this returns. Raises OSError."""
        self._entries.setdefault(command_id, {}).update(id=command_id, **facts)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, json.dumps({"id": command_id, **facts}).encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _read(self) -> list[dict[str, Any]]:
        try:
            with open(self._path, encoding="utf-8", errors="replace") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            return []
        entries: list[dict[str, Any]] = []
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # a crash cut the last line; its command counts as never begun only if no line has its id
            if isinstance(entry, dict) and "id" in entry:
                entries.append(entry)
        return entries

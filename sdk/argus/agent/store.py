"""Who the agent is: its registration, in `token.json`, readable by its user alone."""

from __future__ import annotations

import errno
import json
import os
from typing import Any


def home() -> str:
    """`ARGUS_AGENT_HOME`, or `~/.argus-agent`."""
    return os.environ.get("ARGUS_AGENT_HOME") or os.path.join(os.path.expanduser("~"), ".argus-agent")


class Registration:
    """The server, the agent's id and token, and the poll interval in seconds; kept in `token.json`, mode 0600.

    `reporter_token` is the `em_live_` token that the runs it starts report with, where one was given. `owner` and
    `owner_id` are the person who registered. `command_keys` are the server's public keys as of then, by their ids;
    `allow_unsigned` says that this person trusts a server that has none. `keys_serial` numbers the list of keys: the
    server's later lists have higher numbers.
    """

    def __init__(
        self,
        argus_url: str,
        agent_id: str,
        agent_token: str,
        poll_interval_s: float,
        reporter_token: str | None = None,
        *,
        hostname: str = "",
        owner: str | None = None,
        owner_id: int | None = None,
        command_keys: dict[str, str] | None = None,
        allow_unsigned: bool = False,
        keys_serial: int = 0,
    ) -> None:
        self.argus_url = argus_url
        self.agent_id = agent_id
        self.agent_token = agent_token
        self.poll_interval_s = poll_interval_s
        self.reporter_token = reporter_token
        self.hostname = hostname
        self.owner = owner
        self.owner_id = owner_id
        self.command_keys = command_keys or {}
        self.allow_unsigned = allow_unsigned
        self.keys_serial = keys_serial

    def save(self, folder: str) -> None:
        """Write the file, readable by its owner alone from its first byte. Raises OSError."""
        os.makedirs(folder, mode=0o700, exist_ok=True)
        write_whole(os.path.join(folder, "token.json"), vars(self))

    def save_keys(self, folder: str) -> None:
        """Write the keys alone, and leave the rest as it was registered. Raises OSError."""
        kept = type(self).load(folder)
        if kept is not None and kept.agent_token == self.agent_token:
            kept.command_keys, kept.keys_serial = self.command_keys, self.keys_serial
            kept.save(folder)

    @classmethod
    def load(cls, folder: str) -> Registration | None:
        """Read the file; None where there is none that can be read.

        One of an earlier version has neither keys nor leave to do without them: it must be made anew.
        """
        try:
            with open(os.path.join(folder, "token.json"), encoding="utf-8") as file:
                kept = json.load(file)
            return cls(
                str(kept["argus_url"]),
                str(kept["agent_id"]),
                str(kept["agent_token"]),
                float(kept["poll_interval_s"]),
                kept.get("reporter_token"),
                hostname=str(kept.get("hostname") or ""),
                owner=kept.get("owner"),
                owner_id=kept.get("owner_id"),
                command_keys=dict(kept.get("command_keys") or {}),
                allow_unsigned=kept.get("allow_unsigned") is True,
                keys_serial=int(kept.get("keys_serial") or 0),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None


def write_whole(path: str, content: Any) -> None:
    """Write JSON so that a reader, or a start after a crash, finds the old file or the new one. Raises OSError."""
    temporary = f"{path}.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def append_line(path: str, content: Any) -> None:
    """Add one line of JSON and sync it: all of it, or nothing. Raises OSError."""
    data = json.dumps(content).encode() + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        try:
            if os.write(descriptor, data) < len(data):
                raise OSError(errno.ENOSPC, "The disk is full", path)
            os.fsync(descriptor)
        except OSError:
            # Half a line would spoil the next one too.
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def read_whole(path: str) -> dict[str, Any] | None:
    """What `write_whole` wrote; None where there is nothing."""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None

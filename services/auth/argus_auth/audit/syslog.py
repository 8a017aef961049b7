"""An audit line as syslog says it (RFC 5424), for the export and for the forwarder."""

from __future__ import annotations

import re
import socket
from datetime import UTC
from typing import Any, Final

import msgspec
import sqlalchemy as sa

# Facility 13 is "log audit". Severity: 5 notice, 4 warning for what was refused.
_FACILITY: Final = 13
_NOTICE, _WARNING = 5, 4
_REFUSED = re.compile(r"_(failed|denied|refused|limited)$|_reuse")
# Who has no enterprise number of their own may use the one of RFC 5612.
_SD_ID: Final = "argus@32473"
# A receiver must take 480 bytes and should take 2048; most take 8192. Longer facts are cut, and say so.
LONGEST: Final = 8192
_NOT_NAME = re.compile(r"[^!-~]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def line(row: sa.Row[Any], host: str | None = None) -> bytes:
    """The message of a row of `audit_log` with `username`; no line break at its end or inside."""
    severity = _WARNING if _REFUSED.search(row.action) else _NOTICE
    head = " ".join(
        (
            f"<{_FACILITY * 8 + severity}>1",
            row.timestamp.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            _name(host or socket.gethostname(), 255),
            "argus",
            "-",
            _name(row.action, 32),
        )
    )
    facts = {
        "id": row.id,
        "user_id": row.user_id,
        "user": row.username,
        "target_type": row.target_type,
        "target_id": row.target_id,
        "ip": row.ip_address,
        "hash": row.hash,
    }
    data = " ".join(f'{key}="{_value(str(value))}"' for key, value in facts.items() if value is not None)
    message = f"{head} [{_SD_ID} {data}] ".encode()
    more = msgspec.json.encode(row.metadata or {})
    return message + (more if len(message) + len(more) <= LONGEST else b'{"cut":true}')


def _name(text: str, longest: int) -> str:
    return _NOT_NAME.sub("_", text)[:longest] or "-"


def _value(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
    return _CONTROL.sub(" ", escaped)[:1024]

"""What an alert from code says, in one text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def alert_text(data: Mapping[str, Any]) -> str:
    """Its title, and its text where it has one."""
    title, text = str(data.get("title") or ""), str(data.get("text") or "").strip()
    return f"{title}: {text}" if text else title

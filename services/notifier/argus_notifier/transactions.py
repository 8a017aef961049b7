"""The write transaction of a request, with notifier's outbox, and lines for the audit log."""

from __future__ import annotations

from typing import Annotated, Any

from argus_kit import audit
from argus_kit.outbox import Transaction
from argus_kit.platform import writing

Writing = Annotated[Transaction, writing("notifier")]


def note(
    transaction: Transaction, action: str, user_id: int | None, target_type: str, target_id: object, **facts: Any
) -> None:
    """Promise a line: who did what to what."""
    audit.note(transaction, "notifier", action, user_id, target=(target_type, target_id), **facts)

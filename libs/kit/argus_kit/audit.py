"""Lines for the audit log, which auth keeps: promised in the transaction of the change itself, so that there is neither
without the other.
"""

from __future__ import annotations

from typing import Any

from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_kit.outbox import Transaction
from argus_kit.telemetry import ADDRESS


def note(
    transaction: Transaction,
    service: str,
    action: str,
    user_id: int | None,
    *,
    target: tuple[str, object] | None = None,
    ip: str | None = None,
    **facts: Any,
) -> None:
    """Promise a line.

    Args:
        transaction: the change that the line is about.
        service: who says it.
        action: one of `argus_contracts.audit.ACTIONS`.
        user_id: who did it; None when nobody had logged in.
        target: type and id of what it was done to.
        ip: where they did it from; None: where the request came from that is being handled.
        facts: what else is worth knowing; no secrets.
    """
    kind, key = (target[0], str(target[1])) if target else (None, None)
    entry = wire.AuditEntry(
        action=action,
        user_id=user_id,
        target_type=kind,
        target_id=key,
        metadata=facts,
        at=now(),
        ip=ip or ADDRESS.get(),
    )
    transaction.publish(wire.audit_subject(service), wire.encode(entry), msg_id=entry.entry_id)

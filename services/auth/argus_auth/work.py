"""One write transaction of auth, with what belongs to it: its audit lines, its messages, and what to announce after."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.announcer import Announcement
from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_kit.outbox import Transaction


class Work:
    """Collects while the transaction is open; `AuthCore.write` carries it out."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.entries: list[wire.AuditEntry] = []
        self.announcements: list[Announcement] = []

    @property
    def connection(self) -> AsyncConnection:
        """The open connection."""
        return self._transaction.connection

    def audit(
        self,
        action: str,
        user_id: int | None,
        *,
        target: tuple[str, object] | None = None,
        ip: str | None = None,
        **metadata: Any,
    ) -> None:
        """Write a line into the audit log, in this transaction. `target` is (type, id)."""
        kind, key = (target[0], str(target[1])) if target else (None, None)
        entry = wire.AuditEntry(
            action=action, user_id=user_id, target_type=kind, target_id=key, metadata=metadata, at=now(), ip=ip
        )
        self.entries.append(entry)

    def mail(self, message: wire.MailMessage) -> None:
        """Promise a mail; notifier sends it once it has a mail server."""
        self._transaction.publish(wire.MAIL_SEND, wire.encode(message))

    def tell(self, subject: str, message: msgspec.Struct) -> None:
        """Promise a message for a stream."""
        self._transaction.publish(subject, wire.encode(message))

    def revoke_user(self, user_id: int) -> None:
        """Announce that nothing of this person holds any more."""
        self.announcements.append(wire.Revoked(kind="user", key=str(user_id), at=now()))

    def revoke_session(self, jti: str) -> None:
        """Announce that a session has ended."""
        self.announcements.append(wire.Revoked(kind="session", key=jti, at=now()))

    def revoke_token(self, key_id: str) -> None:
        """Announce that a token has ended."""
        self.announcements.append(wire.Revoked(kind="token", key=key_id, at=now()))

    def config_changed(self, group: str, key: str) -> None:
        """Announce a new setting."""
        self.announcements.append(wire.ConfigChanged(group=group, key=key))

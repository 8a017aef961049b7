"""Writes into the audit log what was refused to somebody who may be an intruder: a good token from a network that it is
not for, a credential that is forged or has ended, a thing that is somebody else's.

Such requests may come in thousands a second, so each kind of refusal gets one line at once for whoever it is refused
to, and then at most one a minute, which says how many there were.
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.bus import Bus, BusUnavailable, Outgoing
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.parts import Loop, Part
from argus_schema import auth, ingest
from argus_schema.access import exists_for_people

log = structlog.get_logger(__name__)

_QUIET_S = 60.0
_LOOK_EVERY_S = 15.0
# The bound is for the worst case: requests from everywhere. What comes beyond it is refused all the same.
_MOST = 10_000
# Of a text that a stranger sent.
_LONGEST = 256
# So many are told at once; when there are more, they wait for the next look.
_HASTY = 100

_ENDED: Final = frozenset({ErrorCode.AUTH_TOKEN_INVALID, ErrorCode.AUTH_SESSION_INVALID, ErrorCode.AUTH_OWNER_INACTIVE})
_FORBIDDEN: Final = frozenset(
    {
        ErrorCode.AUTH_FORBIDDEN,
        ErrorCode.AUTH_ORIGIN_REFUSED,
        ErrorCode.AUTH_ADMIN_REQUIRED,
        ErrorCode.AUTH_INTERACTIVE_REQUIRED,
        ErrorCode.AUTH_API_TOKEN_REQUIRED,
        ErrorCode.AUTH_PROJECT_TOKEN,
        ErrorCode.AUTH_SCOPE_INSUFFICIENT,
        ErrorCode.BATCH_FORBIDDEN,
        ErrorCode.PROJECT_FORBIDDEN,
        ErrorCode.AGENT_MISMATCH,
        ErrorCode.STREAM_FORBIDDEN,
    }
)
_NAMED: Final = {"artifact_id": "artifact", "batch_id": "batch", "project": "project"}
"""What a parameter's thing is called in the log."""


class _Thing(NamedTuple):
    """Something that was not there for the caller. It is only worth a line when it is there for somebody else."""

    parameter: str
    kind: str
    column: sa.Column[Any]
    exists: sa.ColumnElement[bool] = sa.true()


_HIDDEN: Final[dict[ErrorCode, _Thing]] = {
    ErrorCode.ARTIFACT_NOT_FOUND: _Thing("artifact_id", "artifact", ingest.artifact.c.id),
    ErrorCode.BATCH_NOT_FOUND: _Thing("batch_id", "batch", ingest.batch.c.id, exists_for_people()),
    ErrorCode.PROJECT_NOT_FOUND: _Thing("project", "project", ingest.batch.c.project, exists_for_people()),
    ErrorCode.SESSION_NOT_FOUND: _Thing("jti", "session", auth.session.c.jti),
    ErrorCode.TOKEN_NOT_FOUND: _Thing("id", "api_token", auth.api_token.c.id),
}


@dataclass(slots=True)
class _Noted:
    entry: wire.AuditEntry
    hidden: _Thing | None = None
    count: int = 0
    said_at: float = float("-inf")


class Refusals(Part):
    """Collects refusals of this process and tells them."""

    name = "refusals"

    def __init__(self, bus: Bus, database: Database | None = None) -> None:
        self._bus = bus
        self._database = database
        self._noted: dict[Hashable, _Noted] = {}
        self._loop = Loop(self.name, self._say, every_s=_LOOK_EVERY_S)

    async def start(self) -> None:
        """See Part."""
        self._bus.on_connect(self._on_connect)
        await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        await self._loop.stop()

    def note(self, actor: Actor, address: str | None) -> None:
        """Remember that a token was refused for the network that it came from. Cheap: nothing waits for the line."""
        entry = wire.AuditEntry(
            action="token_refused",
            user_id=actor.user_id,
            target_type="api_token",
            target_id=str(actor.token_id),
            metadata={"reason": "network"},
            at=now(),
            ip=address,
        )
        self._remember(("network", actor.token_id), entry)

    def note_request(
        self, code: ErrorCode, user_id: int | None, address: str | None, request: str, parameters: dict[str, str]
    ) -> None:
        """Remember that a request was refused, if the reason is one that intruders meet. Cheap as well.

        Args:
            code: the reason.
            user_id: who asked, where the credential was good.
            address: where from.
            request: method and route, without what stood in its place.
            parameters: what stood there.
        """
        if code in _ENDED or (code == ErrorCode.AGENT_UNAUTHENTICATED and user_id is None):
            user_id = None
        elif user_id is None or (code not in _FORBIDDEN and code not in _HIDDEN):
            return
        hidden = _HIDDEN.get(code)
        named = {hidden.parameter: hidden.kind} if hidden else _NAMED
        name = next((name for name in named if name in parameters), None)
        if hidden and name is None:
            return
        entry = wire.AuditEntry(
            action="access_refused",
            user_id=user_id,
            target_type=named[name] if name else None,
            target_id=parameters[name][:_LONGEST] if name else None,
            metadata={"reason": str(code), "request": request[:_LONGEST]},
            at=now(),
            ip=address,
        )
        self._remember((code, user_id or address, entry.target_id if hidden else None), entry, hidden)

    def _remember(self, key: Hashable, entry: wire.AuditEntry, hidden: _Thing | None = None) -> None:
        noted = self._noted.get(key)
        if noted is None:
            if len(self._noted) >= _MOST:
                return
            noted = self._noted[key] = _Noted(entry, hidden)
            if len(self._noted) <= _HASTY:
                self._loop.kick()
        noted.entry = entry
        noted.count += 1

    async def _on_connect(self) -> None:
        self._loop.kick()

    async def _say(self) -> None:
        if not self._bus.is_connected:
            return
        quiet_since = time.monotonic() - _QUIET_S
        for key, noted in list(self._noted.items()):
            if noted.said_at > quiet_since:
                continue
            if not noted.count:
                del self._noted[key]
                continue
            count, noted.count = noted.count, 0
            if noted.hidden is not None and not await self._exists(noted.hidden, noted.entry.target_id or ""):
                noted.said_at = time.monotonic()
                continue
            try:
                await self._bus.publish(_line(noted.entry, count))
            except BusUnavailable:
                noted.count += count
                return
            noted.said_at = time.monotonic()

    async def _exists(self, thing: _Thing, value: str) -> bool:
        assert self._database is not None
        try:
            wanted = int(value) if thing.column.type.python_type is int else value
            query = sa.select(thing.column).where(thing.column == wanted, thing.exists).limit(1)
            async with self._database.read() as connection:
                return (await connection.execute(query)).first() is not None
        except (SQLAlchemyError, ValueError, OverflowError, OSError) as error:
            log.info("refusal.not_looked_up", error=type(error).__name__)
            return False


def _line(entry: wire.AuditEntry, count: int) -> Outgoing:
    entry.metadata["count"] = count
    return Outgoing(wire.audit_subject("identity"), wire.encode(entry), entry.entry_id)

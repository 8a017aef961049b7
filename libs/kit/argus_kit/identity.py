"""Who is calling. Sessions (EdDSA JWTs) and tokens (`em_live_`, `em_view_`, `ag_live_`) are checked where they arrive.

A checked credential is remembered; every 30 seconds the database is asked again whether it still holds, and at once
when `auth` says that something was revoked, or when the bus was away and that word may have been missed. The costly
part (a signature, argon2) is done once per credential and process.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from fastapi import Request
from prometheus_client import Counter
from starlette.requests import HTTPConnection

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_kit.actor import VISITOR, Actor
from argus_kit.bus import Bus
from argus_kit.clock import now
from argus_kit.credentials import RECHECK_S, Checked, Checker
from argus_kit.database import Database
from argus_kit.errors import ArgusError, RateLimited
from argus_kit.parts import Part
from argus_kit.refusals import Refusals
from argus_kit.telemetry import CALLER
from argus_kit.usage import Usage

CHECKS = Counter("argus_identity_checks_total", "Credentials, by where the answer came from", ["source"])

_MAX_REMEMBERED = 50_000
# A page of something published asks a dozen times; nobody reads faster than this.
_VISITS_AT_ONCE = 240
_VISITS_PER_S = 20


class Identity(Part):
    """Checks credentials against the shared tables."""

    name = "identity"

    def __init__(self, database: Database, bus: Bus) -> None:
        self._checker = Checker(database)
        self._bus = bus
        self._in_memory, self._looked_up = CHECKS.labels("memory"), CHECKS.labels("database")
        self._remembered: dict[bytes, Checked] = {}
        self._pending: dict[bytes, asyncio.Task[Actor]] = {}
        self._revocations = 0
        self.usage = Usage(bus)
        self._watchers: list[Callable[[wire.Revoked | None], Awaitable[None]]] = []
        self.refusals = Refusals(bus, database)

    async def start(self) -> None:
        """See Part."""
        await self._bus.listen(wire.AUTH_REVOKED, self._on_revoked)
        self._bus.on_connect(self._on_connect)
        await self.usage.start()
        await self.refusals.start()

    async def stop(self) -> None:
        """See Part."""
        await self.refusals.stop()
        await self.usage.stop()

    def watch(self, callback: Callable[[wire.Revoked | None], Awaitable[None]]) -> None:
        """Call back on each revocation, and with None when revocations may have been missed."""
        self._watchers.append(callback)

    async def resolve(self, credential: str, address: str | None = None) -> Actor:
        """The actor behind a bare credential (without "Bearer") that came from `address`.

        Raises:
            ArgusError: auth.token_invalid, auth.session_invalid or auth.owner_inactive (401), auth.network_refused
                (403), also for a token that is tied to networks where no address is known.
        """
        actor = await self._known(credential)
        if actor.networks is not None and not actor.may_come_from(address):
            self.refusals.note(actor, address)
            raise ArgusError(ErrorCode.AUTH_NETWORK_REFUSED)
        self.usage.note(actor)
        CALLER.set(actor.user_id)
        return actor

    async def _known(self, credential: str) -> Actor:
        digest = hashlib.sha256(credential.encode()).digest()
        known = self._remembered.get(digest)
        if known is not None and time.monotonic() - known.checked_at < RECHECK_S:
            if known.actor.expires_at is not None and known.actor.expires_at <= now():
                raise _invalid(known.actor.kind)
            self._in_memory.inc()
            return known.actor
        return await self._check_once(digest, credential, known)

    async def _check_once(self, digest: bytes, credential: str, known: Checked | None) -> Actor:
        # Many requests with one new credential wait for one check, which goes on when one of them is given up.
        pending = self._pending.get(digest)
        if pending is None:
            pending = asyncio.create_task(self._check_and_remember(digest, credential, known))
            self._pending[digest] = pending
            pending.add_done_callback(lambda task: self._checked(digest, task))
        return await asyncio.shield(pending)

    def _checked(self, digest: bytes, task: asyncio.Task[Actor]) -> None:
        del self._pending[digest]
        if not task.cancelled():
            task.exception()  # whoever still waits gets it; nobody may wait any more

    async def _check_and_remember(self, digest: bytes, credential: str, known: Checked | None) -> Actor:
        revocations = self._revocations
        self._looked_up.inc()
        try:
            found = await self._checker.check(credential, known)
        except Exception:
            self._remembered.pop(digest, None)
            raise
        while len(self._remembered) >= _MAX_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        if self._revocations != revocations:
            # What was revoked while we looked may be just this: look again next time.
            found.checked_at = float("-inf")
        self._remembered[digest] = found
        return found.actor

    async def forget(self, revoked: wire.Revoked) -> None:
        """Drop what this process remembers of a credential that was revoked."""
        self._revocations += 1
        for digest in [d for d, r in self._remembered.items() if r.actor.is_hit_by(revoked)]:
            del self._remembered[digest]
        await self._tell(revoked)

    async def _on_revoked(self, _: str, data: bytes) -> None:
        await self.forget(wire.decode(wire.Revoked, data))

    async def _on_connect(self) -> None:
        for digest, known in self._remembered.items():
            self._remembered[digest] = replace(known, checked_at=float("-inf"))
        await self._tell(None)

    async def _tell(self, revoked: wire.Revoked | None) -> None:
        for watcher in self._watchers:
            await watcher(revoked)


def _invalid(kind: str) -> ArgusError:
    return ArgusError(ErrorCode.AUTH_SESSION_INVALID if kind == "session" else ErrorCode.AUTH_TOKEN_INVALID)


def bearer(connection: HTTPConnection) -> str | None:
    """The credential in the Authorization header; None without one. The scheme may be written in any case."""
    scheme, _, credential = connection.headers.get("authorization", "").strip().partition(" ")
    return credential.strip() or None if scheme.lower() == "bearer" else None


def address_of(connection: HTTPConnection) -> str | None:
    """Where a request comes from, as far as the proxy in front is trusted (`ARGUS_TRUSTED_PROXIES`)."""
    return connection.client.host if connection.client else None


async def current_actor(request: Request) -> Actor:
    """The caller, by header.

    Raises:
        ArgusError: auth.required, or what `Identity.resolve` raises (401, 403).
    """
    credential = bearer(request)
    if credential is None:
        raise ArgusError(ErrorCode.AUTH_REQUIRED)
    identity: Identity = request.app.state.platform.identity
    return await identity.resolve(credential, address_of(request))


async def actor_or_visitor(request: Request) -> Actor:
    """The caller, by header; without one, a visitor, who may not ask without end.

    Raises:
        RateLimited: too many requests without a credential from one address.
        ArgusError: what `Identity.resolve` raises: a bad credential does not make a visitor.
    """
    if bearer(request) is not None:
        return await current_actor(request)
    await limit_visits(request)
    return VISITOR


async def limit_visits(request: Request) -> None:
    """Let pass who does not ask faster than people read.

    Raises:
        RateLimited: too many requests from one address.
    """
    key = f"visitor:{address_of(request) or 'unknown'}"
    wait = await request.app.state.platform.cache.take(key, capacity=_VISITS_AT_ONCE, per_second=_VISITS_PER_S)
    if wait:
        raise RateLimited(wait)

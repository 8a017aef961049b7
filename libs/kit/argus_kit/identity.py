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
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import jwt
import sqlalchemy as sa
import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_contracts.tokens import ParsedToken, parse_token
from argus_kit.bus import Bus, BusUnavailable
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.errors import ArgusError
from argus_kit.parts import Loop, Part
from argus_schema import auth as tables

log = structlog.get_logger(__name__)

RECHECK_S = 30.0
_MAX_REMEMBERED = 50_000
ISSUER = "argus"

# A token's secret is 178 random bits, which nobody can guess: argon2 guards a leaked table, cheap parameters suffice.
TOKEN_HASHER = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)


@dataclass(frozen=True, slots=True)
class Actor:
    """The person behind a request, and by what right they speak.

    `scope` is "full" for a browser session, "reporter" (em_live_), "viewer" (em_view_) or "agent" (ag_live_).
    """

    user_id: int
    username: str
    is_admin: bool
    kind: Literal["session", "token", "agent"]
    scope: Literal["full", "reporter", "viewer", "agent"]
    jti: str | None = None
    token_id: int | None = None
    key_id: str | None = None
    agent_id: str | None = None
    project: str | None = None
    expires_at: datetime | None = None

    @property
    def may_write(self) -> bool:
        """False for tokens that only read."""
        return self.scope != "viewer"

    def is_hit_by(self, revoked: wire.Revoked) -> bool:
        """Whether a revocation ends this credential."""
        if revoked.kind == "user":
            return revoked.key == str(self.user_id)
        if revoked.kind == "session":
            return revoked.key == self.jti
        return revoked.key == (self.key_id if revoked.kind == "token" else self.agent_id)


@dataclass(slots=True)
class _Remembered:
    actor: Actor
    checked_at: float
    secret_hash: str | None


class Identity(Part):
    """Checks credentials against the shared tables."""

    name = "identity"

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        self._remembered: dict[bytes, _Remembered] = {}
        self._pending: dict[bytes, asyncio.Task[Actor]] = {}
        self._keys: dict[str, jwt.PyJWK] = {}
        self._keys_loaded_at = float("-inf")
        self._revocations = 0
        self._used: dict[int, datetime] = {}
        self._watchers: list[Callable[[wire.Revoked | None], Awaitable[None]]] = []
        self._reporter = Loop("token-use", self._report_use, every_s=15.0)

    async def start(self) -> None:
        """See Part."""
        await self._bus.listen(wire.AUTH_REVOKED, self._on_revoked)
        self._bus.on_connect(self._on_connect)
        await self._reporter.start()

    async def stop(self) -> None:
        """See Part."""
        await self._reporter.stop()

    def watch(self, callback: Callable[[wire.Revoked | None], Awaitable[None]]) -> None:
        """Call back on each revocation, and with None when revocations may have been missed."""
        self._watchers.append(callback)

    async def resolve(self, credential: str) -> Actor:
        """The actor behind a bare credential (without "Bearer").

        Raises:
            ArgusError: auth.token_invalid, auth.session_invalid or auth.owner_inactive (401).
        """
        digest = hashlib.sha256(credential.encode()).digest()
        known = self._remembered.get(digest)
        if known is not None and time.monotonic() - known.checked_at < RECHECK_S:
            if known.actor.expires_at is not None and known.actor.expires_at <= now():
                raise _invalid(known.actor.kind)
            if known.actor.token_id is not None:
                self._used[known.actor.token_id] = now()
            return known.actor
        return await self._check_once(digest, credential, known)

    async def _check_once(self, digest: bytes, credential: str, known: _Remembered | None) -> Actor:
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

    async def _check_and_remember(self, digest: bytes, credential: str, known: _Remembered | None) -> Actor:
        revocations = self._revocations
        try:
            found = await self._check(credential, known)
        except Exception:
            self._remembered.pop(digest, None)
            raise
        while len(self._remembered) >= _MAX_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        if self._revocations != revocations:
            # What was revoked while we looked may be just this: look again next time.
            found.checked_at = float("-inf")
        self._remembered[digest] = found
        if found.actor.token_id is not None:
            self._used[found.actor.token_id] = now()
        return found.actor

    async def _check(self, credential: str, known: _Remembered | None) -> _Remembered:
        parsed = parse_token(credential)
        if parsed is not None:
            return await self._check_token(parsed, known)
        if credential.startswith(("em_live_", "em_view_", "ag_live_")):
            raise ArgusError(ErrorCode.AUTH_TOKEN_INVALID)
        return await self._check_session(credential)

    async def _check_token(self, parsed: ParsedToken, known: _Remembered | None) -> _Remembered:
        token, user = tables.api_token.c, tables.user.c
        statement = (
            sa.select(
                token.id,
                token.secret_hash,
                token.prefix,
                token.scope,
                token.agent_id,
                token.project,
                token.expires_at,
                token.revoked_at,
                user.id.label("user_id"),
                user.username,
                user.is_admin,
                user.is_active,
            )
            .join_from(tables.api_token, tables.user, user.id == token.user_id)
            .where(token.key_id == parsed.key_id)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None or row.prefix != parsed.prefix or row.revoked_at is not None:
            raise ArgusError(ErrorCode.AUTH_TOKEN_INVALID)
        if row.expires_at is not None and row.expires_at <= now():
            raise ArgusError(ErrorCode.AUTH_TOKEN_INVALID, "The token has expired. Make a new one in Settings, Tokens.")
        is_new = known is None or known.secret_hash != row.secret_hash
        if is_new and not await asyncio.to_thread(_verify, row.secret_hash, parsed.secret):
            raise ArgusError(ErrorCode.AUTH_TOKEN_INVALID)
        if not row.is_active:
            raise ArgusError(ErrorCode.AUTH_OWNER_INACTIVE)
        actor = Actor(
            user_id=row.user_id,
            username=row.username,
            is_admin=row.is_admin,
            kind="agent" if row.scope == "agent" else "token",
            scope=row.scope,
            token_id=row.id,
            key_id=parsed.key_id,
            agent_id=row.agent_id,
            project=row.project,
            expires_at=row.expires_at,
        )
        return _Remembered(actor, time.monotonic(), row.secret_hash)

    async def _check_session(self, credential: str) -> _Remembered:
        claims = await self._verify_jwt(credential)
        session, user = tables.session.c, tables.user.c
        statement = (
            sa.select(
                session.revoked_at,
                session.expires_at,
                user.id.label("user_id"),
                user.username,
                user.is_admin,
                user.is_active,
            )
            .join_from(tables.session, tables.user, user.id == session.user_id)
            .where(session.jti == claims["jti"], user.id == claims["user_id"])
        )
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None or row.revoked_at is not None or not row.is_active:
            raise ArgusError(ErrorCode.AUTH_SESSION_INVALID)
        actor = Actor(
            user_id=row.user_id,
            username=row.username,
            is_admin=row.is_admin,
            kind="session",
            scope="full",
            jti=claims["jti"],
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
        return _Remembered(actor, time.monotonic(), None)

    async def _verify_jwt(self, credential: str) -> dict[str, Any]:
        try:
            kid = jwt.get_unverified_header(credential).get("kid")
            key = await self._key(kid) if isinstance(kid, str) else None
            if key is None:
                raise ArgusError(ErrorCode.AUTH_SESSION_INVALID)
            claims: dict[str, Any] = jwt.decode(
                credential,
                key.key,
                algorithms=["EdDSA"],
                issuer=ISSUER,
                # `iat` is not compared: the clock of the machine that signed may be a little ahead of this one's.
                options={"require": ["user_id", "iat", "exp", "iss", "jti"], "verify_iat": False},
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise ArgusError(ErrorCode.AUTH_SESSION_INVALID) from error
        if not isinstance(claims["user_id"], int) or not isinstance(claims["jti"], str):
            raise ArgusError(ErrorCode.AUTH_SESSION_INVALID)
        return claims

    async def _key(self, kid: str) -> jwt.PyJWK | None:
        # A retired key leaves with the next look at the table, which comes no later than the re-check of a session.
        # An unknown one may be a moment old, so the table is asked at once: as dear as any unknown token.
        if kid not in self._keys or time.monotonic() - self._keys_loaded_at > RECHECK_S:
            key = tables.signing_key.c
            alive = sa.or_(key.verifies_until.is_(None), key.verifies_until > now())
            async with self._database.read() as connection:
                rows = (await connection.execute(sa.select(key.kid, key.public_jwk).where(alive))).all()
            self._keys = {row.kid: jwt.PyJWK.from_dict(row.public_jwk) for row in rows}
            self._keys_loaded_at = time.monotonic()
        return self._keys.get(kid)

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
            self._remembered[digest] = _Remembered(known.actor, float("-inf"), known.secret_hash)
        await self._tell(None)

    async def _tell(self, revoked: wire.Revoked | None) -> None:
        for watcher in self._watchers:
            await watcher(revoked)

    async def _report_use(self) -> None:
        if not self._used or not self._bus.is_connected:
            return
        used, self._used = self._used, {}
        try:
            await self._bus.send(wire.TOKEN_USED, wire.encode(wire.TokenUsed(tokens=used)))
        except BusUnavailable:
            self._used = used | self._used


def _verify(secret_hash: str, secret: str) -> bool:
    try:
        return TOKEN_HASHER.verify(secret_hash, secret)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _invalid(kind: str) -> ArgusError:
    return ArgusError(ErrorCode.AUTH_SESSION_INVALID if kind == "session" else ErrorCode.AUTH_TOKEN_INVALID)


def bearer(connection: HTTPConnection) -> str | None:
    """The credential in the Authorization header; None without one. The scheme may be written in any case."""
    scheme, _, credential = connection.headers.get("authorization", "").strip().partition(" ")
    return credential.strip() or None if scheme.lower() == "bearer" else None


async def current_actor(request: Request) -> Actor:
    """The caller, by header.

    Raises:
        ArgusError: auth.required, or what `Identity.resolve` raises (401).
    """
    credential = bearer(request)
    if credential is None:
        raise ArgusError(ErrorCode.AUTH_REQUIRED)
    identity: Identity = request.app.state.platform.identity
    return await identity.resolve(credential)


async def _person(actor: Annotated[Actor, Depends(current_actor)]) -> Actor:
    if actor.kind == "agent":
        raise ArgusError(ErrorCode.AUTH_FORBIDDEN, "An agent's token only serves its agent.")
    return actor


async def _writer(actor: Annotated[Actor, Depends(_person)]) -> Actor:
    if not actor.may_write:
        raise ArgusError(ErrorCode.AUTH_SCOPE_INSUFFICIENT)
    return actor


async def _interactive(actor: Annotated[Actor, Depends(_person)]) -> Actor:
    if actor.kind != "session":
        raise ArgusError(ErrorCode.AUTH_INTERACTIVE_REQUIRED)
    return actor


async def _admin(actor: Annotated[Actor, Depends(_person)]) -> Actor:
    if not actor.is_admin:
        raise ArgusError(ErrorCode.AUTH_ADMIN_REQUIRED)
    return actor


Person = Annotated[Actor, Depends(_person)]
"""A person by session or by either token: may read."""
Writer = Annotated[Actor, Depends(_writer)]
"""A person whose credential may change things: not a viewer token."""
Interactive = Annotated[Actor, Depends(_interactive)]
"""A person at a browser: a session, no token."""
Admin = Annotated[Actor, Depends(_admin)]
"""An administrator."""


def without_admin(actor: Actor) -> Actor:
    """The same person without administrator's rights."""
    return replace(actor, is_admin=False)

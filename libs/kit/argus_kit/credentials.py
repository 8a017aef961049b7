"""Is a credential good? Asked of the shared tables, with the costly part (a signature, argon2) done here.

`argus_kit.identity` remembers the answers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import jwt
import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from argus_contracts.errors import ErrorCode
from argus_contracts.tokens import ParsedToken, parse_token
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.errors import ArgusError
from argus_schema import auth as tables

# How long an answer of the database counts, in seconds.
RECHECK_S = 30.0
ISSUER = "argus"
# Machines of one system agree on the time to within this, in seconds.
_CLOCKS_DIFFER_S = 60
# Ids are 64-bit integers in the database.
_ID_BOUND = 2**63

# A token's secret is 178 random bits, which nobody can guess: argon2 guards a leaked table, cheap parameters suffice.
TOKEN_HASHER = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)


@dataclass(slots=True)
class Checked:
    """A credential that was good at `checked_at` (monotonic seconds), with the hash of a token's secret as it stood."""

    actor: Actor
    checked_at: float
    secret_hash: str | None = None


class Checker:
    """Looks at credentials one by one; keeps nothing but the public keys of sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: dict[str, jwt.PyJWK] = {}
        self._keys_loaded_at = float("-inf")

    async def check(self, credential: str, known: Checked | None) -> Checked:
        """The actor behind a credential. `known` is the last answer, which saves argon2 while the hash is the same.

        Raises:
            ArgusError: auth.token_invalid, auth.session_invalid or auth.owner_inactive (401).
        """
        parsed = parse_token(credential)
        if parsed is not None:
            return await self._check_token(parsed, known)
        if credential.startswith(("em_live_", "em_view_", "ag_live_")):
            raise ArgusError(ErrorCode.AUTH_TOKEN_INVALID)
        return await self._check_session(credential)

    async def _check_token(self, parsed: ParsedToken, known: Checked | None) -> Checked:
        token, user = tables.api_token.c, tables.user.c
        statement = (
            sa.select(
                token.id,
                token.secret_hash,
                token.prefix,
                token.scope,
                token.agent_id,
                token.project,
                token.networks,
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
        if is_new and not await asyncio.to_thread(secret_fits, row.secret_hash, parsed.secret):
            raise ArgusError(ErrorCode.AUTH_TOKEN_INVALID)
        if not row.is_active:
            raise ArgusError(ErrorCode.AUTH_OWNER_INACTIVE)
        actor = Actor(
            user_id=row.user_id,
            username=row.username,
            # A token for one project must not open what is above all projects.
            is_admin=row.is_admin and row.project is None,
            kind="agent" if row.scope == "agent" else "token",
            scope=row.scope,
            token_id=row.id,
            key_id=parsed.key_id,
            agent_id=row.agent_id,
            project=row.project,
            networks=None if row.networks is None else tuple(map(ip_network, row.networks)),
            expires_at=row.expires_at,
        )
        return Checked(actor, time.monotonic(), row.secret_hash)

    async def _check_session(self, credential: str) -> Checked:
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
        if row is None or row.revoked_at is not None or row.expires_at <= now() or not row.is_active:
            raise ArgusError(ErrorCode.AUTH_SESSION_INVALID)
        actor = Actor(
            user_id=row.user_id,
            username=row.username,
            is_admin=row.is_admin,
            kind="session",
            scope="full",
            jti=claims["jti"],
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            session_ends_at=row.expires_at,
        )
        return Checked(actor, time.monotonic())

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
                # `_are_sound` looks at `iat`: the clock of the machine that signed may be a little ahead of ours.
                options={"require": ["user_id", "iat", "exp", "iss", "jti"], "verify_iat": False},
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise ArgusError(ErrorCode.AUTH_SESSION_INVALID) from error
        if not _are_sound(claims):
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


def _are_sound(claims: Mapping[str, Any]) -> bool:
    # Exactly these types: `True` is an int too and stands for user 1, and a list may hold the right issuer.
    kinds = {"user_id": int, "iat": int, "exp": int, "iss": str, "jti": str}
    return (
        all(type(claims[name]) is kind for name, kind in kinds.items())
        and 0 < claims["user_id"] < _ID_BOUND
        and claims["iat"] <= now().timestamp() + _CLOCKS_DIFFER_S
    )


def secret_fits(secret_hash: str, secret: str) -> bool:
    """Whether this is the secret of a token. Takes milliseconds: call it in a thread."""
    try:
        return TOKEN_HASHER.verify(secret_hash, secret)
    except (VerifyMismatchError, InvalidHashError):
        return False

"""The keys that sign sessions: made at the first start, kept encrypted, shared by all replicas through the database."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
import sqlalchemy as sa
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.locking import SIGNING_KEY, take_turn
from argus_contracts.errors import ErrorCode
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.errors import ArgusError
from argus_kit.secretbox import SecretBox, SecretBoxError
from argus_schema.auth import signing_key, signing_secret

log = structlog.get_logger(__name__)

# A fresh key signs only when every verifier may have seen it: they look for unknown keys at most every two seconds.
ACTIVATION = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class _Signer:
    kid: str
    private: Ed25519PrivateKey


class KeyRing:
    """Signs with the newest key that is active."""

    def __init__(self, database: Database, box: Callable[[], SecretBox]) -> None:
        self._database = database
        self._box = box
        self._signer: _Signer | None = None

    @property
    def is_ready(self) -> bool:
        """Whether there is a key to sign with."""
        return self._signer is not None

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A JWT with these claims.

        Raises:
            ArgusError: service.unavailable, when there is no readable key (yet).
        """
        if self._signer is None:
            raise ArgusError(
                ErrorCode.SERVICE_UNAVAILABLE, "There is no key to sign with.", headers={"Retry-After": "2"}
            )
        return jwt.encode(dict(claims), self._signer.private, algorithm="EdDSA", headers={"kid": self._signer.kid})

    async def refresh(self) -> None:
        """Load the key to sign with; make the first one when there is none."""
        if await self._load():
            return
        async with self._database.write() as connection:
            await take_turn(connection, SIGNING_KEY)
            if (await connection.execute(_active().limit(1))).first() is None:
                kid = await add_key(connection, self._box())
                log.info("signing_key.made", kid=kid)
        await self._load()

    async def _load(self) -> bool:
        async with self._database.read() as connection:
            rows = (await connection.execute(_active())).all()
        if not rows:
            return False
        ripe = [row for row in rows if row.created_at <= now() - ACTIVATION]
        chosen = ripe[0] if ripe else rows[-1]
        if self._signer is None or self._signer.kid != chosen.kid:
            try:
                sealed = self._box().decrypt(chosen.private_key_encrypted)
            except SecretBoxError as error:
                log.warning("signing_key.unreadable", kid=chosen.kid, error=str(error))
                return True
            self._signer = _Signer(chosen.kid, Ed25519PrivateKey.from_private_bytes(sealed))
        return True


async def add_key(connection: AsyncConnection, box: SecretBox) -> str:
    """Make a key and store it; returns its kid. The caller holds the turn of `SIGNING_KEY`."""
    private = Ed25519PrivateKey.generate()
    kid = secrets.token_urlsafe(9)
    jwk = jwt.algorithms.OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
    public = {**jwk, "kid": kid, "alg": "EdDSA", "use": "sig"}
    raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    row = {"kid": kid, "algorithm": "EdDSA", "public_jwk": public, "created_at": now()}
    await connection.execute(sa.insert(signing_key).values(row))
    await connection.execute(sa.insert(signing_secret).values(kid=kid, private_key_encrypted=box.encrypt(raw)))
    return kid


def _active() -> sa.Select[Any]:
    """Keys whose private half is here and that still verify, newest first."""
    key = signing_key.c
    return (
        sa.select(key.kid, key.created_at, signing_secret.c.private_key_encrypted)
        .join_from(signing_key, signing_secret, signing_secret.c.kid == key.kid)
        .where(sa.or_(key.verifies_until.is_(None), key.verifies_until > now()))
        .order_by(key.created_at.desc(), key.kid)
    )

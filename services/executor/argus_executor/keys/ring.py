"""The key that signs commands: made on first use, its private half encrypted, shared by all replicas by the database.

Agents take the public half when they register, and act on nothing that it did not sign.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_executor.keys.signatures import Signature, sign, spell
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.leases import take_turn
from argus_kit.parts import Part
from argus_kit.secretbox import SecretBox, SecretBoxError
from argus_schema.executor import command_key, command_secret

log = structlog.get_logger(__name__)

TURN = "executor.command-key"


class PublicKey(NamedTuple):
    """What an agent needs to check signatures: 32 bytes in base64url."""

    key_id: str
    public_key: str


@dataclass(frozen=True, slots=True)
class _Signer:
    kid: str
    private: Ed25519PrivateKey


class CommandKeys(Part):
    """Signs with the oldest key that is not retired; a younger one is already known to agents when its turn comes."""

    name = "command-keys"

    def __init__(self, database: Database, box: Callable[[], SecretBox]) -> None:
        self._database = database
        self._box = box
        self._signer: _Signer | None = None
        self._loading = asyncio.Lock()

    async def load(self) -> bool:
        """Have the key at hand that signs now, made if there is none. Call it outside of transactions.

        Returns:
            False when it cannot be read.
        """
        async with self._loading:
            if self._signer is None or await self._is_retired(self._signer.kid):
                await self._load()
            return self._signer is not None

    def sign(self, text: str) -> Signature | None:
        """A signature; None while there is no readable key: agents that ask for one refuse the command then."""
        return None if self._signer is None else sign(self._signer.kid, self._signer.private, text)

    async def public(self) -> list[PublicKey]:
        """The keys that sign, or will: what agents pin."""
        await self.load()
        key = command_key.c
        query = sa.select(key.kid, key.public_key).where(key.retired_at.is_(None)).order_by(key.created_at, key.kid)
        async with self._database.read() as connection:
            return [PublicKey(row.kid, row.public_key) for row in (await connection.execute(query)).all()]

    async def _is_retired(self, kid: str) -> bool:
        async with self._database.read() as connection:
            row = (await connection.execute(signing())).first()
        return row is None or row.kid != kid

    async def _load(self) -> None:
        box = self._box()
        async with self._database.write() as connection:
            await take_turn(connection, TURN)
            row = (await connection.execute(signing())).first()
            if row is None:
                await make(connection, box)
                row = (await connection.execute(signing())).one()
            try:
                raw = box.decrypt(row.private_key_encrypted)
                await _renew(connection, box, row)
            except SecretBoxError as error:
                log.warning("command_key.unreadable", kid=row.kid, error=str(error))
                return
        self._signer = _Signer(row.kid, Ed25519PrivateKey.from_private_bytes(raw))


def signing() -> sa.Select[Any]:
    """The key that signs now, with its private half."""
    key = command_key.c
    return (
        sa.select(key.kid, command_secret.c.private_key_encrypted)
        .join_from(command_key, command_secret, command_secret.c.kid == key.kid)
        .where(key.retired_at.is_(None))
        .order_by(key.created_at, key.kid)
        .limit(1)
    )


async def make(connection: AsyncConnection, box: SecretBox) -> str:
    """Make a key and store it; returns its id. The caller holds `TURN`."""
    private, kid = Ed25519PrivateKey.generate(), secrets.token_urlsafe(9)
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    row = {"kid": kid, "public_key": spell(public), "created_at": now()}
    await connection.execute(sa.insert(command_key).values(row))
    await connection.execute(sa.insert(command_secret).values(kid=kid, private_key_encrypted=box.encrypt(raw)))
    log.info("command_key.made", kid=kid)
    return kid


async def _renew(connection: AsyncConnection, box: SecretBox, row: sa.Row[Any]) -> None:
    # What an older ARGUS_CONFIG_KEY encrypted comes under today's.
    fresh = box.renewed(row.private_key_encrypted)
    if fresh is not None:
        here = command_secret.c.kid == row.kid
        await connection.execute(sa.update(command_secret).where(here).values(private_key_encrypted=fresh))

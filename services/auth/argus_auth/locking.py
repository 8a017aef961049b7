"""Making transactions of all replicas take turns where "look, then write" must be one step."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

FIRST_USER = "auth.first-user"
SIGNING_KEY = "auth.signing-key"
AUDIT_CHAIN = "auth.audit-chain"
# Whoever holds an account's row too took that first.
ADMINISTRATORS = "auth.administrators"


async def take_turn(connection: AsyncConnection, name: str) -> None:
    """Wait until no other transaction holds `name`; held until the commit.

    On SQLite a write transaction is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
        await connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": key})

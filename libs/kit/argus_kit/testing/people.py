"""People, tokens and sessions of a test, written into its database."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import jwt
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from argus_contracts.tokens import new_token
from argus_kit.clock import now
from argus_kit.credentials import ISSUER, TOKEN_HASHER
from argus_kit.database import Database
from argus_schema import auth as auth_tables

_TEST_KID = "test-key"
TEST_KEY = Ed25519PrivateKey.generate()
"""Signs the sessions of tests."""


async def add_user(database: Database, username: str = "ada", *, is_admin: bool = False) -> int:
    """A person; returns the id."""
    values = {
        "username": username,
        "username_lower": username.lower(),
        "email": f"{username.lower()}@example.org",
        "is_admin": is_admin,
        "created_at": now(),
    }
    async with database.write() as connection:
        result = await connection.execute(sa.insert(auth_tables.user).values(values).returning(auth_tables.user.c.id))
        found: int = result.scalar_one()
        return found


async def add_token(
    database: Database, user_id: int, *, prefix: str = "em_live_", agent_id: str | None = None, **more: Any
) -> str:
    """A token of a person (or of an agent, `ag_live_`); returns its text. `more` are further columns of its row."""
    token, key_id, secret = new_token(prefix.removesuffix("_"))
    scope = {"em_live_": "reporter", "em_view_": "viewer", "ag_live_": "agent"}[prefix]
    values = {
        "user_id": user_id,
        "key_id": key_id,
        "secret_hash": TOKEN_HASHER.hash(secret),
        "prefix": prefix.removesuffix("_"),
        "display_hint": token[-4:],
        "scope": scope,
        "name": "test",
        "agent_id": agent_id,
        "created_at": now(),
    }
    async with database.write() as connection:
        await connection.execute(sa.insert(auth_tables.api_token).values(values | more))
    return token


async def add_session(database: Database, user_id: int, *, ttl_s: float = 3600, access_s: float | None = None) -> str:
    """A session of a person; returns its JWT, signed by a key that this adds. The JWT may end sooner (`access_s`)."""
    jti, issued = secrets.token_urlsafe(12), now()
    expires = issued + timedelta(seconds=ttl_s)
    key = auth_tables.signing_key
    async with database.write() as connection:
        if (await connection.execute(sa.select(key.c.kid).where(key.c.kid == _TEST_KID))).first() is None:
            jwk = jwt.algorithms.OKPAlgorithm.to_jwk(TEST_KEY.public_key(), as_dict=True)
            public = {**jwk, "kid": _TEST_KID, "alg": "EdDSA", "use": "sig"}
            values = {"kid": _TEST_KID, "algorithm": "EdDSA", "public_jwk": public, "created_at": issued}
            await connection.execute(sa.insert(key).values(values))
        row = {"jti": jti, "user_id": user_id, "issued_at": issued, "expires_at": expires}
        await connection.execute(sa.insert(auth_tables.session).values(row))
    until = expires if access_s is None else issued + timedelta(seconds=access_s)
    claims = {"user_id": user_id, "iat": int(issued.timestamp()), "exp": int(until.timestamp()), "iss": ISSUER}
    return jwt.encode({**claims, "jti": jti}, TEST_KEY, algorithm="EdDSA", headers={"kid": _TEST_KID})


def bearer_headers(credential: str) -> dict[str, str]:
    """The header that carries a credential."""
    return {"Authorization": f"Bearer {credential}"}

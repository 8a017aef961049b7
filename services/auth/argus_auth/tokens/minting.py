"""Making a token: its text leaves once, its secret's hash is stored."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from argus_contracts.tokens import new_token
from argus_kit.clock import now
from argus_kit.credentials import TOKEN_HASHER


class Minted(NamedTuple):
    """The text to hand over, and the columns that stand for it."""

    text: str
    row: dict[str, Any]

    def __repr__(self) -> str:
        """Without the text."""
        return f"Minted(key_id={self.row['key_id']!r})"


async def mint(prefix: str, *, scope: str, user_id: int, name: str) -> Minted:
    """A new token. Call it outside of a transaction: the hash takes a while."""
    token = new_token(prefix)
    secret_hash = await asyncio.to_thread(TOKEN_HASHER.hash, token.secret)
    row = {
        "user_id": user_id,
        "key_id": token.key_id,
        "secret_hash": secret_hash,
        "prefix": prefix,
        "display_hint": token.token[-4:],
        "scope": scope,
        "name": name,
        "created_at": now(),
    }
    return Minted(token.token, row)

"""The links by which readers end a kind of mail, and the headers that say so to mail programs (RFC 8058).

A mail program's own button sends a POST with `List-Unsubscribe=One-Click` as its form, without cookies and without a
session. A scanner that follows every link in a mail only looks, and that changes nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_schema.notifier import unsubscribe_token

FACT: Final = "unsubscribe_url"
"""Under this name a delivery keeps its link beside its texts."""


async def paths(connection: AsyncConnection, kind: str, user_ids: Sequence[int]) -> dict[int, str]:
    """A link for each of these people, by person: the one that they have already, until it was used."""
    t = unsubscribe_token.c
    unused = sa.select(t.user_id, t.token).where(t.user_id.in_(user_ids), t.event_type == kind, t.used_at.is_(None))
    tokens = {row.user_id: row.token for row in await connection.execute(unused)}
    new = {user_id: secrets.token_urlsafe(24) for user_id in user_ids if user_id not in tokens}
    at = now()
    rows = [
        {"token": token, "user_id": user_id, "event_type": kind, "created_at": at} for user_id, token in new.items()
    ]
    if rows:
        await connection.execute(sa.insert(unsubscribe_token), rows)
    tokens |= new
    return {user_id: f"/api/unsubscribe?token={tokens[user_id]}" for user_id in user_ids}


def recipient_path(token: str) -> str:
    """The link of an address outside of Argus; it may be used again."""
    return f"/api/unsubscribe/recipient/{token}"


def headers(url: str) -> dict[str, str]:
    """What RFC 8058 asks for. Only a link by https may be one-click; mail programs show the other all the same."""
    found = {"List-Unsubscribe": f"<{url}>"}
    if url.startswith("https:"):
        found["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return found

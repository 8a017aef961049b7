"""Rows of `oauth_identity`, `oidc_provider` and `oauth_state_used`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_schema.auth import oauth_identity, oauth_state_used, oidc_provider, session, user

_I = oauth_identity.c
_P = oidc_provider.c


async def by_subject(connection: AsyncConnection, provider: str, subject: str) -> sa.Row[Any] | None:
    found = sa.select(oauth_identity).where(_I.provider == provider, _I.subject == subject)
    return (await connection.execute(found)).first()


async def of_user(connection: AsyncConnection, user_id: int) -> Sequence[sa.Row[Any]]:
    """A person's links, oldest first."""
    mine = sa.select(oauth_identity).where(_I.user_id == user_id).order_by(_I.created_at, _I.id)
    return (await connection.execute(mine)).all()


async def with_grants(connection: AsyncConnection, provider: str) -> Sequence[sa.Row[Any]]:
    """Links of a provider whose groups gave something."""
    rows = await connection.execute(sa.select(oauth_identity).where(_I.provider == provider))
    return [row for row in rows if row.granted]


async def count_links(connection: AsyncConnection) -> dict[str, int]:
    """How many people are linked with each provider, by its key."""
    counted = sa.select(_I.provider, sa.func.count()).group_by(_I.provider)
    return {row[0]: row[1] for row in await connection.execute(counted)}


async def add(connection: AsyncConnection, **values: Any) -> sa.Row[Any]:
    added = sa.insert(oauth_identity).values(created_at=now(), **values).returning(oauth_identity)
    row: sa.Row[Any] = (await connection.execute(added)).one()
    return row


async def change(connection: AsyncConnection, identity_id: int, **values: Any) -> None:
    await connection.execute(sa.update(oauth_identity).where(_I.id == identity_id).values(values))


async def delete(connection: AsyncConnection, identity_id: int) -> None:
    await connection.execute(sa.delete(oauth_identity).where(_I.id == identity_id))


async def use_state(connection: AsyncConnection, digest: str, expires_at: datetime) -> bool:
    """Note that a state was used. False when it was used before."""
    try:
        async with connection.begin_nested():
            await connection.execute(sa.insert(oauth_state_used).values(state_hash=digest, expires_at=expires_at))
    except IntegrityError:
        return False
    return True


async def delete_expired_states(connection: AsyncConnection, before: datetime) -> int:
    result = await connection.execute(sa.delete(oauth_state_used).where(oauth_state_used.c.expires_at < before))
    return result.rowcount


async def family_of(connection: AsyncConnection, jti: str) -> str:
    """The login that a session continues."""
    found = await connection.execute(sa.select(session.c.family).where(session.c.jti == jti))
    return found.scalar_one_or_none() or jti


async def is_signed_in(connection: AsyncConnection, user_id: int, family: str) -> bool:
    """Whether a login still holds: one of its sessions is alive, and so is the account."""
    mine = (
        sa.select(session.c.jti)
        .join_from(session, user, user.c.id == session.c.user_id)
        .where(
            session.c.user_id == user_id,
            sa.or_(session.c.family == family, session.c.jti == family),
            session.c.revoked_at.is_(None),
            session.c.expires_at > now(),
            user.c.is_active,
        )
    )
    return (await connection.execute(mine)).first() is not None


async def providers(connection: AsyncConnection) -> Sequence[sa.Row[Any]]:
    """All stored providers by slug."""
    return (await connection.execute(sa.select(oidc_provider).order_by(_P.slug))).all()


async def find_provider(connection: AsyncConnection, slug: str) -> sa.Row[Any] | None:
    return (await connection.execute(sa.select(oidc_provider).where(_P.slug == slug))).first()


async def put_provider(connection: AsyncConnection, slug: str, **values: Any) -> bool:
    """Set a provider's columns. True when it was made now."""
    changed = sa.update(oidc_provider).where(_P.slug == slug).values(updated_at=now(), **values).returning(_P.slug)
    if (await connection.execute(changed)).first() is not None:
        return False
    await connection.execute(sa.insert(oidc_provider).values(slug=slug, created_at=now(), **values))
    return True


async def delete_provider(connection: AsyncConnection, slug: str) -> bool:
    statement = sa.delete(oidc_provider).where(_P.slug == slug).returning(_P.slug)
    return (await connection.execute(statement)).first() is not None

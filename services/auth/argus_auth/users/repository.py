"""Reading people for administrators. Every list is bounded by its page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.users.schemas import AdminUserOut
from argus_kit.clock import now
from argus_schema.auth import api_token, oauth_identity, session, user

_U = user.c
_FIELDS = [_U[name] for name in AdminUserOut.model_fields]
_SORTS = {"created": _U.id, "username": _U.username_lower, "last_login": _U.last_login}


# Of people who have not deleted their account.
_PRESENT: dict[str | None, Callable[[Any], sa.ColumnElement[bool]]] = {
    None: lambda _: sa.true(),
    "active": lambda u: u.is_active.is_(True),
    "banned": lambda u: u.is_active.is_(False),
    "locked": lambda u: u.locked_until > now(),
    "unverified": lambda u: u.email_verified.is_(False),
    "admin": lambda u: u.is_admin.is_(True),
}


class Page(NamedTuple):
    """A page of a list, and how long the list is."""

    rows: Sequence[sa.Row[Any]]
    total: int


async def page(
    connection: AsyncConnection, *, text: str, status: str | None, sort: str, limit: int, offset: int
) -> Page:
    """People who fit."""
    wanted = sa.and_(_with_status(status), _named_like(text))
    total: int = (await connection.execute(sa.select(sa.func.count()).select_from(user).where(wanted))).scalar_one()
    order = _SORTS[sort.removeprefix("-")]
    ordered = order.desc().nulls_last() if sort.startswith("-") else order.asc().nulls_last()
    rows = sa.select(*_FIELDS).where(wanted).order_by(ordered, _U.id.desc()).limit(limit).offset(offset)
    return Page((await connection.execute(rows)).all(), total)


async def find(connection: AsyncConnection, user_id: int) -> sa.Row[Any] | None:
    """One account as lists show it."""
    return (await connection.execute(sa.select(*_FIELDS).where(_U.id == user_id))).first()


async def facts(connection: AsyncConnection, user_id: int) -> dict[str, Any]:
    """What only the detail of a person tells."""
    own = sa.select(_U.password_hash, _U.password_changed_at, _U.preferred_locale).where(_U.id == user_id)
    row = (await connection.execute(own)).one()
    alive = sa.and_(session.c.user_id == user_id, session.c.revoked_at.is_(None), session.c.expires_at > now())
    seen = sa.select(sa.func.count(), sa.func.max(session.c.last_seen_at)).where(alive)
    sessions, last_seen = (await connection.execute(seen)).one()
    tokens = await _count_tokens(connection, user_id)
    linked = sa.select(oauth_identity).where(oauth_identity.c.user_id == user_id).order_by(oauth_identity.c.provider)
    identities = [dict(found) for found in (await connection.execute(linked)).mappings()]
    return {
        "has_password": row.password_hash is not None,
        "password_changed_at": row.password_changed_at,
        "preferred_locale": row.preferred_locale,
        "sessions": sessions,
        "last_seen_at": last_seen,
        "tokens": tokens.get(False, 0),
        "agents": tokens.get(True, 0),
        "identities": identities,
    }


async def other_administrators(connection: AsyncConnection, user_id: int) -> int:
    """How many administrators could log in without this person."""
    able = sa.and_(_U.is_admin.is_(True), _U.is_active.is_(True), _U.deleted_at.is_(None), _U.id != user_id)
    found: int = (await connection.execute(sa.select(sa.func.count()).select_from(user).where(able))).scalar_one()
    return found


async def _count_tokens(connection: AsyncConnection, user_id: int) -> dict[bool, int]:
    """Good tokens of a person, by whether they are an agent's."""
    token = api_token.c
    good = sa.and_(
        token.user_id == user_id,
        token.revoked_at.is_(None),
        sa.or_(token.expires_at.is_(None), token.expires_at > now()),
    )
    is_agent = (token.scope == "agent").label("is_agent")
    counts = sa.select(is_agent, sa.func.count().label("n")).where(good).group_by(is_agent)
    return {bool(row.is_agent): row.n for row in await connection.execute(counts)}


def _with_status(status: str | None) -> sa.ColumnElement[bool]:
    if status == "deleted":
        return _U.deleted_at.is_not(None)
    return sa.and_(_U.deleted_at.is_(None), _PRESENT[status](_U))


def _named_like(text: str) -> sa.ColumnElement[bool]:
    part = text.strip().lower().replace("\x00", "")
    if not part:
        return sa.true()
    return sa.or_(_U.username_lower.contains(part, autoescape=True), _U.email.contains(part, autoescape=True))

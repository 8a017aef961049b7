"""Counts what there is, and says what to act on. Nothing here is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.audit import watch
from argus_auth.config import internal, values
from argus_auth.core import AuthCore
from argus_auth.invites.service import registration_mode
from argus_auth.security.schemas import AuditStatus, Code, Finding, KeyStatus, Level, SecurityStatus
from argus_kit.clock import now
from argus_schema.auth import api_token, session, signing_key, user

UNUSED = timedelta(days=90)
_LEVELS: tuple[Level, ...] = ("bad", "warn", "note")


async def status(connection: AsyncConnection, core: AuthCore) -> SecurityStatus:
    """The state now."""
    found = SecurityStatus(
        **await _people(connection),
        **await _credentials(connection),
        registration=(await registration_mode(connection)).mode,
        https=core.platform.settings.public_url.startswith("https://"),
        config_key_given=bool(core.platform.settings.config_key.get_secret_value()),
        sends_mail=await values.sends_mail(connection),
        key=await _key(connection, core),
        audit=await _audit(connection, core),
        findings=[],
    )
    return found.model_copy(update={"findings": findings(found)})


def findings(found: SecurityStatus) -> Sequence[Finding]:
    """What to act on, the worst first."""
    return sorted(_findings(found), key=lambda finding: _LEVELS.index(finding.level))


def _findings(found: SecurityStatus) -> Iterator[Finding]:
    if found.audit.whole is False:
        yield Finding(code="audit_broken", level="bad", count=found.audit.first_broken)
    switches: list[tuple[bool, Code, Level]] = [
        (not found.https, "plain_http", "warn"),
        (not found.config_key_given, "config_key_generated", "warn"),
        (not found.sends_mail, "mail_missing", "warn"),
        (found.registration == "open", "registration_open", "note"),
        (found.administrators == 1, "one_administrator", "note"),
        (found.audit.verified_at is None, "audit_unverified", "note"),
        (not found.audit.forwarded, "syslog_missing", "note"),
    ]
    yield from (Finding(code=code, level=level) for is_so, code, level in switches if is_so)
    counts: list[tuple[int, Code, Level]] = [
        (found.locked, "locked", "warn"),
        (found.tokens_endless, "tokens_endless", "note"),
        (found.tokens_unused, "tokens_unused", "note"),
        (found.unverified, "unverified", "note"),
    ]
    yield from (Finding(code=code, level=level, count=count) for count, code, level in counts if count)


async def _people(connection: AsyncConnection) -> dict[str, int]:
    u = user.c
    counts = sa.select(
        sa.func.count().label("people"),
        _count(sa.and_(u.is_admin.is_(True), u.is_active.is_(True))).label("administrators"),
        _count(u.is_active.is_(False)).label("banned"),
        _count(u.locked_until > now()).label("locked"),
        _count(u.email_verified.is_(False)).label("unverified"),
    ).where(u.deleted_at.is_(None))
    return dict((await connection.execute(counts)).mappings().one())


async def _credentials(connection: AsyncConnection) -> dict[str, int]:
    alive = sa.and_(session.c.revoked_at.is_(None), session.c.expires_at > now())
    sessions = sa.select(sa.func.count()).select_from(session).where(alive)
    t = api_token.c
    good = sa.and_(t.revoked_at.is_(None), sa.or_(t.expires_at.is_(None), t.expires_at > now()))
    tokens = sa.select(
        sa.func.count().label("tokens"),
        _count(t.expires_at.is_(None)).label("tokens_endless"),
        _count(sa.func.coalesce(t.last_used, t.created_at) < now() - UNUSED).label("tokens_unused"),
    ).where(good, t.scope != "agent")
    counted: dict[str, Any] = dict((await connection.execute(tokens)).mappings().one())
    return {"sessions": (await connection.execute(sessions)).scalar_one(), **counted}


async def _key(connection: AsyncConnection, core: AuthCore) -> KeyStatus | None:
    k = signing_key.c
    alive = sa.or_(k.verifies_until.is_(None), k.verifies_until > now())
    rows = (await connection.execute(sa.select(signing_key).where(alive).order_by(k.created_at.desc()))).all()
    signing = next((row for row in rows if row.retired_at is None), None)
    if signing is None:
        return None
    days = core.settings.jwt_rotate_days
    rotates_at = signing.created_at + timedelta(days=days) if days else None
    return KeyStatus(kid=signing.kid, created_at=signing.created_at, rotates_at=rotates_at, verifying=len(rows))


async def _audit(connection: AsyncConnection, core: AuthCore) -> AuditStatus:
    seen = await internal.note(connection, watch.SEEN) or {}
    return AuditStatus(
        verified_at=seen.get("at"),
        whole=seen.get("whole"),
        first_broken=seen.get("first_broken"),
        forwarded=bool(core.settings.audit_syslog),
    )


def _count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

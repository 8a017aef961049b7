"""A token that somebody found where it does not belong: whoever can show it may end it, and learns nothing by that."""

from __future__ import annotations

import asyncio
from typing import Any

import sqlalchemy as sa

from argus_auth.accounts import mail
from argus_auth.accounts import repository as accounts
from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_auth.limits import neighbourhood
from argus_auth.tokens import repository
from argus_auth.work import Work
from argus_contracts.tokens import ParsedToken, parse_token
from argus_kit.credentials import secret_fits

_REPORTS_PER_HOUR = 60


async def revoke_leaked(core: AuthCore, text: str, origin: Origin) -> None:
    """End the token with this text, if it is good, and tell its owner.

    Raises:
        RateLimited: too many reports from this address (429).
    """
    await core.limit("leaked-token", neighbourhood(origin.ip), capacity=_REPORTS_PER_HOUR, per_hour=_REPORTS_PER_HOUR)
    parsed = parse_token(text.strip())
    if parsed is None:
        return
    row = await _good(core, parsed)
    if row is None:
        return
    async with core.write() as work:
        if await repository.revoke(work.connection, row.id):
            work.revoke_token(row.key_id)
            work.audit("token_leaked", row.user_id, target=("api_token", row.id), ip=origin.ip, name=row.name)
            await _tell(core, work, row)


async def _good(core: AuthCore, parsed: ParsedToken) -> sa.Row[Any] | None:
    async with core.database.read() as connection:
        row = await repository.by_key(connection, parsed.key_id)
    if row is None or row.prefix != parsed.prefix or row.revoked_at is not None:
        return None
    return row if await asyncio.to_thread(secret_fits, row.secret_hash, parsed.secret) else None


async def _tell(core: AuthCore, work: Work, row: sa.Row[Any]) -> None:
    owner = await accounts.by_id(work.connection, row.user_id)
    if owner is not None and owner.is_active:
        to = mail.Addressee(owner.email, owner.username, owner.preferred_locale)
        work.mail(
            mail.token_leaked(to, core.platform.settings.public_url, row.name, f"{row.prefix}_…{row.display_hint}")
        )

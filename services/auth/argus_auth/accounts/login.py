"""Logging in. Unknown name, wrong password and deactivated account look and take the same."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from argus_auth.accounts import repository
from argus_auth.accounts.lockout import Locked, UnknownNames, count_failure, locked_until
from argus_auth.accounts.schemas import Credentials
from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_auth.sessions.service import Opened, Wanted, open_wanted
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.clock import now
from argus_kit.errors import ArgusError


class _Verdict(NamedTuple):
    """Whether the password is right, and its hash with today's parameters if the stored one has others."""

    matches: bool
    fresh_hash: str | None = None


async def login(core: AuthCore, credentials: Credentials, origin: Origin, wanted: Wanted) -> tuple[int, Opened]:
    """Check the credentials and open a session. Returns the user's id and the session.

    Raises:
        ArgusError: auth.credentials_wrong (401), auth.locked (423), rate.limited (429).
    """
    await core.limit_login(origin.ip)
    name, password = credentials.username_or_email.strip(), credentials.password.get_secret_value()
    async with core.database.read() as connection:
        user = await repository.by_login(connection, name)
    # Outside of any transaction: this takes long, and on SQLite a writer holds up all others.
    verdict = _Verdict(await core.passwords.verify(user.password_hash if user else None, password))
    if user is not None and verdict.matches and core.passwords.is_outdated(user.password_hash):
        verdict = verdict._replace(fresh_hash=await core.passwords.hash(password))
    outcome: Opened | ArgusError
    async with core.write() as work:
        if user is None:
            outcome = await _settle_nobody(core, work, name, origin)
        else:
            outcome = await _settle(core, work, user, verdict, origin, wanted=wanted)
    # Raised only here, after the commit: the count of failures and the audit line must stay.
    if isinstance(outcome, ArgusError):
        raise outcome
    assert user is not None
    return user.id, outcome


async def _settle(
    core: AuthCore, work: Work, seen: sa.Row[Any], verdict: _Verdict, origin: Origin, *, wanted: Wanted
) -> Opened | ArgusError:
    # Read again and held: of many guesses at the same time, those after the last allowed one learn nothing.
    user = await repository.by_id(work.connection, seen.id, for_update=True)
    if user is None:
        return ArgusError(ErrorCode.AUTH_CREDENTIALS_WRONG)
    until = locked_until(user)
    if until is not None:
        work.audit("login_failed", user.id, target=("user", user.id), ip=origin.ip, reason="locked")
        return Locked(until)
    if not verdict.matches or not user.is_active or user.password_hash != seen.password_hash:
        work.audit("login_failed", user.id, target=("user", user.id), ip=origin.ip, reason="bad_credentials")
        await count_failure(work.connection, core.settings, user)
        return ArgusError(ErrorCode.AUTH_CREDENTIALS_WRONG)
    changes: dict[str, Any] = {"last_login": now(), "failed_login_count": 0, "locked_until": None}
    if verdict.fresh_hash is not None:
        changes["password_hash"] = verdict.fresh_hash
    await repository.change(work.connection, user.id, **changes)
    work.audit("login_success", user.id, target=("user", user.id), ip=origin.ip)
    return await open_wanted(core, work, user.id, origin, wanted, method="password")


async def _settle_nobody(core: AuthCore, work: Work, name: str, origin: Origin) -> ArgusError:
    nobody = UnknownNames(core.cache, core.settings)
    until = await nobody.locked_until(name)
    if until is not None:
        work.audit("login_failed", None, ip=origin.ip, reason="locked")
        return Locked(until)
    # What was typed may be a password in the wrong field, so it is not kept.
    work.audit("login_failed", None, ip=origin.ip, reason="bad_credentials")
    await nobody.count_failure(name)
    return ArgusError(ErrorCode.AUTH_CREDENTIALS_WRONG)

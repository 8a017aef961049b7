"""Logging in. Unknown name, wrong password, deactivated account and one without a password look and take the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from argus_auth.accounts import links, lockout, mail, origins, repository
from argus_auth.accounts.addresses import is_link_due
from argus_auth.accounts.schemas import Credentials
from argus_auth.config import flags
from argus_auth.core import AuthCore
from argus_auth.dependencies import Origin
from argus_auth.sessions.service import Opened, Wanted, open_wanted
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.clock import now
from argus_kit.errors import ArgusError


class _Verdict(NamedTuple):
    """Whether the password is right, and its hash with today's parameters if the stored one has others. `is_barred`:
    the address has to be proven first; `may_mail`: a link for that may be sent.
    """

    matches: bool
    fresh_hash: str | None = None
    is_barred: bool = False
    may_mail: bool = False


async def login(core: AuthCore, credentials: Credentials, origin: Origin, wanted: Wanted) -> tuple[int, Opened]:
    """Check the credentials and open a session. Returns the user's id and the session.

    Raises:
        ArgusError: auth.credentials_wrong (401), auth.locked (423), auth.email_unverified (403), rate.limited (429).
    """
    await core.limit_login(origin.ip)
    name, password = credentials.username_or_email.strip(), credentials.password.get_secret_value()
    async with core.database.read() as connection:
        user = await repository.by_login(connection, name)
        must_verify = await flags.is_on(connection, "email_verification_required")
    await core.limit_guesses(user.id if user else f"name:{_as_found(name)}")
    # Outside of any transaction: this takes long, and on SQLite a writer holds up all others.
    verdict = await _judge(core, user, password, must_verify=must_verify)
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


async def _judge(core: AuthCore, user: sa.Row[Any] | None, password: str, *, must_verify: bool) -> _Verdict:
    if not await core.passwords.verify(user.password_hash if user else None, password):
        return _Verdict(matches=False)
    assert user is not None
    fresh_hash = await core.passwords.hash(password) if core.passwords.is_outdated(user.password_hash) else None
    # Administrators are let in: somebody has to be able to set up the mail server, or to lift the rule.
    if not must_verify or user.email_verified or user.is_admin:
        return _Verdict(matches=True, fresh_hash=fresh_hash)
    return _Verdict(True, fresh_hash, is_barred=True, may_mail=await is_link_due(core, user.id))


async def _settle(
    core: AuthCore, work: Work, seen: sa.Row[Any], verdict: _Verdict, origin: Origin, *, wanted: Wanted
) -> Opened | ArgusError:
    # Read again and held: of many guesses at the same time, those after the last allowed one learn nothing.
    user = await repository.by_id(work.connection, seen.id, for_update=True)
    if user is None:
        return ArgusError(ErrorCode.AUTH_CREDENTIALS_WRONG)
    until = lockout.locked_until(user)
    if until is not None:
        work.audit("login_failed", user.id, target=("user", user.id), ip=origin.ip, reason="locked")
        return lockout.Locked(until)
    if not verdict.matches or not user.is_active or user.password_hash != seen.password_hash:
        work.audit("login_failed", user.id, target=("user", user.id), ip=origin.ip, reason="bad_credentials")
        await lockout.count_failure(work.connection, core.settings, user)
        return ArgusError(ErrorCode.AUTH_CREDENTIALS_WRONG)
    if verdict.is_barred and not user.email_verified:
        return await _bar(core, work, user, origin, may_mail=verdict.may_mail)
    changes: dict[str, Any] = {"last_login": now(), "failed_login_count": 0, "locked_until": None}
    if verdict.fresh_hash is not None:
        changes["password_hash"] = verdict.fresh_hash
    await repository.change(work.connection, user.id, **changes)
    work.audit("login_success", user.id, target=("user", user.id), ip=origin.ip)
    await _note_place(core, work, user, origin)
    return await open_wanted(core, work, user.id, origin, wanted, method="password")


async def _bar(core: AuthCore, work: Work, user: sa.Row[Any], origin: Origin, *, may_mail: bool) -> ArgusError:
    work.audit("login_failed", user.id, target=("user", user.id), ip=origin.ip, reason="email_unverified")
    if may_mail:
        hours = core.settings.email_verify_ttl_hours
        token = await links.issue(work.connection, user.id, links.VERIFY_EMAIL, timedelta(hours=hours))
        work.mail(mail.verify_email(_addressee(user), core.platform.settings.public_url, token, hours))
    return ArgusError(ErrorCode.AUTH_EMAIL_UNVERIFIED, details={"link_sent": may_mail})


async def _note_place(core: AuthCore, work: Work, user: sa.Row[Any], origin: Origin) -> None:
    is_new = await origins.note(work.connection, user.id, origin)
    if is_new and core.settings.alerts_anomalous_login_enabled:
        base_url = core.platform.settings.public_url
        work.mail(mail.new_login(_addressee(user), base_url, now(), origin.ip, origin.user_agent))


async def _settle_nobody(core: AuthCore, work: Work, name: str, origin: Origin) -> ArgusError:
    held = await lockout.hold_name(work.connection, _as_found(name))
    until = lockout.locked_until(held)
    if until is not None:
        work.audit("login_failed", None, ip=origin.ip, reason="locked")
        return lockout.Locked(until)
    work.audit("login_failed", None, ip=origin.ip, reason="bad_credentials")
    await lockout.count_name(work.connection, core.settings, held)
    return ArgusError(ErrorCode.AUTH_CREDENTIALS_WRONG)


def _as_found(name: str) -> str:
    """The name as `by_login` looks for it: two spellings count as one where they could be one account, and only there,
    else their count would tell whether there is one.
    """
    return name.lower() if "@" in name else name


def _addressee(user: sa.Row[Any]) -> mail.Addressee:
    return mail.Addressee(user.email, user.username, user.preferred_locale)

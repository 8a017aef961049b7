"""What `argus-server admin` does without a browser: for the first administrator, and for when nobody can log in.

It writes to the database beside a running server. What is audited here names no person: whoever holds the database did
it. A running server hears of a change within 30 seconds, when it asks the database again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth import strength
from argus_auth.accounts import links, repository
from argus_auth.accounts.schemas import Registration
from argus_auth.audit import chain
from argus_auth.dependencies import Origin
from argus_auth.keys.service import replace_key
from argus_auth.locking import SIGNING_KEY, take_turn
from argus_auth.passwords import Passwords
from argus_auth.sessions import service as sessions
from argus_auth.settings import AuthSettings
from argus_auth.users import service as people
from argus_auth.users.repository import page
from argus_auth.users.service import By
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.errors import ArgusError
from argus_kit.outbox import Transaction
from argus_kit.secretbox import SecretBox

_LINK_TTL: Final = timedelta(hours=24)
_LISTED: Final = 1000


class _Terminal(By):
    """The command line: no person, no address."""

    def audit(self, work: Work, action: str, user_id: int, **metadata: Any) -> None:
        """Write it down."""
        super().audit(work, action, user_id, by="command line", **metadata)


_BY: Final = _Terminal(None, Origin(None, None))


async def create_admin(database: Database, username: str, email: str, password: str) -> int:
    """Open an administrator's account and return its id. The address counts as verified.

    Raises:
        ArgusError: auth.username_taken, auth.email_taken, auth.password_weak, or request.invalid with a sentence that
            says what is wrong.
    """
    wanted = _registration(username, email, password)
    settings, plain = AuthSettings(), wanted.password.get_secret_value()
    await strength.require(plain, (username, email), least=settings.auth_password_min_score, field="password")
    password_hash = await Passwords(settings).hash(plain)
    async with _working(database) as work:
        if await repository.is_username_taken(work.connection, wanted.username):
            raise ArgusError(ErrorCode.AUTH_USERNAME_TAKEN)
        if await repository.by_email(work.connection, wanted.email) is not None:
            raise ArgusError(ErrorCode.AUTH_EMAIL_TAKEN)
        user_id = await repository.add(
            work.connection,
            username=wanted.username,
            email=wanted.email,
            password_hash=password_hash,
            is_admin=True,
            email_verified=True,
            created_at=now(),
            password_changed_at=now(),
        )
        _BY.audit(work, "register", user_id, is_admin=True)
    return user_id


async def rotate_signing_key(database: Database, box: SecretBox) -> str:
    """Make a new key that signs sessions, and return its id. This is also the way out when the old one cannot be read
    any more, because ARGUS_CONFIG_KEY was lost: sessions that are open stay good for the grace time.
    """
    async with _working(database) as work:
        await take_turn(work.connection, SIGNING_KEY)
        kid = await replace_key(work, box, AuthSettings())
        work.audit("jwt_rotate", None, target=("system", kid), by="command line")
        return kid


async def promote(database: Database, name: str) -> None:
    """Make a person an administrator.

    Raises:
        ArgusError: user.not_found, user.inactive.
    """
    async with _working(database) as work:
        await people.promote(work, _BY, (await _named(work.connection, name)).id)


async def demote(database: Database, name: str) -> None:
    """Make an administrator an ordinary person.

    Raises:
        ArgusError: user.not_found, user.last_admin.
    """
    async with _working(database) as work:
        await people.demote(work, _BY, (await _named(work.connection, name)).id)


async def unlock(database: Database, name: str) -> None:
    """Lift a lock and a ban.

    Raises:
        ArgusError: user.not_found.
    """
    async with _working(database) as work:
        await people.unban(work, _BY, (await _named(work.connection, name)).id)


async def reset_password(database: Database, name: str, base_url: str) -> str:
    """End a person's password and sessions, and return a link that sets a new one, once, within a day.

    Raises:
        ArgusError: user.not_found.
    """
    async with _working(database) as work:
        user = await _named(work.connection, name)
        changes = {"password_hash": None, "failed_login_count": 0, "locked_until": None}
        await repository.change(work.connection, user.id, **changes)
        ended = await sessions.revoke_all(work, user.id)
        await links.end(work.connection, user.id, links.CHANGE_EMAIL)
        token = await links.issue(work.connection, user.id, links.RESET_PASSWORD, _LINK_TTL, handed="yes")
        _BY.audit(work, "user_password_reset", user.id, sessions_ended=ended, handed_over="link")
    return f"{base_url}/reset-password?token={token}"


async def list_admins(database: Database) -> Sequence[sa.Row[Any]]:
    """The administrators, by name."""
    async with database.read() as connection:
        found = await page(connection, text="", status="admin", sort="username", limit=_LISTED, offset=0)
    return found.rows


async def has_accounts(database: Database) -> bool:
    """Whether anybody has an account."""
    async with database.read() as connection:
        return not await repository.is_empty(connection)


@asynccontextmanager
async def _working(database: Database) -> AsyncIterator[Work]:
    async with database.write() as connection:
        work = Work(Transaction(connection))
        yield work
        await chain.append(connection, work.entries)


async def _named(connection: AsyncConnection, name: str) -> sa.Row[Any]:
    user = await repository.by_login(connection, name.strip())
    if user is None or user.deleted_at is not None:
        raise ArgusError(ErrorCode.USER_NOT_FOUND, f"There is no account with the name or address {name}.")
    return user


def _registration(username: str, email: str, password: str) -> Registration:
    try:
        return Registration.model_validate({"username": username, "email": email, "password": password})
    except ValidationError as error:
        # Not the error itself: it would show the password.
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ArgusError(ErrorCode.REQUEST_INVALID, f"{field}: {first['msg']}") from None

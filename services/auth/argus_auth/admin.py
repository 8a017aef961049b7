"""Making an administrator without a browser, for `argus-server admin create`."""

from __future__ import annotations

from pydantic import ValidationError

from argus_auth.accounts import repository
from argus_auth.accounts.schemas import Registration
from argus_auth.audit import chain
from argus_auth.passwords import Passwords
from argus_auth.settings import AuthSettings
from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.errors import ArgusError


async def create_admin(database: Database, username: str, email: str, password: str) -> int:
    """Open an administrator's account and return its id. The address counts as verified.

    Raises:
        ArgusError: auth.username_taken, auth.email_taken, or request.invalid with a sentence that says what is wrong.
    """
    try:
        wanted = Registration.model_validate({"username": username, "email": email, "password": password})
    except ValidationError as error:
        # Not the error itself: it would show the password.
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ArgusError(ErrorCode.REQUEST_INVALID, f"{field}: {first['msg']}") from None
    password_hash = await Passwords(AuthSettings()).hash(wanted.password.get_secret_value())
    async with database.write() as connection:
        if await repository.is_username_taken(connection, wanted.username):
            raise ArgusError(ErrorCode.AUTH_USERNAME_TAKEN)
        if await repository.by_email(connection, wanted.email) is not None:
            raise ArgusError(ErrorCode.AUTH_EMAIL_TAKEN)
        user_id = await repository.add(
            connection,
            username=wanted.username,
            email=wanted.email,
            password_hash=password_hash,
            is_admin=True,
            email_verified=True,
            created_at=now(),
            password_changed_at=now(),
        )
        entry = wire.AuditEntry(
            action="register",
            user_id=user_id,
            target_type="user",
            target_id=str(user_id),
            metadata={"is_admin": True, "by": "command line"},
            at=now(),
        )
        await chain.append(connection, [entry])
    return user_id

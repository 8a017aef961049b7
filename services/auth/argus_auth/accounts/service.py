"""A person's own view of the account."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.accounts import repository
from argus_auth.accounts.schemas import Preferences, PreferencesPatch, TokenResponse, UserOut
from argus_auth.work import Work
from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError


async def me(connection: AsyncConnection, user_id: int) -> UserOut:
    """The account.

    Raises:
        ArgusError: user.not_found (404).
    """
    user = await _require(connection, user_id)
    return UserOut(
        id=user.id,
        username=user.username,
        email=user.email,
        is_admin=user.is_admin,
        email_verified=user.email_verified,
        is_active=user.is_active,
        created_at=user.created_at,
        last_login=user.last_login,
        github_login=user.github_login,
        has_password=user.password_hash is not None,
        hide_demo=user.hide_demo,
    )


async def token_response(connection: AsyncConnection, user_id: int, credential: str, expires_in: int) -> TokenResponse:
    """What login and refresh answer. `expires_in` is in seconds."""
    return TokenResponse(access_token=credential, expires_in=expires_in, user=await me(connection, user_id))


async def preferences(connection: AsyncConnection, user_id: int) -> Preferences:
    """What the person likes."""
    user = await _require(connection, user_id)
    return Preferences(hide_demo=user.hide_demo, preferred_locale=user.preferred_locale)


async def change_preferences(work: Work, user_id: int, patch: PreferencesPatch) -> Preferences:
    """Change what was given, and return all."""
    changes = patch.model_dump(exclude_none=True)
    if changes:
        await repository.change(work.connection, user_id, **changes)
    return await preferences(work.connection, user_id)


async def _require(connection: AsyncConnection, user_id: int) -> sa.Row[Any]:
    user = await repository.by_id(connection, user_id)
    if user is None:
        raise ArgusError(ErrorCode.USER_NOT_FOUND)
    return user

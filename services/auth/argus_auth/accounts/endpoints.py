"""Registration, login, passwords, mail links, preferences."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from argus_auth import strength
from argus_auth.accounts import addresses, recovery, registration, service
from argus_auth.accounts import login as logins
from argus_auth.accounts.schemas import (
    Credentials,
    EmailChange,
    EmailVerification,
    PasswordChange,
    PasswordReset,
    PasswordResetRequest,
    PasswordStrength,
    PasswordToJudge,
    PendingEmail,
    Preferences,
    PreferencesPatch,
    Registered,
    Registration,
    Sent,
    TokenResponse,
    UserOut,
)
from argus_auth.dependencies import Core, From, Writing
from argus_auth.limits import neighbourhood
from argus_auth.sessions.cookies import Browser
from argus_auth.sessions.schemas import Done
from argus_kit.platform import Reading
from argus_kit.policy import PUBLIC, MayChangeAccount, MayReadAccount, MayReadSelf, MaySecureAccount
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api", tags=["auth"])

# A minute from one address: somebody who types, in an office of such.
_JUDGED = 300


@router.post("/auth/register", status_code=201, dependencies=[PUBLIC])
async def register_user(body: Registration, core: Core, origin: From) -> Registered:
    """Open an account; the first one ever is the administrator's."""
    return Registered(user_id=await registration.register(core, body, origin))


@router.post("/auth/login", dependencies=[PUBLIC])
async def login(body: Credentials, core: Core, origin: From, browser: Browser) -> TokenResponse:
    """Open a session by user name or email address. A browser that keeps it in a cookie sends `X-Argus-Session`."""
    user_id, opened = await logins.login(core, body, origin, browser.wanted)
    if opened.refresh_token is not None:
        browser.put(opened.refresh_token)
    async with core.database.read() as connection:
        return await service.token_response(connection, user_id, opened.access_token, opened.expires_in)


@router.post("/auth/password-strength", dependencies=[PUBLIC])
async def judge_password(body: PasswordToJudge, core: Core, origin: From) -> PasswordStrength:
    """How easy a password would be to guess, for the form in which it is chosen. Nothing is kept."""
    await core.limit("strength", neighbourhood(origin.ip), capacity=_JUDGED, per_hour=_JUDGED * 60)
    found = await strength.estimate(body.password.get_secret_value(), (body.username, body.email))
    return PasswordStrength(score=found.score, least=core.settings.auth_password_min_score, hints=found.hints)


@router.get("/auth/me")
async def get_me(actor: MayReadSelf, connection: Reading) -> UserOut:
    """The caller's account."""
    return await service.me(connection, actor.user_id)


@router.post("/auth/change-password")
async def change_password(body: PasswordChange, core: Core, actor: MaySecureAccount, origin: From) -> Done:
    """Set a new password; ends all other sessions."""
    await recovery.change_password(core, actor, body, origin)
    return Done(detail="password-updated")


@router.post("/auth/verify-email", dependencies=[PUBLIC])
async def verify_email(body: EmailVerification, core: Core, origin: From) -> Done:
    """Prove an address by a mailed link."""
    await recovery.verify_email(core, body.token.get_secret_value(), origin)
    return Done(detail="verified")


@router.post("/auth/change-email")
async def change_email(body: EmailChange, core: Core, actor: MaySecureAccount, origin: From) -> Done:
    """Mail a link to the new address; until it is confirmed the old one stays."""
    await addresses.request_change(core, actor, body, origin)
    return Done(detail="email-change-requested")


@router.get("/auth/verify-new-email", dependencies=[PUBLIC])
async def follow_new_email_link(
    core: Core, origin: From, token: Annotated[str, Query(min_length=8, max_length=256)], look: bool = False
) -> PendingEmail | Done:
    """Prove the new address by a mailed link. With `look` it only tells what the link would do, which is what a page
    asks before somebody clicks: scanners of mail open pages.
    """
    if look:
        return PendingEmail(new_email=await addresses.pending_change(core, token, origin))
    await addresses.confirm_change(core, token, origin)
    return Done(detail="email-changed")


@router.post("/auth/verify-new-email", dependencies=[PUBLIC])
async def verify_new_email(body: EmailVerification, core: Core, origin: From) -> Done:
    """Prove the new address by a mailed link; it takes the place of the old."""
    await addresses.confirm_change(core, body.token.get_secret_value(), origin)
    return Done(detail="email-changed")


@router.post("/me/resend_verification")
async def resend_verification(core: Core, actor: MayChangeAccount, origin: From) -> Sent:
    """Mail the link that verifies the caller's address once more."""
    await addresses.resend_verification(core, actor, origin)
    return Sent()


@router.post("/auth/request-password-reset", dependencies=[PUBLIC])
async def request_password_reset(body: PasswordResetRequest, core: Core, origin: From) -> Done:
    """Mail a link that sets a new password. The answer is the same for every address."""
    await recovery.request_reset(core, body.email, origin)
    return Done(detail="ok")


@router.post("/auth/reset-password", dependencies=[PUBLIC])
async def reset_password(body: PasswordReset, core: Core, origin: From) -> Done:
    """Set a new password by a mailed link; ends all sessions."""
    await recovery.reset_password(core, body, origin)
    return Done(detail="password-updated")


@router.get("/users/me/preferences")
async def get_preferences(actor: MayReadAccount, connection: Reading) -> Preferences:
    """What the caller likes."""
    return await service.preferences(connection, actor.user_id)


@router.patch("/users/me/preferences")
async def update_preferences(body: PreferencesPatch, actor: MayChangeAccount, work: Writing) -> Preferences:
    """Change what is given."""
    return await service.change_preferences(work, actor.user_id, body)

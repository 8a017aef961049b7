"""People on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from argus_auth.fields import Email, Moment, NewPassword, Printable, Secret, Username, printable

OneTimeText = Annotated[Secret, Field(min_length=8, max_length=256)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Registration(_Request):
    """A new account. `invite_code` counts where registration is by invite only."""

    username: Username
    email: Email
    password: NewPassword
    invite_code: str | None = Field(None, max_length=256)


class Registered(BaseModel):
    """The account exists; its address should be verified, but need not be."""

    user_id: int
    require_verify: bool = True


class Credentials(BaseModel):
    """User name or email address, and password."""

    username_or_email: Annotated[str, Field(min_length=1, max_length=254), AfterValidator(printable)]
    password: Annotated[Secret, Field(min_length=1, max_length=1024)]


class UserOut(BaseModel):
    """A person, as they see themselves."""

    id: int
    username: str
    email: str
    is_admin: bool
    email_verified: bool
    is_active: bool
    created_at: Moment
    last_login: Moment | None
    github_login: str | None
    has_password: bool
    hide_demo: bool


class TokenResponse(BaseModel):
    """A session. `expires_in` is in seconds."""

    access_token: str
    token_type: str = "bearer"
    expires_in: int
    user: UserOut


class PasswordChange(BaseModel):
    """The old and the new password."""

    current_password: Annotated[Secret, Field(min_length=1, max_length=256)]
    new_password: NewPassword


class PasswordToJudge(_Request):
    """A password that is being chosen, and what a guesser would know of the person."""

    password: Annotated[Secret, Field(min_length=1, max_length=256)]
    username: Annotated[Printable, Field(max_length=32)] = ""
    email: Annotated[Printable, Field(max_length=254)] = ""


class PasswordStrength(BaseModel):
    """zxcvbn's score from 0 (guessed at once) to 4, the least that is asked for, and codes of hints."""

    score: int
    least: int
    hints: Sequence[str]


class EmailChange(_Request):
    """The new address, and the password that proves who asks."""

    new_email: Email
    current_password: Annotated[Secret, Field(min_length=1, max_length=256)]


class PendingEmail(BaseModel):
    """What a link would do once it is confirmed."""

    ok: bool = True
    detail: str = "confirm"
    new_email: str


class EmailVerification(BaseModel):
    """The token from a mailed link."""

    token: OneTimeText


class Sent(BaseModel):
    """The mail is on its way."""

    ok: bool = True
    detail: None = None


class PasswordResetRequest(BaseModel):
    """Where to mail the link."""

    email: Email


class PasswordReset(BaseModel):
    """The token from a mailed link, and the new password."""

    token: OneTimeText
    new_password: NewPassword


class Preferences(BaseModel):
    """What a person likes."""

    hide_demo: bool
    preferred_locale: str


class PreferencesPatch(_Request):
    """What is to change; what is left out or null stays."""

    hide_demo: bool | None = None
    preferred_locale: Annotated[str, Field(pattern=r"^[a-z]{2}-[A-Z]{2}$")] | None = None

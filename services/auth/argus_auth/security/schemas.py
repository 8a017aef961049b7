"""The state of security on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from argus_auth.fields import Moment
from argus_auth.invites.schemas import Mode

Code = Literal[
    "audit_broken",
    "audit_unverified",
    "config_key_generated",
    "locked",
    "mail_missing",
    "one_administrator",
    "plain_http",
    "registration_open",
    "syslog_missing",
    "tokens_endless",
    "tokens_unused",
    "unverified",
]
Level = Literal["bad", "warn", "note"]


class Finding(BaseModel):
    """Something to act on: `bad` now, `warn` soon, `note` when one has time. `count`: how many there are."""

    code: Code
    level: Level
    count: int | None = None


class KeyStatus(BaseModel):
    """The key that signs sessions now; `rotates_at` is null where keys are only rotated by hand."""

    kid: str
    created_at: Moment
    rotates_at: Moment | None
    verifying: int


class AuditStatus(BaseModel):
    """When the audit log's chain was last looked at, and what was found; null: never. Whether a copy goes to syslog."""

    verified_at: str | None
    whole: bool | None
    first_broken: int | None
    forwarded: bool


class SecurityStatus(BaseModel):
    """Counts and switches, and from them what there is to do, the worst first."""

    people: int
    administrators: int
    banned: int
    locked: int
    unverified: int
    sessions: int
    tokens: int
    tokens_endless: int
    tokens_unused: int
    registration: Mode
    https: bool
    config_key_given: bool
    sends_mail: bool
    key: KeyStatus | None
    audit: AuditStatus
    findings: list[Finding]

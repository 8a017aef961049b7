"""Which settings can be changed at run time: their types, defaults, environment fallbacks, and which are secret."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError

FLAGS: Final = "feature_flags"

Check = Callable[[Any], str | None]
"""Returns what is wrong with a value, or None."""


def boolean(value: Any) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else "must be true or false"


def text(longest: int = 1024) -> Check:
    """A text without control characters."""

    def check(value: Any) -> str | None:
        if not isinstance(value, str) or len(value) > longest:
            return f"must be a text of at most {longest} characters"
        return "must not hold control characters" if any(ord(c) < 32 or ord(c) == 127 for c in value) else None

    return check


def whole(least: int, most: int) -> Check:
    """A whole number within bounds."""

    def check(value: Any) -> str | None:
        fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return None if fits else f"must be a whole number from {least} to {most}"

    return check


class Setting(NamedTuple):
    """One known setting. `env` names the variables that speak when the database is silent, the first one set wins."""

    default: Any
    check: Check
    env: tuple[str, ...] = ()
    is_secret: bool = False


_DAYS: Final = whole(0, 36_500)

CATALOGUE: Final[dict[str, dict[str, Setting]]] = {
    "oauth": {
        "github_enabled": Setting(False, boolean, ("ARGUS_GITHUB_OAUTH_ENABLED",)),
        "github_client_id": Setting("", text(), ("ARGUS_GITHUB_CLIENT_ID", "ARGUS_GITHUB_OAUTH_CLIENT_ID")),
        "github_client_secret": Setting(
            "", text(), ("ARGUS_GITHUB_CLIENT_SECRET", "ARGUS_GITHUB_OAUTH_CLIENT_SECRET"), is_secret=True
        ),
        "github_callback": Setting("", text(2048)),
    },
    "smtp": {
        "host": Setting("", text(253), ("ARGUS_SMTP_HOST",)),
        "port": Setting(587, whole(1, 65_535), ("ARGUS_SMTP_PORT",)),
        "user": Setting("", text(), ("ARGUS_SMTP_USER",)),
        "password": Setting("", text(), ("ARGUS_SMTP_PASS",), is_secret=True),
        "from": Setting("noreply@argus.local", text(320), ("ARGUS_SMTP_FROM",)),
        "use_tls": Setting(True, boolean, ("ARGUS_SMTP_USE_TLS",)),
    },
    "retention": {
        "snapshot_days": Setting(7, _DAYS, ("ARGUS_RETENTION_SNAPSHOT_DAYS",)),
        "log_line_days": Setting(14, _DAYS, ("ARGUS_RETENTION_LOG_LINE_DAYS",)),
        "job_epoch_days": Setting(30, _DAYS, ("ARGUS_RETENTION_JOB_EPOCH_DAYS",)),
        "event_other_days": Setting(90, _DAYS, ("ARGUS_RETENTION_EVENT_OTHER_DAYS",)),
        "demo_data_days": Setting(1, _DAYS, ("ARGUS_RETENTION_DEMO_DATA_DAYS",)),
        "deleted_days": Setting(7, _DAYS, ("ARGUS_RETENTION_DELETED_DAYS",)),
        "artifact_days": Setting(0, _DAYS, ("ARGUS_RETENTION_ARTIFACT_DAYS",)),
    },
    FLAGS: {
        "registration_open": Setting(True, boolean),
        "registration_by_invite": Setting(False, boolean),
        "stalled_threshold_sec": Setting(300, whole(10, 604_800)),
        "email_verification_required": Setting(False, boolean),
    },
    "demo": {"enabled": Setting(False, boolean)},
}


def group_of(group: str) -> dict[str, Setting]:
    """The known settings of a group.

    Raises:
        ArgusError: config.group_unknown (404).
    """
    if group not in CATALOGUE:
        raise ArgusError(ErrorCode.CONFIG_GROUP_UNKNOWN)
    return CATALOGUE[group]


def from_environment(setting: Setting) -> Any:
    """What the environment says; None when it says nothing usable."""
    for name in setting.env:
        raw = os.environ.get(name, "").strip()
        if raw and (value := _read(raw, setting.default)) is not None and setting.check(value) is None:
            return value
    return None


def _read(raw: str, like: Any) -> Any:
    if isinstance(like, bool):
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(raw.lower())
    if isinstance(like, int):
        return int(raw) if raw.isdecimal() else None
    return raw

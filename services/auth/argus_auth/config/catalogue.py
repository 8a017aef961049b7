"""Which settings can be changed at run time: their types, defaults, environment fallbacks, and which are secret."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

from argus_contracts.errors import ErrorCode
from argus_kit.environment import secret_text
from argus_kit.errors import ArgusError

FLAGS: Final = "feature_flags"

Kind = Literal["boolean", "text", "number", "decimal"]
Check = Callable[[Any], str | None]
"""Returns what is wrong with a value, or None."""


class Rule(NamedTuple):
    """What a value must be; bounds are of a number, or of a text's length."""

    kind: Kind
    check: Check
    least: int | None = None
    most: int | None = None


def _is_boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


boolean: Final = Rule("boolean", _is_boolean)
"""True or false."""


def text(longest: int = 1024, pattern: str = "", wanted: str = "") -> Rule:
    """A text without control characters; empty, or as `pattern` says and `wanted` tells people."""

    def check(value: Any) -> str | None:
        if not isinstance(value, str) or len(value) > longest:
            return f"must be a text of at most {longest} characters"
        if any(ord(c) < 32 or ord(c) == 127 for c in value):
            return "must not hold control characters"
        return f"must be {wanted}" if value and pattern and re.fullmatch(pattern, value) is None else None

    return Rule("text", check, 0, longest)


def whole(least: int, most: int) -> Rule:
    """A whole number within bounds."""

    def check(value: Any) -> str | None:
        fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return None if fits else f"must be a whole number from {least} to {most}"

    return Rule("number", check, least, most)


def decimal(least: int, most: int) -> Rule:
    """A number within bounds, whole or not."""

    def check(value: Any) -> str | None:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
        return None if fits else f"must be a number from {least} to {most}"

    return Rule("decimal", check, least, most)


def above_zero(most: int) -> Rule:
    """A number above zero."""
    within = decimal(0, most)

    def check(value: Any) -> str | None:
        return within.check(value) or (None if value > 0 else "must be above 0")

    return Rule("decimal", check, 0, most)


class Setting(NamedTuple):
    """One known setting. `env` names the variables that speak when the database is silent, the first one set wins."""

    default: Any
    rule: Rule
    env: tuple[str, ...] = ()
    is_secret: bool = False


_HOST: Final = text(253, r"[A-Za-z0-9._:-]+", "a host name or an address, without a scheme or a port")
_ADDRESS: Final = text(254, r"[^\s@<>]+@[^\s@<>]+", "an email address such as argus@example.org")
_LINK: Final = text(2048, r"https?://[^\s/]+(/\S*)?", "an address that begins with https:// or http://")
_DAYS: Final = whole(0, 36_500)

CATALOGUE: Final[dict[str, dict[str, Setting]]] = {
    "oauth": {
        "github_enabled": Setting(False, boolean, ("ARGUS_GITHUB_OAUTH_ENABLED",)),
        "github_client_id": Setting("", text(), ("ARGUS_GITHUB_CLIENT_ID", "ARGUS_GITHUB_OAUTH_CLIENT_ID")),
        "github_client_secret": Setting(
            "", text(), ("ARGUS_GITHUB_CLIENT_SECRET", "ARGUS_GITHUB_OAUTH_CLIENT_SECRET"), is_secret=True
        ),
        "github_callback": Setting("", _LINK),
    },
    "smtp": {
        "host": Setting("", _HOST, ("ARGUS_SMTP_HOST",)),
        "port": Setting(587, whole(1, 65_535), ("ARGUS_SMTP_PORT",)),
        "user": Setting("", text(), ("ARGUS_SMTP_USER",)),
        "password": Setting("", text(), ("ARGUS_SMTP_PASS",), is_secret=True),
        "from": Setting("noreply@argus.local", _ADDRESS, ("ARGUS_SMTP_FROM",)),
        "from_name": Setting("Argus", text(100), ("ARGUS_SMTP_FROM_NAME",)),
        "use_tls": Setting(True, boolean, ("ARGUS_SMTP_USE_TLS",)),
        "use_ssl": Setting(False, boolean, ("ARGUS_SMTP_USE_SSL",)),
        # Off: no mail leaves, and what else is set stays.
        "enabled": Setting(True, boolean),
    },
    "retention": {
        "snapshot_days": Setting(7, _DAYS, ("ARGUS_RETENTION_SNAPSHOT_DAYS",)),
        "log_line_days": Setting(14, _DAYS, ("ARGUS_RETENTION_LOG_LINE_DAYS",)),
        "job_epoch_days": Setting(30, _DAYS, ("ARGUS_RETENTION_JOB_EPOCH_DAYS",)),
        "event_other_days": Setting(90, _DAYS, ("ARGUS_RETENTION_EVENT_OTHER_DAYS",)),
        "demo_data_days": Setting(1, _DAYS, ("ARGUS_RETENTION_DEMO_DATA_DAYS",)),
        "deleted_days": Setting(7, _DAYS, ("ARGUS_RETENTION_DELETED_DAYS",)),
        "artifact_days": Setting(0, _DAYS, ("ARGUS_RETENTION_ARTIFACT_DAYS",)),
        "sweep_minutes": Setting(60, whole(0, 10_080), ("ARGUS_RETENTION_SWEEP_MINUTES",)),
    },
    "watchdogs": {
        "enabled": Setting(True, boolean, ("ARGUS_WATCHDOG_ENABLED",)),
        "divergence_ratio": Setting(2.0, decimal(1, 1_000_000), ("ARGUS_DIVERGENCE_RATIO",)),
        "divergence_window": Setting(3, whole(2, 20), ("ARGUS_DIVERGENCE_WINDOW",)),
        "idle_minutes": Setting(10.0, above_zero(10_080), ("ARGUS_IDLE_JOB_THRESHOLD_MIN",)),
        "idle_below_pct": Setting(5.0, above_zero(100), ("ARGUS_IDLE_GPU_PCT",)),
        "stall_minutes": Setting(15.0, above_zero(10_080), ("ARGUS_STALL_TIMEOUT_MIN",)),
        "gpu_hot_c": Setting(90.0, decimal(30, 150), ("ARGUS_GPU_HOT_C",)),
        "gpu_hot_minutes": Setting(3.0, above_zero(1440), ("ARGUS_GPU_HOT_MIN",)),
        "disk_free_pct": Setting(5.0, decimal(0, 50), ("ARGUS_DISK_FREE_PCT",)),
        "host_offline_minutes": Setting(5.0, above_zero(1440), ("ARGUS_HOST_OFFLINE_MIN",)),
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
        raw = secret_text(name) if setting.is_secret else os.environ.get(name, "").strip()
        if raw and (value := _read(raw, setting.default)) is not None and setting.rule.check(value) is None:
            return value
    return None


def _read(raw: str, like: Any) -> Any:
    if isinstance(like, bool):
        return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(raw.lower())
    if isinstance(like, int):
        return int(raw) if raw.isdecimal() else None
    if isinstance(like, float):
        return _decimal(raw)
    return raw


def _decimal(raw: str) -> float | None:
    try:
        return float(raw)
    except ValueError:
        return None

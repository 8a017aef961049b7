"""What must not be left as a laptop has it where `ARGUS_ENV=prod`: nothing starts until it is put right."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from argus_kit.addresses import parse_allow
from argus_kit.settings import Settings

_LEAST_KEY = 32
_MAILERS = frozenset({"standalone", "notifier", "notifier-worker"})


class UnsafeSettingsError(Exception):
    """A setting is not safe in production; the message names each one, and says what to do."""


def require_safe(settings: Settings, process: str, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse to start in production with settings that are not safe there.

    Args:
        settings: what the process was told.
        process: its name; not each needs everything.
        environment: where the settings of single services stand.

    Raises:
        UnsafeSettingsError: see `problems`.
    """
    found = list(problems(settings, process, environment)) if settings.env == "prod" else []
    if found:
        raise UnsafeSettingsError("ARGUS_ENV is prod, and these settings are not safe there:\n- " + "\n- ".join(found))


def problems(settings: Settings, process: str, environment: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each setting that production cannot take."""
    key = settings.config_key.get_secret_value()
    if len(key) < _LEAST_KEY or len(set(key)) < 8:
        yield (
            f"ARGUS_CONFIG_KEY must be at least {_LEAST_KEY} random characters: it encrypts stored secrets and the "
            "keys that sign sessions. `openssl rand -hex 32` makes one; keep a copy outside of this machine."
        )
    if not settings.base_url.startswith("https://"):
        yield "ARGUS_BASE_URL must be the https:// address that people use: links in mails and cookies depend on it."
    # Behind a gateway in a network of their own, services may believe whoever reaches them.
    if process == "standalone" and "*" in settings.trusted_proxies:
        yield "ARGUS_TRUSTED_PROXIES must name the gateway's addresses: with * anybody may claim any address."
    if any(not origin.startswith("https://") for origin in settings.allowed_origins[1:]):
        yield "ARGUS_CORS_ORIGINS may hold https:// origins only."
    if any(not isinstance(entry, str) and entry.prefixlen == 0 for entry in parse_allow(settings.outbound_allow)):
        yield "ARGUS_OUTBOUND_ALLOW must not allow every address: name the hosts and networks that are needed."
    if process in _MAILERS and not environment.get("ARGUS_SMTP_HOST"):
        yield "ARGUS_SMTP_HOST is missing: nobody could verify an address or reset a password."

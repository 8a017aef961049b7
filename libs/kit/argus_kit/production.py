"""What must not be left as a laptop has it where `ARGUS_ENV=prod`: nothing starts until it is put right."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from argus_kit.addresses import parse_allow
from argus_kit.settings import Settings

_LEAST_KEY = 32


class UnsafeSettingsError(Exception):
    """A setting is not safe in production; the message names each one, and says what to do."""


def require_safe(settings: Settings, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse to start in production with settings that are not safe there.

    Raises:
        UnsafeSettingsError: see `problems`.
    """
    found = list(problems(settings, environment)) if settings.env == "prod" else []
    if found:
        raise UnsafeSettingsError("ARGUS_ENV is prod, and these settings are not safe there:\n- " + "\n- ".join(found))


def problems(settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each setting that production cannot take."""
    key = settings.config_key.get_secret_value()
    if len(key) < _LEAST_KEY or len(set(key)) < 8:
        yield (
            f"ARGUS_CONFIG_KEY must be at least {_LEAST_KEY} random characters: it encrypts stored secrets and the "
            "keys that sign sessions. `openssl rand -hex 32` makes one; keep a copy outside of this machine."
        )
    if not settings.base_url.startswith("https://"):
        yield "ARGUS_BASE_URL must be the https:// address that people use: links in mails and cookies depend on it."
    if "*" in settings.trusted_proxies:
        yield "ARGUS_TRUSTED_PROXIES must name the gateway's addresses: with * anybody may claim any address."
    if any(not origin.startswith("https://") for origin in settings.allowed_origins):
        yield "ARGUS_CORS_ORIGINS may hold https:// origins only."
    if any(not isinstance(entry, str) and entry.prefixlen == 0 for entry in parse_allow(settings.outbound_allow)):
        yield "ARGUS_OUTBOUND_ALLOW must not allow every address: name the hosts and networks that are needed."
    if not environment.get("ARGUS_SMTP_HOST"):
        yield "ARGUS_SMTP_HOST is missing: nobody could verify an address or reset a password."

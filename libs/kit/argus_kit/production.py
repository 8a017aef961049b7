"""What must not be left as a laptop has it where `ARGUS_ENV=prod`: nothing starts until it is put right."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from argus_kit.addresses import parse_allow
from argus_kit.environment import read_all
from argus_kit.settings import Settings

_LEAST_KEY: Final = 32
_MAILERS: Final = frozenset({"standalone", "notifier", "notifier-worker"})
# What examples and images come with, and so what is tried first.
_KNOWN_PASSWORDS: Final = frozenset(
    {"admin", "argus", "changeme", "default", "example", "password", "postgres", "redis", "secret", "test", "valkey"}
)


class UnsafeSettingsError(Exception):
    """A setting is not safe in production; the message names each one, and says what to do."""


def require_safe(settings: Settings, process: str, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse to start with settings that cannot be used, and in production with settings that are not safe there.

    Args:
        settings: what the process was told.
        process: its name; not each needs everything.
        environment: where the settings of single services stand.

    Raises:
        InvalidSettingsError: a group of settings that this process reads cannot be used.
        UnsafeSettingsError: see `problems`.
    """
    groups = read_all()
    if settings.env != "prod":
        return
    found = [*problems(settings, process, environment), *(text for group in groups for text in group.unsafe())]
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
    if process != "standalone" and not settings.db_url:
        yield "ARGUS_DB_URL is missing: services share one PostgreSQL (postgresql+asyncpg://user:password@host/name)."
    for name, address in (("DB", settings.db_url), ("NATS", settings.nats_url), ("REDIS", settings.redis_url)):
        if _is_guessable(address):
            yield f"ARGUS_{name}_URL has a password that is tried first: `openssl rand -hex 24` makes a better one."
    if process in _MAILERS and not environment.get("ARGUS_SMTP_HOST"):
        yield "ARGUS_SMTP_HOST is missing: nobody could verify an address or reset a password."


def _is_guessable(address: str) -> bool:
    parts = urlsplit(address)
    password = unquote(parts.password or "").lower()
    return bool(password) and (password in _KNOWN_PASSWORDS or password == unquote(parts.username or "").lower())

"""In production nothing starts with a laptop's settings."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from argus_kit.production import UnsafeSettingsError, require_safe
from argus_kit.settings import Settings

GOOD: dict[str, Any] = {"env": "prod", "config_key": secrets.token_hex(32), "base_url": "https://argus.lab"}
DATABASE = f"postgresql+asyncpg://argus_catalog:{secrets.token_hex(16)}@db/argus"
MAIL = {"ARGUS_SMTP_HOST": "mail.lab"}


def test_good_settings_pass() -> None:
    require_safe(Settings(**GOOD, outbound_allow="10.1.0.0/16,keycloak.lab"), "standalone", MAIL)


def test_a_laptop_may_be_as_it_is() -> None:
    require_safe(Settings(env="dev"), "standalone", {})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"config_key": ""}, "ARGUS_CONFIG_KEY"),
        ({"config_key": "short but random 7F"}, "ARGUS_CONFIG_KEY"),
        ({"config_key": "a" * 64}, "ARGUS_CONFIG_KEY"),
        ({"base_url": ""}, "ARGUS_BASE_URL"),
        ({"base_url": "http://argus.lab"}, "ARGUS_BASE_URL"),
        ({"trusted_proxies": "*"}, "ARGUS_TRUSTED_PROXIES"),
        ({"cors_origins": "http://notebooks.lab"}, "ARGUS_CORS_ORIGINS"),
        ({"outbound_allow": "0.0.0.0/0"}, "ARGUS_OUTBOUND_ALLOW"),
        ({"outbound_allow": "10.0.0.0/8,::/0"}, "ARGUS_OUTBOUND_ALLOW"),
        ({"db_url": "postgresql+asyncpg://argus:postgres@db/argus"}, "ARGUS_DB_URL"),
        ({"db_url": "postgresql+asyncpg://argus_auth:argus_auth@db/argus"}, "ARGUS_DB_URL"),
        ({"nats_url": "nats://argus:changeme@nats:4222"}, "ARGUS_NATS_URL"),
        ({"redis_url": "redis://:Password@redis:6379/0"}, "ARGUS_REDIS_URL"),
    ],
)
def test_each_unsafe_setting_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(UnsafeSettingsError, match=named) as raised:
        require_safe(Settings(**(GOOD | change)), "standalone", MAIL)
    assert str(raised.value).count("\n- ") == 1
    assert str(GOOD["config_key"]) not in str(raised.value)


def test_mail_is_needed_where_mail_is_sent() -> None:
    with pytest.raises(UnsafeSettingsError, match="ARGUS_SMTP_HOST"):
        require_safe(Settings(**GOOD, db_url=DATABASE), "notifier-worker", {})
    require_safe(Settings(**GOOD, db_url=DATABASE), "catalog", {})


def test_behind_a_gateway_of_their_own_services_believe_whoever_reaches_them() -> None:
    require_safe(Settings(**GOOD, db_url=DATABASE, trusted_proxies="*"), "ingest", {})


def test_services_share_a_database() -> None:
    with pytest.raises(UnsafeSettingsError, match="ARGUS_DB_URL is missing"):
        require_safe(Settings(**GOOD), "catalog", MAIL)

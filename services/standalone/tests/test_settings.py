"""What is documented of the settings is so; the pages win over variables; one start refuses what cannot be used."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from argus_auth.config import values
from argus_auth.config.catalogue import CATALOGUE
from argus_auth.settings import AuthSettings
from argus_kit.database import Database
from argus_kit.environment import is_secret, loaded, variable
from argus_kit.production import UnsafeSettingsError, require_safe
from argus_kit.settings import Settings
from argus_notifier.settings import NotifierSettings
from argus_schema import auth
from argus_standalone import reference

# One value of each kind that a rule takes and that is no default.
OTHER: dict[str, Any] = {
    "boolean": (True, False),
    "number": (11, 12),
    "decimal": (31.5, 32.5),
    "text": ("one.example", "two.example"),
}
RULED = {"from": ("a@one.example", "a@two.example"), "github_callback": ("https://one.example", "https://two.example")}


def test_every_setting_of_the_pages_is_a_documented_variable() -> None:
    documented = {variable(kind, name) for kind in reference.groups() for name in kind.model_fields}
    older = {"ARGUS_GITHUB_OAUTH_CLIENT_ID", "ARGUS_GITHUB_OAUTH_CLIENT_SECRET"}
    named = {name for group in CATALOGUE.values() for setting in group.values() for name in setting.env}
    assert named - older <= documented


def test_the_defaults_of_pages_and_variables_are_the_same() -> None:
    fields = {variable(kind, name): field for kind in reference.groups() for name, field in kind.model_fields.items()}
    for group in CATALOGUE.values():
        for setting in group.values():
            if setting.env and not setting.is_secret:
                assert fields[setting.env[0]].default == setting.default, setting.env


def test_every_setting_says_what_it_is() -> None:
    for kind in reference.groups():
        assert kind.__doc__, kind
        for name, field in kind.model_fields.items():
            assert field.description, (kind, name)
            assert field.description.endswith((".", "`")), (kind, name)


def test_what_sounds_secret_is_secret() -> None:
    sounding = re.compile(r"(secret|password|pass|key|webhook)s?$")
    for kind in reference.groups():
        for name, field in kind.model_fields.items():
            assert is_secret(field) or not sounding.search(name), (kind, name)


def test_the_example_is_what_a_shell_reads_and_all_of_it_is_off(tmp_path: Path) -> None:
    text = reference.example()
    given = dict(line.split("=", 1) for line in text.splitlines() if re.match(r"[A-Z]", line))
    assert given["ARGUS_ENV"] == "dev"
    assert not [name for name, value in given.items() if "PASSWORD" in name and value]
    names = re.findall(r"^#?([A-Z][A-Z_0-9]*)=", text, re.MULTILINE)
    assert len(names) == len(set(names))
    passed = set(re.findall(r"^ +(ARGUS_\w+):", reference.passed(), re.MULTILINE))
    marked = set(re.findall(r"\(not in compose\)\n#(ARGUS_\w+)=", text))
    assert set(re.findall(r"^#(ARGUS_\w+)=", text, re.MULTILINE)) - marked <= passed
    assert not marked & passed


def test_compose_passes_on_to_a_service_what_it_reads_and_nothing_of_others() -> None:
    services = yaml.safe_load(reference.passed())["services"]
    assert set(services) == {"auth", "catalog", "executor", "ingest", "notifier", "realtime"}
    assert "ARGUS_SMTP_PASS" in services["notifier"]["environment"]
    assert [name for name in services if "ARGUS_SMTP_PASS" in services[name]["environment"]] == ["notifier"]
    for service in services.values():
        assert service["environment"] == {name: f"${{{name}:-}}" for name in service["environment"]}
    assert not {"ARGUS_DB_URL", "ARGUS_HOST", "ARGUS_DB_ROLE_PASSWORDS"} & set(services["auth"]["environment"])


@pytest.mark.parametrize(
    ("group", "key"),
    [(group, key) for group, found in CATALOGUE.items() for key, s in found.items() if not s.is_secret],
)
async def test_the_database_wins_over_the_variable_and_the_variable_over_the_default(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, group: str, key: str
) -> None:
    setting = CATALOGUE[group][key]
    in_variable, in_database = RULED.get(key) or OTHER[setting.rule.kind]
    for name in setting.env:
        monkeypatch.setenv(name, str(in_variable).lower() if isinstance(in_variable, bool) else str(in_variable))
    async with sqlite_database.read() as connection:
        expected = in_variable if setting.env else setting.default
        assert await values.value_of(connection, group, key) == expected
    await _store(sqlite_database, group, key, in_database)
    async with sqlite_database.read() as connection:
        assert await values.value_of(connection, group, key) == in_database


async def _store(database: Database, group: str, key: str, value: Any) -> None:
    async with database.write() as connection:
        await connection.execute(auth.system_config.insert().values(group=group, key=key, value=value, encrypted=False))


class TestProduction:
    GOOD = {"env": "prod", "config_key": secrets.token_hex(32), "base_url": "https://argus.lab"}

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"ARGUS_AUTH_ARGON2_MEMORY_KIB": "64"}, "ARGUS_AUTH_ARGON2_MEMORY_KIB"),
            ({"ARGUS_AUTH_PASSWORD_MIN_SCORE": "0"}, "ARGUS_AUTH_PASSWORD_MIN_SCORE"),
            ({"ARGUS_SMTP_USER": "argus", "ARGUS_SMTP_USE_TLS": "false"}, "ARGUS_SMTP_USE_TLS"),
        ],
    )
    def test_a_services_unsafe_setting_is_named(
        self, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str
    ) -> None:
        assert {AuthSettings, NotifierSettings} <= set(loaded())
        for name, text in ({"ARGUS_SMTP_HOST": "mail.lab"} | given).items():
            monkeypatch.setenv(name, text)
        with pytest.raises(UnsafeSettingsError, match=said) as raised:
            require_safe(Settings(**self.GOOD), "standalone")
        assert str(raised.value).count("\n- ") == 1

    def test_a_server_of_this_machine_may_be_spoken_to_in_clear(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, text in {"HOST": "localhost", "USER": "argus", "USE_TLS": "false"}.items():
            monkeypatch.setenv(f"ARGUS_SMTP_{name}", text)
        require_safe(Settings(**self.GOOD), "standalone")


def start(home: Path, **given: str) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("ARGUS_")}
    command = [sys.executable, "-m", "argus_standalone.cli", "up"]
    surroundings = kept | {"ARGUS_HOME": str(home)} | given
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False, timeout=60)


async def test_up_says_all_faults_at_once_and_no_secret(tmp_path: Path) -> None:
    given = {"ARGUS_MAIL_AT_ONCE": "none", "ARGUS_SSE_MAX_CHANNELS": "0", "ARGUS_OIDC_GROUP_ROLES": "{"}
    done = await asyncio.to_thread(start, tmp_path, ARGUS_ENV="prod", ARGUS_CONFIG_KEY="hunter2", **given)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for name in given:
        assert f"- {name} is " in done.stderr
    # One of the first that are read, and the services' are told all the same.
    assert "- ARGUS_CONFIG_KEY: a key has at least 16 characters" in done.stderr
    assert "hunter2" not in done.stderr

"""Settings say which variable is wrong, why, and what to write; secrets come from files; nothing secret is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from argus_kit import environment
from argus_kit.environment import Environment, InvalidSettingsError, misspelt, read_all, secret_text
from argus_kit.migrate import MigrationSettings
from argus_kit.settings import Settings


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("ARGUS_PORT", "80000", ": input should be less than or equal to 65535. Write a whole number from 1 to 65535."),
        ("ARGUS_PORT", "eighty", "Write a whole number from 1 to 65535."),
        ("ARGUS_ENV", "production", ": input should be 'dev' or 'prod'. Write `dev` or `prod`."),
        ("ARGUS_CORS_ORIGINS", "a.lab", "'a.lab' is no origin: write https://name or https://name:port, one by one."),
    ],
)  # fmt: skip
def test_a_fault_names_the_variable_and_what_to_write(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, said: str
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(InvalidSettingsError) as raised:
        Settings()
    assert len(raised.value.faults) == 1
    assert raised.value.faults[0].startswith(f"{name} is {text!r}: ")
    assert raised.value.faults[0].endswith(said)


@pytest.mark.parametrize(
    ("name", "text"),
    [("ARGUS_CONFIG_KEY", "hunter2"), ("ARGUS_CONFIG_KEY_PREVIOUS", "a key that is long enough, hunter2")],
)
def test_a_key_that_is_too_short_is_a_fault_that_does_not_show_it(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(InvalidSettingsError) as raised:
        Settings()
    (fault,) = raised.value.faults
    assert fault.startswith(f"{name}: a key has at least 16 characters")
    assert "hunter2" not in str(raised.value)


def test_all_faults_of_all_groups_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGUS_PORT", "no")
    monkeypatch.setenv("ARGUS_NATS_REPLICAS", "9")
    monkeypatch.setenv("ARGUS_DB_ROLE_PASSWORDS", "not json")
    with pytest.raises(InvalidSettingsError) as raised:
        read_all()
    assert [fault.split()[0].rstrip(":") for fault in raised.value.faults] == [
        "ARGUS_PORT",
        "ARGUS_NATS_REPLICAS",
        "ARGUS_DB_ROLE_PASSWORDS",
    ]


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGUS_PORT", "")
    monkeypatch.setenv("ARGUS_CONFIG_KEY_FILE", "")
    assert Settings().port == 8000
    assert Settings().config_key.get_secret_value() == ""


class TestSecretFiles:
    def test_a_secret_is_the_files_text_without_the_line_end(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        for name, text in {"CONFIG_KEY": "a secret of a file", "DB_URL": "postgresql+asyncpg://a:b@db/argus"}.items():
            (tmp_path / name).write_text(f"{text}\n")
            monkeypatch.setenv(f"ARGUS_{name}_FILE", str(tmp_path / name))
        read = Settings()
        assert read.config_key.get_secret_value() == "a secret of a file"
        assert read.database_url == "postgresql+asyncpg://a:b@db/argus"
        assert secret_text("ARGUS_CONFIG_KEY") == "a secret of a file"

    @pytest.mark.parametrize(
        ("content", "also", "said"),
        [
            (
                None,
                {},
                "cannot be read (No such file or directory): write the path of a file that this process can read",
            ),
            (b"\n", {}, "that file is empty: write the secret into it"),
            (b"\xff\xfe", {}, "cannot be read (it is no text)"),
            (b"good", {"ARGUS_CONFIG_KEY": "another"}, "ARGUS_CONFIG_KEY and ARGUS_CONFIG_KEY_FILE are both set"),
        ],
    )
    def test_a_file_that_is_no_use_is_named(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, also: dict[str, str], said: str
    ) -> None:
        file = tmp_path / "key"
        if content is not None:
            file.write_bytes(content)
        monkeypatch.setenv("ARGUS_CONFIG_KEY_FILE", str(file))
        for name, text in also.items():
            monkeypatch.setenv(name, text)
        with pytest.raises(InvalidSettingsError, match="ARGUS_CONFIG_KEY_FILE") as raised:
            Settings()
        assert said in str(raised.value)
        assert "good" not in str(raised.value)

    def test_what_is_no_secret_takes_no_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "port").write_text("9000")
        monkeypatch.setenv("ARGUS_PORT_FILE", str(tmp_path / "port"))
        assert Settings().port == 8000


def test_a_wrong_secret_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGUS_DB_ROLE_PASSWORDS", '{"argus_auth": "hunter2"')
    with pytest.raises(InvalidSettingsError, match="ARGUS_DB_ROLE_PASSWORDS: write a JSON object") as raised:
        MigrationSettings()
    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_misspelt_variables_are_named_and_others_left_alone() -> None:
    given = {"ARGUS_PROT": "1", "ARGUS_CONFIG_KEY_FLIE": "1", "ARGUS_URL": "1", "ARGUS_TOKEN": "1", "ARGUS_PORT": "1"}
    assert list(misspelt(given)) == [
        "ARGUS_CONFIG_KEY_FLIE is not read by Argus; did you mean ARGUS_CONFIG_KEY_FILE?",
        "ARGUS_PROT is not read by Argus; did you mean ARGUS_PORT?",
    ]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("port", "a whole number from 1 to 65535"),
        ("env", "`dev` or `prod`"),
        ("home", "a path"),
        ("log_level", "a text"),
    ],
)
def test_what_a_field_takes_is_said_in_words(field: str, said: str) -> None:
    assert environment.wanted(Settings.model_fields[field]) == said


def test_a_service_does_not_start_with_a_fault_and_says_it_in_a_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "argus_kit.serve", "argus_kit.web:create_app"]
    surroundings = {"ARGUS_HOME": str(tmp_path), "ARGUS_HTTP_PORT": "-1", "PATH": ""}
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Argus cannot start: these settings cannot be used:\n- ARGUS_HTTP_PORT is '-1': ")
    assert "Traceback" not in done.stderr


def test_groups_of_others_are_not_ours() -> None:
    class Foreign(Environment):
        must: int

    found: list[Any] = list(environment.loaded())
    assert Foreign not in found
    assert Settings in found

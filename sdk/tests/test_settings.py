"""Where settings come from: every key by every origin, and what is not believed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from argus import Reporter, _origins, _settings
from argus._keys import SETTINGS
from argus._origins import find, project_file, user_file

URL = "https://argus.example.org"
# Of each setting: how four origins write it, and what each means. The token has no project's value: it is refused.
KEYS = {
    "url": [("https://arg/", "https://arg"), ("http://env", "http://env"), ('"http://p/"', "http://p"), ('"u"', "u")],
    "project": [("arg", "arg"), ("env", "env"), ('"proj"', "proj"), ('"user"', "user")],
    "mode": [("offline", "offline"), ("Disabled", "disabled"), ('"offline"', "offline"), ('"disabled"', "disabled")],
    "journal_dir": [("/a", "/a"), ("/e", "/e"), ('"/p"', "/p"), ('"/u"', "/u")],
    "journal_max_mb": [(1, 1.0), ("2.5", 2.5), ("3", 3.0), ("4.0", 4.0)],
    "journal_fsync": [("always", "always"), ("never", "never"), ('"always"', "always"), ('"never"', "never")],
    "exit_flush_s": [(0, 0.0), ("2", 2.0), ("3", 3.0), ("4.5", 4.5)],
    "capture_env": [(["A"], ("A",)), ("B, C", ("B", "C")), ('["D"]', ("D",)), ('"E,F"', ("E", "F"))],
    "capture_console": [("fd", "fd"), ("yes", "python"), ("true", "python"), ('"fd"', "fd")],
    "capture_diff": [(False, False), ("0", False), ("false", False), ("false", False)],
}
DEFAULTS = {
    "url": None, "token": None, "project": None, "mode": "online", "journal_dir": None, "journal_max_mb": 512.0,
    "journal_fsync": "interval", "exit_flush_s": 5.0, "capture_env": (), "capture_console": "",
    "capture_diff": True,
}  # fmt: skip
ORIGINS = ("argument", "environment", "project", "user", "default")


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A project's folder with a folder in it, where the process is; nothing is set anywhere."""
    for setting in SETTINGS.values():
        monkeypatch.delenv(setting.variable, raising=False)
    inner = tmp_path / "work" / "src"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    monkeypatch.setattr(_origins, "_read", {})
    return inner.parent


@pytest.fixture
def written(work):
    """Write the project's or the user's file."""

    def write(origin, text):
        path = work / ".argus.toml" if origin == "project" else work.parent / "config.toml"
        path.write_text(text)
        return path

    return write


def test_every_setting_is_tested():
    assert set(KEYS) | {"token"} == set(SETTINGS) == set(DEFAULTS)


@pytest.mark.parametrize("strongest", ORIGINS)
@pytest.mark.parametrize("name", KEYS)
def test_the_strongest_origin_counts(name, strongest, written, monkeypatch):
    (argument, _), (environment, _), (project, _), (user, _) = values = KEYS[name]
    first = ORIGINS.index(strongest)
    if first <= 3:
        written("user", f"{name} = {user}\n")
    if first <= 2:
        written("project", f"{name} = {project}\n")
    if first <= 1:
        monkeypatch.setenv(SETTINGS[name].variable, environment)
    found = find(name, argument if first == 0 else None)
    wanted = values[first][1] if first < 4 else DEFAULTS[name]
    assert (found.value, found.origin, found.problems) == (wanted, strongest, [])


class TestToken:
    def in_file(self, **tokens):
        return "".join(f'[servers."{url}"]\ntoken = "{token}"\n' for url, token in tokens.items())

    @pytest.mark.parametrize("strongest", ["argument", "environment", "user", "default"])
    def test_the_strongest_origin_counts(self, strongest, written, monkeypatch):
        first = ["argument", "environment", "user", "default"].index(strongest)
        if first <= 2:
            written("user", self.in_file(**{URL: "of-user"}))
        if first <= 1:
            monkeypatch.setenv("ARGUS_TOKEN", "of-env")
        found = find("token", "of-arg" if first == 0 else None, URL)
        assert (found.value, found.origin) == (["of-arg", "of-env", "of-user", None][first], strongest)

    def test_one_in_a_projects_file_is_refused_and_said(self, written, caplog):
        path = written("project", f'token = "em_live_committed"\nurl = "{URL}"\n')
        found = find("token")
        assert (found.value, found.origin) == (None, "default")
        assert str(path) in found.problems[0]
        assert "committed" in found.problems[0]
        assert "em_live" not in caplog.text
        assert "argus login" in caplog.text

    def test_goes_to_its_own_server_alone(self, written):
        written("user", f'url = "{URL}"\n' + self.in_file(**{URL: "mine", "http://other": "other"}))
        assert find("token", None, f"{URL}/").value == "mine"
        assert find("token").value == "mine"
        assert find("token", None, "http://other").value == "other"
        assert find("token", None, "http://evil").value is None

    def test_one_that_is_replaced_is_taken_up(self, written, monkeypatch):
        current = _settings.token_source(None, URL)
        assert current() is None
        written("user", self.in_file(**{URL: "first"}))
        assert current() == "first"
        path = written("user", self.in_file(**{URL: "second"}))
        os.utime(path, ns=(1, 1))
        assert current() == "second"
        monkeypatch.setenv("ARGUS_TOKEN", "third")
        assert current() == "third"


class TestFiles:
    def test_the_nearest_projects_file_counts(self, work, written):
        written("project", 'project = "outer"\n')
        assert project_file() == str(work / ".argus.toml")
        (work / "src" / ".argus.toml").write_text('project = "inner"\n')
        assert find("project").value == "inner"

    def test_a_relative_folder_counts_from_the_file(self, work, written):
        written("project", 'journal_dir = "journals"\n')
        assert _settings.journal_folder() == str(work / "journals")

    def test_a_file_of_nobody_known_is_not_used(self, work, written, monkeypatch):
        """As in /tmp, where anyone may lay a file that names where tokens go."""
        path = written("project", 'url = "http://evil"\n')
        owner, real = path.stat().st_uid, os.stat
        monkeypatch.setattr(os, "getuid", lambda: owner + 1)

        def stat_of_stranger(name, *args, **kwargs):
            found = real(name, *args, **kwargs)
            if os.fspath(name) == str(path):
                return os.stat_result((*found[:4], 4242, *found[5:]))
            return found

        monkeypatch.setattr(os, "stat", stat_of_stranger)
        assert find("url").value == "http://evil"  # a colleague's file in a folder that only the group may change
        work.chmod(0o777)
        found = find("url")
        assert found.value is None
        assert "anyone may write" in found.problems[0]

    @pytest.mark.parametrize("origin", ["project", "user"])
    def test_one_that_is_no_toml_is_passed_over_and_said(self, origin, written, caplog):
        path = written(origin, "url = http://no.quotes\n")
        found = find("url")
        assert found.value is None
        assert str(path) in found.problems[0]
        assert str(path) in caplog.text

    def test_the_old_clients_file_stands_between_project_and_user(self, work, written):
        folder = work / "src" / "configs"
        folder.mkdir()
        (folder / "monitor.yaml").write_text("monitor_url: http://old  # the lab's\n")
        written("user", 'url = "http://user"\n')
        assert find("url").value == "http://old"
        written("project", 'url = "http://project"\n')
        assert find("url").value == "http://project"

    def test_the_users_file_is_where_the_platform_keeps_settings(self, monkeypatch):
        monkeypatch.delenv("ARGUS_CONFIG")
        monkeypatch.setenv("HOME", "/home/ada")
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
        assert user_file() == "/home/ada/.config/argus/config.toml"
        monkeypatch.setenv("XDG_CONFIG_HOME", "/xdg")
        assert user_file() == "/xdg/argus/config.toml"
        monkeypatch.setattr(sys, "platform", "darwin")
        assert user_file() == "/home/ada/Library/Application Support/argus/config.toml"
        monkeypatch.setattr(sys, "platform", "win32")
        monkeypatch.setenv("APPDATA", "/roaming")
        assert user_file() == "/roaming/argus/config.toml"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "sometimes"), ("journal_max_mb", "-1"), ("journal_max_mb", "much"), ("exit_flush_s", "inf"),
        ("capture_console", "maybe"), ("journal_fsync", "often"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_passed_over_and_said(name, value, written, monkeypatch, caplog):
    monkeypatch.setenv(SETTINGS[name].variable, value)
    written("user", f"{name} = {KEYS[name][3][0]}\n")
    found = find(name)
    assert (found.value, found.origin) == (KEYS[name][3][1], "user")
    assert SETTINGS[name].variable in found.problems[0]
    assert value in caplog.text


def test_a_reporter_goes_by_the_files(ingest, work, written):
    written("project", f'url = "{ingest.url}"\nproject = "vision"\njournal_dir = "kept"\n')
    written("user", f'[servers."{ingest.url}"]\ntoken = "{ingest.token}"\n')
    with Reporter("run", heartbeat=False, stop_polling=False, resource_snapshot=False, capture_environment=False):
        pass
    assert ingest.types() == {"batch_start": 1, "batch_done": 1}
    assert {event["source"]["project"] for event in ingest.events.values()} == {"vision"}
    assert (work / "kept").is_dir()


def test_delivery_goes_on_when_the_token_in_the_file_is_replaced(ingest, reporter, written, wait_until, monkeypatch):
    from argus import _sender

    monkeypatch.setattr(_sender, "HOLD_S", 0.1)
    path = written("user", f'[servers."{ingest.url}"]\ntoken = "expired"\n')
    with reporter("run") as r:
        wait_until(lambda: ingest.paths)
        assert ingest.events == {}
        path.write_text(f'[servers."{ingest.url}"]\ntoken = "{ingest.token}"\n')
        assert r.flush(10)
    assert ingest.types() == {"batch_start": 1, "batch_done": 1}


def test_import_reads_no_file_and_loads_no_parser():
    code = "import sys, argus; print(sorted({'tomllib', 'typer', 'rich', 'click', 'psutil'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"

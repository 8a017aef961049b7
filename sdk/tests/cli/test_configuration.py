"""`argus config`, and the files that it changes."""

from __future__ import annotations

import stat

import pytest

from argus._origins import user_file
from argus.cli import files
from argus.cli.errors import CliError

TOKEN = "em_live_0123456789abcdefghijklmnop"


@pytest.fixture
def user(tmp_path):
    """The user's file."""
    return tmp_path / "config.toml"


class TestShow:
    def test_says_where_each_value_comes_from(self, argus, home, user, monkeypatch):
        monkeypatch.setenv("ARGUS_TOKEN", TOKEN)
        (home / ".argus.toml").write_text('project = "vision"\n')
        user.write_text('url = "http://lab:8000"\nproject = "mine"\n')
        rows = {
            row[0]: row[1:] for line in argus("config", "show", "--origin").out.splitlines() if (row := line.split())
        }
        assert rows["url"] == ["http://lab:8000", "user", str(user)]
        assert rows["project"] == ["vision", "project", str(home / ".argus.toml")]
        assert rows["token"] == ["em_live_…mnop", "environment", "ARGUS_TOKEN"]
        assert rows["mode"] == ["online", "default", "ARGUS_MODE"]

    def test_json_always_says_it(self, argus, user):
        answer = argus("config", "show", "--json", "--url", "http://arg").json
        assert {"name": "url", "value": "http://arg", "origin": "argument", "place": "the argument"} in answer[
            "settings"
        ]
        assert answer["user_file"] == str(user)
        assert answer["problems"] == []

    def test_never_a_whole_token(self, argus, user):
        argus("config", "set", "token", TOKEN, "--url", "http://lab")
        for words in (["show"], ["show", "--origin"], ["show", "--json"]):
            assert TOKEN not in argus("config", *words, "--url", "http://lab").out

    def test_what_is_passed_over_is_said(self, argus, home):
        (home / ".argus.toml").write_text('token = "em_live_x"\nmode = "now and then"\n')
        answer = argus("config", "show")
        assert "gets committed" in answer.err
        assert "none of online, offline, disabled" in answer.err
        assert "Traceback" not in answer.err


class TestSet:
    def test_and_unset(self, argus, user):
        assert argus("config", "set", "journal_max_mb", "64").code == 0
        assert argus("config", "set", "capture_env", "A, B").code == 0
        settings = {one["name"]: one["value"] for one in argus("config", "show", "--json").json["settings"]}
        assert (settings["journal_max_mb"], settings["capture_env"]) == (64.0, ["A", "B"])
        assert argus("config", "unset", "capture_env", "--json").json == {"changed": "capture_env", "file": str(user)}
        assert "does not set" in argus("config", "unset", "capture_env").out

    def test_in_the_projects_file(self, argus, home):
        assert argus("config", "set", "project", "vision", "--project-file").code == 0
        assert 'project = "vision"' in (home / ".argus.toml").read_text()
        assert argus("config", "set", "token", TOKEN, "--project-file").code == 2

    @pytest.mark.parametrize(("name", "value"), [("mode", "maybe"), ("journal_max_mb", "-3"), ("colour", "red")])
    def test_what_cannot_be(self, argus, name, value, user):
        assert argus("config", "set", name, value).code == 2
        assert not user.exists()

    def test_the_path(self, argus, user):
        assert argus("config", "path").out == f"{user}\n"

    def test_what_is_stronger_is_said(self, argus, monkeypatch):
        monkeypatch.setenv("ARGUS_PROJECT", "env")
        assert "ARGUS_PROJECT is stronger" in argus("config", "set", "project", "mine").err


class TestFile:
    def test_what_a_person_wrote_stays(self, user):
        servers = '[servers."http://a"]\n# of march\ntoken = "old"\n\n[other]\nurl = 1\n'
        user.write_text(f'# mine\nurl = "http://a" # the lab\n\n{servers}')
        files.set_value(str(user), "url", "http://b")
        files.set_value(str(user), "project", "vision")
        files.set_of_server(str(user), "http://a/", "token", "new")
        files.set_of_server(str(user), "http://b", "token", 'has "quotes"')
        assert user.read_text() == (
            '# mine\nurl = "http://b"\nproject = "vision"\n\n[servers."http://a"]\n# of march\ntoken = "new"\n\n'
            '[other]\nurl = 1\n\n[servers."http://b"]\ntoken = "has \\"quotes\\""\n'
        )

    def test_a_new_one_is_private_from_the_start(self, user):
        files.set_value(str(user.parent / "new" / "config.toml"), "url", "http://a")
        assert stat.S_IMODE((user.parent / "new" / "config.toml").stat().st_mode) == 0o600
        assert stat.S_IMODE((user.parent / "new").stat().st_mode) == 0o700

    def test_a_link_stays_a_link(self, user):
        target = user.parent / "dotfiles.toml"
        target.write_text("")
        user.symlink_to(target)
        files.set_value(str(user), "url", "http://a")
        assert user.is_symlink()
        assert "http://a" in target.read_text()

    def test_what_is_written_oddly_is_left_alone(self, user):
        user.write_text('servers = { "http://a" = { token = "x" } }\n')
        with pytest.raises(CliError):
            files.set_of_server(str(user), "http://a", "token", "new")
        assert user.read_text() == 'servers = { "http://a" = { token = "x" } }\n'

    def test_one_that_cannot_be_written(self, argus, monkeypatch):
        monkeypatch.setenv("ARGUS_CONFIG", "/proc/nowhere/config.toml")
        assert user_file() == "/proc/nowhere/config.toml"
        answer = argus("config", "set", "project", "x")
        assert answer.code == 1
        assert "cannot be written" in answer.err

    def test_several_servers(self, user):
        for name in ("http://a", "http://b"):
            files.set_of_server(str(user), name, "token", name)
        assert files.unset_of_server(str(user), "http://a", "token")
        assert not files.unset_of_server(str(user), "http://c", "token")
        assert files.servers(str(user)) == {"http://a": {}, "http://b": {"token": "http://b"}}
        assert user.stat().st_mode & 0o077 == 0

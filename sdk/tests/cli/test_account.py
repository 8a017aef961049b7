"""`argus login`, `logout`, `whoami`."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest

from argus._origins import user_file

from .conftest import PASSWORD


@pytest.fixture
def stdin(monkeypatch):
    def give(text):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return give


class TestLogin:
    def test_a_token_is_checked_and_kept_for_its_server(self, argus, ada):
        answer = argus("login", ada.url, "--token", ada.token)
        assert answer.code == 0
        assert f"You are ada on {ada.url}" in answer.out
        assert argus("whoami", "--json").json["user"]["username"] == "ada"

    def test_nobody_else_can_read_it(self, argus, ada):
        argus("login", ada.url, "--token", ada.token)
        assert stat.S_IMODE(Path(user_file()).stat().st_mode) == 0o600

    def test_a_token_by_stdin(self, argus, ada, stdin):
        stdin(f"{ada.token}\n")
        assert argus("login", ada.url + "/", "--token", "-", "--json").json == {
            "url": ada.url,
            "username": "ada",
            "scope": "reporter",
            "file": user_file(),
        }

    def test_a_wrong_token_is_not_kept(self, argus, ada):
        answer = argus("login", ada.url, "--token", "em_live_nonsense")
        assert answer.code == 4
        assert "refuses your token" in answer.err
        assert not Path(user_file()).exists()

    def test_name_and_password_make_a_token(self, argus, ada, stdin):
        stdin(f"{PASSWORD}\n")
        sessions = len(ada.get("/api/auth/sessions"))
        assert argus("login", ada.url, "--username", "ada").code == 0
        assert argus("whoami", "--json").json["scope"] == "reporter"
        assert any(token["name"].startswith("argus on ") for token in ada.get("/api/tokens"))
        assert len(ada.get("/api/auth/sessions")) == sessions

    def test_a_viewers_token_is_said_to_be_one(self, argus, ada, stdin):
        stdin(PASSWORD)
        answer = argus("login", ada.url, "-u", "ada", "--viewer")
        assert answer.code == 0
        assert "only reads" in answer.err

    def test_a_wrong_password(self, argus, ada, stdin):
        stdin("wrong\n")
        answer = argus("login", ada.url, "--username", "ada")
        assert (answer.code, Path(user_file()).exists()) == (4, False)
        assert "no ada with that password" in answer.err

    def test_nobody_to_ask(self, argus, ada, stdin):
        stdin("")
        assert argus("login").code == 2
        answer = argus("login", ada.url)
        assert answer.code == 2
        assert "--token -" in answer.err

    @pytest.mark.parametrize(("screen", "opened"), [({"DISPLAY": ":0"}, True), ({}, False)])
    def test_a_person_pastes_it(self, argus, ada, monkeypatch, screen, opened):
        from argus.cli.terminal import Terminal

        pages, asked = [], []
        monkeypatch.setattr(Terminal, "is_interactive", True)
        monkeypatch.setattr("webbrowser.open", pages.append)
        monkeypatch.setattr("typer.prompt", lambda text, **options: asked.append((text, options)) or f" {ada.token} ")
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            monkeypatch.delenv(name, raising=False)
        for name, value in screen.items():
            monkeypatch.setenv(name, value)
        answer = argus("login", ada.url)
        assert answer.code == 0
        assert f"{ada.url}/settings/tokens" in answer.err
        assert (pages == [f"{ada.url}/settings/tokens"]) is opened
        assert [(text, options["hide_input"]) for text, options in asked] == [("Token", True)]

    def test_no_server(self, argus):
        assert argus("login", "http://127.0.0.1:9", "--token", "em_live_x").code == 3

    def test_what_is_stronger_is_said(self, argus, ada, monkeypatch):
        monkeypatch.setenv("ARGUS_TOKEN", "em_live_other")
        assert "ARGUS_TOKEN is stronger" in argus("login", ada.url, "--token", ada.token).err


class TestLogout:
    def test_forgets_one_server_alone(self, argus, ada):
        argus("login", ada.url, "--token", ada.token)
        argus("config", "set", "token", "em_live_of_another_server", "--url", "https://other.example.org")
        assert argus("logout", "--json").json == {"url": ada.url, "forgotten": True}
        assert argus("whoami").code == 4
        assert "of_another_server" in Path(user_file()).read_text()
        assert argus("logout", "--json").json["forgotten"] is False


class TestWhoami:
    def test_says_who_where_and_by_what(self, argus, known):
        answer = argus("whoami")
        assert "ada <ada@example.org>, administrator" in answer.out
        assert "from ARGUS_TOKEN" in answer.out
        assert known.token not in answer.out

    def test_without_a_token(self, argus, ada):
        answer = argus("whoami", "--url", ada.url, "--json")
        assert answer.code == 4
        assert '"code": "refused"' in answer.err

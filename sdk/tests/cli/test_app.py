"""What all commands share: exit codes, errors for people, JSON, pipes, colours, `--help`."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys

import pytest

from argus._version import __version__
from argus.cli import app as cli

COMMANDS = [
    ["login"], ["logout"], ["whoami"], ["ping"], ["doctor"], ["version"], ["run"], ["ls"], ["get"], ["logs"], ["stop"],
    ["pause"], ["resume"], ["rerun"], ["sync"], ["config", "show"], ["config", "set"], ["config", "unset"],
    ["config", "path"],
]  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_knows_the_common_options(argus, words):
    answer = argus(*words, "--help")
    assert answer.code == 0
    for option in ("--json", "--url", "--token"):
        assert option in answer.out


def test_without_words_it_shows_its_help(argus):
    answer = argus()
    assert answer.code == 0
    assert "Begin with `argus login`" in answer.out
    assert "--install-completion" in answer.out


def test_the_shell_completes_words():
    completing = {"_ARGUS_COMPLETE": "complete_bash", "COMP_WORDS": "argus lo", "COMP_CWORD": "1"}
    words = subprocess.check_output([sys.executable, "-m", "argus"], env={**os.environ, **completing}, text=True)
    assert words.split() == ["logs", "login", "logout"]


def test_version(argus):
    assert f"argus-reporter {__version__}" in argus("version").out
    assert argus("version", "--json").json["client"] == __version__


class TestExitCodes:
    def test_unknown_words_are_wrong_usage(self, argus):
        answer = argus("lss")
        assert answer.code == 2
        assert "Did you mean" in answer.err

    def test_wrong_usage_in_json(self, argus):
        answer = argus("ls", "--limit", "many", "--json")
        assert (answer.code, answer.out) == (2, "")
        assert json.loads(answer.err)["error"]["code"] == "usage"

    def test_no_server_is_set(self, argus):
        answer = argus("ls")
        assert answer.code == 2
        assert "argus login" in answer.err

    @pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://nowhere.invalid", "https://127.0.0.1:9"])
    def test_a_server_that_cannot_be_reached(self, argus, url):
        answer = argus("ls", "--url", url, "--token", "em_live_x", "--json")
        assert answer.code == 3
        error = json.loads(answer.err)["error"]
        assert error["code"] == "unreachable"
        assert "doctor" in error["todo"]

    def test_an_address_that_is_none(self, argus):
        assert argus("ls", "--url", "ftp://x").code == 2

    def test_a_server_that_refuses(self, argus, ada):
        answer = argus("ls", "--url", ada.url, "--token", "em_live_x")
        assert answer.code == 4
        assert "argus login" in answer.err

    def test_ctrl_c(self, argus, monkeypatch):
        def interrupted(**_):
            raise KeyboardInterrupt

        monkeypatch.setattr(cli, "app", interrupted)
        assert argus("ls").code == 130

    def test_ctrl_c_while_it_waits(self, command, ada):
        import socket

        with socket.create_server(("127.0.0.1", 0)) as silent:
            process = command("ls", "--url", f"http://127.0.0.1:{silent.getsockname()[1]}", "--token", "x")
            with silent.accept()[0]:
                process.send_signal(signal.SIGINT)
                assert process.wait(180) == 130
                assert "Traceback" not in process.stderr.read()


class TestErrorsOfOurOwn:
    @pytest.fixture
    def broken(self, monkeypatch):
        def fails(**_):
            raise ZeroDivisionError("oops")

        monkeypatch.setattr(cli, "app", fails)

    def test_no_traceback(self, argus, broken):
        answer = argus("ls")
        assert answer.code == 1
        assert "ZeroDivisionError: oops" in answer.err
        assert "Traceback" not in answer.err

    def test_unless_it_is_asked_for(self, argus, broken, monkeypatch):
        monkeypatch.setenv("ARGUS_DEBUG", "1")
        with pytest.raises(ZeroDivisionError):
            argus("ls")


class TestOutput:
    def test_a_reader_that_leaves_is_no_error(self, known, post):
        post("piped", ("batch_start", None, {}))
        for words in (["ls"], ["ls", "--json"], ["version"], ["--help"]):
            reader, writer = os.pipe()
            os.close(reader)
            process = subprocess.Popen(
                [sys.executable, "-m", "argus", *words], stdout=writer, stderr=subprocess.PIPE, text=True
            )
            os.close(writer)
            _, errors = process.communicate(timeout=180)
            assert (process.returncode, errors) == (141, "")

    @pytest.mark.parametrize(("extra", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
    def test_colours_are_for_terminals(self, known, post, extra, coloured):
        post("coloured", ("batch_start", None, {}))
        ours, theirs = pty.openpty()
        environment = {**os.environ, **extra, "TERM": "xterm-256color"}
        with subprocess.Popen([sys.executable, "-m", "argus", "ls"], stdout=theirs, env=environment) as process:
            os.close(theirs)
            output = b""
            while chunk := _read(ours):
                output += chunk
            assert process.wait(180) == 0
        os.close(ours)
        assert b"coloured" in output
        assert bool(re.search(rb"\x1b\[[0-9;]*3[0-9]", output)) is coloured


def _read(terminal):
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""

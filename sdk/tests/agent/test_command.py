"""The `argus-agent` command: register, run, status, drain, install-service."""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys

import pytest

from argus.agent.cli import main
from argus.agent.runs import Runs


def register(executor, *more):
    return main(["register", "--url", executor.url, "--token", "em_live_me", "--hostname", "gpu-1", *more])


class TestRegister:
    def test_it_is_kept_for_its_owner_alone_and_status_uses_it(self, executor, home, capsys):
        assert register(executor) == 0
        body, token = executor.registrations[0]
        assert (body["hostname"], body["user"], token) == ("gpu-1", getpass.getuser(), "em_live_me")
        kept = json.loads((home / "token.json").read_text())
        assert (home / "token.json").stat().st_mode & 0o777 == 0o600
        assert kept["agent_token"] == "ag_live_1"
        assert kept["reporter_token"] == "em_live_me"
        assert kept["command_keys"] == executor.public_keys
        assert (kept["owner"], kept["owner_id"]) == ("lin", 7)
        assert main(["status"]) == 0
        assert "agent-1" in capsys.readouterr().out

    def test_a_server_that_signs_nothing_needs_a_word(self, executor, home, capsys):
        executor.is_of_contract = True
        assert register(executor) == 4
        assert "--allow-unsigned" in capsys.readouterr().err
        assert not (home / "token.json").exists()
        assert register(executor, "--allow-unsigned") == 0
        assert "UNSIGNED" in capsys.readouterr().out
        assert json.loads((home / "token.json").read_text())["allow_unsigned"] is True

    def test_leave_to_do_without_is_not_kept_for_a_server_that_signs(self, executor, home):
        register(executor, "--allow-unsigned")
        assert json.loads((home / "token.json").read_text())["allow_unsigned"] is False

    def test_a_missing_library_is_named_before_anything_happens(self, executor, home, capsys, monkeypatch):
        monkeypatch.setitem(sys.modules, "cryptography", None)
        assert register(executor) == 2
        assert "pip install 'argus-reporter[agent]'" in capsys.readouterr().err
        assert executor.registrations == []

    def test_without_it_nothing_runs(self, home, capsys):
        assert main(["run"]) == 2
        assert "argus-agent register" in capsys.readouterr().err

    def test_a_token_that_died_is_said(self, executor, home, capsys):
        register(executor)
        executor.token = "another host registered"
        assert main(["status"]) == 4
        assert "Register this host again" in capsys.readouterr().err

    def test_a_server_that_is_away_is_said(self, executor, home, capsys):
        register(executor)
        executor.close()
        assert main(["status"]) == 3

    def test_a_registration_of_an_earlier_version_must_be_made_anew(self, executor, home, capsys):
        register(executor)
        kept = json.loads((home / "token.json").read_text())
        del kept["command_keys"]
        (home / "token.json").write_text(json.dumps(kept))
        assert main(["run"]) == 2
        assert "register` again" in capsys.readouterr().err


def test_two_agents_do_not_share_a_folder(executor, agent_process, wait_until, capsys):
    agent_process()
    wait_until(lambda: executor.polls)
    assert main(["run"]) == 2
    assert "runs already" in capsys.readouterr().err


def test_status_shows_what_runs_waits_and_ended(executor, make_agent, registration, home, capsys, wait_until):
    registration().save(str(home))
    (home / "policy.toml").write_text("max_runs = 1")
    executor.command("rerun", "rerun-1", command="sleep 60")
    executor.command("rerun", "rerun-2", command="true")
    make_agent().round()
    assert main(["status"]) == 0
    text = capsys.readouterr().out
    assert "rerun-1 runs as pid" in text
    assert "rerun-2 waits" in text
    assert main(["status", "--json"]) == 0
    state = json.loads(capsys.readouterr().out)
    assert [run["batch_id"] for run in state["running"]] == ["rerun-1"]
    assert state["policy"]["max_runs"] == 1


def test_drain_waits_for_the_runs(executor, make_agent, registration, home, tmp_path, wait_until):
    registration().save(str(home))
    go = tmp_path / "go"
    command_id = executor.command("rerun", "rerun-1", command=f"until [ -e {go} ]; do sleep 0.05; done")
    agent = make_agent()
    agent.round()
    process = subprocess.Popen([sys.executable, "-m", "argus.agent.cli", "drain", "--wait"], stdout=subprocess.PIPE)
    assert b"takes no new runs" in process.stdout.readline()
    wait_until(lambda: agent.host.is_draining)
    assert process.poll() is None
    go.touch()
    output, _ = process.communicate(timeout=20)
    assert b"Nothing runs any more" in output
    assert main(["drain", "--off"]) == 0
    assert not agent.host.is_draining
    assert not Runs(str(home / "runs")).run(command_id).is_supervised


class TestService:
    @pytest.fixture
    def systemctl(self, tmp_path, monkeypatch):
        tools = tmp_path / "bin"
        tools.mkdir()

        def make(code):
            (tools / "systemctl").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n{code}\n')
            (tools / "systemctl").chmod(0o755)

        monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        return make

    def test_it_says_what_it_did_and_how_to_undo_it(self, executor, home, systemctl, tmp_path, capsys):
        systemctl("exit 0")
        register(executor)
        assert main(["install-service", "--max-runs", "2"]) == 0
        unit = (tmp_path / "config/systemd/user/argus-agent.service").read_text()
        assert '"run" "--max-runs=2"' in unit
        assert "KillMode=process" in unit
        assert f'Environment="ARGUS_AGENT_HOME={home}"' in unit
        calls = (tmp_path / "calls").read_text().splitlines()
        assert calls == [
            "--user daemon-reload", "--user enable --now argus-agent.service", "--user restart argus-agent.service",
        ]  # fmt: skip
        said = capsys.readouterr().out
        assert "To undo: systemctl --user disable --now argus-agent.service" in said
        assert "enable-linger" in said

    def test_without_a_session_it_says_what_to_run(self, executor, home, systemctl, capsys):
        systemctl("echo no bus >&2; exit 1")
        register(executor)
        assert main(["install-service"]) == 0
        said = capsys.readouterr().out
        assert "no bus" in said
        assert "systemctl --user daemon-reload" in said

    def test_print_changes_nothing(self, executor, home, systemctl, tmp_path, capsys):
        systemctl("exit 0")
        register(executor)
        assert main(["install-service", "--print"]) == 0
        assert "ExecStart=" in capsys.readouterr().out
        assert not (tmp_path / "calls").exists()

    def test_words_are_quoted_as_systemd_reads_them(self):
        from argus.agent.service import _quoted

        assert _quoted('a "b" %h $x \\') == '"a \\"b\\" %%h $$x \\\\"'

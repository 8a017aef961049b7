"""Inspections: what a host tells of itself before something is run again on it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from argus._git import git_state
from argus._packages import packages
from argus.agent.inspecting import inspect


@pytest.fixture
def repository(tmp_path):
    """A repository with two commits and a change since."""
    folder = tmp_path / "project"
    folder.mkdir()
    git = ["git", "-C", str(folder), "-c", "user.name=lin", "-c", "user.email=lin@lab"]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    for content, subject in (("a = 1\n", "Begin"), ("a = 2\n", "Twice as much")):
        (folder / "train.py").write_text(content)
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-q", "-m", subject], check=True)
    (folder / "train.py").write_text("a = 3\n")
    return folder


def first_commit(folder):
    done = subprocess.run(["git", "-C", folder, "rev-parse", "HEAD~1"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def ask(executor, make_agent, wait_until):
    """An agent's answer to an inspection."""

    def ask(**payload):
        command_id = executor.command("inspect", "b-1", **payload)
        agent = make_agent()
        wait_until(lambda: [agent.round(), executor.steps(command_id)][1])
        assert executor.steps(command_id) == ["inspected"]
        return executor.report(command_id, "inspected")["result"]

    return ask


class TestWhatIsFound:
    def test_code_python_packages_and_files(self, ask, repository, tmp_path):
        data = tmp_path / "data.csv"
        data.write_text("1,2\n")
        paths = [str(data), str(tmp_path / "gone.csv"), "train.py"]
        commit = first_commit(repository)
        found = ask(command=f"{sys.executable} train.py", cwd=str(repository), commit=commit, paths=paths)
        assert (found["is_whole"], found["cwd_exists"], found["command_found"]) == (True, True, True)
        git, known = found["git"], git_state(str(repository))
        assert git["commit"] == known["git_sha"]
        assert git["diff_sha256"] == known["git_diff_sha256"] is not None
        assert (git["is_dirty"], git["branch"], git["ahead"], git["behind"]) == (True, "main", 1, 0)
        assert (git["recorded_subject"], git["subject"]) == ("Begin", "Twice as much")
        assert git["changed_files"] == ["train.py"]
        assert found["python"] == sys.version.split()[0]
        # Ours is the same Python, so it has the same packages.
        assert found["packages"] == dict(line.split("==") for line in packages())
        assert [(path["path"], path["exists"]) for path in found["paths"]] == list(
            zip(paths, [True, False, True], strict=True)
        )
        assert found["paths"][0]["size"] == 4
        assert found["disk_free"] > 0

    def test_a_folder_and_a_script_that_are_gone(self, ask, tmp_path):
        found = ask(command=f"{sys.executable} train.py", cwd=str(tmp_path / "gone"), paths=[])
        assert (found["cwd_exists"], found["command_found"], found["command_missing"]) == (False, False, "train.py")
        assert "git" not in found

    def test_a_module_of_the_folder_is_not_run(self, ask, tmp_path):
        for name in ("json", "re", "importlib", "platform"):
            (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
        found = ask(command=f"{sys.executable} -m lab", cwd=str(tmp_path))
        assert not (tmp_path / "ran").exists()
        assert found["packages"]

    def test_a_commit_that_is_none_is_not_given_to_git(self, ask, repository):
        found = ask(command="true", cwd=str(repository), commit="--output=/tmp/x")
        assert "recorded_subject" not in found["git"]


class TestItsEnd:
    def test_what_a_host_does_not_tell_in_time_is_left_out(self, tmp_path):
        slow = tmp_path / "python3"
        slow.write_text("#!/bin/sh\nexec sleep 60\n")
        slow.chmod(0o755)
        order = {"command": f"{slow} -m lab", "cwd": str(tmp_path), "env": {"PATH": "/usr/bin:/bin"}, "paths": ["/x"]}
        found, is_whole = inspect(order, limit_s=3.0)
        assert not is_whole
        assert found["cwd_exists"] is True
        assert "packages" not in found

    def test_one_that_comes_again_while_it_goes_on_is_begun_once(self, executor, make_agent, tmp_path, wait_until):
        command_id = executor.command("inspect", "b-1", command="true", cwd=str(tmp_path))
        agent = make_agent()
        wait_until(lambda: [agent.round(), executor.steps(command_id)][1])
        agent.round()
        assert len(executor.reports[command_id]) == 1
        assert executor.status[command_id] == "succeeded"

    def test_an_agent_that_died_meanwhile_begins_anew(self, executor, make_agent, tmp_path, wait_until):
        command_id = executor.command("inspect", "b-1", command="true", cwd=str(tmp_path))
        make_agent().ledger.note("other", state="over")  # the one that died had not written a word of it
        again = make_agent()
        wait_until(lambda: [again.round(), executor.steps(command_id)][1])
        assert executor.steps(command_id) == ["inspected"]


class TestThePolicy:
    def refused(self, executor, make_agent, **payload):
        command_id = executor.command("inspect", "b-1", **payload)
        make_agent().round()
        return executor.report(command_id, "refused")["detail"]

    def test_it_looks_only_where_runs_may_start(self, executor, make_agent, home, tmp_path, ask):
        home.mkdir()
        (home / "policy.toml").write_text(f'directories = ["{tmp_path}/project"]')
        (tmp_path / "project").mkdir()
        assert "allows no runs" in self.refused(executor, make_agent, command="true", cwd=str(tmp_path))
        paths = [str(tmp_path / "secret"), "../secret", "own"]
        found = ask(command="true", cwd=str(tmp_path / "project"), paths=paths)
        assert [path["exists"] for path in found["paths"]] == [None, None, False]

    @pytest.mark.parametrize(
        ("rules", "words"), [("dry_run = true", "tries things out"), ('commands = ["make *"]', "does not list")]
    )
    def test_what_may_not_run_is_not_looked_at(self, executor, make_agent, home, tmp_path, rules, words):
        home.mkdir()
        (home / "policy.toml").write_text(rules)
        assert words in self.refused(executor, make_agent, command="python train.py", cwd=str(tmp_path))

    def test_a_stranger_is_told_nothing(self, executor, make_agent, tmp_path):
        words = self.refused(executor, make_agent, requested_by="eve", requested_by_id=8, command="true")
        assert "does not list eve" in words

    def test_no_token_is_given_to_the_python_that_is_asked(self, ask, tmp_path, monkeypatch):
        monkeypatch.setenv("ARGUS_TOKEN", "em_live_secret")
        spy = tmp_path / "python3"
        spy.write_text(f'#!/bin/sh\nenv > {tmp_path}/seen\nexec {sys.executable} "$@"\n')
        spy.chmod(0o755)
        found = ask(command=f"{spy} -m lab", cwd=str(tmp_path), env={"LD_PRELOAD": "/evil.so", "SEED": "3"})
        seen = (tmp_path / "seen").read_text()
        assert found["packages"]
        assert "SEED=3" in seen
        assert "em_live_secret" not in seen
        assert "LD_PRELOAD" not in seen

"""What is captured about a run, and what must never leave the machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

from argus._command import command_line
from argus._context import environment, packages, snapshot
from argus._git import git_state, short_commit
from argus._secrets import mask_arguments, mask_text


@pytest.fixture
def repository(tmp_path):
    def git(*arguments):
        settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *settings, *arguments], check=True, capture_output=True)

    git("init", "-q", "-b", "trunk")
    (tmp_path / "train.py").write_text("1")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    git("remote", "add", "origin", "https://me:secret@example.org/repo.git")
    return tmp_path


class TestGit:
    def test_commit_branch_and_remote_without_its_password(self, repository):
        state = git_state(str(repository))
        assert state["git_branch"] == "trunk"
        assert state["git_dirty"] is False
        assert state["git_remote"] == "https://***@example.org/repo.git"
        assert state["git_sha"].startswith(short_commit(str(repository)))

    def test_a_changed_file_makes_it_dirty(self, repository):
        (repository / "train.py").write_text("2")
        assert git_state(str(repository))["git_dirty"] is True

    def test_outside_a_repository_nothing_is_known(self, tmp_path):
        assert git_state(str(tmp_path)) == {}
        assert short_commit(str(tmp_path)) is None

    def test_without_git_nothing_is_known(self, repository, monkeypatch):
        monkeypatch.setenv("PATH", "")
        assert git_state(str(repository)) == {}


class TestSecrets:
    def test_only_listed_variables_leave_and_secrets_are_masked(self):
        found = environment(
            {
                "CUDA_VISIBLE_DEVICES": "0",
                "SLURM_JOB_ID": "7",
                "HOME": "/root",
                "AWS_SECRET_ACCESS_KEY": "x",
                "MY_SEED": "3",
                "WANDB_API_KEY": "y",
                "TORCH_HUB_TOKEN": "z",
                "ARGUS_CAPTURE_ENV": "MY_SEED, WANDB_API_KEY",
            }
        )
        assert found == {
            "CUDA_VISIBLE_DEVICES": "0",
            "MY_SEED": "3",
            "SLURM_JOB_ID": "7",
            "TORCH_HUB_TOKEN": "***",
            "WANDB_API_KEY": "***",
        }

    def test_command_lines_are_masked(self):
        masked = mask_arguments(
            ["train.py", "--lr", "0.1", "--api-token", "abc", "--password=x", "db.passwd=y", "--key", "--seed", "1"]
        )
        assert masked == [
            "train.py", "--lr", "0.1", "--api-token", "***", "--password=***", "db.passwd=***", "--key", "--seed", "1",
        ]  # fmt: skip

    def test_tokens_and_url_passwords_are_masked_in_any_text(self):
        assert mask_text("em_live_" + "a" * 48) == "***"
        assert mask_text("postgres://u:p@db/x") == "postgres://***@db/x"
        assert mask_text("/data/monkey/tokenizers") == "/data/monkey/tokenizers"


def test_the_command_line_is_the_one_that_started_the_process(monkeypatch):
    monkeypatch.setattr(sys, "orig_argv", ["python", "my train.py", "--lr=0.1"])
    assert command_line() == "python 'my train.py' --lr=0.1"
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "ipykernel_launcher", "-f", "x.json"])
    assert command_line() is None


def test_a_snapshot_has_the_contracts_fields(tmp_path):
    data = snapshot(str(tmp_path), "python train.py")
    assert {"python_version", "hostname", "cwd", "command", "env", "pip_freeze"} <= set(data)
    assert data["cwd"] == str(tmp_path)
    assert any(package.startswith("pytest==") for package in packages())

"""What is captured about a run, and what must never leave the machine."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import socket
import subprocess
import sys
import threading
from types import SimpleNamespace

import psutil
import pytest

from argus._command import command_line
from argus._context import config_fields, environment, snapshot
from argus._git import dirty_diff, git_state, short_commit, untracked_files
from argus._host import container, cpu_model, host_facts, scheduler
from argus._packages import cudnn_of, name_and_version, packages, torch_build
from argus._secrets import mask_arguments, mask_code, mask_text


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

    def test_the_diff_is_that_of_the_whole_repository_with_secrets_masked(self, repository):
        (repository / "train.py").write_text('lr = 2\napi_key = "abcdef"\ntoken = next(stream)\n')
        (repository / "deeper").mkdir()
        state = git_state(str(repository / "deeper"))
        assert '+api_key = "***"' in state["git_diff"]
        assert "+lr = 2\n" in state["git_diff"]
        assert "+token = next(stream)\n" in state["git_diff"]
        whole = subprocess.check_output(["git", "-C", str(repository), "diff", "HEAD", "--no-color"])
        assert (state["git_diff_bytes"], state["git_diff_truncated"]) == (len(whole), False)
        assert state["git_diff_sha256"] == hashlib.sha256(whole).hexdigest()

    def test_staged_changes_are_in_the_diff_too(self, repository):
        (repository / "train.py").write_text("staged")
        subprocess.run(["git", "-C", str(repository), "add", "train.py"], check=True)
        assert "+staged" in git_state(str(repository))["git_diff"]

    def test_a_long_diff_is_cut_and_says_so(self, repository):
        (repository / "train.py").write_text("x = 1\n" * 100_000)
        found = dirty_diff(str(repository))
        whole = subprocess.check_output(["git", "-C", str(repository), "diff", "HEAD", "--no-color"])
        assert found["git_diff_truncated"] is True
        assert found["git_diff"].endswith(f"\n… {len(whole) - 256 * 1024} bytes more")
        assert len(found["git_diff"]) < 257 * 1024
        assert found["git_diff_sha256"] == hashlib.sha256(whole).hexdigest()

    def test_a_diff_that_is_not_read_to_its_end_has_no_hash(self, repository, monkeypatch):
        monkeypatch.setattr("argus._git._DIFF_READ", 1000)
        (repository / "train.py").write_text("x = 1\n" * 100_000)
        assert dirty_diff(str(repository))["git_diff_sha256"] is None

    def test_no_program_that_the_repository_names_is_run(self, repository, tmp_path):
        program = tmp_path / "differ"
        program.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
        program.chmod(0o755)
        subprocess.run(["git", "-C", str(repository), "config", "diff.external", str(program)], check=True)
        (repository / "train.py").write_text("2")
        assert "+2" in dirty_diff(str(repository))["git_diff"]
        assert not (tmp_path / "was-run").exists()

    def test_untracked_files_are_named_and_whole_folders_are_one_name(self, repository):
        (repository / "new.py").write_text("1")
        (repository / "naïve file").write_text("1")
        (repository / "data").mkdir()
        for number in range(10):
            (repository / "data" / str(number)).write_text("1")
        (repository / ".gitignore").write_text("ignored\n")
        (repository / "ignored").write_text("1")
        found = untracked_files(str(repository))
        assert found == {"git_untracked": [".gitignore", "data/", "naïve file", "new.py"], "git_untracked_count": 4}

    def test_many_untracked_files_are_counted(self, repository):
        for number in range(300):
            (repository / f"{number}.txt").write_text("1")
        found = untracked_files(str(repository))
        assert (len(found["git_untracked"]), found["git_untracked_count"]) == (200, 300)

    def test_the_diff_stays_here_when_it_is_not_wanted(self, repository):
        (repository / "train.py").write_text("2")
        assert not [name for name in git_state(str(repository), with_diff=False) if "diff" in name or "untr" in name]

    def test_outside_a_repository_nothing_is_known(self, tmp_path):
        assert git_state(str(tmp_path)) == {}
        assert short_commit(str(tmp_path)) is None

    def test_without_git_nothing_is_known(self, repository, monkeypatch):
        monkeypatch.setenv("PATH", "")
        assert git_state(str(repository)) == {}
        assert dirty_diff(str(repository)) == {}


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
                "TOKENIZERS_PARALLELISM": "false",
                "SLURM_JWT": "eyJ",
            },
            ("MY_SEED", "WANDB_API_KEY"),
        )
        assert found == {
            "CUDA_VISIBLE_DEVICES": "0",
            "MY_SEED": "3",
            "SLURM_JOB_ID": "7",
            "SLURM_JWT": "***",
            "TOKENIZERS_PARALLELISM": "false",
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

    def test_options_that_only_sound_like_secrets_stay_so_that_a_rerun_works(self):
        line = ["train.py", "--tokenizer", "gpt2", "--max-tokens", "512", "--num-tokens=7", "sort_key=time"]
        assert mask_arguments(line) == line

    def test_a_program_on_the_command_line_is_masked_as_code_is(self):
        program = "import passwords\nx = 1\nlogin(api_key='abc', lr=0.1)"
        assert mask_arguments(["python", "-c", program]) == ["python", "-c", program.replace("abc", "***")]

    def test_code_is_masked_where_it_assigns_texts(self):
        assert mask_code("+DB_PASSWORD=hunter2\n+LR=3\n") == "+DB_PASSWORD=***\n+LR=3\n"
        assert mask_code('password: \'x\', "api_key": "y"') == 'password: \'***\', "api_key": "***"'
        assert mask_code('tokenizer = "gpt2"') == 'tokenizer = "gpt2"'

    def test_a_private_key_is_masked_to_its_end_or_to_that_of_the_text(self):
        key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"
        assert "MIIE" not in mask_text(f"a {key} b")
        assert mask_text(f"a {key} b").endswith("b")
        assert "MIIE" not in mask_text(key[:40])

    @pytest.mark.parametrize("text", ["y" * 1_000_000, "a.b=" * 250_000, ":/" * 500_000, "eyJaaaa-" * 125_000])
    def test_a_text_of_a_megabyte_is_read_once_and_not_once_for_each_letter(self, text):
        assert mask_code(text) == text

    def test_tokens_and_url_passwords_are_masked_in_any_text(self):
        assert mask_text("em_live_" + "a" * 48) == "***"
        assert mask_text("postgres://u:p@db/x") == "postgres://***@db/x"
        assert mask_text("/data/monkey/tokenizers") == "/data/monkey/tokenizers"


def test_the_command_line_is_the_one_that_started_the_process(monkeypatch):
    monkeypatch.setattr(sys, "orig_argv", ["python", "my train.py", "--lr=0.1"])
    assert command_line() == "python 'my train.py' --lr=0.1"
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "ipykernel_launcher", "-f", "x.json"])
    assert command_line() is None


class TestHost:
    def test_this_machine_is_described(self):
        facts = host_facts(psutil)
        assert facts["hostname"] == socket.gethostname()
        assert facts["cpu_count"] == os.cpu_count()
        assert facts["ram_total_mb"] == psutil.virtual_memory().total // 2**20
        assert {"os", "user", "cpu_model", "cpu_usable", "fqdn"} <= set(facts)
        without = host_facts(None)
        assert abs(without["ram_total_mb"] - facts["ram_total_mb"]) <= 1

    def test_a_name_server_that_does_not_answer_is_not_waited_for(self, monkeypatch):
        answered = threading.Event()
        monkeypatch.setattr(socket, "getfqdn", answered.wait)
        monkeypatch.setattr("argus._host._FQDN_TIMEOUT_S", 0.05)
        assert "fqdn" not in host_facts(None)
        answered.set()

    def test_the_processor_is_read_from_the_kernels_file(self, tmp_path):
        (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Xeon 9\n")
        assert cpu_model(str(tmp_path / "cpuinfo")) == "Xeon 9"

    def test_a_container_tells_its_kind_and_limits(self, tmp_path, monkeypatch):
        for name in ("KUBERNETES_SERVICE_HOST", "APPTAINER_CONTAINER", "SINGULARITY_CONTAINER"):
            monkeypatch.delenv(name, raising=False)
        assert container(str(tmp_path)) is None
        (tmp_path / ".dockerenv").touch()
        (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
        (tmp_path / "sys/fs/cgroup/memory.max").write_text("8589934592\n")
        (tmp_path / "sys/fs/cgroup/cpu.max").write_text("150000 100000\n")
        assert container(str(tmp_path)) == {"kind": "docker", "memory_limit_mb": 8192, "cpu_limit": 1.5}
        (tmp_path / "sys/fs/cgroup/cpu.max").write_text("max 100000\n")
        assert container(str(tmp_path)) == {"kind": "docker", "memory_limit_mb": 8192}
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
        monkeypatch.setenv("POD_NAME", "train-0")
        monkeypatch.setenv("POD_NAMESPACE", "ml")
        assert container(str(tmp_path)) == {
            "kind": "kubernetes", "memory_limit_mb": 8192, "pod": "train-0", "namespace": "ml",
        }  # fmt: skip

    def test_a_scheduler_tells_its_job(self):
        assert scheduler({"SLURM_JOB_ID": "7", "SLURM_NODELIST": "n[1-2]", "PBS_JOBID": ""}) == {
            "kind": "slurm", "job_id": "7", "slurm_nodelist": "n[1-2]",
        }  # fmt: skip
        assert scheduler({}) is None


class TestPackages:
    def test_all_that_pip_lists_are_there(self):
        expected = {f"{found.metadata['Name']}=={found.version}" for found in importlib.metadata.distributions()}
        assert set(packages()) == expected

    def test_torch_is_asked_through_its_files_and_not_imported(self, tmp_path, monkeypatch):
        (tmp_path / "torch-2.9.1.dist-info").mkdir()
        (tmp_path / "torch-2.9.1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 2.9.1\n")
        (tmp_path / "torch").mkdir()
        (tmp_path / "torch/__init__.py").write_text("raise SystemExit('imported')")
        lines = "__version__ = '2.9.1+cu128'\ncuda: Optional[str] = '12.8'\nhip: Optional[str] = None\n"
        (tmp_path / "torch/version.py").write_text(lines)
        monkeypatch.delitem(sys.modules, "torch", raising=False)
        monkeypatch.delitem(sys.modules, "torch.version", raising=False)
        monkeypatch.syspath_prepend(str(tmp_path))
        assert torch_build() == {"cuda_version": "12.8"}
        assert "torch" not in sys.modules
        monkeypatch.setitem(sys.modules, "torch.version", SimpleNamespace(cuda=None, hip="6.4"))
        assert torch_build() == {"hip_version": "6.4"}

    def test_cudnn_is_known_where_it_is_a_package(self):
        assert cudnn_of(["numpy==2", "nvidia-cudnn-cu12==9.10.2.21"]) == "9.10.2.21"
        assert cudnn_of(["numpy==2"]) is None

    def test_a_distribution_without_metadata_costs_nothing(self, tmp_path):
        (tmp_path / "broken-1.dist-info").mkdir()
        broken = next(iter(importlib.metadata.distributions(path=[str(tmp_path)])))
        assert name_and_version(broken) == ("", "")


def test_a_snapshot_has_the_contracts_fields_and_no_nulls(repository, monkeypatch):
    monkeypatch.setattr("argus._context.open_gpus", lambda: None)
    data = snapshot(str(repository), "python train.py", {"lr": 0.1})
    assert {"git_sha", "git_branch", "git_dirty", "python_version", "hostname", "cwd", "env", "pip_freeze"} <= set(data)
    assert data["config"] == {"lr": 0.1}
    assert data["config_digest"] == data["hydra_config_digest"]
    assert json.loads(data["hydra_config_content"]) == {"lr": 0.1}
    assert None not in data.values()
    json.dumps(data)


def test_without_a_configuration_nothing_is_said_of_one():
    assert config_fields({}) == {}


SETTLED = "    r._pipeline.wait_until_ready(60)\n    r._background._context.join()\n"


def test_the_record_of_a_real_run_arrives_and_each_jobs_settings(script, ingest, repository):
    (repository / "train.py").write_text("changed")
    process = script(
        f"os.chdir({str(repository)!r})\n"
        "with reporter(capture_environment=True, config={'lr': 0.1}) as r:\n"
        "    with r.job('j', config={'lr': 0.2}): pass\n" + SETTLED
    )
    assert process.communicate()[1] == ""
    (event,) = ingest.of_type("env_snapshot")
    assert event["data"]["config"] == {"lr": 0.1}
    assert "+changed" in event["data"]["git_diff"]
    assert event["data"]["entry_script"].endswith(".py")
    (job,) = ingest.of_type("job_start")
    assert job["data"]["config"] == {"lr": 0.2}
    assert job["data"]["config_digest"] != event["data"]["config_digest"]


def test_of_a_run_shorter_than_its_record_takes_what_is_known_counts(reporter, ingest, monkeypatch, tmp_path):
    asked, go_on = threading.Event(), threading.Event()

    def slow_git(folder, **_):
        asked.set()
        go_on.wait()
        return {}

    monkeypatch.setattr("argus._context.git_state", slow_git)
    monkeypatch.setattr("argus._background._CONTEXT_JOIN_S", 0.01)
    with reporter(capture_environment=True, config={"lr": 0.1}):
        asked.wait()
    (event,) = ingest.of_type("env_snapshot")
    go_on.set()
    assert event["data"]["config"] == {"lr": 0.1}
    assert "git_sha" not in event["data"]


def test_the_threads_of_a_run_import_nothing(script):
    """What a thread imports is half there in a child that is forked at that moment: see `_preload`."""
    process = script(
        "import threading\n"
        "with reporter(capture_environment=True, capture_output=True, resource_snapshot=True) as r:\n"
        "    r._pipeline.wait_until_ready(60)\n"
        "    before = set(sys.modules)\n" + SETTLED + "    r.flush(60)\n"
        "    print(sorted(set(sys.modules) - before))\n"
    )
    assert process.communicate() == ("[]\n", "")

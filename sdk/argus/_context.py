"""What a run was made of: code, command, interpreter, packages, environment. Captured once, in a thread."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from argus._secrets import mask_arguments, mask_text, mask_variable

_GIT_TIMEOUT_S = 5.0
_SHA_TIMEOUT_S = 1.0
_LONGEST_COMMAND = 4_096

# What decides how a run behaves, and what a rerun needs. More by name in ARGUS_CAPTURE_ENV (comma-separated).
_ENVIRONMENT = frozenset(
    {
        "CONDA_DEFAULT_ENV",
        "CONDA_PREFIX",
        "HF_HOME",
        "LD_LIBRARY_PATH",
        "LOCAL_RANK",
        "MASTER_ADDR",
        "MASTER_PORT",
        "NODE_RANK",
        "PATH",
        "PYTHONHASHSEED",
        "PYTHONPATH",
        "RANK",
        "TOKENIZERS_PARALLELISM",
        "VIRTUAL_ENV",
        "WORLD_SIZE",
    }
)
_ENVIRONMENT_PREFIXES = ("CUDA_", "NCCL_", "TORCH_", "PYTORCH_", "OMP_", "MKL_", "SLURM_", "XLA_", "TF_", "HYDRA_")


def command_line() -> str | None:
    """The command that started this process, secrets masked; None in a notebook, where it says nothing."""
    import shlex

    arguments = list(getattr(sys, "orig_argv", None) or [sys.executable, *sys.argv])
    if any("ipykernel" in argument or "jupyter" in argument for argument in arguments[:3]):
        return None
    return shlex.join(mask_arguments(arguments))[:_LONGEST_COMMAND]


def short_commit(folder: str) -> str | None:
    """The short sha of the commit that is checked out in `folder`, if it is a repository."""
    return _git(folder, _SHA_TIMEOUT_S, "rev-parse", "--short", "HEAD")


def full_commit() -> str | None:
    """The full sha of the commit that is checked out here, if this is a repository."""
    return _git(os.getcwd(), _SHA_TIMEOUT_S, "rev-parse", "HEAD")


def snapshot(folder: str, command: str | None) -> dict[str, object]:
    """The data of an `env_snapshot` event. Takes up to seconds: git and a look at every installed package."""
    import platform
    import socket

    data: dict[str, object] = {
        "python_version": platform.python_version(),
        "platform": platform.platform(),
        "hostname": socket.gethostname(),
        "cpu_count": os.cpu_count(),
        "pid": os.getpid(),
        "cwd": folder,
        "command": command,
        "env": environment(dict(os.environ)),
        "pip_freeze": packages(),
    }
    data.update(git_state(folder))
    return data


def git_state(folder: str) -> dict[str, object]:
    """Commit, branch, remote, and whether files differ from the commit; empty outside a repository."""
    sha = _git(folder, _GIT_TIMEOUT_S, "rev-parse", "HEAD")
    if sha is None:
        return {}
    status = _git(folder, _GIT_TIMEOUT_S, "status", "--porcelain", "--untracked-files=no")
    remote = _git(folder, _GIT_TIMEOUT_S, "config", "--get", "remote.origin.url")
    return {
        "git_sha": sha,
        "git_branch": _git(folder, _GIT_TIMEOUT_S, "rev-parse", "--abbrev-ref", "HEAD"),
        "git_dirty": None if status is None else bool(status),
        "git_remote": mask_text(remote) if remote else None,
    }


def environment(variables: dict[str, str]) -> dict[str, str]:
    """The variables of the allow-list, secrets masked."""
    asked = {name.strip() for name in variables.get("ARGUS_CAPTURE_ENV", "").split(",")}
    return {
        name: mask_variable(name, value)
        for name, value in sorted(variables.items())
        if name in _ENVIRONMENT or name in asked or name.startswith(_ENVIRONMENT_PREFIXES)
    }


def packages() -> list[str]:
    """Installed distributions as `name==version`, sorted; gives way to the training between two of them."""
    from importlib.metadata import distributions

    found: set[str] = set()
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name:
            found.add(f"{name}=={distribution.version}")
        time.sleep(0)
    return sorted(found, key=str.lower)


def _git(folder: str, timeout_s: float, *arguments: str) -> str | None:
    """A git command's output; None where git, the repository or an answer in time is missing."""
    try:
        done = subprocess.run(
            ["git", "-C", folder, *arguments],
            capture_output=True,
            timeout=timeout_s,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None

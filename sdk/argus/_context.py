"""What a run was made of: code, command, interpreter, packages, environment. Captured once, in a thread."""

from __future__ import annotations

import os
import platform
import socket
import time
from importlib.metadata import distributions

from argus._git import git_state
from argus._secrets import mask_variable

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


def snapshot(folder: str, command: str | None) -> dict[str, object]:
    """The data of an `env_snapshot` event. Takes up to seconds: git and a look at every installed package."""
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
    found: set[str] = set()
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name:
            found.add(f"{name}=={distribution.version}")
        time.sleep(0)
    return sorted(found, key=str.lower)

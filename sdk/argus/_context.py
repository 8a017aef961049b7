"""What a run was made of: code, command, interpreter, packages, machine, environment. Captured once, in a thread."""

from __future__ import annotations

import json
import os
import platform
import sys

from argus._config import config_digest
from argus._git import git_state
from argus._gpu import open_gpus
from argus._host import host_facts
from argus._packages import cudnn_of, packages, torch_build
from argus._resources import psutil_library
from argus._secrets import mask_variable
from argus._settings import capture_env

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from argus._config import Json

# What decides how a run behaves, and what a rerun needs.
_ENVIRONMENT = frozenset(
    {
        "ACCELERATE_MIXED_PRECISION",
        "CONDA_DEFAULT_ENV",
        "CONDA_PREFIX",
        "GROUP_RANK",
        "HF_HOME",
        "HIP_VISIBLE_DEVICES",
        "LD_LIBRARY_PATH",
        "LOCAL_RANK",
        "LOCAL_WORLD_SIZE",
        "MASTER_ADDR",
        "MASTER_PORT",
        "NODE_RANK",
        "NVIDIA_VISIBLE_DEVICES",
        "PATH",
        "PYTHONHASHSEED",
        "PYTHONPATH",
        "RANK",
        "ROCR_VISIBLE_DEVICES",
        "TOKENIZERS_PARALLELISM",
        "VIRTUAL_ENV",
        "WORLD_SIZE",
    }
)
_ENVIRONMENT_PREFIXES = ("CUDA_", "NCCL_", "TORCH_", "PYTORCH_", "OMP_", "MKL_", "SLURM_", "XLA_", "TF_", "HYDRA_")
# A PATH of a cluster's module system can be long; more than this says no more.
_LONGEST_VALUE = 8_192


def snapshot(
    folder: str, command: str | None, config: dict[str, Json] | None = None, *, with_diff: bool = True
) -> dict[str, object]:
    """The data of an `env_snapshot` event, as `snapshot_parts` tells it."""
    data: dict[str, object] = {}
    for part in snapshot_parts(folder, command, config, with_diff=with_diff):
        data.update(part)
    return data


def snapshot_parts(
    folder: str, command: str | None, config: dict[str, Json] | None = None, *, with_diff: bool = True
) -> Iterator[dict[str, object]]:
    """The data of an `env_snapshot` event, part by part, the quick and the important ones first; no nulls in them.

    All takes up to seconds: git, and every package. `folder` is where the run began, `config` its configuration as
    `as_config` gives it; `with_diff` says whether what differs from the commit may be sent.
    """
    for part in _parts(folder, command, config or {}, with_diff=with_diff):
        yield {name: value for name, value in part.items() if value is not None}


def _parts(
    folder: str, command: str | None, config: dict[str, Json], *, with_diff: bool
) -> Iterator[dict[str, object]]:
    yield {"cwd": folder, "command": command, "entry_script": entry_script(), "pid": os.getpid()}
    yield config_fields(config)
    yield git_state(folder, with_diff=with_diff)
    yield {
        "python_version": platform.python_version(),
        "python_implementation": platform.python_implementation(),
        "executable": sys.executable or None,
    }
    yield host_facts(psutil_library())
    yield {"env": environment(dict(os.environ), capture_env())}
    gpus = open_gpus()
    yield gpus.facts() if gpus is not None else {}
    installed = packages()
    yield {"pip_freeze": installed, "cudnn_version": cudnn_of(installed), **torch_build()}


def config_fields(config: dict[str, Json]) -> dict[str, object]:
    """The configuration, and the same as text under the names by which other clients' pages look for it."""
    if not config:
        return {}
    digest = config_digest(config)
    return {
        "config": config,
        "config_digest": digest,
        "hydra_config_digest": digest,
        "hydra_config_content": json.dumps(config, indent=2, ensure_ascii=False),
    }


def entry_script() -> str | None:
    """The script that runs, or the module as `-m name`; None in a notebook or an interactive session."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        return f"-m {spec.name.removesuffix('.__main__')}"
    path = getattr(main, "__file__", None)
    return os.path.abspath(path) if path and sys.argv[0] not in ("", "-c") else None


def environment(variables: dict[str, str], asked: tuple[str, ...] = ()) -> dict[str, str]:
    """The variables of the allow-list and those that were asked for, secrets masked."""
    return {
        name: mask_variable(name, value)[:_LONGEST_VALUE]
        for name, value in sorted(variables.items())
        if name in _ENVIRONMENT or name in asked or name.startswith(_ENVIRONMENT_PREFIXES)
    }

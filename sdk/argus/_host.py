"""The machine that a run is on: processor, memory, system, and the container or scheduler around it."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import threading

try:
    import pwd
except ImportError:  # no such thing on Windows
    pwd = None  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

_MIB = 1024 * 1024
# A name server that does not answer would keep the rest waiting.
_FQDN_TIMEOUT_S = 1.0
_CGROUP = "/sys/fs/cgroup"
_NAMESPACE_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
# By scheduler: the variable that says it is there, and what else it tells of the job.
_SCHEDULERS = {
    "slurm": (
        "SLURM_JOB_ID",
        ("SLURM_JOB_NAME", "SLURM_NODELIST", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_JOB_PARTITION"),
    ),
    "pbs": ("PBS_JOBID", ("PBS_JOBNAME", "PBS_QUEUE")),
    "lsf": ("LSB_JOBID", ("LSB_JOBNAME", "LSB_QUEUE")),
    "ray": ("RAY_JOB_ID", ("RAY_ADDRESS",)),
}


def host_facts(psutil: ModuleType | None) -> dict[str, object]:
    """Name, system, processor and memory; what cannot be told is left out."""
    facts = {
        "hostname": socket.gethostname(),
        "fqdn": _fqdn(),
        "user": _user(),
        "os": _system(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpu_model": cpu_model(),
        "cpu_count": os.cpu_count(),
        "cpu_physical": psutil.cpu_count(logical=False) if psutil is not None else None,
        "cpu_usable": _usable_cpus(),
        "ram_total_mb": _ram_mb(psutil),
        "container": container(),
        "scheduler": scheduler(dict(os.environ)),
    }
    return {name: value for name, value in facts.items() if value is not None}


def cpu_model(path: str = "/proc/cpuinfo") -> str | None:
    """The processor's name as its maker gives it."""
    for line in _read(path, 16_384).splitlines():
        key, colon, value = line.partition(":")
        if colon and key.strip() in {"model name", "Model", "cpu model"}:
            return value.strip()
    if sys.platform == "darwin":
        return _from_sysctl()
    return platform.processor() or None


def container(root: str = "/") -> dict[str, object] | None:
    """Kind and limits of the container around this process: `memory_limit_mb` in MiB, `cpu_limit` in cores."""
    kind = _container_kind(root)
    limits = {"memory_limit_mb": _memory_limit_mb(root), "cpu_limit": _cpu_limit(root)}
    found = {name: value for name, value in limits.items() if value is not None}
    if kind is None and not found:
        return None
    known: dict[str, object] = {"kind": kind or "cgroup", **found}
    if kind == "kubernetes":
        known["pod"] = os.environ.get("POD_NAME") or socket.gethostname()
        known["namespace"] = os.environ.get("POD_NAMESPACE") or _read(_NAMESPACE_FILE, 256).strip() or None
    return known


def scheduler(variables: dict[str, str]) -> dict[str, str] | None:
    """The batch system that started this process: its kind, the job's id, and what else it says of the job."""
    for kind, (id_name, others) in _SCHEDULERS.items():
        if variables.get(id_name):
            more = {name.lower(): variables[name] for name in others if variables.get(name)}
            return {"kind": kind, "job_id": variables[id_name], **more}
    return None


def _container_kind(root: str) -> str | None:
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    if os.environ.get("APPTAINER_CONTAINER") or os.environ.get("SINGULARITY_CONTAINER"):
        return "apptainer"
    if os.path.exists(os.path.join(root, ".dockerenv")):
        return "docker"
    if os.path.exists(os.path.join(root, "run/.containerenv")):
        return "podman"
    return None


def _memory_limit_mb(root: str) -> int | None:
    text = _read(os.path.join(root, _CGROUP.strip("/"), "memory.max"), 64).strip()
    return int(text) // _MIB if text.isdigit() else None


def _cpu_limit(root: str) -> float | None:
    quota, _, period = _read(os.path.join(root, _CGROUP.strip("/"), "cpu.max"), 64).strip().partition(" ")
    return round(int(quota) / int(period), 2) if quota.isdigit() and period.isdigit() and int(period) else None


def _fqdn() -> str | None:
    found: list[str] = []
    asking = threading.Thread(target=lambda: found.append(socket.getfqdn()), name="argus-fqdn", daemon=True)
    asking.start()
    asking.join(_FQDN_TIMEOUT_S)
    return found[0] if found else None


def _user() -> str | None:
    name = os.environ.get("USER") or os.environ.get("USERNAME")
    if name:
        return name
    try:
        return pwd.getpwuid(os.getuid()).pw_name if pwd is not None else None
    except KeyError:
        return None  # a container's user without an entry


def _system() -> str | None:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME")
    except OSError:
        return f"{platform.system()} {platform.release()}"


def _usable_cpus() -> int | None:
    """How many processors this process may run on, where a scheduler gave it a part."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def _ram_mb(psutil: ModuleType | None) -> int | None:
    if psutil is not None:
        return int(psutil.virtual_memory().total) // _MIB
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MIB
    except (AttributeError, ValueError, OSError):
        return None


def _from_sysctl() -> str | None:
    try:
        done = subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, timeout=1, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() or None


def _read(path: str, limit: int) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(limit)
    except OSError:
        return ""

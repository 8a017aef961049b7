"""Hosts of one machine: network namespaces with a link to the server each, which can be cut, and names of their own."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess

# A block that is meant for tests of networks (RFC 2544), so that no route of this machine is hidden.
_BLOCK = "198.18"


class Network:
    """An address for a server, and hosts that reach nothing but it."""

    def __init__(self) -> None:
        self._name = secrets.token_hex(3)
        self._third = secrets.randbelow(200)
        self.address = f"{_BLOCK}.{self._third}.254"
        self._hosts: list[str] = []
        _ip("address", "add", f"{self.address}/32", "dev", "lo")

    def host(self, hostname: str) -> tuple[str, ...]:
        """A new host; returns the words before a command that is to run on it."""
        number = len(self._hosts)
        space, near, far = self._names(number)
        here, there = (f"{_BLOCK}.{self._third}.{4 * number + last}" for last in (1, 2))
        self._hosts.append(hostname)
        _ip("netns", "add", space)
        _ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", space)
        _ip("address", "add", f"{here}/30", "dev", near)
        _ip("link", "set", near, "up")
        for words in (
            ("address", "add", f"{there}/30", "dev", far),
            ("link", "set", far, "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("-n", space, *words)
        _ip("-n", space, "route", "add", "default", "via", here)
        naming = 'hostname "$1"; shift; exec "$@"'
        return ("ip", "netns", "exec", space, "unshare", "--uts", "sh", "-c", naming, "sh", hostname)

    def cut(self, hostname: str) -> None:
        """No packet passes between a host and the server; neither is told."""
        _ip("link", "set", self._near(hostname), "down")

    def heal(self, hostname: str) -> None:
        """As if nothing had been."""
        _ip("link", "set", self._near(hostname), "up")

    def close(self) -> None:
        """Leave nothing behind."""
        for number in range(len(self._hosts)):
            _ip("netns", "delete", self._names(number)[0])
        _ip("address", "delete", f"{self.address}/32", "dev", "lo")

    @staticmethod
    def is_possible() -> bool:
        """Whether this machine lets us: namespaces and links are root's."""
        if os.geteuid() != 0 or not (shutil.which("ip") and shutil.which("unshare")):
            return False
        name = f"argus-{secrets.token_hex(3)}"
        made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
        if made:
            _ip("netns", "delete", name)
        return made

    def _near(self, hostname: str) -> str:
        return self._names(self._hosts.index(hostname))[1]

    def _names(self, number: int) -> tuple[str, str, str]:
        # Names of links have at most 15 letters.
        return f"argus-{self._name}-{number}", f"ar{self._name}n{number}", f"ar{self._name}f{number}"


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stderr}")

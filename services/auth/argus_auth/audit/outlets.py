"""Ways to a syslog server: UDP, TCP (octet counting, RFC 6587) and a socket of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

_PATIENCE_S: Final = 10.0
_PORTS: Final = {"udp": 514, "tcp": 601}


class Outlet:
    """One way to the server, opened when it is used. Every wait ends after ten seconds.

    Args:
        address: `udp://host[:port]`, `tcp://host[:port]` or `unix:/path`.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        parts = urlsplit(address)
        self._scheme = parts.scheme
        self._path = parts.path
        self._host = (parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0))
        self._socket: socket.socket | None = None

    async def send(self, messages: Sequence[bytes]) -> None:
        """Hand messages over, in order.

        Raises:
            OSError: the server cannot be reached, or has hung up; how many it has got is not known.
        """
        async with asyncio.timeout(_PATIENCE_S):
            opened = self._socket or await self._open()
            loop = asyncio.get_running_loop()
            for message in messages:
                framed = b"%d %s" % (len(message), message) if self._scheme == "tcp" else message
                await loop.sock_sendall(opened, framed)

    def is_open(self) -> bool:
        """Whether the connection that was used last still stands, as far as one can know."""
        if self._socket is None:
            return False
        if self._scheme != "tcp":
            return True
        try:
            return self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def close(self) -> None:
        """Hang up; the next `send` opens anew."""
        opened, self._socket = self._socket, None
        if opened is not None:
            with contextlib.suppress(OSError):
                opened.close()

    async def _open(self) -> socket.socket:
        loop = asyncio.get_running_loop()
        if self._scheme == "unix":
            family, kind, where = socket.AF_UNIX, socket.SOCK_DGRAM, self._path
        else:
            kind = socket.SOCK_STREAM if self._scheme == "tcp" else socket.SOCK_DGRAM
            found = await loop.getaddrinfo(*self._host, type=kind)
            family, where = found[0][0], found[0][4]  # type: ignore[assignment]
        opened = socket.socket(family, kind)
        opened.setblocking(False)
        try:
            await loop.sock_connect(opened, where)
        except BaseException:
            opened.close()
            raise
        self._socket = opened
        return opened

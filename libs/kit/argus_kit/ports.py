"""Ports for servers of our own on this machine."""

from __future__ import annotations

import random
import socket

# Below every system's ephemeral range: no outgoing connection takes one between this look and the server's start, and
# that of a killed server stays free until it is back.
_INTERNAL = range(20_000, 32_000)


def free_port() -> int:
    """A loopback port that nobody listens on right now.

    Raises:
        OSError: all of them are taken.
    """
    for port in random.sample(_INTERNAL, k=len(_INTERNAL)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port between {_INTERNAL.start} and {_INTERNAL.stop}")

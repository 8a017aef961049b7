"""Runs an app factory: `python -m argus_kit.serve argus_ingest.app:create_app`.

Listens on ARGUS_HTTP_HOST and ARGUS_HTTP_PORT. SIGTERM and Ctrl-C end it in this order: the process says that it leaves
and goes on answering for ARGUS_DRAIN_S, each answer being its connection's last; it listens no more; streams and held
polls are told to end; open requests have ARGUS_GRACE_S; the parts stop. A second signal cuts the first step short.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import signal
import socket
import sys
import time
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from argus_kit.connections import Connection
from argus_kit.environment import InvalidSettingsError, read_all
from argus_kit.platform import Platform
from argus_kit.presence import Presence
from argus_kit.production import UnsafeSettingsError
from argus_kit.settings import Settings

log = structlog.get_logger(__name__)

_TICK_S = 0.1
# Requests make many short-lived objects and few cycles, so the collector may come seldom.
_GC_THRESHOLDS = (20_000, 20, 50)


class Server(uvicorn.Server):
    """uvicorn, with a drain before the shutdown: else open event streams would hold it up."""

    _is_hurried = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in order; a second Ctrl-C stops at once. Unlike uvicorn we end with exit code 0, not by the signal."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self._is_hurried = self.should_exit
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then take what was loaded out of the garbage collector's sight: it would walk all of it, again and
        again, while requests wait.
        """
        await super().startup(sockets)
        # Not collected before: imports leave little garbage, and to look for it takes a tenth of a start.
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        gc.enable()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take leave, listen no more, drain, then shut down."""
        state = getattr(self.config.app, "state", None)
        presence: Presence | None = getattr(state, "presence", None)
        if presence is not None:
            await self._take_leave(presence)
        for server in self.servers:
            server.close()
        platform: Platform | None = getattr(state, "platform", None)
        if platform is not None:
            await platform.drain()
        await super().shutdown(sockets)

    async def _take_leave(self, presence: Presence) -> None:
        """Answer on, until the gateway has heard that others should be asked."""
        presence.is_leaving = True
        # uvicorn closes a connection after such an answer, and the gateway takes no other request to it.
        self.config.encoded_headers.append((b"connection", b"close"))
        deadline = time.monotonic() + presence.drain_s
        while time.monotonic() < deadline and not self._is_hurried:
            await self.on_tick(0)
            await asyncio.sleep(_TICK_S)


def serve(app: FastAPI, *, host: str, port: int) -> None:
    """Serve until a signal asks to stop."""
    Server(config(app, host=host, port=port)).run()


def config(app: FastAPI, *, host: str, port: int) -> uvicorn.Config:
    """How every process of Argus runs uvicorn."""
    settings = Settings()
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=settings.grace_s,
        backlog=4096,
    )


def load(target: str) -> FastAPI:
    """Import `package.module:factory` and call it.

    Raises:
        InvalidSettingsError: settings that were imported with it cannot be used; it names the faults of all of them.
    """
    module, _, factory = target.partition(":")
    made = getattr(importlib.import_module(module), factory or "create_app")
    read_all()
    app = made()
    assert isinstance(app, FastAPI)
    return app


def main() -> None:
    """Entry point."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m argus_kit.serve package.module:create_app")
    # What is imported stays; looking through it for garbage meanwhile costs a fifth of the start.
    gc.disable()
    try:
        app = load(sys.argv[1])
        settings = Settings()
    except (InvalidSettingsError, UnsafeSettingsError) as error:
        sys.exit(f"Argus cannot start: {error}")
    serve(app, host=settings.http_host, port=settings.http_port)


if __name__ == "__main__":
    asyncio.set_event_loop(None)
    main()

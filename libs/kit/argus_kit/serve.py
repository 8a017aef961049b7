"""Runs an app factory: `python -m argus_kit.serve argus_ingest.app:create_app`.

Listens on ARGUS_HTTP_HOST and ARGUS_HTTP_PORT. SIGTERM and Ctrl-C first drain (readiness off, streams told to end),
then finish open requests, then stop the parts.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import signal
import socket
import sys
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from argus_kit.connections import Connection
from argus_kit.environment import InvalidSettingsError, read_all
from argus_kit.platform import Platform
from argus_kit.production import UnsafeSettingsError
from argus_kit.settings import Settings

log = structlog.get_logger(__name__)

_GRACE_S = 5
# Requests make many short-lived objects and few cycles, so the collector may come seldom.
_GC_THRESHOLDS = (20_000, 20, 50)


class Server(uvicorn.Server):
    """uvicorn, with a drain before the shutdown: else open event streams would hold it up."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in order; a second Ctrl-C stops at once. Unlike uvicorn we end with exit code 0, not by the signal."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then take what was loaded out of the garbage collector's sight: it would walk all of it, again and
        again, while requests wait.
        """
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        gc.enable()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, then shut down."""
        platform: Platform | None = getattr(getattr(self.config.app, "state", None), "platform", None)
        if platform is not None:
            await platform.drain()
        await super().shutdown(sockets)


def serve(app: FastAPI, *, host: str, port: int) -> None:
    """Serve until a signal asks to stop."""
    Server(config(app, host=host, port=port)).run()


def config(app: FastAPI, *, host: str, port: int) -> uvicorn.Config:
    """How every process of Argus runs uvicorn."""
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
        forwarded_allow_ips=Settings().trusted_proxies,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_GRACE_S,
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

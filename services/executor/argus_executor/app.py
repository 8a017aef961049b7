"""The executor's HTTP app, and what the executor is."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI

from argus_executor.agents.endpoints import router as agents
from argus_executor.agents.polls import HeldPolls
from argus_executor.batches.endpoints import router as batches
from argus_executor.batches.endpoints import shortcuts
from argus_executor.batches.polls import StopPolls
from argus_executor.commands.endpoints import router as commands
from argus_executor.drift.endpoints import router as drift
from argus_executor.keys.endpoints import router as keys
from argus_executor.keys.ring import CommandKeys
from argus_executor.keys.statement import KeyStatements
from argus_executor.sweeps import worker_parts
from argus_kit.app import Service, http_app
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_kit.routing import APIRouter
from argus_schema import executor as tables


def _http_parts(platform: Platform) -> Sequence[Part]:
    return (
        CommandKeys(platform.database, lambda: platform.secret_box),
        KeyStatements(platform.database, lambda: platform.secret_box),
        HeldPolls(platform.bus),
        StopPolls(platform.database, platform.cache),
    )


def _routers() -> Sequence[APIRouter]:
    return (keys, agents, batches, drift, commands)


SERVICE = Service(
    name="executor",
    routers=_routers,
    outbox=tables.outbox,
    shortcuts=shortcuts,
    http_parts=_http_parts,
    worker_parts=worker_parts,
)


def create_app() -> FastAPI:
    """The HTTP app as a process of its own."""
    return http_app(SERVICE)

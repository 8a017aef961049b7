"""Ingest's HTTP app: the way in for events, artifacts, and the administration of retention."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI

from argus_ingest.events import endpoints as events
from argus_ingest.events.callers import Gate
from argus_ingest.events.flusher import Flusher
from argus_ingest.events.intake import Intake
from argus_ingest.settings import IngestSettings
from argus_ingest.store.flush import Store
from argus_ingest.worker import worker_parts
from argus_kit.app import Service, http_app
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_schema import ingest as tables


def _routers() -> Sequence[APIRouter]:
    return (events.router,)


def http_parts(platform: Platform) -> Sequence[Part]:
    """The queue of the way in."""
    settings = IngestSettings()
    flusher = Flusher(Store(platform.database, platform.outboxes[tables.OWNER]), settings)
    return (flusher, Intake(Gate(platform.identity, platform.cache, settings), flusher, settings))


SERVICE = Service(
    name=tables.OWNER, routers=_routers, outbox=tables.outbox, http_parts=http_parts, worker_parts=worker_parts
)


def create_app() -> FastAPI:
    """The app of an ingest process."""
    return http_app(SERVICE)

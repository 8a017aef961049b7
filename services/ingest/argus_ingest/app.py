"""Ingest's HTTP app: the way in for events, artifacts, and the administration of retention."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI

from argus_ingest.artifacts import endpoints as artifacts
from argus_ingest.artifacts.service import Artifacts
from argus_ingest.artifacts.settings import ArtifactSettings
from argus_ingest.events import endpoints as events
from argus_ingest.events.callers import Gate
from argus_ingest.events.flusher import Flusher
from argus_ingest.events.intake import Intake
from argus_ingest.retention import endpoints as retention
from argus_ingest.retention.service import Retention
from argus_ingest.retention.settings import RetentionSettings
from argus_ingest.settings import IngestSettings
from argus_ingest.store import bundles
from argus_ingest.store.flush import Store
from argus_ingest.worker import worker_parts
from argus_kit.app import Service, http_app
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_kit.routing import APIRouter
from argus_schema import ingest as tables


def _routers() -> Sequence[APIRouter]:
    return (events.router, artifacts.router, retention.router)


def http_parts(platform: Platform) -> Sequence[Part]:
    """The queue of the way in, and the folder of artifacts."""
    settings = IngestSettings()
    flusher = Flusher(Store(platform.database, platform.outboxes[tables.OWNER]), settings)
    intake = Intake(Gate(platform.identity, platform.cache, settings), flusher, settings)
    sweeper = Retention(platform, RetentionSettings(), is_periodic=False)
    return (flusher, intake, Artifacts(platform, ArtifactSettings()), sweeper)


SERVICE = Service(
    name=tables.OWNER,
    routers=_routers,
    outbox=tables.outbox,
    merge=bundles.merged,
    shortcuts=events.shortcuts,
    http_parts=http_parts,
    worker_parts=worker_parts,
    large_bodies=r"/api/events(/batch)?|/api/(jobs|batches)/.+/artifacts",
)


def create_app() -> FastAPI:
    """The app of an ingest process."""
    return http_app(SERVICE)

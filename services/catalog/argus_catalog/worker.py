"""The catalog's worker: it delivers what the outbox holds when the HTTP processes that promised it are gone."""

from __future__ import annotations

from argus_kit.app import worker_app
from fastapi import FastAPI

from argus_catalog.app import SERVICE


def create_app() -> FastAPI:
    """The worker's app: probes, and the outbox relay in its lifespan."""
    return worker_app(SERVICE)

"""The catalog's worker: it forgets people who left, and delivers what the outbox holds when the HTTP processes that
promised it are gone.
"""

from __future__ import annotations

from fastapi import FastAPI

from argus_catalog.app import SERVICE
from argus_kit.app import worker_app


def create_app() -> FastAPI:
    """The worker's app: probes, and the outbox relay in its lifespan."""
    return worker_app(SERVICE)

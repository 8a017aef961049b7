"""The executor's worker: gives up commands that no agent took."""

from __future__ import annotations

from fastapi import FastAPI

from argus_executor.app import SERVICE
from argus_kit.app import worker_app


def create_app() -> FastAPI:
    """The worker as a process of its own."""
    return worker_app(SERVICE)

"""Ingest's worker: answers what other services ask of batches, and removes what is too old."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI

from argus_kit.app import worker_app
from argus_kit.parts import Part
from argus_kit.platform import Platform


def worker_parts(platform: Platform) -> Sequence[Part]:
    """What runs beside no request."""
    return ()


def create_app() -> FastAPI:
    """The app of the worker's process: probes only."""
    from argus_ingest.app import SERVICE

    return worker_app(SERVICE)

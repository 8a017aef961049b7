"""Ingest's worker: answers what other services ask of batches, merges metric blocks, and removes what is too old."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from fastapi import FastAPI

from argus_ingest.artifacts.orphans import OrphanSweep
from argus_ingest.artifacts.settings import ArtifactSettings
from argus_ingest.census import Census
from argus_ingest.compaction.service import Compaction
from argus_ingest.compaction.settings import CompactionSettings
from argus_ingest.retention.service import Retention
from argus_ingest.retention.settings import RetentionSettings
from argus_ingest.tracking import departures
from argus_ingest.tracking.answers import TrackingAnswers
from argus_kit.app import worker_app
from argus_kit.departures import Departures
from argus_kit.parts import Part
from argus_kit.platform import Platform


def worker_parts(platform: Platform) -> Sequence[Part]:
    """What runs beside no request."""
    return (
        TrackingAnswers(platform),
        Compaction(platform, CompactionSettings()),
        Retention(platform, RetentionSettings(), is_periodic=True),
        OrphanSweep(platform, ArtifactSettings()),
        Departures(platform.bus, "ingest", partial(departures.forget, platform.database)),
        Census(platform),
    )


def create_app() -> FastAPI:
    """The app of the worker's process: probes only."""
    from argus_ingest.app import SERVICE

    return worker_app(SERVICE)

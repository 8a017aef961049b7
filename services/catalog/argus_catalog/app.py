"""The catalog's HTTP app: its routes, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from fastapi import FastAPI

from argus_catalog import departures
from argus_catalog.access.turns import Turns
from argus_catalog.activity import endpoints as activity
from argus_catalog.attention import endpoints as attention
from argus_catalog.batches import endpoints as batches
from argus_catalog.compare import endpoints as compare
from argus_catalog.crash import endpoints as crash
from argus_catalog.curves import endpoints as curves
from argus_catalog.dashboard import endpoints as dashboard
from argus_catalog.deletions import endpoints as deletions
from argus_catalog.digest.answers import DigestAnswers
from argus_catalog.exports import endpoints as exports
from argus_catalog.gpus import endpoints as gpus
from argus_catalog.hosts import endpoints as hosts
from argus_catalog.jobs import endpoints as jobs
from argus_catalog.logs import endpoints as logs
from argus_catalog.logs.whole import endpoints as whole_logs
from argus_catalog.logs.whole.outline import Outlines
from argus_catalog.marks import endpoints as marks
from argus_catalog.matrix import endpoints as matrix
from argus_catalog.members import endpoints as members
from argus_catalog.members.groups import GroupMembers
from argus_catalog.meta import endpoints as meta
from argus_catalog.overview import endpoints as overview
from argus_catalog.project_settings import endpoints as project_settings
from argus_catalog.projects import endpoints as projects
from argus_catalog.public import endpoints as published
from argus_catalog.public import publishing
from argus_catalog.query import endpoints as query
from argus_catalog.search import endpoints as search
from argus_catalog.shares import endpoints as shares
from argus_catalog.shares import public
from argus_catalog.stats import endpoints as stats
from argus_catalog.studies import endpoints as studies
from argus_catalog.timeline import endpoints as timeline
from argus_catalog.trash import endpoints as trash
from argus_catalog.views import endpoints as views
from argus_catalog.writing import Announcer
from argus_kit.app import Service, http_app
from argus_kit.departures import Departures
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_kit.routing import APIRouter
from argus_schema import catalog as tables


def _routers() -> Sequence[APIRouter]:
    # Ids may hold slashes, so a route that ends in an id takes whatever no other route took: those come last.
    # For the same reason a process that mounts several services mounts the catalog after all others.
    return (
        meta.router,
        stats.router,
        compare.router,
        query.router,
        search.router,
        views.router,
        trash.router,
        studies.router,
        dashboard.router,
        attention.router,
        marks.router,
        shares.router,
        members.router,
        project_settings.router,
        overview.router,
        publishing.router,
        published.router,
        published.one,
        public.router,
        gpus.router,
        hosts.router,
        whole_logs.router,
        crash.router,
        timeline.router,
        logs.router,
        curves.router,
        exports.router,
        matrix.router,
        activity.router,
        batches.router,
        jobs.router,
        projects.router,
        deletions.router,
        batches.one,
        jobs.one,
        projects.one,
    )


def _http_parts(platform: Platform) -> Sequence[Part]:
    return (Announcer(platform.bus), Outlines(), Turns())


def worker_parts(platform: Platform) -> Sequence[Part]:
    """What the worker runs. In standalone the announcer is there already, with the routes."""
    shared = next((part for part in platform.parts if isinstance(part, Announcer)), None)
    announcer = shared or Announcer(platform.bus)
    departed = Departures(platform.bus, "catalog", partial(departures.forget, platform, announcer))
    parts = (departed, GroupMembers(platform, announcer), DigestAnswers(platform))
    return parts if shared else (announcer, *parts)


SERVICE = Service(
    name="catalog", routers=_routers, outbox=tables.outbox, http_parts=_http_parts, worker_parts=worker_parts
)


def create_app() -> FastAPI:
    """The HTTP app."""
    return http_app(SERVICE)

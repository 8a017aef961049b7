"""The one process: the same routers and the same parts as the separate services, around one platform."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

import argus_auth.app
import argus_catalog.app
import argus_executor.app
import argus_ingest.app
import argus_notifier.app
import argus_realtime.app
from argus_kit.app import Service, build_app
from argus_kit.platform import Platform
from argus_kit.settings import Settings
from argus_kit.web import mount_frontend
from argus_standalone.backups.schedule import BackupSchedule
from argus_standalone.backups.settings import BackupSettings
from argus_standalone.nats_child import NatsChild

# The order in which their parts start. Routes do not overlap, which the topology test holds.
SERVICES: tuple[Service, ...] = (
    argus_auth.app.SERVICE,
    argus_ingest.app.SERVICE,
    argus_realtime.app.SERVICE,
    argus_executor.app.SERVICE,
    argus_notifier.app.SERVICE,
    # Last, as at the gateway: an id may hold slashes, so its routes take what no other service took.
    argus_catalog.app.SERVICE,
)


def create_app(settings: Settings, nats: NatsChild | None = None, web_root: Path | None = None) -> FastAPI:
    """The whole of Argus as one app.

    Args:
        settings: the surroundings; `nats_url` must point to `nats` where one is given.
        nats: a nats-server to run as a child, first to start and last to stop.
        web_root: folder of the built frontend; None serves the API alone.
    """
    platform = Platform(settings, client_name="argus-standalone")
    if nats is not None:
        platform.parts.insert(0, nats)
    for service in SERVICES:
        if service.outbox is not None:
            platform.add_outbox(service.name, service.outbox, service.merge)
    for service in SERVICES:
        platform.add(service.http_parts(platform))
    for service in SERVICES:
        platform.add(service.worker_parts(platform))
    if platform.database.is_sqlite:
        platform.add([BackupSchedule(platform, BackupSettings())])
    routers = [router for service in SERVICES for router in service.routers()]
    shortcuts = {route: answer for service in SERVICES for route, answer in service.shortcuts(platform).items()}
    large = "|".join(service.large_bodies for service in SERVICES if service.large_bodies)
    app = build_app(platform, "standalone", routers, shortcuts, large_bodies=large)
    if web_root is not None:
        mount_frontend(app, web_root, public_url=settings.public_url)
    return app

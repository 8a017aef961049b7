"""The worker: reads events and mails off the bus, and delivers mails and messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from argus_kit.app import worker_app
from argus_kit.departures import Departures
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_notifier.alerts.reader import Alerts
from argus_notifier.alerts.shares import ShareConsumer
from argus_notifier.channels.messages import CHANNEL_KINDS
from argus_notifier.channels.transport import ChannelTransport
from argus_notifier.delivery.sender import Delivery
from argus_notifier.delivery.transport import Transport
from argus_notifier.departures import forget
from argus_notifier.digest.sender import Digests
from argus_notifier.grouping.closing import SurgeLoop
from argus_notifier.mail.consumer import MailConsumer
from argus_notifier.mail.repository import KIND
from argus_notifier.mail.transport import MailTransport
from argus_notifier.rules.from_file import FileRules, WatchedFile
from argus_notifier.rules.hearing import rules_of
from argus_notifier.rules.reader import RuleReader
from argus_notifier.rules.timer import RuleMemory, RuleTimer
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import EventConsumer, Reader
from argus_notifier.watchdogs.parts import watchdog_parts


def worker_parts(platform: Platform) -> Sequence[Part]:
    """What the worker runs."""
    settings = NotifierSettings()
    file = WatchedFile(Path(settings.notification_rules)) if settings.notification_rules else None
    files = [FileRules(platform, settings, file)] if file else []
    clock, watchdogs = watchdog_parts(platform, settings)
    readers: list[Reader] = [
        Alerts(platform, settings),
        RuleReader(platform, settings, rules_of(platform)),
        watchdogs,
        *files,
    ]
    return (
        clock,
        *files,
        EventConsumer(platform.bus, readers),
        ShareConsumer(platform, settings),
        SurgeLoop(platform, settings),
        RuleTimer(platform, settings, rules_of(platform)),
        RuleMemory(platform),
        MailConsumer(platform, settings),
        Delivery(platform, settings, transports(platform, settings, file)),
        Digests(platform, settings),
        Departures(platform.bus, "notifier", partial(forget, platform.database)),
    )


def transports(
    platform: Platform, settings: NotifierSettings, file: WatchedFile | None = None
) -> Mapping[str, Transport]:
    """The ways out of the house."""
    ways: dict[str, Transport] = {KIND: MailTransport(platform, settings)}
    ways |= {kind: ChannelTransport(kind, platform, settings, file) for kind in CHANNEL_KINDS}
    return ways


def create_app() -> FastAPI:
    """The worker's app: probes, and the parts above."""
    from argus_notifier.app import SERVICE

    return worker_app(SERVICE)

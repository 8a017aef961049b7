"""The worker: reads events and mails off the bus, and delivers mails and messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from fastapi import FastAPI

from argus_kit.app import worker_app
from argus_kit.departures import Departures
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_notifier.alerts.handler import AlertConsumer
from argus_notifier.channels.messages import KINDS
from argus_notifier.channels.transport import ChannelTransport
from argus_notifier.delivery.sender import Delivery
from argus_notifier.delivery.transport import Transport
from argus_notifier.departures import forget
from argus_notifier.mail.consumer import MailConsumer
from argus_notifier.mail.repository import KIND
from argus_notifier.mail.transport import MailTransport
from argus_notifier.settings import NotifierSettings


def worker_parts(platform: Platform) -> Sequence[Part]:
    """What the worker runs."""
    settings = NotifierSettings()
    return (
        AlertConsumer(platform, settings),
        MailConsumer(platform, settings),
        Delivery(platform, settings, transports(platform, settings)),
        Departures(platform.bus, "notifier", partial(forget, platform.database)),
    )


def transports(platform: Platform, settings: NotifierSettings) -> Mapping[str, Transport]:
    """The ways out of the house."""
    ways: dict[str, Transport] = {KIND: MailTransport(platform, settings)}
    ways |= {kind: ChannelTransport(kind, platform, settings) for kind in KINDS}
    return ways


def create_app() -> FastAPI:
    """The worker's app: probes, and the parts above."""
    from argus_notifier.app import SERVICE

    return worker_app(SERVICE)

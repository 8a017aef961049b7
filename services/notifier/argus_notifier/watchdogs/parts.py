"""What the worker runs of watchdogs."""

from __future__ import annotations

from collections.abc import Sequence

from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_notifier.settings import NotifierSettings
from argus_notifier.watchdogs.clock import WatchdogClock
from argus_notifier.watchdogs.consumer import WatchdogConsumer
from argus_notifier.watchdogs.limits import KnownLimits


def watchdog_parts(platform: Platform, settings: NotifierSettings) -> Sequence[Part]:
    """The clock and the consumer, which know the same limits."""
    limits = KnownLimits()
    clock = WatchdogClock(platform, settings, limits)
    return clock, WatchdogConsumer(platform, settings, limits, clock.kick)

"""What the worker runs of watchdogs."""

from __future__ import annotations

from argus_kit.platform import Platform
from argus_notifier.settings import NotifierSettings
from argus_notifier.watchdogs.clock import WatchdogClock
from argus_notifier.watchdogs.limits import KnownLimits
from argus_notifier.watchdogs.reader import Watchdogs


def watchdog_parts(platform: Platform, settings: NotifierSettings) -> tuple[WatchdogClock, Watchdogs]:
    """The clock and the reader, which know the same limits."""
    limits = KnownLimits()
    clock = WatchdogClock(platform, settings, limits)
    return clock, Watchdogs(platform, settings, limits, clock.kick)

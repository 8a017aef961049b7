"""Acts out the faults of a plan at their moments, and heals them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from rig.clients import Reporter
from rig.clock import Clock
from rig.disks import Disk
from rig.plan import Fault, Plan
from rig.systems import System

Action = Callable[[], None]


class Disturber:
    """What the faults of a run act upon."""

    def __init__(self, system: System, reporters: list[Reporter], journal: Disk | None, clock: Clock) -> None:
        self._system = system
        self._reporters = reporters
        self._journal = journal
        self._reporters_clock = clock

    def act(self, plan: Plan) -> None:
        """Do all of it, in time; returns when everything is healed."""
        moments: list[tuple[float, Action]] = []
        for fault in plan.faults:
            begin, heal = self._actions(fault)
            moments += [(fault.at_s, begin), (fault.at_s + fault.for_s, heal)]
        started = time.monotonic()
        for at, action in sorted(moments, key=lambda moment: moment[0]):
            time.sleep(max(started + at - time.monotonic(), 0))
            action()

    def heal(self) -> None:
        """Heal whatever may be ill, also after a fault that failed itself."""
        for way in self._system.ways.values():
            way.heal()
        for disk in (self._system.disk, self._journal):
            if disk is not None:
                disk.free()
        self._system.clock.jump(0)
        for reporter in self._reporters:
            reporter.signal(signal.SIGCONT)

    def _actions(self, fault: Fault) -> tuple[Action, Action]:
        """How it begins and how it ends."""
        match fault.kind:
            case "kill":
                return lambda: self._signal(fault.target, signal.SIGKILL), _nothing
            case "freeze":
                return (
                    lambda: self._signal(fault.target, signal.SIGSTOP),
                    lambda: self._signal(fault.target, signal.SIGCONT),
                )
            case "cut":
                return self._system.ways[fault.target].cut, self._system.ways[fault.target].heal
            case "stall":
                return self._system.ways[fault.target].stall, self._system.ways[fault.target].heal
            case "slow":
                way = self._system.ways[fault.target]
                return lambda: way.slow(fault.size), way.heal
            case "fill":
                disk = self._journal if fault.target == "journal" else self._system.disk
                assert disk is not None
                return disk.fill, disk.free
            case "jump":
                clock = self._reporters_clock if fault.target == "reporter" else self._system.clock
                return lambda: clock.jump(fault.size), lambda: clock.jump(0)
        raise ValueError(fault.kind)

    def _signal(self, target: str, number: signal.Signals) -> None:
        if target == "reporter":
            self._reporters[0].signal(number)
        else:
            self._system.signal(target, number)


def _nothing() -> None:
    """What was killed comes back by itself."""

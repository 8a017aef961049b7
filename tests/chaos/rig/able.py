"""What this machine lets a test do to it."""

from __future__ import annotations

from rig.clock import Clock
from rig.disks import Disk


def kinds() -> frozenset[str]:
    """The kinds of faults that can be made here: full disks need root, and wrong clocks a C compiler."""
    found = {"die", "kill", "freeze", "cut", "stall", "slow"}
    if Disk.is_possible():
        found.add("fill")
    if Clock.is_possible():
        found.add("jump")
    return frozenset(found)

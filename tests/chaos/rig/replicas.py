"""Every replica of a stack by itself: where it listens, and what it counts."""

from __future__ import annotations

import os
import re

import httpx

from rig.systems import Stack

REPLICAS = int(os.environ.get("ARGUS_SCALE_REPLICAS", "2"))
"""How many of each service the tests of several replicas run."""


class Replicas:
    """The replicas of each service of one stack, each at an address of its own."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def names(self, app: str) -> list[str]:
        """The processes that run an app."""
        return [name for name in self._stack.ports() if re.fullmatch(rf"{app}(-\d+)?", name)]

    def urls(self, app: str) -> list[str]:
        """Their addresses, past the gateway."""
        return [self.url(name) for name in self.names(app)]

    def url(self, name: str) -> str:
        """The address of one process."""
        return f"http://127.0.0.1:{self._stack.ports()[name]}"

    def counts(self, app: str, metric: str) -> dict[str, float]:
        """What each replica counts: the sum of a metric over its labels."""
        return {name: self._sum(name, metric) for name in self.names(app)}

    def by_label(self, app: str, metric: str) -> dict[str, dict[str, float]]:
        """The values of a metric with one label, by replica and by what the label says."""
        return {name: dict(self._read(name, metric)) for name in self.names(app)}

    def _sum(self, name: str, metric: str) -> float:
        return sum(value for _, value in self._read(name, metric))

    def _read(self, name: str, metric: str) -> list[tuple[str, float]]:
        text = httpx.get(f"{self.url(name)}/metrics", timeout=30).text
        found = re.findall(rf"^{metric}(?:{{\w+=\"([^\"]*)\".*}})? (\S+)$", text, re.MULTILINE)
        return [(label, float(value)) for label, value in found]

"""Processes that are asked to end and come back, one or some at a time, as a rollout does it."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterable, Sequence

import httpx
from rig.systems import Stack
from stack_programs import APPS
from stack_replicas import Replicas

PATIENCE_S = 120.0
# The gateway asks each replica every half second whether it takes requests. A rollout in a cluster waits for the same:
# the next one leaves when the new one is known.
_KNOWN_S = 1.5


class Rollout:
    """The pairs of a stack, whose `replicas` are what ARGUS_STACK_REPLICAS says."""

    def __init__(self, stack: Stack, replicas: str) -> None:
        self._stack = stack
        processes = Replicas(APPS, replicas)
        pairs = [processes.of(app) for app in APPS if len(processes.of(app)) == 2]
        self.halves = [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    @property
    def names(self) -> list[str]:
        """All of both halves."""
        return [*self.halves[0], *self.halves[1]]

    def restart(self, names: Sequence[str]) -> None:
        """SIGTERM to each of them, and wait until others stand in their places, are ready, and the gateway knows it."""
        before = self._stack.pids()
        for name in names:
            self._stack.signal(name, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_S
        for name in names:
            while self._stack.pids().get(name) in {None, before[name]} or not self._is_ready(name):
                assert time.monotonic() < deadline, f"{name} did not come back"
                time.sleep(0.1)
        if not all("-worker" in name for name in names):
            time.sleep(_KNOWN_S)

    def one_by_one(self, names: Iterable[str]) -> None:
        """Each after the one before is back."""
        for name in names:
            self.restart([name])

    def _is_ready(self, name: str) -> bool:
        path = "/livez" if name.startswith("web") else "/readyz"
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"http://127.0.0.1:{self._stack.ports()[name]}{path}", timeout=5).status_code == 200
        return False

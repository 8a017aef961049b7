"""Somebody who clicks until there is an answer, and looks until something has come to pass."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from argus_standalone.testing import Account
from rig.systems import Stack

PATIENCE_S = 120.0
BUSY = frozenset({None, "requested", "running", "stopping", "stalled", "pending"})
# 404: what Traefik says before it has read its routes.
_AWAY = frozenset({404, 429, 500, 502, 503, 504})


class Person:
    """Clicks on one system. `reached` is called at each click, and when it is answered; `folder` is named when
    something never comes.
    """

    def __init__(self, account: Account, system: Stack, reached: Callable[[str], None], folder: Path) -> None:
        self.account = account
        self._system = system
        self._reached = reached
        self._folder = folder

    def click(self, path: str, body: dict[str, Any] | None, kind: str) -> dict[str, Any] | None:
        """Until there is an answer; None where the system says that it cannot be done now."""
        asked = threading.Thread(target=self._reached, args=(f"{kind}:asked",), daemon=True)
        asked.start()
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = self.account.http.post(path, json=body)
                if answer.is_success:
                    self._reached(f"{kind}:queued")
                    found: dict[str, Any] = answer.json()
                    return found
                if answer.status_code == 409:
                    return None
                assert answer.status_code in _AWAY, f"{path}: {answer.text}"
            assert time.monotonic() < deadline, f"{path} was never answered"
            time.sleep(0.2)

    def status(self, batch_id: str) -> str | None:
        """A batch's status, asked of the database itself."""
        found = self._system.query("select status from batch where id = :batch", batch=batch_id)
        return found[0][0] if found else None

    def is_settled(self, batch_id: str) -> bool:
        """Whether nothing of a batch goes on: it has ended, or is paused."""
        return self.status(batch_id) not in BUSY

    def until(self, check: Callable[[], Any], *, quietly: bool = False) -> None:
        """Look until it is so."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(Exception):  # the database may be what was struck
                if check():
                    return
            if time.monotonic() > deadline:
                assert quietly, f"it never came to that, see {self._folder}"
                return
            time.sleep(0.1)

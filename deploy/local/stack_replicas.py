"""How many of each process the local stack runs.

ARGUS_STACK_REPLICAS is a comma list: `2` means two of everything, `ingest=4` four of ingest and of its worker,
`ingest-worker=1` one worker. What stands later in the list wins.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from stack_layout import StackError

VARIABLE = "ARGUS_STACK_REPLICAS"
MOST = 16


class Replicas:
    """Names of processes, by the app that they run. The first of each has the app's own name, others a number.

    Args:
        apps: names of all apps.
        said: the text above; empty: one of each.

    Raises:
        StackError: the text names something that is none of the apps, or a number that is none.
    """

    def __init__(self, apps: Iterable[str], said: str = "") -> None:
        counts = dict.fromkeys(apps, 1)
        for entry in filter(None, (part.strip() for part in said.split(","))):
            name, named, number = entry.rpartition("=")
            chosen = [app for app in counts if app in {name, f"{name}-worker"}] if named else list(counts)
            if not chosen:
                raise StackError(f"{VARIABLE} names {name!r}, and there are only {', '.join(counts)}.")
            if not number.isdigit() or not 1 <= int(number) <= MOST:
                raise StackError(f"{VARIABLE} says {entry!r}, and a number of replicas is one from 1 to {MOST}.")
            counts.update(dict.fromkeys(chosen, int(number)))
        self._counts = counts

    @classmethod
    def from_environment(cls, apps: Iterable[str]) -> Replicas:
        """What ARGUS_STACK_REPLICAS says."""
        return cls(apps, os.environ.get(VARIABLE, ""))

    def of(self, app: str) -> list[str]:
        """The processes that run this app."""
        return [app, *(f"{app}-{number}" for number in range(2, self._counts[app] + 1))]

    def apps(self) -> dict[str, str]:
        """The app of each process."""
        return {name: app for app in self._counts for name in self.of(app)}

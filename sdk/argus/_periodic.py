"""A background task: one function, called every so often in a thread of its own."""

from __future__ import annotations

import threading

from argus._guard import absorb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Periodic(threading.Thread):
    """Calls `task` every `every_s` seconds, first after `first_s`; then `on_end`, in the same thread.

    It ends when `task` returns True, or by `stop()`.
    """

    def __init__(
        self,
        name: str,
        task: Callable[[], bool | None],
        every_s: float,
        first_s: float = 0.0,
        on_end: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(name=f"argus-{name}", daemon=True)
        self._task = task
        self._every_s = every_s
        self._first_s = first_s
        self._on_end = on_end
        self._over = threading.Event()

    def run(self) -> None:
        """The thread's body. A task that fails is called again next time."""
        try:
            self._repeat()
        finally:
            if self._on_end is not None:
                self._on_end()

    def _repeat(self) -> None:
        delay = self._first_s
        while not self._over.wait(delay):
            try:
                if self._task():
                    return
            except Exception as error:  # noqa: BLE001 - the guard of this thread: training is sacred
                absorb(self.name, error)
            delay = self._every_s

    def stop(self) -> None:
        """Call no more; a call that runs may end by itself."""
        self._over.set()

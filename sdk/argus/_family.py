"""The run's own processes: this one, and its children (data loaders, ranks)."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MIB = 1024 * 1024


class Family:
    """CPU and memory of a process (this one by default) and its children.

    A child's CPU is known from its second sample on. Raises `psutil.Error` where another process has gone.
    """

    def __init__(self, psutil: Any, pid: int | None = None) -> None:
        self._psutil = psutil
        self._own: Any = psutil.Process(pid)
        self._children: dict[int, Any] = {}
        self._own.cpu_percent(None)

    @property
    def pids(self) -> set[int]:
        """Process ids, as of the last sample."""
        return {self._own.pid, *self._children}

    def sample(self, ram_used_mb: int) -> dict[str, object]:
        """`proc_cpu_pct` (100 is one core), `proc_ram_mb` in MiB, and how many children there are.

        Memory is resident memory, of children without what they share. Pages that a fork left in common count once a
        process all the same, so the sum is cut at what the whole machine uses.
        """
        self._update()
        cpu = float(self._own.cpu_percent(None))
        ram = int(self._own.memory_info().rss)
        for child in list(self._children.values()):
            try:
                cpu += child.cpu_percent(None)
                memory = child.memory_info()
            except self._psutil.Error:
                continue  # it has just ended
            ram += memory.rss - getattr(memory, "shared", 0)
        return {
            "proc_cpu_pct": round(cpu, 1),
            "proc_ram_mb": min(ram // _MIB, ram_used_mb),
            "proc_children": len(self._children),
        }

    def _update(self) -> None:
        """Keep the objects of children that go on: their CPU is counted from one sample to the next."""
        try:
            found = {child.pid: child for child in self._found()}
        except self._psutil.Error:
            found = {}
        self._children = {
            pid: self._children[pid] if self._children.get(pid) == child else child for pid, child in found.items()
        }

    def _found(self) -> list[Any]:
        pids = descendants(self._own.pid)
        if pids is None:
            return self._own.children(recursive=True)  # type: ignore[no-any-return]
        found = []
        for pid in pids:
            try:
                found.append(self._psutil.Process(pid))
            except self._psutil.NoSuchProcess:
                continue  # it has just ended
        return found


def descendants(pid: int) -> list[int] | None:
    """Process ids of children and theirs, as Linux keeps them; None where it does not.

    psutil looks through all processes of the machine for them, which on a busy one costs a hundred times as much.
    """
    found: list[int] = []
    waiting = [pid]
    while waiting:
        folder = f"/proc/{waiting.pop()}/task"
        try:
            for task in os.listdir(folder):
                with open(f"{folder}/{task}/children", encoding="utf-8") as file:
                    children = [int(child) for child in file.read().split()]
                found += children
                waiting += children
        except OSError:
            if not found and not os.path.exists(f"/proc/{pid}/task/{pid}/children"):
                return None
    return found

"""How fast counters grow: bytes of disks and networks per second, between two samples."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MIB = 1024 * 1024
# The loop, and the inner sides of containers' and virtual machines' networks, whose bytes count at the outer side.
_INNER_NETWORKS = ("lo", "docker", "veth", "br-", "virbr", "cni", "flannel", "cali", "tap", "vnet")


class Rates:
    """MiB per second of the machine's disks and networks; the first sample has none to compare with."""

    def __init__(self, psutil: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._psutil = psutil
        self._clock = clock
        self._at = 0.0
        self._last: dict[str, int] = {}

    def sample(self) -> dict[str, object]:
        """Rates since the sample before. A counter that fell (a device that went) leaves its field out once."""
        now, counted = self._clock(), self._counters()
        elapsed_s, last = now - self._at, self._last
        self._at, self._last = now, counted
        if elapsed_s <= 0:
            return {}
        return {
            name: round((value - last[name]) / elapsed_s / _MIB, 3)
            for name, value in counted.items()
            if name in last and value >= last[name]
        }

    def _counters(self) -> dict[str, int]:
        counted: dict[str, int] = {}
        disks = self._psutil.disk_io_counters()
        if disks is not None:  # None in containers that hide the disks
            counted["disk_read_mb_s"], counted["disk_write_mb_s"] = disks.read_bytes, disks.write_bytes
        networks = [
            counters
            for name, counters in self._psutil.net_io_counters(pernic=True).items()
            if not name.startswith(_INNER_NETWORKS)
        ]
        counted["net_rx_mb_s"] = sum(counters.bytes_recv for counters in networks)
        counted["net_tx_mb_s"] = sum(counters.bytes_sent for counters in networks)
        return counted

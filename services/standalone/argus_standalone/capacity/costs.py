"""What one of each thing costs, out of `costs.json`: measured by `make bench ARGS="--only P11"`, never written by hand.

Each group says where its figures come from. `cpu_us` are microseconds of processor by program.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).with_name("costs.json")


class Costs(NamedTuple):
    """By program, microseconds: of a request with events, of each event in it, of each number of an event, and so on.
    Bytes of a request, an event and a number: on the bus, in the log of PostgreSQL, on its disk, on the way in.
    """

    measured: str
    cpu_us: dict[str, dict[str, float]]
    bytes: dict[str, dict[str, float]]
    point_bytes: float
    frame_bytes: float
    page_bytes: float
    memory_kib: dict[str, float]
    process_mib: float
    connections: dict[str, float]


@cache
def measured(file: Path = FILE) -> Costs:
    """What the file says."""
    said: dict[str, Any] = json.loads(file.read_text())
    figures = {name: said[name]["value"] for name in Costs._fields if name != "measured"}
    return Costs(measured=said["measured"], **figures)

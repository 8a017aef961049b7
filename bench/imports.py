"""What `import NAME` costs a fresh interpreter: milliseconds over a bare one, and MiB of memory."""

from __future__ import annotations

import statistics
import subprocess
from typing import Any

_PROGRAM = """
import time
begin = time.perf_counter()
{statement}
spent = time.perf_counter() - begin
for line in open("/proc/self/status"):
    if line.startswith("VmRSS"):
        print(spent * 1000, int(line.split()[1]) / 1024)
"""


def measure(python: str, name: str, rounds: int = 15) -> dict[str, Any]:
    """Medians of `rounds` fresh processes of that Python, in turns with bare ones; Linux only."""
    bare, full = [], []
    for _ in range(rounds):
        bare.append(_once(python, "pass"))
        full.append(_once(python, f"import {name}"))
    ms = statistics.median(one[0] for one in full) - statistics.median(one[0] for one in bare)
    mib = statistics.median(one[1] for one in full) - statistics.median(one[1] for one in bare)
    return {"import_ms": round(ms, 1), "memory_mib": round(mib, 1), "rounds": rounds}


def _once(python: str, statement: str) -> tuple[float, float]:
    done = subprocess.run(
        [python, "-W", "ignore", "-c", _PROGRAM.format(statement=statement)], capture_output=True, text=True, check=True
    )
    ms, mib = done.stdout.split()[-2:]
    return float(ms), float(mib)

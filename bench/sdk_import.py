"""What `import argus` costs over a bare interpreter: `python -m bench.sdk_import` prints JSON.

Milliseconds and MiB of resident memory, medians over processes that are started in turns; beside them what loading
everything that the SDK's threads use adds later (`begin`), and `import json` as a known size.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys

ROUNDS = 15

_PROBE = """
import sys, time
before = time.perf_counter()
{code}
took = time.perf_counter() - before
with open("/proc/self/statm") as file:
    pages = int(file.read().split()[1])
print(took * 1000, pages, len(sys.modules))
"""

CASES = {"bare": "pass", "json": "import json", "argus": "import argus", "begin": "import argus, argus._preload"}


def _run(code: str) -> tuple[float, float, int]:
    done = subprocess.run([sys.executable, "-c", _PROBE.format(code=code)], capture_output=True, text=True, check=True)
    took_ms, pages, modules = done.stdout.split()
    return float(took_ms), int(pages) * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024, int(modules)


def measure(rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """Medians by case: `ms` in the import, `mib` and `modules` over the bare interpreter."""
    found: dict[str, list[tuple[float, float, int]]] = {name: [] for name in CASES}
    _run("import argus, argus._preload")  # compiles what is not compiled yet
    for _ in range(rounds):
        for name, code in CASES.items():
            found[name].append(_run(code))
    middle = {name: [statistics.median(column) for column in zip(*runs, strict=True)] for name, runs in found.items()}
    bare = middle.pop("bare")
    return {
        name: {
            "ms": round(ms, 2),
            "best_ms": round(min(run[0] for run in found[name]), 2),
            "mib": round(mib - bare[1], 2),
            "modules": int(modules - bare[2]),
        }
        for name, (ms, mib, modules) in middle.items()
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))

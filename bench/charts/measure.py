"""A hundred curves in a browser: how far apart frames are while somebody points, zooms, and while 32 lines grow.

`python -m bench.charts.measure` builds the page from the app's sources, opens it in Chromium without a graphics card in
turns with a bare ECharts of the same lines, and prints medians. `idle` says how far apart frames are on this machine
when nothing is drawn: read the others beside it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles
from typing import Any

HERE = Path(__file__).parent
A_FRAME_MS = 1000 / 60


def charts(rounds: int = 3) -> dict[str, Any]:
    """By subject and act: median, 95th percentile and worst of milliseconds between frames, and tasks over 50 ms."""
    with tempfile.TemporaryDirectory(prefix="argus-bench-charts-") as built:
        subprocess.run(["node", str(HERE / "build.mjs"), built], check=True)
        command = ["node", str(HERE / "run.mjs"), built, str(rounds)]
        said = subprocess.run(command, check=True, capture_output=True, text=True)
    print(said.stderr, end="", file=sys.stderr)
    return {
        subject: {act: _figures(**told) for act, told in acts.items()}
        for subject, acts in json.loads(said.stdout).items()
    }


def _figures(frames: list[float], longTasks: list[float]) -> dict[str, float]:  # noqa: N803 (as the page names it)
    return {
        "median_ms": round(median(frames), 1),
        "p95_ms": round(quantiles(frames, n=20)[-1], 1),
        "worst_ms": round(max(frames), 1),
        "long_tasks": len(longTasks),
        "longest_task_ms": round(max(longTasks, default=0.0)),
    }


def main() -> int:
    """Print a table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"{'':8} {'':8} {'median':>8} {'p95':>8} {'worst':>8} {'tasks > 50 ms':>14} {'longest':>8}")
    for subject, acts in charts(rounds).items():
        for act, told in acts.items():
            cells = f"{told['median_ms']:8} {told['p95_ms']:8} {told['worst_ms']:8} {told['long_tasks']:14} "
            print(f"{subject:8} {act:8} {cells}{told['longest_task_ms']:8}")
    print(f"A frame of 60 a second takes {A_FRAME_MS:.1f} ms.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

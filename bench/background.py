"""What the SDK's threads take of a core while the training does nothing: `python -m bench.background [SECONDS]`.

A real reporter at its default intervals for 60 seconds after its start, against a server of its own process. The
sampler looks through all processes of the machine for the run's children: `--processes N` adds N sleeping ones.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

import psutil

from argus import Reporter

_START_S = 5.0


def main() -> None:
    """Print CPU per thread and in all, in percent of one core."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=60.0)
    parser.add_argument("--processes", type=int, default=0, help="sleeping processes to add")
    parser.add_argument("--capture", default=None, help="capture of the console: python or fd")
    arguments = parser.parse_args()
    # The shell leaves them behind, so that they are no children of this process.
    shell = f"for _ in $(seq {arguments.processes}); do sleep 3600 & done"
    sleepers = subprocess.Popen(["sh", "-c", shell], start_new_session=True)
    sleepers.wait()
    sink = subprocess.Popen(
        [sys.executable, "-m", "bench.sdk_sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert sink.stdout is not None
    address = sink.stdout.readline().strip()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"ARGUS_URL": address, "ARGUS_TOKEN": "em_live_bench", "ARGUS_SPILL_DIR": folder}
        try:
            _measure(arguments.seconds, arguments.capture)
        finally:
            sink.communicate("")
            if arguments.processes:
                os.killpg(sleepers.pid, signal.SIGKILL)


def _measure(seconds: float, capture: str | None) -> None:
    with Reporter("background", source_project="bench", capture_output=capture):
        time.sleep(_START_S)
        before = _cpu_by_thread()
        time.sleep(seconds)
        after = _cpu_by_thread()
    used = {name: after[name] - before.get(name, 0.0) for name in after}
    for name, cpu_s in sorted(used.items(), key=lambda item: -item[1]):
        print(f"{name:<20} {100 * cpu_s / seconds:6.3f} %")
    print(f"{'all':<20} {100 * sum(used.values()) / seconds:6.3f} % of a core, {len(psutil.pids())} processes")


def _cpu_by_thread() -> dict[str, float]:
    """Seconds of CPU of each thread; the clock of /proc ticks only a hundred times a second."""
    return {
        thread.name: time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        for thread in threading.enumerate()
        if thread.ident is not None and thread is not threading.main_thread()
    }


if __name__ == "__main__":
    main()

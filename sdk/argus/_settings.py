"""Where events go and how much room they may take: arguments first, then the environment, then defaults."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# About 50 MiB of event tuples: more means that the worker gets no time at all, and waiting longer would not help it.
BUFFER_EVENTS = 100_000
# How long an event may sit in memory alone: a quarter of the 200 ms that a kill -9 is allowed to lose.
JOURNAL_TICK_S = 0.05
# Two requests a second keep pages live and leave room for many processes under one token's 10 requests a second.
SEND_INTERVAL_S = 0.5
REQUEST_TIMEOUT_S = 10.0
EXIT_FLUSH_S = 5.0
# The server takes 5,000 events and 8 MiB; but reading 5,000 results would hold the interpreter from the training for
# several milliseconds. A segment of 2 MiB is also what a crash can make us send again.
CHUNK_EVENTS = 1_000
SEGMENT_BYTES = 2 * 1024 * 1024
EVENT_BYTES = 7 * 1024 * 1024
JOURNAL_BYTES = 512 * 1024 * 1024
MEMORY_BYTES = 32 * 1024 * 1024

HEARTBEAT_S = 300.0
STOP_POLL_S = 10.0
RESOURCES_S = 30.0

_YES = frozenset({"1", "true", "yes", "on"})

_batch_id_claimed = False


def is_disabled() -> bool:
    """Whether `ARGUS_DISABLE` asks that nothing at all be done."""
    return os.environ.get("ARGUS_DISABLE", "").strip().lower() in _YES


def resolve_url(explicit: str | None) -> str | None:
    """The server's base URL without a trailing slash: argument, `ARGUS_URL`, then `configs/monitor.yaml`."""
    url = explicit or os.environ.get("ARGUS_URL") or _url_from_file("configs/monitor.yaml")
    return url.strip().rstrip("/") if url and url.strip() else None


def token_source(explicit: str | None) -> Callable[[], str | None]:
    """A callable that gives the current token, so that one replaced in the environment is taken up in a long run."""
    return lambda: explicit or os.environ.get("ARGUS_TOKEN") or None


def journal_folder() -> str:
    """`ARGUS_SPILL_DIR`, or `~/.argus-reporter`."""
    return os.environ.get("ARGUS_SPILL_DIR") or os.path.join(os.path.expanduser("~"), ".argus-reporter")


def exit_flush_s() -> float:
    """Longest time in seconds that the end of a run waits for the server (`ARGUS_EXIT_FLUSH_S`, default 5)."""
    return positive_float(os.environ.get("ARGUS_EXIT_FLUSH_S"), EXIT_FLUSH_S)


def journal_bytes() -> int:
    """Most bytes that all journals of the folder may take (`ARGUS_JOURNAL_MAX_MB`, default 512)."""
    megabytes = positive_float(os.environ.get("ARGUS_JOURNAL_MAX_MB"), JOURNAL_BYTES / 1024 / 1024)
    return int(megabytes * 1024 * 1024)


def claim_batch_id() -> str | None:
    """`ARGUS_BATCH_ID`, once: an agent means it for the first reporter of the process that it starts."""
    global _batch_id_claimed
    batch_id = os.environ.get("ARGUS_BATCH_ID", "").strip()
    if not batch_id or _batch_id_claimed:
        return None
    _batch_id_claimed = True
    return batch_id


def interval(flag: bool | float | None, default: float) -> float:
    """Seconds between two rounds of a background task: True is the default, False or None is 0 (off)."""
    if flag is True:
        return default
    if flag is False or flag is None:
        return 0.0
    return positive_float(flag, default)


def positive_float(value: object, default: float) -> float:
    """`value` as a number of at least 0, or `default` where it is none."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return default
    return number if number >= 0 else 0.0


def _url_from_file(path: str) -> str | None:
    """Read the top-level `url:` or `monitor_url:` of a small YAML file; a full parser would be a dependency."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read(65_536).splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and name in ("url", "monitor_url"):
            return value.split(" #", 1)[0].strip().strip("'\"") or None
    return None

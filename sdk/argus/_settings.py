"""Where events go and how much room they may take. Where each value comes from is decided in `_origins`."""

from __future__ import annotations

import os

from argus._origins import find
from argus._wrapper import BATCH, BEGUN, NOTES, note

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
# The server takes 5,000 events and 8 MiB; but reading 5,000 results would hold the interpreter from the training for
# several milliseconds. A segment of 2 MiB is also what a crash can make us send again.
CHUNK_EVENTS = 1_000
SEGMENT_BYTES = 2 * 1024 * 1024
EVENT_BYTES = 7 * 1024 * 1024
MEMORY_BYTES = 32 * 1024 * 1024

HEARTBEAT_S = 300.0
STOP_POLL_S = 10.0
RESOURCES_S = 30.0

_YES = frozenset({"1", "true", "yes", "on"})
_DEFAULT_PROJECT = "default"

_batch_id_claimed = False


def is_disabled() -> bool:
    """Whether `ARGUS_DISABLE`, or the mode `disabled`, asks that nothing at all be done."""
    return os.environ.get("ARGUS_DISABLE", "").strip().lower() in _YES or resolve_mode(None) == "disabled"


def resolve_url(explicit: str | None) -> str | None:
    """The server's base URL without a trailing slash; None where none is set."""
    url = find("url", explicit).value
    return str(url) if url else None


def resolve_project(explicit: str | None) -> str:
    """The project that a run counts for; `default` where none is set."""
    return str(find("project", explicit).value or _DEFAULT_PROJECT)


def resolve_mode(explicit: str | None) -> str:
    """`online`, `offline` (journals only; `argus sync` delivers them) or `disabled`."""
    return str(find("mode", explicit).value)


def token_source(explicit: str | None, url: str | None = None) -> Callable[[], str | None]:
    """A callable that gives the current token of the server `url` (default: the one that is set).

    It looks anew each time, so that a token that is replaced in the environment or by `argus login` is taken up by a
    long run.
    """
    return lambda: find("token", explicit, url).value or None


def journal_folder() -> str:
    """Where journals lie: `ARGUS_SPILL_DIR`, `journal_dir` of a file, or `~/.argus-reporter`."""
    return str(find("journal_dir").value or os.path.join(os.path.expanduser("~"), ".argus-reporter"))


def exit_flush_s() -> float:
    """Longest time in seconds that the end of a run waits for the server (`ARGUS_EXIT_FLUSH_S`, default 5)."""
    return float(find("exit_flush_s").value)


def journal_bytes() -> int:
    """Most bytes that all journals of the folder may take (`ARGUS_JOURNAL_MAX_MB`, default 512)."""
    return int(find("journal_max_mb").value * 1024 * 1024)


def journal_fsync() -> str:
    """When journals are synced to the disk itself: `never`, `interval` or `always` (`ARGUS_JOURNAL_FSYNC`)."""
    return str(find("journal_fsync").value)


def capture_env() -> tuple[str, ...]:
    """Names of environment variables to record beside the usual ones (`ARGUS_CAPTURE_ENV`)."""
    return tuple(find("capture_env").value)


def capture_console(explicit: bool | str | None) -> str:
    """How stdout and stderr are reported as log lines (`ARGUS_CAPTURE_CONSOLE`): not (empty), `python` or `fd`.

    Not under `argus run`, which reports them already.
    """
    if os.environ.get(NOTES):
        return ""
    return str(find("capture_console", explicit).value)


def capture_diff() -> bool:
    """Whether uncommitted changes of the repository are reported (`ARGUS_CAPTURE_DIFF`, default yes)."""
    return bool(find("capture_diff").value)


def claim_batch_id() -> str | None:
    """`ARGUS_BATCH_ID`, once: an agent means it for the first reporter of the process that it starts."""
    global _batch_id_claimed
    batch_id = os.environ.get(BATCH, "").strip()
    if not batch_id or _batch_id_claimed:
        return None
    _batch_id_claimed = True
    note(batch_id, BEGUN)
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

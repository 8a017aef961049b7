"""The end of asyncio tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

# Longer than a task's own last words take: a second call would cut those short.
_AGAIN_S = 2.0


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until each is over.

    One cancellation is not enough. `asyncio.wait_for` of Python 3.11 returns its result and drops a cancellation that
    comes in the same moment (https://github.com/python/cpython/issues/86296), and libraries call it. A task that goes
    round in a loop would then go on forever, and with it whoever waits for its end.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_S)

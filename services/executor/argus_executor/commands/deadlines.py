"""How long a command may wait until an agent acknowledges it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

TAKEN_WITHIN: Final = timedelta(minutes=10)
# Who asked for one of these waits for it; a stop that comes later than this would surprise.
_WHILE_ONE_WAITS: Final = timedelta(minutes=5)
DEADLINES: Final[Mapping[str, timedelta]] = {
    "rerun": TAKEN_WITHIN,
    "resume": TAKEN_WITHIN,
    "stop": _WHILE_ONE_WAITS,
    "inspect": _WHILE_ONE_WAITS,
}

"""How long a command may wait until an agent acknowledges it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

TAKEN_WITHIN: Final = timedelta(minutes=10)
# Who asked for a stop waits for it; a stop that comes later than this would surprise.
DEADLINES: Final[Mapping[str, timedelta]] = {"rerun": TAKEN_WITHIN, "stop": timedelta(minutes=5)}

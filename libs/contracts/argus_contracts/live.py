"""Events for open pages alone: they travel as those of the record do, are written nowhere, and are not read back."""

from typing import Final

COMMAND: Final = "command"
"""Where a command about the batch is: data ``id``, ``kind``, ``batch_id``, ``status`` and ``step``."""

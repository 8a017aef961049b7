"""What keeps a backup from being made, read, or brought back; each is a sentence for the person at the terminal."""

from __future__ import annotations


class BackupError(Exception):
    """Nothing was changed, or what was begun can be begun again; the message says which and what to do."""

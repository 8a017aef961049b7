"""The release of this package and of the event schema that it speaks."""

from __future__ import annotations

__version__ = "0.4.0"

SCHEMA_VERSION = "1.1"

USER_AGENT = f"argus-reporter/{__version__} (+schema={SCHEMA_VERSION})"

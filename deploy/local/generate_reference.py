"""The generated pages of docs/reference: the SDK from its docstrings, the commands from their parsers, HTTP from the
services' OpenAPI, events from the contracts. Each page is made by one module beside this one.
"""

from __future__ import annotations

from collections.abc import Iterator

import reference_commands
import reference_events
import reference_http
import reference_sdk

NOTE = "<!-- Written by deploy/local/generate.py (make gen) from the source that the page tells of. -->\n\n"


def files() -> Iterator[tuple[str, str]]:
    """Name and text of every page."""
    yield "docs/reference/sdk.md", NOTE + reference_sdk.page()
    yield "docs/reference/commands.md", NOTE + reference_commands.page()
    yield "docs/reference/events.md", NOTE + reference_events.page()
    for name, text in reference_http.pages():
        yield f"docs/reference/{name}", NOTE + text

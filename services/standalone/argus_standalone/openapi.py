"""Writes the merged OpenAPI document of all services: `python -m argus_standalone.openapi [--check] [FILE]`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from argus_kit.settings import Settings
from argus_standalone.app import create_app

DEFAULT = Path(__file__).parents[3] / "docs" / "openapi.json"


def document() -> str:
    """The document as text, the same on every machine."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), db_url="", redis_url="", otlp_endpoint="")
        return json.dumps(create_app(settings).openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> None:
    """Entry point."""
    arguments = [a for a in sys.argv[1:] if a != "--check"]
    target = Path(arguments[0]) if arguments else DEFAULT
    text = document()
    if "--check" not in sys.argv:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    elif not target.exists() or target.read_text() != text:
        sys.exit(f"{target.name} does not match the services; run `make gen`.")


if __name__ == "__main__":
    main()

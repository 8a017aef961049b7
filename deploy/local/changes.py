"""Turns the "Unreleased" part of CHANGELOG.md into that of a version: changes.py VERSION. Refuses what is none."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from versions import FORM, current

CHANGES = Path(__file__).resolve().parents[2] / "CHANGELOG.md"
HEADING = "## Unreleased\n"


def main(arguments: list[str]) -> int:
    (version,) = arguments
    text = CHANGES.read_text()
    problem = _problem(version, text)
    if problem:
        print(problem, file=sys.stderr)
        return 1
    CHANGES.write_text(dated(text, version, datetime.now(UTC).strftime("%Y-%m-%d")))
    return 0


def _problem(version: str, text: str) -> str | None:
    if FORM.fullmatch(version) is None:
        return f"{version} is no version: write one such as 1.2.3 or 1.2.3rc1."
    if f"\n## {version}" in text:
        return f"CHANGELOG.md has a version {version} already (the tree says {current()})."
    unreleased = text.partition(HEADING)[2].partition("\n## ")[0]
    return None if unreleased.strip() else "CHANGELOG.md says of nothing that is new: write it under Unreleased first."


def dated(text: str, version: str, day: str) -> str:
    """The changelog with its unreleased part under the version, and an empty one above."""
    return text.replace(HEADING, f"{HEADING}\n## {version} ({day})\n", 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Complete a package-lock.json with the optional packages of other platforms that its mirror did not carry.

`npm ci` refuses a lock in which an optional dependency is missing, also one for another platform. Written with the
platform that the package's name tells, such an entry is skipped here and fetched where it belongs.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

PLATFORM = re.compile(
    r"-(?P<os>android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)"
    r"-(?P<cpu>arm64|arm|x64|ia32|loong64|ppc64|riscv64|s390x|mips64el)"
    r"(-?(?P<libc>gnu|musl)?\w*)$"
)
LIBC = {"gnu": "glibc", "musl": "musl"}


def complete(path: Path) -> int:
    """Add what is missing; returns how many entries were added."""
    lock = json.loads(path.read_text())
    packages: dict[str, dict[str, Any]] = lock["packages"]
    missing = {
        name: version
        for package in packages.values()
        for name, version in package.get("optionalDependencies", {}).items()
        if f"node_modules/{name}" not in packages and PLATFORM.search(name)
    }
    for name, version in missing.items():
        packages[f"node_modules/{name}"] = _entry(name, version)
    lock["packages"] = dict(sorted(packages.items()))
    path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n")
    return len(missing)


def _entry(name: str, version: str) -> dict[str, Any]:
    platform = PLATFORM.search(name)
    assert platform is not None
    entry: dict[str, Any] = {"version": version, "cpu": [platform["cpu"]], "dev": True, "license": "MIT"}
    if platform["os"] == "linux" and platform["libc"]:
        entry["libc"] = [LIBC[platform["libc"]]]
    return entry | {"optional": True, "os": [platform["os"]]}


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(f"{argument}: {complete(Path(argument))} entries added")

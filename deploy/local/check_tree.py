"""Rules about the tree's text that no linter knows: subjects, registry hosts, paths of one machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Rule(NamedTuple):
    """A pattern that must not occur in the files it looks at."""

    says: str
    files: re.Pattern[str]
    pattern: re.Pattern[str]


ANY_FILE = re.compile(r".")
RULES = (
    Rule(
        "NATS subjects are built in libs/contracts and nowhere else",
        re.compile(r"^(libs/(kit|schema)|services)/(?!(.*/)?tests/).*\.py$"),
        re.compile(
            r"""f?["']argus\.(event|inbox|agent|auth|config|mail|audit|access|batch|tracking|catalog|ingest|host)\b"""
        ),
    ),
    Rule(
        "a lock or script names a package registry's host; whose mirror is used is the machine's business",
        ANY_FILE,
        re.compile(r"https?://[a-z.]*(python" + r"hosted|npm" + r"js|npm" + r"mirror|pypi\.o" + r"rg)[a-z.]*/"),
    ),
    Rule(
        "a lock records download addresses",
        re.compile(r"package-lock\.json$"),
        re.compile(r'"resolved"\s*:\s*"http'),
    ),
    Rule(
        "a path of one machine",
        ANY_FILE,
        re.compile(r"(?<![\w./-])/(work|farm)/(main|steering|in|shared)\b"),
    ),
)
MUST_NOT_BE_TRACKED = re.compile(r"(^|/)(uv\.lock|poetry\.lock|\.env)$|(^|/)(node_modules|__pycache__|\.venv)/")


def main() -> int:
    faults = [f"{path}: must not be tracked" for path in _tracked() if MUST_NOT_BE_TRACKED.search(path)]
    for path in _tracked():
        faults += _faults(path)
    print("\n".join(faults) or "tree: nothing that must not be there")
    return 1 if faults else 0


def _tracked() -> list[str]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for path in listing.split("\0") if path and (ROOT / path).is_file()]


def _faults(path: str) -> list[str]:
    rules = [rule for rule in RULES if rule.files.search(path)]
    try:
        lines = (ROOT / path).read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        return []  # a picture, a font
    return [
        f"{path}:{number}: {rule.says}"
        for number, line in enumerate(lines, start=1)
        for rule in rules
        if rule.pattern.search(line)
    ]


if __name__ == "__main__":
    sys.exit(main())

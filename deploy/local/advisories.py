"""Ask whether anything that we build on has a known hole: advisories.py python|node.

Python's pins are asked of PyPI through pip-audit, Node's of the npm registry through `npm audit`. Where the registry
gives no advisories (no network, a mirror without them) that is said and passes: a build without a network must not
fail. A known hole fails. ARGUS_AUDIT_SECONDS bounds the wait (20).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.lock"
NODE_FOLDERS = ("frontend", "tests/e2e")
NOT_REACHABLE = "advisories not reachable: skipped"


class NotReachableError(Exception):
    """Nobody here gives advisories; the message says why."""


def main(arguments: list[str]) -> int:
    ask = {"python": python_findings, "node": node_findings}[arguments[0]]
    try:
        findings = ask(int(os.environ.get("ARGUS_AUDIT_SECONDS", "20")))
    except NotReachableError as error:
        print(f"{NOT_REACHABLE} ({error})")
        return 0
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def python_findings(seconds: int, lock: Path = LOCK) -> list[str]:
    """Known holes of what requirements.lock pins.

    Raises:
        NotReachableError: PyPI does not answer, or its mirror has no advisories.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as one:
        # One question tells whether two hundred would be answered.
        one.write(next(line for line in lock.read_text().splitlines() if "==" in line).partition(" ")[0])
        one.flush()
        pip_findings(_audit(Path(one.name), seconds))
    return pip_findings(_audit(lock, seconds))


def _audit(requirements: Path, seconds: int) -> str:
    # A lock is whole, so nothing is resolved, installed or built.
    audit = [str(Path(sys.executable).parent / "pip-audit"), "-r", str(requirements), "--disable-pip", "--no-deps"]
    return _run([*audit, "-f", "json", "--progress-spinner", "off", "--timeout", "5"], ROOT, seconds)


def node_findings(seconds: int) -> list[str]:
    """Known holes of what the npm locks pin.

    Raises:
        NotReachableError: the registry does not answer, or has no advisories.
    """
    npm = ["npm", "audit", "--json", "--fetch-retries=0", f"--fetch-timeout={seconds * 1000}"]
    return [
        f"{folder}: {finding}" for folder in NODE_FOLDERS for finding in npm_findings(_run(npm, ROOT / folder, seconds))
    ]


def pip_findings(text: str) -> list[str]:
    """What pip-audit's JSON says. One that could audit nothing is not reachable."""
    packages = _document(text).get("dependencies", [])
    if not any("vulns" in package for package in packages):
        raise NotReachableError("PyPI knows none of our packages")
    return [
        f"{package['name']} {package['version']}: {hole['id']}, mended in {' '.join(hole['fix_versions']) or 'none'}"
        for package in packages
        for hole in package.get("vulns", ())
    ]


def npm_findings(text: str) -> list[str]:
    """What npm's JSON says. An error in it is the registry's."""
    document = _document(text)
    if "vulnerabilities" not in document:
        raise NotReachableError(str(document.get("message") or document.get("error") or "npm gave no report"))
    return [
        f"{name} {found['range']}: {found['severity']}, {_where(found['via'])}"
        for name, found in document["vulnerabilities"].items()
    ]


def _where(via: list[Any]) -> str:
    return ", ".join(item["url"] if isinstance(item, dict) else f"by {item}" for item in via)


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        raise NotReachableError("no report came back") from None
    return document if isinstance(document, dict) else {}


def _run(command: list[str], folder: Path, seconds: int) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise NotReachableError(f"no answer within {seconds} s; ARGUS_AUDIT_SECONDS allows more") from None
    except OSError as error:
        raise NotReachableError(f"{command[0]}: {error.strerror}") from None
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

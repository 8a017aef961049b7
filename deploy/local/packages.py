"""Build what is published, into dist/: argus-reporter (the SDK) and argus-server (all services, libraries and the built
web app in one). The same commit gives the same bytes: times come from SOURCE_DATE_EPOCH, else from the commit.

packages.py [FOLDER]   the frontend must be built (deploy/local/prepare frontend)
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Any

from versions import current

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "frontend" / "dist"
BESIDE = ("LICENSE", "NOTICE")
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc", "tests", "Dockerfile")


def main(arguments: list[str]) -> int:
    target = Path(arguments[0] if arguments else ROOT / "dist").resolve()
    for path in build(target):
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}")
    return 0


def build(target: Path) -> list[Path]:
    """Build both packages, each as a source archive and a wheel.

    Raises:
        SystemExit: the frontend is not built, or a build failed.
    """
    if not (PAGES / "index.html").exists():
        sys.exit("the web app is not built: run deploy/local/prepare frontend")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as room:
        for stage in (_reporter(Path(room) / "reporter"), _server(Path(room) / "server")):
            _build(stage, target)
    return sorted([*target.glob("argus_*.whl"), *target.glob("argus_*.tar.gz")])


def _reporter(stage: Path) -> Path:
    stage.mkdir()
    shutil.copytree(ROOT / "sdk" / "argus", stage / "argus", ignore=_NOT_COPIED)
    _copy(stage, ROOT / "sdk" / "pyproject.toml", ROOT / "sdk" / "README.md")
    return stage


def _server(stage: Path) -> Path:
    stage.mkdir()
    parts = sorted(
        path.parent for pattern in ("libs/*", "services/*") for path in ROOT.glob(f"{pattern}/pyproject.toml")
    )
    packages = [package for part in parts for package in sorted(part.glob("argus_*")) if package.is_dir()]
    for package in packages:
        shutil.copytree(package, stage / package.name, ignore=_NOT_COPIED)
    shutil.copytree(PAGES, stage / "argus_standalone" / "web")
    text = Template((ROOT / "deploy" / "packages" / "server.toml").read_text()).substitute(
        version=current(),
        dependencies=json.dumps(server_needs(), indent=4),
        s3=json.dumps(_extra(_projects(), "argus-ingest", "s3")),
        packages=json.dumps([package.name for package in packages]),
    )
    (stage / "pyproject.toml").write_text(text)
    _copy(stage)
    shutil.copy(ROOT / "deploy" / "packages" / "server.md", stage / "README.md")
    return stage


def _copy(stage: Path, *files: Path) -> None:
    for file in (*(ROOT / name for name in BESIDE), *files):
        shutil.copy(file, stage / file.name)


def server_needs() -> list[str]:
    """What argus-server needs."""
    return merged(_needed(_projects()))


def _parts() -> list[Path]:
    return sorted(
        path.parent for pattern in ("libs/*", "services/*") for path in ROOT.glob(f"{pattern}/pyproject.toml")
    )


def _projects() -> list[dict[str, Any]]:
    return [tomllib.loads((part / "pyproject.toml").read_text())["project"] for part in _parts()]


def _needed(projects: list[dict[str, Any]]) -> Iterable[str]:
    """What the packages need besides each other; extras of our own are followed."""
    for project in projects:
        for requirement in project.get("dependencies", []):
            own = re.fullmatch(r"(argus-[a-z]+)(?:\[([a-z,]+)])?", requirement)
            if own is None:
                yield requirement
            elif own[2]:
                for extra in own[2].split(","):
                    yield from _extra(projects, own[1], extra)


def _extra(projects: list[dict[str, Any]], name: str, extra: str) -> list[str]:
    found: list[str] = next(p for p in projects if p["name"] == name)["optional-dependencies"][extra]
    return found


def merged(requirements: Iterable[str]) -> list[str]:
    """One requirement a package, with the highest of the floors."""
    floors: dict[tuple[str, str], tuple[int, ...]] = {}
    for requirement in requirements:
        said = re.fullmatch(r"([A-Za-z0-9._-]+(?:\[[a-z0-9,-]+])?)>=([0-9.]+)(;.*)?", requirement)
        assert said, f"{requirement!r} is no floor, and this does not know how to join it"
        key = (said[1].lower(), said[3] or "")
        floors[key] = max(floors.get(key, (0,)), tuple(map(int, said[2].split("."))))
    return sorted(f"{name}>={'.'.join(map(str, floor))}{marker}" for (name, marker), floor in floors.items())


def _build(stage: Path, target: Path) -> None:
    environment = os.environ | {"SOURCE_DATE_EPOCH": commit_time()}
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(target)]
    done = subprocess.run(command, cwd=stage, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{stage.name} could not be built:\n{done.stdout}{done.stderr}")


def commit_time() -> str:
    """Seconds since 1970: SOURCE_DATE_EPOCH, else when the commit was made."""
    asked = ["git", "log", "-1", "--format=%ct"]
    return (
        os.environ.get("SOURCE_DATE_EPOCH")
        or subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

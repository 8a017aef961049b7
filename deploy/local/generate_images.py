"""The one Dockerfile, with a target for each image, and the file that bakes all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template

import yaml
from stack_layout import SERVICES
from versions import current

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "deploy" / "docker"
IMAGES: dict[str, str] = yaml.safe_load((DOCKER / "images.yaml").read_text())
TARGETS = (*SERVICES, "server", "web")

# Wheels of others bring their tests along; numpy's alone are 16 MB.
_LEAN = " \\\n    && find /opt/argus -type d -name tests -prune -exec rm -r {} +"
_PAGES = "COPY --from=pages /build/dist /opt/argus/web\nENV ARGUS_WEB_ROOT=/opt/argus/web\n"


def files() -> Iterator[tuple[str, str]]:
    """Name and text of each file, without its first line."""
    yield "deploy/docker/Dockerfile", dockerfile()
    yield "docker-bake.hcl", bake()


def dockerfile() -> str:
    """Every image, each a target: the services, the server (all in one process), and the front door."""
    libraries = sorted(path.parent.name for path in ROOT.glob("libs/*/pyproject.toml"))
    text = Template((DOCKER / "Dockerfile.head").read_text()).substitute(
        python=IMAGES["python"],
        node=IMAGES["node"],
        example=SERVICES[0],
        libraries=" ".join(f"./libs/{name}" for name in libraries),
        lean=_LEAN,
    )
    for name in SERVICES:
        text += _built(name, [name]) + _image(name, f"build-{name}", served(f"argus_{name}.app"))
    text += _built("server", [*SERVICES, "standalone"])
    text += _image("server", "build-server", ["argus-server", "up"], pages=True)
    return text + _image("web", "libraries", served("argus_kit.web"), pages=True)


def _built(target: str, services: Sequence[str]) -> str:
    copied = f"services/{services[0]}" if len(services) == 1 else "services"
    # Artifacts may lie in S3, which takes an extra.
    packages = " ".join(f'"./services/{name}[s3]"' if name == "ingest" else f"./services/{name}" for name in services)
    return f"\nFROM libraries AS build-{target}\nCOPY {copied} {copied}\nRUN uv pip install {packages}{_LEAN}\n"


def _image(target: str, source: str, command: Sequence[str], *, pages: bool = False) -> str:
    copied = f"COPY --from={source} /opt/argus /opt/argus\n{_PAGES if pages else ''}"
    return f"\nFROM runtime AS {target}\n{copied}CMD {json.dumps(list(command))}\n"


def served(module: str) -> list[str]:
    """The command that serves a module's app."""
    return ["python", "-m", "argus_kit.serve", f"{module}:create_app"]


def bake() -> str:
    """What `docker buildx bake` builds: every target, tagged with the version."""
    return Template((DOCKER / "bake.template").read_text()).substitute(
        version=current(), python=IMAGES["python"], node=IMAGES["node"], targets=json.dumps(TARGETS)
    )

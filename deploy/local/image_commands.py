"""What a container starts: the module, the app and the program that its command names are in its image."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from generate_images import ROOT, TARGETS
from stack_layout import SERVICES

_EVERYWHERE = frozenset(f"argus_{path.parent.name}" for path in ROOT.glob("libs/*/pyproject.toml"))


def problems(target: str, command: Sequence[str]) -> Iterator[str]:
    """A sentence for each part of a command that the image of that target does not have."""
    program, *words = command
    if program == "python" and words[:1] == ["-m"]:
        for word in words[1:]:
            module, _, factory = word.partition(":")
            yield from _lacks(target, module, factory)
    elif (program, target) != ("argus-server", "server"):
        yield f"the image {target} has no program {program}"


def of_images(dockerfile: str) -> Iterator[tuple[str, list[str]]]:
    """Each target with the command that its image has."""
    for stage in re.split(r"^FROM runtime AS ", dockerfile, flags=re.MULTILINE)[1:]:
        command = re.search(r"^CMD (\[.+\])$", stage, re.MULTILINE)
        if command is not None:
            yield stage.partition("\n")[0], json.loads(command[1])


def _lacks(target: str, module: str, factory: str) -> Iterator[str]:
    package = module.partition(".")[0]
    if package not in _packages(target):
        yield f"the image {target} has no package {package}"
        return
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        yield f"there is no module {module}"
    elif factory and f"\ndef {factory}(" not in Path(spec.origin).read_text(encoding="utf-8"):
        yield f"{module} has no {factory}"


def _packages(target: str) -> frozenset[str]:
    assert target in TARGETS, target
    services = SERVICES if target == "server" else [name for name in SERVICES if name == target]
    return _EVERYWHERE | {f"argus_{name}" for name in services}

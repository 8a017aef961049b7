"""Write bills of materials (CycloneDX 1.6, JSON) into dist/: what argus-server, argus-reporter and the
web app bring along, with versions as they are locked, licences, and who needs whom. The same tree gives the same bytes.

sbom.py [FOLDER]   the virtual environment must be set up
"""

from __future__ import annotations

import base64
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packages import commit_time, server_needs
from packageurl import PackageURL
from packaging.requirements import Requirement
from versions import current

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "argus.sbom")
LONGEST_LICENSE = 80


def main(arguments: list[str]) -> int:
    target = Path(arguments[0] if arguments else ROOT / "dist").resolve()
    target.mkdir(parents=True, exist_ok=True)
    for name, text in bills():
        (target / f"{name}.cdx.json").write_text(text)
        print(f"{name}.cdx.json: {len(json.loads(text)['components'])} components")
    return 0


def bills() -> Iterable[tuple[str, str]]:
    """Name and text of each bill."""
    sdk = tomllib.loads((ROOT / "sdk" / "pyproject.toml").read_text())["project"]
    yield "argus-server", python_bill("argus-server", server_needs())
    yield "argus-reporter", python_bill("argus-reporter", sdk["dependencies"])
    yield "argus-web", web_bill()


def python_bill(name: str, needed: Iterable[str]) -> str:
    """The bill of a Python package: the closure of what it needs, as it is installed here from the lock."""
    root = _root(name)
    below_of: list[tuple[Component, list[Component]]] = []
    components: dict[str, Component] = {}
    pending: list[tuple[Component, Iterable[str], frozenset[str]]] = [(root, needed, frozenset())]
    while pending:
        owner, requirements, extras = pending.pop()
        below = []
        for requirement in map(Requirement, requirements):
            if not _applies(requirement, extras):
                continue
            found = metadata.distribution(requirement.name)
            known = _normal(requirement.name)
            if known not in components or requirement.extras:
                component = components.setdefault(known, _component(found))
                pending.append((component, found.requires or (), frozenset(requirement.extras)))
            below.append(components[known])
        below_of.append((owner, below))
    bom = _bom(root, components.values())
    for owner, below in below_of:
        bom.register_dependency(owner, below)
    return _written(bom)


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in (extras or {""}))


def _component(found: metadata.Distribution) -> Component:
    name = _normal(found.metadata["Name"])
    return Component(
        name=name,
        version=found.version,
        type=ComponentType.LIBRARY,
        bom_ref=name,
        purl=PackageURL("pypi", None, name, found.version),
        licenses=[LicenseFactory().make_from_string(text) for text in _licenses(found)],
    )


def _licenses(found: metadata.Distribution) -> list[str]:
    """Its SPDX expression; of older packages their word for it, which some fill with the whole text."""
    known = found.metadata.json
    said = str(known.get("license_expression") or known.get("license") or "")
    if said and "\n" not in said and len(said) <= LONGEST_LICENSE:
        return [said]
    kinds = (text.rpartition(" :: ")[2] for text in found.metadata.get_all("Classifier") or () if "License ::" in text)
    return sorted(set(kinds))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def web_bill() -> str:
    """The bill of the web app: what its lock has for more than building it. (`npm sbom --omit=dev` leaves out Vue.)"""
    packages: dict[str, dict[str, Any]] = json.loads((ROOT / "frontend" / "package-lock.json").read_text())["packages"]
    parts = {
        path: _node_component(path, entry)
        for path, entry in packages.items()
        if path and not (entry.get("dev") or entry.get("devOptional"))
    }
    root = _root("argus-web")
    bom = _bom(root, parts.values())
    below = [parts[f"node_modules/{name}"] for name in packages[""]["dependencies"]]
    bom.register_dependency(root, below)
    for path, component in parts.items():
        needed = (_resolved(parts, path, name) for name in packages[path].get("dependencies", ()))
        bom.register_dependency(component, [part for part in needed if part is not None])
    return _written(bom)


def _resolved(parts: dict[str, Component], path: str, name: str) -> Component | None:
    """Where Node finds a package from another one's folder: the nearest node_modules above."""
    while True:
        found = parts.get(f"{path}/node_modules/{name}" if path else f"node_modules/{name}")
        if found is not None or not path:
            return found
        path = path.rpartition("/node_modules/")[0] if "/node_modules/" in path else ""


def _node_component(path: str, entry: dict[str, Any]) -> Component:
    name = path.rpartition("node_modules/")[2]
    algorithm, _, digest = entry["integrity"].partition("-")
    assert algorithm == "sha512", f"{name} is locked by {algorithm}"
    group, _, plain = name.rpartition("/")
    return Component(
        name=name,
        version=entry["version"],
        type=ComponentType.LIBRARY,
        bom_ref=path,
        purl=PackageURL("npm", group or None, plain, entry["version"]),
        licenses=[LicenseFactory().make_from_string(entry["license"])] if "license" in entry else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_512, content=base64.b64decode(digest).hex())],
    )


def _root(name: str) -> Component:
    return Component(
        name=name,
        version=current(),
        type=ComponentType.APPLICATION,
        bom_ref=name,
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
    )


def _bom(root: Component, components: Iterable[Component]) -> Bom:
    bom = Bom(serial_number=uuid.uuid5(NAMESPACE, f"{root.name} {root.version}"), components=components)
    bom.metadata.timestamp = datetime.fromtimestamp(int(commit_time()), UTC)
    bom.metadata.component = root
    return bom


def _written(bom: Bom) -> str:
    text = JsonV1Dot6(bom).output_as_string(indent=1)
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        sys.exit(f"a bill is not what CycloneDX says: {problem}")
    return text + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

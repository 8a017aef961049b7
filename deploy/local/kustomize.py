"""As much of kustomize as deploy/k8s uses, to look at what it makes without a cluster and without its program:
resources, components, JSON patches with a target, and `$patch: delete`. What it does not know it refuses.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
KNOWN = {"apiVersion", "kind", "namespace", "resources", "components", "patches"}


def build(folder: Path, components: Iterable[Path] = ()) -> list[Manifest]:
    """The manifests of a folder's kustomization, with further components after its own.

    Raises:
        ValueError: a patch finds nothing, two manifests have one name, or there is something that this does not know.
    """
    said = read(folder)
    found: list[Manifest] = []
    for resource in said.get("resources", ()):
        path = folder / resource
        found += build(path) if path.is_dir() else documents(path)
    for component in (*(folder / name for name in said.get("components", ())), *components):
        found = _with_component(found, component)
    for patch in said.get("patches", ()):
        found = _patched(found, patch, folder)
    _refuse_twins(found)
    for manifest in found:
        if "namespace" in said and manifest["kind"] != "Namespace":
            manifest["metadata"]["namespace"] = said["namespace"]
    return found


def read(folder: Path) -> Manifest:
    """The kustomization of a folder."""
    said: Manifest = yaml.safe_load((folder / "kustomization.yaml").read_text())
    unknown = set(said) - KNOWN
    if unknown:
        raise ValueError(f"{folder.name}: {', '.join(sorted(unknown))} is more than this reads")
    return said


def documents(path: Path) -> list[Manifest]:
    """The manifests of a file."""
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def _with_component(found: list[Manifest], folder: Path) -> list[Manifest]:
    said = read(folder)
    found = [*found, *(document for name in said.get("resources", ()) for document in documents(folder / name))]
    for patch in said.get("patches", ()):
        found = _patched(found, patch, folder)
    return found


def _patched(found: list[Manifest], patch: Manifest, folder: Path) -> list[Manifest]:
    target, change = patch["target"], yaml.safe_load(patch["patch"])
    chosen = [manifest for manifest in found if _matches(manifest, target)]
    if not chosen:
        raise ValueError(f"{folder.name}: a patch of {target} finds nothing")
    if isinstance(change, dict):
        if change.get("$patch") != "delete":
            raise ValueError(f"{folder.name}: a merge patch of {target} is more than this reads")
        return [manifest for manifest in found if manifest not in chosen]
    for manifest in chosen:
        for step in change:
            apply(manifest, step)
    return found


def _matches(manifest: Manifest, target: Manifest) -> bool:
    name, labels = manifest["metadata"]["name"], manifest["metadata"].get("labels", {})
    wanted = dict(pair.split("=") for pair in target.get("labelSelector", "").split(",") if pair)
    return (
        re.fullmatch(target.get("kind", ".*"), manifest["kind"]) is not None
        and re.fullmatch(target.get("name", ".*"), name) is not None
        and all(labels.get(key) == value for key, value in wanted.items())
    )


def apply(manifest: Manifest, step: Manifest) -> None:
    """One step of a JSON patch (RFC 6902).

    Raises:
        ValueError: there is nothing at its path.
    """
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in step["path"].split("/")[1:]]
    place: Any = manifest
    try:
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place[part]
        key: Any = int(last) if isinstance(place, list) and last != "-" else last
        if step["op"] in {"replace", "remove"}:
            place[key]  # raises where nothing is
        if step["op"] == "remove":
            del place[key]
        elif isinstance(place, list) and step["op"] == "add":
            place.insert(len(place) if key == "-" else key, copy.deepcopy(step["value"]))
        else:
            place[key] = copy.deepcopy(step["value"])
    except (KeyError, IndexError, ValueError, TypeError) as error:
        name = manifest["metadata"]["name"]
        raise ValueError(f"{manifest['kind']} {name} has nothing at {step['path']}") from error


def _refuse_twins(found: list[Manifest]) -> None:
    names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in found]
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise ValueError(f"there are two of {twins}")

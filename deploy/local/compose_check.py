"""Holds compose.yaml and its companions against rules of our own; the schema of the compose specification is checked
beside it (`make compose-check`).

Each variable is a setting of who gets it and stands in .env.example; each image is a known target or a named version of
somebody else's, and has what its container starts; everything is hardened, has a healthcheck, and publishes no port but
the gateway's. What an image is built from is there, and passes .dockerignore; what it imports is in it, and nothing
that it does not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import image_commands
import image_context
import image_packages
import packages
import yaml
from generate_images import IMAGES, TARGETS
from stack_layout import SERVICES

from argus_kit.environment import variable
from argus_standalone import reference

ROOT = Path(__file__).resolve().parents[2]
FILES = tuple(ROOT / f"compose{name}.yaml" for name in ("", ".observability", ".acme"))
OWN = re.compile(r"\$\{ARGUS_REGISTRY:-\}argus-([a-z]+):\$\{ARGUS_VERSION:-[^}]+\}")
# Service and rule that it may break, with the reason.
EXEMPT = {
    ("postgres", "read_only"): "its image makes its folders and changes its user at the start",
    ("postgres", "cap_drop"): "the same",
    ("postgres", "user"): "the same",
    ("postgres", "tmpfs"): "the same",
    ("nats-volume", "read_only"): "runs once, to give a volume to the user of NATS",
    ("nats-volume", "cap_drop"): "the same",
    ("nats-volume", "user"): "the same",
    ("nats-volume", "no-new-privileges"): "the same",
    ("nats-volume", "healthcheck"): "the same",
    ("nats-volume", "restart"): "the same",
    ("acme-volume", "read_only"): "runs once, to give a volume to the user of Traefik",
    ("acme-volume", "cap_drop"): "the same",
    ("acme-volume", "user"): "the same",
    ("acme-volume", "no-new-privileges"): "the same",
    ("acme-volume", "healthcheck"): "the same",
    ("acme-volume", "restart"): "the same",
    ("migrate", "healthcheck"): "runs once",
    ("tempo", "healthcheck"): "its image has neither a shell nor a probe",
}
# Who publishes ports, and on which address.
# 443 is for the authority that proves a name, and so for everybody.
PUBLISHED = {"traefik": ("${ARGUS_HOST:-127.0.0.1}:", "443:8443"), "grafana": ("127.0.0.1:",)}
# Who keeps files, which must outlive a container: artifacts; what receivers have taken, until the database knows.
KEEPS_FILES = {"ingest", "ingest-worker", "notifier-worker"}
# Settings that name a file of whoever runs Argus, who reads it, and where that looks.
NAMES_FILE = {"ARGUS_NOTIFICATION_RULES": ("notifier-worker", "/rules")}
# What the images, libraries and languages read besides our settings.
FOREIGN = re.compile(r"AWS_[A-Z_]+|GF_[A-Z_]+|POSTGRES_[A-Z]+|REDIS(CLI_AUTH|_PASSWORD)|NATS_PASSWORD|GOGC")


def main() -> int:
    dockerfile = (ROOT / "deploy" / "docker" / "Dockerfile").read_text()
    context = image_context.problems(dockerfile, (ROOT / ".dockerignore").read_text(), image_context.tracked())
    held = image_packages.problems(image_packages.load(), packages.server_needs())
    found = [*problems(load()), *image_problems(dockerfile), *context, *held]
    print("\n".join(found) or "compose: every rule holds")
    return 1 if found else 0


def load() -> dict[str, Any]:
    """All files as compose reads them together: services extended; environments, ports and mounts merged."""
    documents = [yaml.safe_load(path.read_text()) for path in FILES]
    services: dict[str, dict[str, Any]] = {}
    for document in documents:
        for name, service in document["services"].items():
            merged = _merged(services.get(name, {}), service)
            services[name] = _extended(merged)
    return {"services": services, "volumes": {name: None for document in documents for name in document["volumes"]}}


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    joint: dict[str, Any] = {
        "environment": {**(first.get("environment") or {}), **(second.get("environment") or {})},
        "ports": [*first.get("ports", []), *second.get("ports", [])],
        "volumes": [*first.get("volumes", []), *second.get("volumes", [])],
    }
    return first | second | {key: value for key, value in joint.items() if value}


def _extended(service: dict[str, Any]) -> dict[str, Any]:
    extends = service.pop("extends", None)
    if extends is None:
        return service
    base = yaml.safe_load((ROOT / extends["file"]).read_text())["services"][extends["service"]]
    return _merged(base, service)


def problems(document: dict[str, Any]) -> Iterator[str]:
    """A sentence for each rule that is broken."""
    services: dict[str, dict[str, Any]] = document["services"]
    for name, service in services.items():
        for rule, text in (*_hardening(service), *_images(service), *_health(service)):
            if (name, rule) not in EXEMPT:
                yield f"{name}: {text}"
        yield from (f"{name}: {text}" for text in (*_variables(name, service), *_ports(name, service)))
        yield from (f"{name}: {text}" for text in (*_edges(service, services), *_mounts(service, document["volumes"])))
        if name in KEEPS_FILES and not any(str(mount).endswith(":/data") for mount in service.get("volumes", [])):
            yield f"{name}: it keeps files in /data, which is no volume: volumes"
        for variable_, (reader, folder) in NAMES_FILE.items():
            if name == reader and not any(str(mount).endswith(f":{folder}:ro") for mount in service.get("volumes", [])):
                yield f"{name}: {variable_} names a file, and {folder} is no folder of the machine: volumes"
    yield from _interpolated(services)


def _hardening(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if not service.get("read_only"):
        yield "read_only", "its root can be written: read_only"
    if service.get("cap_drop") != ["ALL"]:
        yield "cap_drop", "it keeps capabilities: cap_drop: [ALL]"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield "no-new-privileges", "a program in it can gain rights: no-new-privileges"
    if "restart" not in service:
        yield "restart", "it stays down when it dies: restart"
    user = str(service.get("user", "0"))
    if not OWN.fullmatch(service["image"]) and user.partition(":")[0] in {"0", "root"}:
        yield "user", "it runs as root: user"


def _images(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    own = OWN.fullmatch(service["image"])
    build = service.get("build")
    if own is None and service["image"] not in IMAGES.values():
        yield "image", f"{service['image']} is not what deploy/docker/images.yaml names"
    if own is not None and (build is None or build.get("target") != own[1]):
        yield "image", f"{service['image']} is not what its build makes ({build and build.get('target')})"
    if own is not None and own[1] not in TARGETS:
        yield "image", f"the Dockerfile has no target {own[1]}"
    elif own is not None and "command" in service:
        yield from (("command", text) for text in image_commands.problems(own[1], service["command"]))


def _health(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    # Our own images bring one.
    healthcheck = service.get("healthcheck")
    if (healthcheck is None and not OWN.fullmatch(service["image"])) or (healthcheck or {}).get("disable"):
        yield "healthcheck", "nobody can tell whether it works: healthcheck"


def settings_of(service: str) -> set[str]:
    """Variables that a service reads; the worker of one reads the same."""
    owner = service.removesuffix("-worker")
    own = {"argus_kit", f"argus_{owner}"}
    kinds = [kind for kind in reference.groups() if reference.package_of(kind) in own]
    return {variable(kind, name) for kind in kinds for name in kind.model_fields}


def _variables(name: str, service: dict[str, Any]) -> Iterator[str]:
    given = set(service.get("environment") or {})
    known = settings_of(name)
    if name == "traefik":
        known = {f"ARGUS_{target.upper()}_URL" for target in (*SERVICES, "web")} | {"ARGUS_TLS_CERT", "ARGUS_TLS_KEY"}
        known |= set(re.findall(r'env "([A-Z_]+)"', (ROOT / "deploy/traefik/dynamic.yaml").read_text()))
    for unknown in sorted(text for text in given - known if not FOREIGN.fullmatch(text)):
        yield f"nothing in it reads {unknown}"
    if name.removesuffix("-worker") in SERVICES:
        for missing in sorted(known - given - reference.NOT_PASSED - _of_one_process()):
            yield f"its setting {missing} is not passed on"
    if name == "traefik":
        for missing in sorted(known - given):
            yield f"its routes need {missing}"


def _of_one_process() -> set[str]:
    kinds = [kind for kind in reference.groups() if kind.__name__ in {"WebSettings", "MigrationSettings"}]
    return {variable(kind, name) for kind in kinds for name in kind.model_fields}


def _ports(name: str, service: dict[str, Any]) -> Iterator[str]:
    for port in service.get("ports", []):
        if name not in PUBLISHED:
            yield f"it publishes {port}, and the gateway alone is for others"
        elif not str(port).startswith(PUBLISHED[name]):
            yield f"it publishes {port} on every address: begin with {PUBLISHED[name][0]}"


def _edges(service: dict[str, Any], services: dict[str, dict[str, Any]]) -> Iterator[str]:
    needed = service.get("depends_on", [])
    conditions = needed if isinstance(needed, dict) else {other: {} for other in needed}
    for other, said in conditions.items():
        if other not in services:
            yield f"it waits for {other}, which there is not"
        elif said.get("condition") == "service_healthy" and next(iter(_health(services[other])), None):
            yield f"it waits until {other} is healthy, which has no healthcheck"


def _mounts(service: dict[str, Any], volumes: dict[str, Any]) -> Iterator[str]:
    mounts = [str(mount) for mount in service.get("volumes", [])]
    labels = service.get("labels") or {}
    if any(mount.startswith("./") for mount in mounts) and "${ARGUS_VERSION" not in labels.get("argus.sources", ""):
        yield "it mounts files of the sources, and a new version of these would not make it anew: labels"
    for mount in mounts:
        source = mount.split(":")[0]
        if source.startswith("./"):
            if not (ROOT / source).exists():
                yield f"{source} is mounted, and there is none"
        elif not source.startswith("$") and source not in volumes:
            yield f"the volume {source} is not declared"


def _interpolated(services: dict[str, dict[str, Any]]) -> Iterator[str]:
    example = set(re.findall(r"^#?([A-Z][A-Z_0-9]*)=", reference.EXAMPLE.read_text(), re.MULTILINE))
    used = set(re.findall(r"(?<!\$)\$\{([A-Z_0-9]+)", yaml.safe_dump(services, width=1_000_000)))
    for name in sorted(used - example):
        yield f"${{{name}}} is used and not in .env.example: write it into deploy/docker/compose.env and run `make gen`"


def image_problems(text: str) -> Iterator[str]:
    """What the Dockerfile must hold: each target begins at the lean stage and adds files and a command alone."""
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    named = {stage.split("\n", 1)[0].partition(" AS ")[2]: stage for stage in stages}
    for target in TARGETS:
        stage = named.get(target, "")
        if not stage.startswith("runtime AS "):
            yield f"Dockerfile: the image {target} does not begin at the stage runtime"
        if re.search(r"^(RUN|USER|ADD)\b", stage, re.MULTILINE):
            yield f"Dockerfile: the image {target} runs something while it is built, or changes its user"
        if "CMD [" not in stage:
            yield f"Dockerfile: the image {target} has no command"
    runtime = named.get("runtime", "")
    if not re.search(r"^USER [1-9]\d*:[1-9]\d*$", runtime, re.MULTILINE):
        yield "Dockerfile: the stage runtime runs as root"
    if "HEALTHCHECK" not in runtime:
        yield "Dockerfile: the stage runtime has no healthcheck"
    if re.search(r"apt|gcc|pip install", runtime):
        yield "Dockerfile: the stage runtime installs something"
    for target, command in image_commands.of_images(text):
        yield from (f"Dockerfile: {problem}" for problem in image_commands.problems(target, command))


if __name__ == "__main__":
    sys.exit(main())

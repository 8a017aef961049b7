"""Writes what follows from the settings of all services: their page, `.env.example`, and what compose passes on to each
(`python -m argus_standalone.reference`).

With `--check` it says which of them differs from what would be written.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo

import argus_kit.migrate
from argus_auth.config.catalogue import CATALOGUE
from argus_kit.environment import Environment, is_secret, loaded, variable, wanted
from argus_standalone.app import SERVICES

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "docs" / "reference" / "settings.md"
EXAMPLE: Final = ROOT / ".env.example"
PASSED: Final = ROOT / "deploy" / "docker" / "settings.yaml"
# What compose asks for besides: passwords of the servers beside Argus, ports, TLS.
COMPOSE: Final = ROOT / "deploy" / "docker" / "compose.env"

_HEAD: Final = """# Settings

Written by `make gen` from the settings of all services; `make lint` fails where it differs from them.

Every process reads its settings from environment variables when it starts. One that is empty counts as not set. A
value that cannot be used ends the start with a line that names the variable, says what is wrong, and what to write;
all faults are told at once. `argus-server up` also names variables that nothing reads and that look misspelt.

**Secrets from files**: where the table says *secret*, `NAME_FILE` may name a file with the value instead, as Docker and
Kubernetes mount secrets: `ARGUS_CONFIG_KEY_FILE=/run/secrets/config_key`. Set one of both, not both.

**In the pages**: where the table names a setting in brackets, such as [smtp/host], administrators can change it in the
web app while Argus runs. What is set there wins over the variable; deleting it there brings the variable back.

**Production**: with `ARGUS_ENV=prod` nothing starts with settings that are not safe ([what that
means](../security.md#running-it-safely)). If anybody may register, it says so in the log.
"""
_READERS: Final = {
    "argus_kit": "every process",
    "argus_auth": "auth and its worker",
    "argus_ingest": "ingest and its worker",
    "argus_catalog": "catalog and its worker",
    "argus_realtime": "realtime",
    "argus_executor": "executor and its worker",
    "argus_notifier": "notifier and its worker",
    "argus_standalone": "argus-server",
}
# Groups of the kit that one process alone reads.
_OWN_READER: Final = {"WebSettings": "the front door (web)", "MigrationSettings": "the migration"}
_PASSED_HEAD: Final = """# Written by `make gen` from the settings of all services.
#
# The services of compose.yaml extend these: a variable is passed on from .env or the shell. Where neither sets it, it
# is empty, which counts as not set.
services:
"""
# Images and compose.yaml say these: where a container listens and keeps things, and how it reaches the others.
NOT_PASSED: Final = frozenset(
    f"ARGUS_{name}" for name in ("HOME", "HOST", "PORT", "HTTP_HOST", "HTTP_PORT", "DB_URL", "NATS_URL", "REDIS_URL")
)
_EXAMPLE_HEAD: Final = """
# -- Settings of Argus ------------------------------------------------------------------------------------------------
# All of them with their defaults; docs/reference/settings.md says more. Take the # away to set one. Where it says "(not
# in compose)", compose.yaml or the image gives the value.
"""


def page() -> str:
    """The reference as Markdown."""
    return _HEAD + "".join(_section(kind) for kind in groups())


def example() -> str:
    """The file that is copied to `.env`."""
    seen = set(re.findall(r"^([A-Z_]+)=", COMPOSE.read_text(), re.MULTILINE))
    lines = [COMPOSE.read_text().rstrip("\n"), _EXAMPLE_HEAD.rstrip("\n")]
    for kind in groups():
        fresh = [(name, field) for name, field in kind.model_fields.items() if variable(kind, name) not in seen]
        lines += ["", f"# {_title(kind)}"] if fresh else []
        for name, field in fresh:
            seen.add(variable(kind, name))
            said = f"{_flat(field)}{'' if _is_passed(kind, variable(kind, name)) else ' (not in compose)'}"
            lines += [f"# {said}", f"#{variable(kind, name)}={_default(field)}"]
    return "\n".join(lines) + "\n"


def passed() -> str:
    """What compose passes on: for each service the settings of every process and its own."""
    text = _PASSED_HEAD
    for service in sorted(service.name for service in SERVICES):
        kinds = [kind for kind in groups() if kind.__name__ not in _OWN_READER and _reads(service, kind)]
        names = dict.fromkeys(variable(kind, name) for kind in kinds for name in kind.model_fields)
        text += f"  {service}:\n    environment:\n"
        text += "".join(f"      {name}: ${{{name}:-}}\n" for name in names if name not in NOT_PASSED)
    return text


def _is_passed(kind: type[Environment], name: str) -> bool:
    in_compose = kind.__name__ not in _OWN_READER and package_of(kind) != "argus_standalone"
    return in_compose and name not in NOT_PASSED


def _reads(service: str, kind: type[Environment]) -> bool:
    return package_of(kind) in {"argus_kit", f"argus_{service}"}


def groups() -> list[type[Environment]]:
    """All groups of settings: the kit's first, then those of the services in the order in which they start."""
    for service in SERVICES:
        service.routers()  # a service loads its routes, and their settings with them, when they are asked for
    packages = ["argus_kit", *(f"argus_{service.name}" for service in SERVICES), "argus_standalone"]
    order = {name: place for place, name in enumerate(packages)}
    assert argus_kit.migrate  # it is loaded, and so its settings are found
    # `python -m` loads a module a second time under another name; no group stands twice.
    found = {(package_of(kind), kind.__qualname__): kind for kind in loaded()}
    return sorted(
        found.values(), key=lambda kind: (order[package_of(kind)], kind.__name__ in _OWN_READER, kind.__qualname__)
    )


def package_of(kind: type[Environment]) -> str:
    """The package of a group, and so who reads it."""
    return kind.__module__.partition(".")[0]


def _section(kind: type[Environment]) -> str:
    rows = [_row(kind, name, field) for name, field in kind.model_fields.items()]
    head = "| variable | takes | default | |\n|---|---|---|---|\n"
    return f"\n## {_title(kind)}\n\n{head}{''.join(rows)}"


def _title(kind: type[Environment]) -> str:
    reader = _OWN_READER.get(kind.__name__) or _READERS[package_of(kind)]
    topic = (kind.__doc__ or "").partition(".")[0].strip().replace("\n", " ")
    return f"{topic} ({reader})"


def _row(kind: type[Environment], name: str, field: FieldInfo) -> str:
    known = variable(kind, name)
    takes = f"{wanted(field)}, *secret*" if is_secret(field) else wanted(field)
    default = _default(field)
    said = _flat(field).replace("|", "\\|")
    pages = "".join(f" [{place}]" for place in _in_pages(known))
    return f"| `{known}` | {takes} | {f'`{default}`' if default else ''} | {said}{pages} |\n"


def _in_pages(known: str) -> Iterator[str]:
    for group, settings in CATALOGUE.items():
        yield from (f"{group}/{key}" for key, setting in settings.items() if known in setting.env)


def _flat(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _default(field: FieldInfo) -> str:
    # What a factory makes depends on the machine, and the description says it.
    value: Any = None if field.default_factory is not None else field.default
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return json.dumps(value) if isinstance(value, bool) else str(value)


def main() -> None:
    """Entry point."""
    wanted_texts = {PAGE: page(), EXAMPLE: example(), PASSED: passed()}
    differing = [path for path, text in wanted_texts.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        if differing:
            names = ", ".join(str(path.relative_to(ROOT)) for path in differing)
            sys.exit(f"{names}: not what the settings say; run `make gen`.")
        return
    for path in differing:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted_texts[path])


if __name__ == "__main__":
    main()

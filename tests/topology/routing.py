"""Reads deploy/traefik/dynamic.yaml and answers, as Traefik would, which service a request reaches."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DYNAMIC = ROOT / "deploy" / "traefik" / "dynamic.yaml"
SERVICES = ("auth", "ingest", "catalog", "realtime", "executor", "notifier")

MATCHERS = {
    "Method": lambda want, method, path: method == want,
    "Path": lambda want, method, path: path == want,
    "PathPrefix": lambda want, method, path: path.startswith(want),
    "PathRegexp": lambda want, method, path: re.search(want, path) is not None,
}


@dataclass(frozen=True)
class Router:
    name: str
    priority: int
    rule: str
    service: str

    def matches(self, method: str, path: str) -> bool:
        """Evaluate the rule language: matchers joined by &&, || and !, with parentheses."""

        def matcher(found: re.Match[str]) -> str:
            return str(MATCHERS[found["name"]](found["argument"], method, path))

        said = re.sub(r"(?P<name>[A-Z]\w+)\(`(?P<argument>[^`]*)`\)", matcher, self.rule)
        python = said.replace("&&", " and ").replace("||", " or ").replace("!", " not ")
        return bool(eval(f"({python})", {"__builtins__": {}}))  # the text is True, False, operators


@cache
def document() -> dict:
    return yaml.safe_load(DYNAMIC.read_text())["http"]


@cache
def routers() -> tuple[Router, ...]:
    found = [
        Router(name, entry["priority"], entry["rule"], entry["service"])
        for name, entry in document()["routers"].items()
    ]
    return tuple(sorted(found, key=lambda router: -router.priority))


def service_for(method: str, path: str) -> str | None:
    """The service that answers, or None where the gateway itself says 404."""
    return next((router.service for router in routers() if router.matches(method, path)), None)

"""What every service says in its OpenAPI document reaches that service, and nothing else does."""

from __future__ import annotations

import importlib
import re

import httpx
import pytest
from routing import SERVICES, routers, service_for

# An id may hold a colon, a dot, and a slash (published clients send ids as they are).
IDS = ("b-1", "exp:7.x", "resnet%2Fcifar")
PROBES = {"/livez", "/readyz", "/health", "/metrics"}


@pytest.fixture(scope="module", params=SERVICES)
def service(request):
    return request.param


@pytest.fixture(scope="module")
def operations(service, tmp_path_factory) -> list[tuple[str, str]]:
    """Method and path template of every public operation of the service."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ARGUS_HOME", str(tmp_path_factory.mktemp(service)))
        document = importlib.import_module(f"argus_{service}.app").create_app().openapi()
    return [
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if path not in PROBES and method in {"get", "post", "put", "patch", "delete"}
    ]


def filled(template: str, identity: str) -> str:
    return re.sub(r"\{[^}]+\}", identity, template)


def test_a_service_answers_something(operations):
    assert operations


def test_every_operation_is_routed_to_its_own_service(service, operations):
    wrong = {
        (method, path): service_for(method, path)
        for method, template in operations
        for path in (filled(template, identity) for identity in IDS)
        if service_for(method, path) != service
    }
    assert wrong == {}


def test_every_operation_reaches_its_own_service_through_traefik(service, operations, gateway):
    with httpx.Client(base_url=gateway) as client:
        wrong = {
            (method, path): answer.headers.get("X-Answered-By")
            for method, template in operations
            for path in [filled(template, "exp:7.x")]
            if (answer := client.request(method, path)).headers.get("X-Answered-By") != service
        }
    assert wrong == {}


def test_every_rule_of_the_service_is_used(service, operations):
    reached = {
        router.name
        for method, template in operations
        for router in routers()
        if router.matches(method, filled(template, "b-1"))
    }
    assert {router.name for router in routers() if router.service == service} <= reached

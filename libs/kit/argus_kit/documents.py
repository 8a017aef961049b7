"""Says in the OpenAPI document which permission each operation asks for, and what it answers when it refuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.utils import create_model_field
from starlette.routing import BaseRoute

from argus_kit.errors import RESPONSES
from argus_kit.policy import Permission

KEY = "x-permission"


def permission_of(route: Any) -> Permission | None:
    """The permission that a route's parameters, or its function, ask for; None when nothing does.

    Raises:
        ValueError: it names two.
    """
    called = [route.endpoint, *_calls(route.dependant)]
    named = {call.permission for call in called if hasattr(call, "permission")}
    if len(named) > 1:
        raise ValueError(f"{route.path} names more than one permission: {', '.join(sorted(named))}")
    return next(iter(named), None)


def add_permissions(document: dict[str, Any], routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """The document with `x-permission` in every operation that names one."""
    for route in iter_route_contexts(list(routes)):
        if not isinstance(route.original_route, APIRoute) or not route.include_in_schema:
            continue
        permission = permission_of(route)
        for method in route.methods or ():
            operation = document["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None and permission is not None:
                operation[KEY] = permission.value
    return document


def add_refusals(routes: Iterable[BaseRoute]) -> None:
    """Give each operation the answer of those that fail, unless it has its own. Only the document asks for it: as a
    part of each route's declaration it would be read three hundred times at every start.
    """
    fields = {
        status: create_model_field(f"Response_{status}", answer["model"], mode="serialization")
        for status, answer in RESPONSES.items()
    }
    for route in routes:
        if isinstance(route, APIRoute):
            missing = {status: field for status, field in fields.items() if status not in route.responses}
            route.responses = {**RESPONSES, **route.responses}
            route.response_fields = {**missing, **route.response_fields}


def _calls(dependant: Dependant) -> Iterator[Any]:
    for part in dependant.dependencies:
        yield part.call
        yield from _calls(part)

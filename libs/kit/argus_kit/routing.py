"""The router of every service: what a route is to the OpenAPI document stands with it, and so it is built once."""

from __future__ import annotations

from typing import Any

import fastapi
from fastapi.routing import APIRoute


class APIRouter(fastapi.APIRouter):
    """FastAPI's, whose operations are called as their functions. `build_app` takes its routes as they are: including
    a router builds each of them a second time, which is a sixth of a server's start.
    """

    def __init__(self, **more: Any) -> None:
        super().__init__(generate_unique_id_function=_operation_id, **more)


def _operation_id(route: APIRoute) -> str:
    return route.name

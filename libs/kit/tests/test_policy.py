"""What each kind of caller may do, and that a route's document says what the route asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI

from argus_kit.actor import Actor, Scope
from argus_kit.app import Service, http_app
from argus_kit.database import Database
from argus_kit.errors import ArgusError
from argus_kit.platform import Platform
from argus_kit.policy import PUBLIC, RULES, MayAdminChange, MayChangeRuns, MaySecureAccount, Permission, may, require
from argus_kit.routing import APIRouter
from argus_kit.testing import add_session, add_token, add_user, bearer_headers, running_client
from argus_schema.roles import Role

LOGIN, SCOPE, ADMIN = "auth.interactive_required", "auth.scope_insufficient", "auth.admin_required"
TOKEN, AGENT, SESSION, SERVED = (
    "auth.api_token_required",
    "auth.forbidden",
    "auth.session_invalid",
    "agent.unauthenticated",
)
OK = ""
# Permission -> session, reporter, viewer, agent; then an administrator's session and viewer token.
READ = (OK, OK, OK, AGENT, OK, OK)
CHANGE = (OK, OK, SCOPE, AGENT, OK, SCOPE)
BROWSER = (OK, LOGIN, LOGIN, AGENT, OK, LOGIN)
EXPECTED = {
    **{permission: READ for permission in Permission if permission.endswith(".read")},
    **{permission: CHANGE for permission in Permission if permission.endswith((".change", ".delete", ".write"))},
    Permission.PUBLIC: (OK,) * 6,
    Permission.ACCOUNT_SECURE: BROWSER,
    Permission.TOKENS_MANAGE: BROWSER,
    Permission.SESSION_REFRESH: (OK, SESSION, SESSION, SESSION, OK, SESSION),
    Permission.SESSION_END: READ,
    Permission.EVENTS_WRITE: (TOKEN, OK, SCOPE, TOKEN, TOKEN, SCOPE),
    Permission.PROJECTS_SHARE: CHANGE,
    Permission.MEMBERS_MANAGE: CHANGE,
    Permission.AGENTS_REGISTER: CHANGE,
    Permission.AGENTS_CHANGE: BROWSER,
    Permission.CHANNELS_CHANGE: BROWSER,
    Permission.PROJECT_CHANNELS_CHANGE: BROWSER,
    Permission.RULES_CHANGE: BROWSER,
    Permission.PROJECT_RULES_CHANGE: BROWSER,
    Permission.AGENTS_SERVE: (SERVED, SERVED, SERVED, OK, SERVED, SERVED),
    Permission.ADMIN_READ: (ADMIN, ADMIN, ADMIN, AGENT, OK, OK),
    Permission.ADMIN_SECURE: (ADMIN, ADMIN, ADMIN, AGENT, OK, LOGIN),
    Permission.ADMIN_CHANGE: (ADMIN, ADMIN, ADMIN, AGENT, OK, SCOPE),
}
CALLERS: tuple[tuple[Scope, bool], ...] = (
    ("full", False),
    ("reporter", False),
    ("viewer", False),
    ("agent", False),
    ("full", True),
    ("viewer", True),
)


def _actor(scope: Scope, *, is_admin: bool) -> Actor:
    kind = "session" if scope == "full" else "agent" if scope == "agent" else "token"
    return Actor(user_id=1, username="ada", is_admin=is_admin, kind=kind, scope=scope)


class TestTable:
    def test_every_permission_has_a_rule_and_only_those(self) -> None:
        assert set(RULES) == set(Permission) == set(EXPECTED)

    @pytest.mark.parametrize("permission", Permission)
    def test_each_kind_of_caller(self, permission: Permission) -> None:
        seen = []
        for scope, is_admin in CALLERS:
            try:
                require(_actor(scope, is_admin=is_admin), permission)
                seen.append(OK)
            except ArgusError as error:
                assert error.status in {401, 403}
                seen.append(str(error.code))
        assert tuple(seen) == EXPECTED[permission]

    def test_a_viewer_token_has_no_permission_that_changes_anything(self) -> None:
        reads = {permission for permission, rule in RULES.items() if "viewer" in rule.credentials}
        assert all(permission.endswith(".read") for permission in reads - {Permission.SESSION_END})

    def test_what_deletes_or_shares_asks_for_an_owner_and_what_reads_for_a_viewer(self) -> None:
        roles = {permission: rule.role for permission, rule in RULES.items() if rule.role}
        for permission, role in roles.items():
            if permission.endswith(".delete"):
                assert role is Role.OWNER, permission
            if permission in {Permission.RUNS_READ, Permission.ARTIFACTS_READ, Permission.PROJECTS_READ}:
                assert role is Role.VIEWER


def _app(platform: Platform) -> FastAPI:
    router = APIRouter()

    @router.get("/changes")
    async def changes(actor: MayChangeRuns) -> str:
        return actor.username

    @router.get("/secures")
    async def secures(actor: MaySecureAccount) -> str:
        return actor.username

    @router.get("/administers")
    async def administers(actor: MayAdminChange) -> str:
        return actor.username

    @router.get("/public", dependencies=[PUBLIC])
    async def public() -> str:
        return "all"

    @router.get("/forgotten")
    async def forgotten() -> str:
        return "nobody asked"

    return http_app(Service(name="executor", routers=lambda: (router,)), platform)


@pytest.mark.parametrize("database_kind", ["sqlite"])
class TestRoutes:
    @pytest.fixture
    async def client(self, platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
        async with running_client(_app(platform)) as opened:
            yield opened

    async def test_what_the_parameters_say_is_asked(self, client: httpx.AsyncClient, database: Database) -> None:
        ada = await add_user(database)
        seen = {}
        for prefix in ("em_live_", "em_view_"):
            credential = await add_token(database, ada, prefix=prefix)
            for path in ("/changes", "/secures", "/administers", "/public"):
                answer = await client.get(path, headers=bearer_headers(credential))
                seen[prefix, path] = OK if answer.status_code == 200 else answer.json()["error"]["code"]
        assert seen == {
            ("em_live_", "/changes"): OK,
            ("em_live_", "/secures"): LOGIN,
            ("em_live_", "/administers"): ADMIN,
            ("em_live_", "/public"): OK,
            ("em_view_", "/changes"): SCOPE,
            ("em_view_", "/secures"): LOGIN,
            ("em_view_", "/administers"): ADMIN,
            ("em_view_", "/public"): OK,
        }
        assert (await client.get("/secures")).json()["error"]["code"] == "auth.required"
        session = await add_session(database, ada)
        assert (await client.get("/secures", headers=bearer_headers(session))).json() == "ada"

    async def test_the_document_names_it(self, client: httpx.AsyncClient) -> None:
        paths = (await client.get("/openapi.json")).json()["paths"]
        assert {path: operations["get"].get("x-permission") for path, operations in paths.items()} == {
            "/changes": "runs.change",
            "/secures": "account.secure",
            "/administers": "admin.change",
            "/public": "public",
            "/forgotten": None,
        }


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_route_that_names_two_permissions_has_no_document(platform: Platform) -> None:
    router = APIRouter()
    reads = Annotated[Actor, may(Permission.RUNS_READ)]

    async def torn(one: MayChangeRuns, other: reads) -> None:
        """Both."""

    torn.__annotations__ = {"one": MayChangeRuns, "other": reads, "return": None}
    router.get("/torn")(torn)
    app = http_app(Service(name="executor", routers=lambda: (router,)), platform)
    with pytest.raises(ValueError, match="more than one permission"):
        app.openapi()

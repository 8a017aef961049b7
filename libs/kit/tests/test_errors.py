"""One envelope for every error, whoever raised it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import OperationalError

from argus_contracts.errors import ErrorCode
from argus_kit.app import Service, http_app
from argus_kit.errors import ArgusError, RateLimited
from argus_kit.platform import Platform, Reading
from argus_kit.routing import APIRouter
from argus_kit.testing import running_client
from argus_schema import auth as tables


class Body(BaseModel):
    name: str
    size: int


class SecretBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    password: str


def _app(platform: Platform) -> FastAPI:
    router = APIRouter()

    @router.post("/body")
    async def body(body: Body) -> str:
        return body.name

    @router.post("/secretive")
    async def secretive(body: SecretBody) -> str:
        return body.name

    @router.get("/missing")
    async def missing() -> None:
        raise ArgusError(ErrorCode.BATCH_NOT_FOUND, "No batch b.", details={"batch_id": "b"})

    @router.get("/object")
    async def object_() -> None:
        raise ArgusError(ErrorCode.EVENT_SCHEMA_VERSION_UNSUPPORTED, detail={"supported": ["1.1"]})

    @router.get("/limited/{seconds}")
    async def limited(seconds: float) -> None:
        raise RateLimited(seconds)

    @router.get("/fault")
    async def fault() -> None:
        raise RuntimeError("the secret inside")

    @router.get("/database")
    async def database() -> None:
        raise OperationalError("select", {}, Exception("connection refused"))

    @router.get("/number/{number}")
    async def number(number: int, connection: Reading) -> int:
        found = await connection.execute(sa.select(tables.user.c.id).where(tables.user.c.id == number))
        return found.scalar_one_or_none() or 0

    @router.get("/text")
    async def text(text: str, connection: Reading) -> int:
        found = await connection.execute(sa.select(tables.user.c.id).where(tables.user.c.username == text))
        return found.scalar_one_or_none() or 0

    @router.get("/wrong-sql")
    async def wrong(connection: Reading) -> None:
        await connection.execute(sa.text("select * from user where"))

    return http_app(Service(name="executor", routers=lambda: (router,)), platform)


@pytest.fixture
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with running_client(_app(platform)) as opened:
        yield opened


def checked(answer: httpx.Response, status: int, code: str) -> dict:
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    body = answer.json()
    assert set(body) == {"detail", "error"}
    assert set(body["error"]) == {"code", "message", "details", "trace_id"}
    assert body["error"]["message"]
    assert re.fullmatch("[0-9a-f]{32}", body["error"]["trace_id"])
    return body


@pytest.mark.parametrize("database_kind", ["sqlite"])
class TestEnvelope:
    async def test_an_error_of_ours(self, client: httpx.AsyncClient) -> None:
        body = checked(await client.get("/missing"), 404, "batch.not_found")
        assert body["detail"] == "No batch b."
        assert body["error"]["details"] == {"batch_id": "b"}

    async def test_a_detail_of_another_shape(self, client: httpx.AsyncClient) -> None:
        body = checked(await client.get("/object"), 415, "event.schema_version_unsupported")
        assert body["detail"] == {"supported": ["1.1"]}

    @pytest.mark.parametrize(
        ("content", "loc"),
        [
            (b'{"size": 1}', ["body", "name"]),
            (b'{"name": "a", "size": "many"}', ["body", "size"]),
            (b"{not json", ["body", 1]),
            (b"[]", ["body"]),
            (b"", ["body"]),
            (b'{"name": "a", "size": NaN}', ["body", "size"]),
            (b'{"name": NaN, "size": -Infinity}', ["body", "name"]),
            (b'{"name": ["\\ud800"], "size": 1}', ["body", "name"]),
            (b'{"name": "\xff", "size": 1}', ["body"]),
        ],
    )
    async def test_a_request_that_does_not_fit(
        self, client: httpx.AsyncClient, content: bytes, loc: list[str | int]
    ) -> None:
        answer = await client.post("/body", content=content, headers={"Content-Type": "application/json"})
        if answer.status_code == 400:  # a body that is no text at all never reaches the model
            checked(answer, 400, "request.invalid")
            return
        body = checked(answer, 422, "request.invalid")
        assert body["detail"][0]["loc"] == loc
        assert {"type", "loc", "msg"} <= set(body["detail"][0])

    async def test_an_unknown_address_and_a_wrong_method(self, client: httpx.AsyncClient) -> None:
        assert checked(await client.get("/nowhere"), 404, "request.not_found")["detail"] == "Not Found"
        answer = await client.delete("/missing")
        assert checked(answer, 405, "request.method_not_allowed")["detail"] == "Method Not Allowed"
        assert answer.headers["Allow"] == "GET"

    async def test_a_fault_tells_its_trace_and_nothing_else(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/fault", headers={"Origin": "http://localhost:5173"})
        checked(answer, 500, "internal.error")
        assert "secret" not in answer.text
        assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"

    async def test_a_lost_database(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/database")
        checked(answer, 503, "storage.unavailable")
        assert answer.headers["Retry-After"] == "1"

    @pytest.mark.parametrize(("seconds", "header"), [(0.001, "1"), (1.0, "1"), (1.2, "2"), (59.9, "60")])
    async def test_a_limit_says_when_to_come_back(self, client: httpx.AsyncClient, seconds: float, header: str) -> None:
        answer = await client.get(f"/limited/{seconds}")
        body = checked(answer, 429, "rate.limited")
        assert answer.headers["Retry-After"] == header
        assert body["error"]["details"] == {"retry_after": int(header)}

    async def test_a_senders_trace_is_the_errors_trace(self, client: httpx.AsyncClient) -> None:
        parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        body = (await client.get("/missing", headers={"traceparent": parent})).json()
        assert body["error"]["trace_id"] == "0af7651916cd43dd8448eb211c80319c"


class TestValuesThatNoColumnHolds:
    async def test_they_are_the_requests_fault(self, client: httpx.AsyncClient) -> None:
        for number in (2**63, -(2**63) - 1, 10**40):
            checked(await client.get(f"/number/{number}"), 422, "request.invalid")

    async def test_a_nul_in_a_text_is_never_a_server_error(self, client: httpx.AsyncClient) -> None:
        assert (await client.get("/text", params={"text": "a\x00b"})).status_code in {200, 422}

    @pytest.mark.parametrize("database_kind", ["postgresql"])
    async def test_a_statement_of_ours_that_is_wrong_is_no_lost_database(self, client: httpx.AsyncClient) -> None:
        checked(await client.get("/wrong-sql"), 500, "internal.error")


class TestSecretsInRefusals:
    async def test_what_was_sent_is_said_back_but_no_secret(self, client: httpx.AsyncClient) -> None:
        body = {"name": 5, "password": ["hunter2-hunter2"], "more": {"api_token": "hunter2-hunter2"}}
        answer = await client.post("/secretive", json=body)
        assert answer.status_code == 422
        assert "hunter2" not in answer.text
        assert {item["loc"][-1]: item["input"] for item in answer.json()["detail"]} == {
            "name": 5,
            "password": "[redacted]",
            "more": {"api_token": "[redacted]"},
        }

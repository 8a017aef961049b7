"""A trace goes from a request through the outbox and NATS to the handler; no log line carries a secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
import structlog

from argus_contracts import bus as wire
from argus_contracts.bus import LIVE_STREAM
from argus_contracts.tokens import new_token
from argus_kit import telemetry
from argus_kit.app import Service, http_app
from argus_kit.bus import Message
from argus_kit.database import Database
from argus_kit.outbox import Transaction
from argus_kit.platform import Platform, writing
from argus_kit.routing import APIRouter
from argus_kit.testing import add_session, add_user, eventually, make_settings, running_client
from argus_schema import executor as tables

Writing = Annotated[Transaction, writing("executor")]

TRACE = "0af7651916cd43dd8448eb211c80319c"


class TestTrace:
    async def test_it_follows_a_request_through_outbox_and_nats_to_the_handler(
        self, tmp_path: Path, sqlite_database: Database, nats_url: str
    ) -> None:
        platform = Platform(make_settings(tmp_path, str(sqlite_database.url), nats_url))
        subject, router = wire.agent_subject("traced"), APIRouter()

        @router.post("/tell")
        async def tell(transaction: Writing) -> str | None:
            transaction.publish(subject, b"1")
            return telemetry.trace_id()

        heard: list[str | None] = []

        async def handler(_: Message) -> None:
            heard.append(telemetry.trace_id())

        app = http_app(Service(name="executor", routers=lambda: (router,), outbox=tables.outbox), platform)
        async with running_client(app) as client:
            await platform.bus.consume(LIVE_STREAM, "traced", [subject], handler)
            answer = await client.post("/tell", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
            assert answer.json() == TRACE
            assert answer.headers["X-Request-Id"] == TRACE
            other, missing = await client.post("/tell"), await client.get("/none")
            assert other.headers["X-Request-Id"] == other.json() != TRACE
            assert missing.headers.get_list("X-Request-Id") == [missing.json()["error"]["trace_id"]]

            async def arrived() -> bool:
                return heard == [TRACE, other.json()]

            await eventually(arrived)

    def test_there_is_none_outside_of_a_span(self) -> None:
        assert telemetry.trace_id() is None
        assert telemetry.headers() == {}
        with telemetry.span("one", {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}):
            assert telemetry.trace_id() == TRACE
            assert TRACE in telemetry.headers()["traceparent"]

    def test_a_carrier_that_cannot_be_read_begins_a_new_trace(self) -> None:
        telemetry.configure("test", level="INFO", log_format="json")
        with telemetry.span("one", {"traceparent": "garbage"}):
            assert telemetry.trace_id() not in {None, TRACE}


@pytest.fixture(params=["json", "console"])
def lines(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What a process writes to its log."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    telemetry.configure("test", level="INFO", log_format=request.param)
    written = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield written
    root.handlers[:] = before
    root.setLevel(level)


class TestRedaction:
    async def test_no_credential_reaches_a_log_line(self, lines: io.StringIO, sqlite_database: Database) -> None:
        session = await add_session(sqlite_database, await add_user(sqlite_database))
        tokens = [new_token(prefix).token for prefix in ("em_live", "em_view", "ag_live")]
        log = structlog.get_logger("test")
        for secret in [*tokens, session]:
            log.info("plain", text=f"used {secret} here", token=secret)
            log.info("nested", headers={"authorization": f"Bearer {secret}", "items": [secret, {"x": secret}]})
            log.info("bytes", body=secret.encode(), error=RuntimeError(secret))
            log.info("url", url=f"/api/sse?channels=a&token={secret}&x=1")
            logging.getLogger("foreign").warning("GET /api/sse?token=%s", secret)
            try:
                raise ValueError(secret)
            except ValueError:
                log.exception("failed")
        log.info("database", url="postgresql+asyncpg://argus:hunter22@db:5432/argus", password="hunter22")
        text = lines.getvalue()
        for secret in [*tokens, session, session.split(".")[2], "hunter22"]:
            assert secret not in text
        assert "[redacted]" in text
        assert "ValueError" in text
        assert "db:5432" in text
        assert "channels=a" in text

    def test_what_is_no_secret_stays(self) -> None:
        event = {"event": "x", "n": 3, "batch_id": "b-1", "ratio": 0.5, "none": None, "at": "a:b@c"}
        assert telemetry.redact(None, "", dict(event)) == event


class TestLines:
    @pytest.mark.parametrize("lines", ["json"], indirect=True)
    def test_json_lines_carry_event_time_level_and_trace(self, lines: io.StringIO) -> None:
        with telemetry.span("one", {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}):
            structlog.get_logger("argus_test").info("thing.done", count=3)
        entry = json.loads(lines.getvalue())
        assert entry | {"timestamp": ""} == {
            "event": "thing.done",
            "count": 3,
            "level": "info",
            "logger": "argus_test",
            "trace_id": TRACE,
            "timestamp": "",
        }

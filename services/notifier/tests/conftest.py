"""A notifier on fresh databases and a real bus."""

from __future__ import annotations

import asyncio
import contextlib
import email
import uuid
from collections.abc import AsyncIterator
from types import SimpleNamespace

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from aiosmtpd.smtp import SMTP

from argus_contracts import bus as wire
from argus_contracts.events import encode_event, server_event
from argus_kit.app import Service, http_app
from argus_kit.bus import Message
from argus_kit.clock import now
from argus_kit.platform import Platform
from argus_kit.ports import free_port
from argus_kit.testing import add_session, add_user, bearer_headers, running_client
from argus_notifier.app import SERVICE
from argus_notifier.delivery.sender import Delivery
from argus_notifier.worker import transports
from argus_schema import ingest
from argus_schema import notifier as tables


class House:
    """The notifier's HTTP app, with people and batches to speak of."""

    def __init__(self, platform: Platform, client: httpx.AsyncClient) -> None:
        self.platform = platform
        self.database = platform.database
        self.client = client

    async def person(self, name: str, *, is_admin: bool = False) -> SimpleNamespace:
        user_id = await add_user(self.database, name, is_admin=is_admin)
        session = await add_session(self.database, user_id)
        return SimpleNamespace(id=user_id, email=f"{name}@example.org", headers=bearer_headers(session))

    async def batch(self, owner_id: int | None, project: str = "proj", jobs: tuple = ()) -> SimpleNamespace:
        values = {"id": f"b-{uuid.uuid4().hex[:8]}", "project": project, "owner_id": owner_id, "created_at": now()}
        async with self.database.write() as connection:
            insert = sa.insert(ingest.batch).values(values).returning(ingest.batch.c.batch_key)
            key = (await connection.execute(insert)).scalar_one()
            for job_no, (job_id, model, dataset) in enumerate(jobs):
                row = {"batch_key": key, "job_no": job_no, "job_id": job_id, "model": model, "dataset": dataset}
                await connection.execute(sa.insert(ingest.job).values(row))
        return SimpleNamespace(key=key, **values)

    async def rows(self, table: sa.Table) -> list[sa.Row]:
        async with self.database.read() as connection:
            return list((await connection.execute(sa.select(table).order_by(*table.primary_key.columns))).all())

    async def get(self, person, path, **params):
        return await self.client.get(path, headers=person.headers, params=params)

    async def send(self, method, person, path, body=None):
        return await self.client.request(method, path, headers=person.headers, json=body)

    async def notify(self, user_id: int, title: str = "hello") -> int:
        """Put a notification into someone's inbox."""
        row = {
            "user_id": user_id,
            "rule_id": "job_failed",
            "severity": "error",
            "title": title,
            "body": "",
            "dedupe_key": uuid.uuid4().hex,
            "created_at": now(),
        }
        async with self.database.write() as connection:
            insert = sa.insert(tables.notification).values(row).returning(tables.notification.c.id)
            return (await connection.execute(insert)).scalar_one()


def bundle(batch, *events) -> wire.EventBundle:
    """A bundle of (type, job, data)."""
    made = [
        server_event(kind, batch_id=batch.id, project=batch.project, at=now(), job_id=job_id, data=data)
        for kind, job_id, data in events
    ]
    return wire.EventBundle(
        batch_key=batch.key,
        batch_id=batch.id,
        project=batch.project,
        owner_id=batch.owner_id,
        flush_id=uuid.uuid4().hex,
        heads=[wire.EventHead(event.event_type, event.job_id, number) for number, event in enumerate(made, 1)],
        events=[msgspec.Raw(encode_event(event)) for event in made],
    )


def message(subject: str, payload: msgspec.Struct, *, msg_id: str | None = None) -> Message:
    """A bus message as a handler gets it."""
    return Message(subject, wire.encode(payload), {"Nats-Msg-Id": msg_id or uuid.uuid4().hex}, 1, now())


@pytest.fixture
def wires():
    """Makers of bundles and bus messages."""
    return SimpleNamespace(bundle=bundle, message=message)


class Mailbox:
    """What an SMTP server took; `answers` are said in turn, the last one for ever. `drop` hangs up without a word."""

    def __init__(self):
        self.messages = []
        self.seen = []
        self.answers = ["250 OK"]

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content)
        self.seen.append(message["Message-ID"])
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == "drop":
            server.transport.abort()
        if answer.startswith("250"):
            self.messages.append(message)
        return answer


@pytest.fixture
async def mailbox():
    """A real SMTP server; `.port` is where it listens."""
    box = Mailbox()
    box.port = free_port()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop), "127.0.0.1", box.port)
    yield box
    server.close()
    await server.wait_closed()


class Receiver:
    """An HTTP server that takes anything; `answers` are said in turn, the last one for ever. `drop` hangs up."""

    def __init__(self):
        self.requests = []
        self.answers = [(200, {}, b"{}")]

    async def talk(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *fields = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((line.split(" ")[1], headers, body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer != "drop":
            status, more, text = answer
            fields = "".join(f"{name}: {value}\r\n" for name, value in more.items())
            start = f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\nConnection: close\r\n{fields}\r\n"
            writer.write(start.encode() + text)
        writer.close()


@pytest.fixture
async def receiver():
    """A real receiver of channels on loopback, at `.port` and `.url`."""
    found = Receiver()
    server = await asyncio.start_server(found.talk, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    found.url = f"http://127.0.0.1:{found.port}/secret-path"
    yield found
    server.close()
    await server.wait_closed()


@pytest.fixture
def open_house(house):
    """A house that may call loopback."""
    house.platform.settings = house.platform.settings.model_copy(update={"outbound_allow": "127.0.0.0/8"})
    return house


class Queue(Delivery):
    """The delivery, asked round by round."""

    async def all_due(self):
        """Deliver until nothing is due."""
        while await self.round():
            await self.settle()


@pytest.fixture
def queue(platform):
    """A worker's delivery on the house's database, as a context."""

    @contextlib.asynccontextmanager
    async def opened(settings, known=None):
        delivery = Queue(platform, settings, known or transports(platform, settings))
        yield delivery
        await delivery.stop()

    return opened


@contextlib.asynccontextmanager
async def _house(platform: Platform, parts=None) -> AsyncIterator[House]:
    service = Service(
        name="notifier", routers=SERVICE.routers, outbox=SERVICE.outbox, http_parts=parts or (lambda _: ())
    )
    async with running_client(http_app(service, platform)) as client:
        yield House(platform, client)


@pytest.fixture
async def house(platform) -> AsyncIterator[House]:
    """The HTTP app, without its worker."""
    async with _house(platform) as running:
        yield running


@pytest.fixture
def house_with(platform):
    """The HTTP app with the given parts beside it."""
    return lambda parts: _house(platform, parts)

"""Uploads and downloads as streams: of any size in little memory, and cut off without a trace."""

import asyncio
import hashlib

import psutil
import pytest
from starlette.requests import Request

from argus_ingest.testing import event
from argus_kit.testing import bearer_headers
from argus_schema import ingest as tables

MB = 2**20
FRAME = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n\r\n',
    b'\r\n--b\r\nContent-Disposition: form-data; name="label"\r\n\r\nlarge\r\n--b--\r\n',
)
HEADERS = [(b"content-type", b"multipart/form-data; boundary=b")]


class Exchange:
    """One request spoken to the app itself, so that nobody between holds a body."""

    def __init__(self, ingest, method, path, chunks=(), more_headers=()):
        bearer = bearer_headers(ingest.token)["Authorization"].encode()
        self._app = ingest.client._transport.app
        self._scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1),
            "server": ("test", 80), "headers": [(b"authorization", bearer), *more_headers],
        }  # fmt: skip
        self._chunks = iter(chunks)
        self._is_told = False
        self._process = psutil.Process()
        self._memory_before = self._process.memory_info().rss
        self.grown = 0
        self.status = 0
        self.size = 0
        self.digest = hashlib.sha256()
        self.body = b""

    async def run(self):
        await self._app(self._scope, self._receive, self._send)
        return self

    async def _receive(self):
        self._look()
        if self._is_told:
            # As a server does: nothing more until the caller leaves.
            await asyncio.Event().wait()
        chunk = next(self._chunks, None)
        self._is_told = chunk is None
        if isinstance(chunk, dict):
            return chunk
        if chunk is None:
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def _send(self, message):
        self._look()
        self.status = message.get("status", self.status)
        body = message.get("body", b"")
        self.size += len(body)
        self.digest.update(body)
        self.body = (self.body + body)[:4000]

    def _look(self):
        self.grown = max(self.grown, self._process.memory_info().rss - self._memory_before)


async def test_200_megabytes_pass_through_little_memory(ingest, limits, request):
    limits.max_file_mb = 300
    await ingest.accept(event("job_start", job="j"))
    block = bytes(range(256)) * 256
    digest = hashlib.sha256()

    def chunks():
        yield FRAME[0]
        for _ in range(200 * MB // len(block)):
            digest.update(block)
            yield block
        yield FRAME[1]

    up = await Exchange(ingest, "POST", "/api/jobs/j/artifacts", chunks(), HEADERS).run()
    assert up.status == 201, up.body
    (row,) = await ingest.rows(tables.artifact)
    assert (row.size_bytes, row.sha256, row.label) == (200 * MB, digest.hexdigest(), "large")
    down = await Exchange(ingest, "GET", f"/api/artifacts/{row.id}").run()
    assert (down.status, down.size, down.digest.hexdigest()) == (200, 200 * MB, digest.hexdigest())
    # A remote store takes and gives in parts of some megabytes; a disk in pieces of 256 KiB.
    allowed = 24 * MB if "sqlite" in request.node.name else 80 * MB
    assert up.grown < allowed
    assert down.grown < allowed


@pytest.mark.parametrize("sent", [0, 100_000, 12 * MB])
@pytest.mark.parametrize("how", ["disconnect", "short"])
async def test_an_upload_that_is_cut_off_leaves_nothing(ingest, artifacts, sent, how):
    await ingest.accept(event("job_start", job="j"))
    end = [{"type": "http.disconnect"}] if how == "disconnect" else []
    cut = await Exchange(ingest, "POST", "/api/jobs/j/artifacts", [FRAME[0], b"x" * sent, *end], HEADERS).run()
    assert cut.status == (408 if how == "disconnect" else 422), cut.body
    assert await ingest.rows(tables.artifact) == []
    assert [await artifacts.storage.files(name) for name in await artifacts.storage.folders()] in ([], [[]])


async def test_an_upload_that_says_nothing_for_long_is_given_up(ingest, artifacts, limits, monkeypatch):
    await ingest.accept(event("job_start", job="j"))
    limits.idle_s = 0.05

    async def forever(self):
        yield FRAME[0]
        await asyncio.Event().wait()

    monkeypatch.setattr(Request, "stream", forever)
    silent = await Exchange(ingest, "POST", "/api/jobs/j/artifacts", [], HEADERS).run()
    assert silent.status == 408, silent.body
    assert [await artifacts.storage.files(name) for name in await artifacts.storage.folders()] in ([], [[]])


def field(name, value):
    return b'--b\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value + b"\r\n"


REFUSED = {
    "nothing": b"",
    "no form": b"nonsense",
    "no part": b"--b--\r\n",
    "a field that is no file": field(b"file", b"no file") + b"--b--\r\n",
    "a part without a name": b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
    "two files": FRAME[0] + b"1\r\n" + FRAME[0] + b"2" + FRAME[1],
    "headers without end": b"--b\r\n" + b"X: y\r\n" * 30 + b"\r\n",
    "a long label": field(b"label", b"x" * 300_000) + FRAME[0] + FRAME[1],
    "many fields": field(b"x", b"1") * 30 + FRAME[0] + FRAME[1],
}


async def test_forms_that_are_refused(ingest, artifacts):
    await ingest.accept(event("job_start", job="j"))
    for what, body in REFUSED.items():
        for chunks in ([body], [*(body[at : at + 1] for at in range(min(len(body), 400))), body[400:]]):
            answer = await Exchange(ingest, "POST", "/api/jobs/j/artifacts", chunks, HEADERS).run()
            assert answer.status == 422, (what, answer.body)
    assert await ingest.rows(tables.artifact) == []
    assert [await artifacts.storage.files(name) for name in await artifacts.storage.folders()] in ([], [[]])


async def test_a_form_may_come_byte_by_byte_and_go_on_after_its_end(ingest):
    await ingest.accept(event("job_start", job="j"))
    body = FRAME[0] + b"12" + FRAME[1] + b"what comes after is not read"
    for chunks in ([body], [body[at : at + 1] for at in range(len(body))]):
        answer = await Exchange(ingest, "POST", "/api/jobs/j/artifacts", chunks, HEADERS).run()
        assert answer.status == 201, answer.body
    assert [row.size_bytes for row in await ingest.rows(tables.artifact)] == [2, 2]


async def test_waiting_uploads_are_not_read(ingest, artifacts):
    await ingest.accept(event("job_start", job="j"))
    artifacts._uploads = asyncio.Semaphore(1)
    await artifacts._uploads.acquire()
    taken = []

    def chunks():
        for piece in (FRAME[0], b"x", FRAME[1]):
            taken.append(piece)
            yield piece

    waiting = asyncio.create_task(Exchange(ingest, "POST", "/api/jobs/j/artifacts", chunks(), HEADERS).run())
    while not artifacts._uploads._waiters:
        await asyncio.sleep(0)
    assert taken == []
    artifacts._uploads.release()
    assert (await waiting).status == 201

"""The front door: files that a browser keeps, one page for every other path, nothing outside of the folder."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote

import httpx
import pytest

from argus_kit import web
from argus_kit.ports import free_port


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>the page")
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "index-abc123.js").write_text("let x = 1")
    (tmp_path / "secret.txt").write_text("outside")
    return folder


@pytest.fixture
async def client(root: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setenv("ARGUS_WEB_ROOT", str(root))
    monkeypatch.delenv("ARGUS_READY_URLS", raising=False)
    async with opened() as client:
        yield client


def opened() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=web.create_app(), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def raw(path: bytes) -> tuple[int, bytes]:
    """Ask for a path as it stands, which no client library would send."""
    app, answer = web.create_app(), []

    bodies = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict:
        return bodies.pop() if bodies else await asyncio.Future()

    async def send(message: dict) -> None:
        answer.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path.decode()),
        "raw_path": path,
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"test")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    return answer[0]["status"], b"".join(message.get("body", b"") for message in answer[1:])


class TestFiles:
    async def test_bundles_are_kept_for_ever(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/assets/index-abc123.js")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"

    async def test_a_missing_bundle_is_no_page(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/assets/index-old.js")
        assert answer.status_code == 404
        assert "immutable" not in answer.headers.get("Cache-Control", "")

    async def test_a_bundle_is_asked_about_without_being_sent(self, client: httpx.AsyncClient) -> None:
        answer = await client.head("/assets/index-abc123.js")
        assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", "9")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert (await client.post("/assets/index-abc123.js")).status_code == 405

    async def test_a_bundle_that_was_read_once_is_there_although_the_disk_is_not(
        self, client: httpx.AsyncClient, root: Path
    ) -> None:
        first = await client.get("/assets/index-abc123.js")
        (root / "assets" / "index-abc123.js").unlink()
        again = await client.get("/assets/index-abc123.js")
        assert (again.text, again.headers) == ("let x = 1", first.headers)

    async def test_a_bundle_has_one_address(self, client: httpx.AsyncClient, root: Path) -> None:
        (root / "assets" / "sub").mkdir()
        for path in ("/assets/./index-abc123.js", "/assets//index-abc123.js", "/assets/sub%2F..%2Findex-abc123.js"):
            status, _ = await raw(path.encode())
            assert status == 404, path

    @pytest.mark.parametrize("path", ["/", "/batches/b-1", "/batches/a/b%2Fc", "/login?x=1", "/apiary"])
    async def test_every_other_path_is_the_page(self, client: httpx.AsyncClient, path: str) -> None:
        answer = await client.get(path)
        assert (answer.status_code, answer.text) == (200, "<!doctype html>the page")
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert (await client.head(path)).status_code == 200

    async def test_files_at_the_top_are_served_as_they_are(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/favicon.svg")
        assert (answer.text, answer.headers["content-type"]) == ("<svg/>", "image/svg+xml")

    @pytest.mark.parametrize("path", ["/api", "/api/nothing", "/api/batches/b"])
    async def test_an_unknown_api_address_is_an_error_in_the_envelope(
        self, client: httpx.AsyncClient, path: str
    ) -> None:
        answer = await client.get(path)
        assert answer.status_code == 404
        assert answer.json()["detail"] == "Not Found"
        assert answer.json()["error"]["code"] == "request.not_found"

    @pytest.mark.usefixtures("client")
    @pytest.mark.parametrize(
        "path",
        [
            b"/../secret.txt",
            b"/..%2fsecret.txt",
            b"/%2e%2e/secret.txt",
            b"/assets/../../secret.txt",
            b"/assets/..%2f..%2fsecret.txt",
            b"//etc/passwd",
            b"/%2fetc/passwd",
            b"/x%00.html",
            b"/assets/x%00.js",
            b"/" + b"a" * 5000,
            b"/..%5csecret.txt",
        ],
    )
    async def test_nothing_outside_of_the_folder(self, path: bytes) -> None:
        status, body = await raw(path)
        assert status in {200, 400, 404}
        assert b"outside" not in body
        assert b"root:" not in body

    async def test_a_frontend_that_is_not_built_says_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ARGUS_WEB_ROOT", str(tmp_path / "none"))
        async with opened() as client:
            answer = await client.get("/")
        assert answer.status_code == 503
        assert "make up" in answer.json()["detail"]


class _Service(BaseHTTPRequestHandler):
    status, waiting = 200, ()

    def do_GET(self) -> None:
        self.send_response(type(self).status)
        self.end_headers()
        self.wfile.write(json.dumps({"waiting_for": list(type(self).waiting)}).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class TestReadiness:
    async def test_the_whole_system_is_ready_when_each_process_is(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        handler = type("Handler", (_Service,), {})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        Thread(target=server.serve_forever, daemon=True).start()
        url, dead = f"http://127.0.0.1:{server.server_port}", f"http://127.0.0.1:{free_port()}"
        monkeypatch.setenv("ARGUS_WEB_ROOT", str(root))
        try:
            assert await self._ready(monkeypatch, f"auth={url}/, ingest={url}") == (200, [])
            handler.status, handler.waiting = 503, ("nats", "database")
            assert await self._ready(monkeypatch, f"auth={url}") == (503, ["auth: nats", "auth: database"])
            assert await self._ready(monkeypatch, f"realtime={dead}") == (503, ["realtime"])
            handler.status = 500
            assert await self._ready(monkeypatch, f"auth={url}") == (503, ["auth: unknown"])
        finally:
            server.shutdown()
            server.server_close()

    async def _ready(self, monkeypatch: pytest.MonkeyPatch, urls: str) -> tuple[int, list[str]]:
        monkeypatch.setenv("ARGUS_READY_URLS", urls)
        app = web.create_app()
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://test") as client,
        ):
            assert (await client.get("/livez")).status_code == 200
            answer = await client.get("/readyz")
            return answer.status_code, answer.json()["waiting_for"]


class TestCompressed:
    @pytest.fixture(autouse=True)
    def compressed(self, root: Path) -> None:
        (root / "assets" / "index-abc123.js.br").write_bytes(b"as brotli")
        (root / "assets" / "index-abc123.js.gz").write_bytes(gzip.compress(b"let x = 1"))

    @pytest.mark.parametrize(
        ("asked", "sent"),
        [
            ("gzip, deflate, br, zstd", "br"),
            ("gzip", "gzip"),
            ("br;q=0, gzip;q=0.5", "gzip"),
            ("identity", None),
            ("", None),
        ],
    )
    async def test_a_bundle_comes_as_the_browser_takes_it(self, client, asked, sent):
        request = client.build_request("GET", "/assets/index-abc123.js", headers={"Accept-Encoding": asked})
        answer = await client.send(request, stream=True)
        body = b"".join([part async for part in answer.aiter_raw()])
        assert answer.headers.get("Content-Encoding") == sent
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Cache-Control"].endswith("immutable")
        plain = {"br": b"as brotli", "gzip": gzip.compress(b"let x = 1"), None: b"let x = 1"}
        assert len(body) == int(answer.headers["Content-Length"]) == len(plain[sent])

    async def test_the_page_comes_as_the_browser_takes_it(self, client, root):
        (root / "index.html.gz").write_bytes(gzip.compress(b"<!doctype html>the page"))
        for asked, sent in (("gzip", "gzip"), ("br", None)):
            answer = await client.get("/batches/b-1", headers={"Accept-Encoding": asked})
            assert (answer.text, answer.headers.get("Content-Encoding")) == ("<!doctype html>the page", sent)
            assert "Accept-Encoding" in answer.headers["Vary"]
            assert answer.headers["Content-Type"].startswith("text/html")

    async def test_what_was_not_compressed_comes_as_it_is(self, client, root):
        (root / "assets" / "font-abc123.woff2").write_bytes(b"font")
        answer = await client.get("/assets/font-abc123.woff2", headers={"Accept-Encoding": "br"})
        assert (answer.content, answer.headers.get("Content-Encoding")) == (b"font", None)

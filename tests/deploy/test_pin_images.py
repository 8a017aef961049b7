"""Images are pinned by what a registry says that their tags mean; a registry of the real protocol stands here."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator

import httpx
import pin_images
import pytest

DIGEST = f"sha256:{'4f' * 32}"
OTHER = f"sha256:{'a0' * 32}"


class Registry(http.server.BaseHTTPRequestHandler):
    """Asks for a token, as Docker Hub does, and knows two images."""

    known = {"/v2/library/python/manifests/3.12-slim", "/v2/valkey/valkey/manifests/9-alpine"}

    def do_GET(self) -> None:
        assert self.path == "/token?service=hub&scope=pull"
        self._answer(200, {}, json.dumps({"token": "t"}).encode())

    def do_HEAD(self) -> None:
        host, port = self.server.server_address[:2]
        if self.headers.get("Authorization") != "Bearer t":
            asked = f'Bearer realm="http://{host}:{port}/token",service="hub",scope="pull"'
            self._answer(401, {"WWW-Authenticate": asked})
        elif self.path in self.known and "image.index" in self.headers["Accept"]:
            self._answer(200, {"Docker-Content-Digest": DIGEST})
        else:
            self._answer(404, {})

    def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def hub() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("image", ["python:3.12-slim", "valkey/valkey:9-alpine"])
def test_a_registry_is_asked(hub: str, image: str) -> None:
    with httpx.Client() as client:
        assert pin_images.digest(client, image, hub) == DIGEST


def test_an_image_that_is_not_there_is_an_error(hub: str) -> None:
    with httpx.Client() as client, pytest.raises(httpx.HTTPStatusError, match="404"):
        pin_images.digest(client, "python:0", hub)


def test_names_are_pinned_and_pinned_anew_and_others_left() -> None:
    text = f"python: python:3.12\nimage: nats:2\n  image: nats:2@{OTHER}\n  image: nats:2-alpine\n# like python:3.12\n"
    made = pin_images.pinned(text, {"python:3.12": DIGEST, "nats:2": DIGEST})
    pinned = f"image: nats:2@{DIGEST}\n"
    assert made == f"python: python:3.12@{DIGEST}\n{pinned}  {pinned}  image: nats:2-alpine\n# like python:3.12\n"


def test_each_image_of_others_is_named_where_it_can_be_pinned() -> None:
    images = pin_images.yaml.safe_load(pin_images.IMAGES.read_text())
    pins = {pin_images.without_digest(image): DIGEST for image in images.values()}
    texts = [path.read_text() for pattern in pin_images.NAMED for path in pin_images.ROOT.glob(pattern)]
    changed = [pin_images.pinned(text, pins) for text in texts]
    for name, image in images.items():
        tagged = pin_images.without_digest(image)
        if name not in {"python", "node"}:  # the Dockerfile has them, which is generated
            assert any(f"{tagged}@{DIGEST}" in text for text in changed), name
        assert not [text for text in changed if f" {tagged}\n" in text], name

"""A real Traefik on free ports, with the real route file, in front of backends that answer their own name."""

from __future__ import annotations

import contextlib
import http.server
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from routing import DYNAMIC, ROOT, SERVICES

from argus_kit.ports import free_port


class Secure(NamedTuple):
    """An https address of this machine."""

    port: int
    certificate: Path
    key: Path


class Gateway(NamedTuple):
    """A running Traefik: where it listens, and what it wrote."""

    url: str
    log: Path
    access_log: Path


class NamedBackend(http.server.BaseHTTPRequestHandler):
    """Answers its service's name; /api/sse answers one frame at once and the second when told."""

    protocol_version = "HTTP/1.1"
    name = ""
    release: threading.Event

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/api/sse"):
            return self.stream()
        body = b"answered" if "/large" not in self.path else b"answered " * 1000
        self.begin()
        self.send_header("Content-Type", "text/plain")
        self.send_header("X-Request-Id", "0123456789abcdef")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        return None

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer

    def begin(self) -> None:
        self.send_response(404 if "/missing" in self.path else 200)
        self.send_header("X-Answered-By", self.name)
        self.send_header("X-Path-Seen", self.path)

    def stream(self) -> None:
        self.begin()
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"event: hello\ndata: {}\n\n")
        self.release.wait(10)
        self.wfile.write(b"event: second\ndata: {}\n\n")
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: a failing test shows what it asked."""


@pytest.fixture(scope="session")
def stream_release() -> threading.Event:
    release = threading.Event()
    release.set()
    return release


@pytest.fixture(scope="session")
def backends(stream_release):
    """URL of a running backend for each service and for web."""
    servers = {}
    for name in (*SERVICES, "web"):
        handler = type(f"Backend_{name}", (NamedBackend,), {"name": name, "release": stream_release})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers[name] = server
    yield {name: f"http://127.0.0.1:{server.server_port}" for name, server in servers.items()}
    stream_release.set()
    for server in servers.values():
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def secure(tmp_path_factory):
    """Where the gateway speaks https, and the certificate that it shows."""
    room = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "argus.test")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("argus.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    (room / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (room / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return Secure(free_port(), room / "cert.pem", room / "key.pem")


@pytest.fixture(scope="session")
def gateway(backends, secure, tmp_path_factory):
    """Base URL of the real Traefik with deploy/traefik's own files."""
    with running_gateway(tmp_path_factory.mktemp("traefik"), backends, secure) as running:
        yield running.url


@contextlib.contextmanager
def running_gateway(room, backends, secure, *, static_file="traefik.yaml", dynamic=DYNAMIC, change=None, **environment):
    """The real Traefik on free ports.

    Args:
        room: folder for its files.
        backends: URL of each service.
        secure: where it speaks https.
        static_file: which file of deploy/traefik it starts with.
        dynamic: its routes.
        change: what is done to the start's file besides.
        environment: variables besides.
    """
    port = free_port()
    static = yaml.safe_load((ROOT / "deploy" / "traefik" / static_file).read_text())
    static["entryPoints"]["web"]["address"] = f"127.0.0.1:{port}"
    static["entryPoints"]["websecure"]["address"] = f"127.0.0.1:{secure.port}"
    static["entryPoints"]["traefik"]["address"] = f"127.0.0.1:{free_port()}"
    static["providers"]["file"]["filename"] = str(dynamic)
    static["accessLog"]["filePath"] = str(room / "access.log")
    if change is not None:
        change(static)
    (room / "traefik.yaml").write_text(yaml.safe_dump(static))
    surroundings = os.environ | {"ARGUS_TLS_CERT": str(secure.certificate), "ARGUS_TLS_KEY": str(secure.key)}
    surroundings |= {f"ARGUS_{name.upper()}_URL": url for name, url in backends.items()} | environment
    running = Gateway(f"http://127.0.0.1:{port}", room / "traefik.log", room / "access.log")
    with running.log.open("w") as log:
        process = subprocess.Popen(
            [Path(sys.executable).parent / "traefik", f"--configfile={room / 'traefik.yaml'}"],
            env=surroundings,
            stdout=log,
            stderr=log,
        )
        try:
            _wait_until_routed(running.url, process, running.log)
            yield running
        finally:
            process.terminate()
            process.wait(10)


def _wait_until_routed(base: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(base, timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail(f"Traefik did not route: {log.read_text()[-2000:]}")

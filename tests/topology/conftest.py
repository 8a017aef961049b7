"""A real Traefik on free ports, with the real route file, in front of backends that answer their own name."""

from __future__ import annotations

import http.server
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from gateways import Secure, running_gateway
from routing import SERVICES

from argus_kit.ports import free_port


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

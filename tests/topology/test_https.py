"""The gateway's https: our certificate, HTTP/2 for browsers that can, and the same routes."""

from __future__ import annotations

import socket
import ssl

import httpx
import pytest


@pytest.fixture
def trusting(secure):
    context = ssl.create_default_context(cafile=secure.certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def spoken(port: int, context: ssl.SSLContext) -> tuple[str | None, str | None]:
    """The protocol that both sides chose, and the version of TLS."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="argus.test") as line,
    ):
        return line.selected_alpn_protocol(), line.version()


def test_a_browser_gets_http_2_with_the_certificate_that_was_named(gateway, secure, trusting):
    trusting.set_alpn_protocols(["h2", "http/1.1"])
    protocol, version = spoken(secure.port, trusting)
    assert protocol == "h2"
    assert version == "TLSv1.3"


def test_who_knows_only_http_1_is_served_too(gateway, secure, trusting):
    trusting.set_alpn_protocols(["http/1.1"])
    assert spoken(secure.port, trusting)[0] == "http/1.1"


def test_old_tls_is_refused(gateway, secure, trusting):
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        trusting.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        trusting.maximum_version = ssl.TLSVersion.TLSv1_1
    trusting.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        spoken(secure.port, trusting)


@pytest.mark.parametrize(
    ("path", "service"), [("/api/batches", "catalog"), ("/api/sse?channels=inbox", "realtime"), ("/", "web")]
)
def test_the_routes_are_those_of_http(gateway, secure, trusting, path, service):
    with httpx.Client(http2=True, verify=trusting) as client:
        answer = client.get(
            f"https://127.0.0.1:{secure.port}{path}",
            headers={"Host": "argus.test"},
            extensions={"sni_hostname": "argus.test"},
        )
    assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
    assert answer.headers["X-Answered-By"] == service
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_http_still_answers(gateway):
    assert httpx.get(gateway).headers["X-Answered-By"] == "web"

"""What the real gateway does besides routing: compress, bound floods, log without secrets, get certificates."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from gateways import Secure, running_gateway
from routing import DYNAMIC, ROOT, document

from argus_kit.ports import free_port

SECRETS = ("em_live_query", "em_live_header", "cookie-secret", "em_live_referer")


def spent(url: str, forwarded: str) -> bool:
    """Whether a caller with that X-Forwarded-For is refused in the end."""
    return 429 in [ask(url, "/api/batches", **{"X-Forwarded-For": forwarded}).status_code for _ in range(7)]


def ask(url: str, path: str, **headers: str) -> httpx.Response:
    return httpx.get(url + path, headers=headers, timeout=30)


@pytest.fixture
def here(secure, tmp_path) -> Secure:
    """Another address for https, with the same certificate."""
    return secure._replace(port=free_port())


class TestCompression:
    @pytest.mark.parametrize("encoding", ["gzip", "br"])
    @pytest.mark.parametrize("path", ["/api/large", "/api/auth/large", "/large"])
    def test_what_is_large_travels_small(self, gateway, path, encoding):
        with httpx.stream("GET", gateway + path, headers={"Accept-Encoding": encoding}) as answer:
            sent = b"".join(answer.iter_raw())
        assert answer.headers["Content-Encoding"] == encoding
        assert len(sent) < 1000

    def test_what_is_small_is_left_alone(self, gateway):
        assert "content-encoding" not in ask(gateway, "/api/batches", **{"Accept-Encoding": "gzip"}).headers

    def test_a_stream_is_never_compressed(self, gateway):
        answer = ask(gateway, "/api/sse?channels=visible", **{"Accept-Encoding": "gzip, br"})
        assert "content-encoding" not in answer.headers
        assert answer.text.count("event:") == 2


@pytest.fixture
def scarce(tmp_path) -> Path:
    """Our routes, where an address has five questions and gets one more an hour: a slow machine refills nothing."""
    text = DYNAMIC.read_text()
    assert text.count("average: 1000 ") == text.count("burst: 3000") == 1
    routes = tmp_path / "dynamic.yaml"
    routes.write_text(
        text.replace("average: 1000 ", "period: 1h\n        average: 1 ").replace("burst: 3000", "burst: 5")
    )
    return routes


def started_by_compose(room: Path, networks: str) -> Callable[[dict[str, Any]], None]:
    """The start's file as compose makes it for these proxies in front."""
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["traefik"]
    assert service["entrypoint"] == ["sh", "-c"]
    (script,) = service["command"]
    write, start = script.replace("$$", "$").split(" && ")
    assert start == "exec traefik --configfile=/tmp/traefik.yaml"
    made = room / "made.yaml"
    write = write.replace("/etc/traefik", str(ROOT / "deploy" / "traefik")).replace("/tmp/traefik.yaml", str(made))
    subprocess.run(["sh", "-c", write], check=True, env=os.environ | {"ARGUS_FRONT_PROXIES": networks})
    headers = {
        name: one.get("forwardedHeaders") for name, one in yaml.safe_load(made.read_text())["entryPoints"].items()
    }

    def change(static: dict[str, Any]) -> None:
        for name, said in headers.items():
            if said is not None:
                static["entryPoints"][name]["forwardedHeaders"] = said

    return change


class TestFloods:
    def test_an_address_that_asks_without_end_is_refused_and_others_routes_go_on(
        self, backends, here, tmp_path, scarce
    ):
        with running_gateway(tmp_path, backends, here, dynamic=scarce) as running:
            answers = [ask(running.url, "/api/batches") for _ in range(20)]
            refused = [answer for answer in answers if answer.status_code == 429]
            assert len(refused) >= 14
            assert int(refused[0].headers["Retry-After"]) >= 1
            events = [httpx.post(f"{running.url}/api/events", content=b"{}").status_code for _ in range(20)]
            assert set(events) == {200}

    @pytest.mark.parametrize(("networks", "depth"), [("127.0.0.1/32", ""), ("192.0.2.0/24, 127.0.0.0/8", "1")])
    def test_behind_a_proxy_each_caller_is_counted_by_itself(self, backends, here, tmp_path, scarce, networks, depth):
        proxied = {"ARGUS_FRONT_PROXIES": networks, "ARGUS_FRONT_PROXY_DEPTH": depth}
        change = started_by_compose(tmp_path, networks)
        with running_gateway(tmp_path, backends, here, dynamic=scarce, change=change, **proxied) as running:
            assert spent(running.url, "198.51.100.7")
            assert ask(running.url, "/api/batches", **{"X-Forwarded-For": "198.51.100.8"}).status_code == 200
            # What a caller writes there itself stands before what the proxy saw.
            assert spent(running.url, "203.0.113.9, 198.51.100.7")
            # Of IPv6 a whole /64 is one caller.
            assert spent(running.url, "2001:db8::1")
            assert ask(running.url, "/api/batches", **{"X-Forwarded-For": "2001:db8::2"}).status_code == 429
            assert ask(running.url, "/api/batches", **{"X-Forwarded-For": "2001:db8:0:1::1"}).status_code == 200

    def test_behind_two_proxies_the_caller_is_who_the_first_saw(self, backends, here, tmp_path, scarce):
        proxied = {"ARGUS_FRONT_PROXIES": "127.0.0.1/32", "ARGUS_FRONT_PROXY_DEPTH": "2"}
        change = started_by_compose(tmp_path, "127.0.0.1/32")
        with running_gateway(tmp_path, backends, here, dynamic=scarce, change=change, **proxied) as running:
            assert spent(running.url, "198.51.100.7, 192.0.2.1")
            assert ask(running.url, "/api/batches", **{"X-Forwarded-For": "198.51.100.8, 192.0.2.1"}).status_code == 200

    @pytest.mark.parametrize("networks", ["", "192.0.2.0/24"])
    def test_who_is_no_such_proxy_is_not_believed(self, backends, here, tmp_path, scarce, networks):
        change = started_by_compose(tmp_path, networks)
        with running_gateway(
            tmp_path, backends, here, dynamic=scarce, change=change, ARGUS_FRONT_PROXIES=networks
        ) as running:
            answers = [
                ask(running.url, "/api/batches", **{"X-Forwarded-For": f"198.51.100.{n}"}).status_code
                for n in range(20)
            ]
        assert answers.count(429) >= 14

    def test_who_reports_runs_and_streams_is_counted_by_services_alone(self):
        routers = document()["routers"]
        without = {name for name, router in routers.items() if "flood" not in router["middlewares"]}
        assert without == {"realtime", "events", "ingest", "executor"}


class TestAccessLog:
    def test_what_failed_is_logged_with_its_id_and_without_a_secret(self, backends, here, tmp_path):
        with running_gateway(tmp_path, backends, here) as running:
            ask(
                running.url,
                "/api/missing?token=em_live_query",
                Authorization="Bearer em_live_header",
                Cookie="argus_refresh=cookie-secret",
                Referer="https://argus.test/?token=em_live_referer",
            )
            ask(running.url, "/api/batches")
        text = running.access_log.read_text()
        lines = [json.loads(line) for line in text.splitlines()]
        # Slow ones are told too, and on a busy machine one of these may be.
        (line,) = [line for line in lines if line["DownstreamStatus"] >= 400 or line["Duration"] < 2e9]
        assert line["RouterName"] == "catalog@file"
        assert (line["DownstreamStatus"], line["RequestMethod"]) == (404, "GET")
        assert line["downstream_X-Request-Id"] == "0123456789abcdef"
        for secret in SECRETS:
            assert secret not in text
        assert "/api/missing" not in text


class Authority(BaseHTTPRequestHandler):
    """The first page of an ACME server, which notes who asks; it goes no further."""

    asked = threading.Event()

    def do_GET(self) -> None:
        self.asked.set()
        self.send_response(503)
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class TestCertificates:
    def test_a_name_is_asked_for_at_the_authority(self, backends, here, tmp_path):
        authority = ThreadingHTTPServer(("127.0.0.1", 0), Authority)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(here.certificate, here.key)
        authority.socket = context.wrap_socket(authority.socket, server_side=True)
        threading.Thread(target=authority.serve_forever, daemon=True).start()

        def ours(static):
            resolver = static["certificatesResolvers"]["acme"]["acme"]
            resolver |= {
                "caServer": f"https://127.0.0.1:{authority.server_port}/directory",
                "storage": str(tmp_path / "acme.json"),
            }

        named = {"ARGUS_ACME_DOMAIN": "argus.example.org", "ARGUS_TLS_CERT": "", "ARGUS_TLS_KEY": ""}
        named |= {"LEGO_CA_CERTIFICATES": str(here.certificate), "LEGO_CA_SERVER_NAME": "argus.test"}
        try:
            with running_gateway(tmp_path, backends, here, static_file="acme.yaml", change=ours, **named) as running:
                assert Authority.asked.wait(30), running.log.read_text()
                assert ask(running.url, "/").status_code == 200  # the rest goes on meanwhile
        finally:
            authority.shutdown()
            authority.server_close()

    def test_without_a_name_and_a_file_it_makes_one_itself(self, backends, here, tmp_path):
        named = {"ARGUS_TLS_CERT": "", "ARGUS_TLS_KEY": ""}
        with running_gateway(tmp_path, backends, here, **named):
            shown = ssl.get_server_certificate(("127.0.0.1", here.port))
        assert shown.startswith("-----BEGIN CERTIFICATE-----")


def test_a_stream_may_last_as_long_as_its_page():
    static = yaml.safe_load((ROOT / "deploy" / "traefik" / "traefik.yaml").read_text())
    for name in ("web", "websecure"):
        timeouts = static["entryPoints"][name]["transport"]["respondingTimeouts"]
        assert timeouts["writeTimeout"] == "0s"

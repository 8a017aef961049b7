"""Calls to servers that others named reach public and allowed addresses alone."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from argus_kit.addresses import parse_allow
from argus_kit.guarded_http import GuardedTransport, guarded_client
from argus_kit.outbound import OutboundFailed, OutboundRefused, check_host, connect
from argus_kit.settings import Settings

LOCAL = parse_allow("127.0.0.0/8")


def resolver(**addresses: str | list[str]) -> Callable[[str, int], Awaitable[list[str]]]:
    """A resolver that knows names of one label; a list is answered one entry per question, the last for ever."""

    async def resolve(name: str, _port: int) -> list[str]:
        known = addresses.get(name)
        if known is None:
            raise OSError("unknown")
        if isinstance(known, list):
            return [known.pop(0) if len(known) > 1 else known[0]]
        return known.split()

    return resolve


class TestHosts:
    async def test_a_public_name_gives_its_addresses(self) -> None:
        found = await check_host("hook", 443, resolve=resolver(hook="8.8.8.8 2606:4700::1"))
        assert [str(address) for address in found] == ["8.8.8.8", "2606:4700::1"]

    @pytest.mark.parametrize(
        "host",
        [
            *("127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001", "0", "[::1]", "::ffff:127.0.0.1"),
            *("169.254.169.254", "169.254.169.254.", "0xa9fea9fe", "[fd00:ec2::254]", "[64:ff9b::a9fe:a9fe]"),
            *("10.0.0.1", "192.168.1.1", "100.64.0.1", "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021"),
        ],
    )
    async def test_a_private_address_is_refused_however_it_is_written(self, host: str) -> None:
        with pytest.raises(OutboundRefused):
            await check_host(host, 443)

    @pytest.mark.parametrize(
        "host", ["", ".", "a b", "a\tb", "a\nb", "a/b", "a@b", "a#b", "a?b", "fe80::1%eth0", "\x00", "xn--\udcff"]
    )
    async def test_what_is_no_host_is_refused(self, host: str) -> None:
        with pytest.raises(OutboundRefused):
            await check_host(host, 443)

    async def test_one_private_address_among_public_ones_refuses_all(self) -> None:
        with pytest.raises(OutboundRefused):
            await check_host("hook", 443, resolve=resolver(hook="8.8.8.8 10.0.0.1"))

    async def test_the_real_resolver_is_asked_and_its_answer_checked(self) -> None:
        with pytest.raises(OutboundRefused):
            await check_host("localhost", 443)

    async def test_a_name_without_an_address_failed(self) -> None:
        with pytest.raises(OutboundFailed):
            await check_host("nobody", 443, resolve=resolver())

    @pytest.mark.parametrize("port", [22, 25, 111, 445, 0, 65536])
    async def test_ports_of_other_protocols_are_refused(self, port: int) -> None:
        with pytest.raises(OutboundRefused):
            await check_host("8.8.8.8", port)

    async def test_an_allowed_network_or_name_may_be_private(self) -> None:
        assert await check_host("127.0.0.1", 25, allow=LOCAL)
        assert await check_host("KeyCloak.", 81, allow=("keycloak",), resolve=resolver(keycloak="10.0.0.9"))
        with pytest.raises(OutboundRefused):
            await check_host("10.0.0.9", 443, allow=("keycloak",))

    @given(st.text(max_size=40))
    def test_no_text_leads_into_our_own_network(self, host: str) -> None:
        async def resolve(_name: str, _port: int) -> list[str]:
            return ["10.0.0.1"]

        try:
            found = asyncio.run(check_host(host, 443, resolve=resolve))
        except OutboundRefused:
            return
        assert all(address.is_global for address in found)


@asynccontextmanager
async def serving(
    answer: bytes | Callable[[asyncio.StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server on loopback that answers every request with the same bytes; gives its port and what it was asked."""
    asked: list[bytes] = []

    async def on_connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            if callable(answer):
                await answer(writer)
            else:
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(on_connect, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1], asked
    finally:
        server.close()


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"


def client(allow: str = "127.0.0.0/8", **options: object) -> httpx.AsyncClient:
    """A guarded client with the settings of somebody who allows `allow`."""
    return guarded_client(Settings(outbound_allow=allow), **options)  # type: ignore[arg-type]


class TestRequests:
    async def test_an_allowed_server_is_called_under_its_own_name(self) -> None:
        async with serving(OK) as (port, asked), client(resolve=resolver(hook="127.0.0.1")) as http:
            answer = await http.get(f"http://hook:{port}/path?q=1")
        assert answer.text == "ok"
        assert asked[0].startswith(b"GET /path?q=1 HTTP/1.1\r\n")
        assert f"host: hook:{port}".encode() in asked[0].lower()
        assert str(answer.request.url) == f"http://hook:{port}/path?q=1"

    async def test_without_leave_our_own_machine_is_not_called(self) -> None:
        async with serving(OK) as (port, asked), client("") as http:
            for host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"):
                with pytest.raises(OutboundRefused):
                    await http.get(f"http://{host}:{port}/")
        assert not asked

    async def test_a_name_that_answers_differently_a_second_time_gains_nothing(self) -> None:
        # The first answer is allowed, the second is where a service of our own listens.
        rebinding = resolver(evil=["127.0.0.1", "127.0.0.2"])
        async with serving(OK) as (port, asked), client("127.0.0.1", resolve=rebinding) as http:
            assert (await http.get(f"http://evil:{port}/")).text == "ok"
            with pytest.raises(OutboundRefused):
                await http.get(f"http://evil:{port}/")
        assert len(asked) == 1

    async def test_a_redirect_is_not_followed_and_when_it_is_it_is_checked(self) -> None:
        away = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.2:%d/\r\ncontent-length: 0\r\n\r\n"
        async with serving(OK) as (inside, asked), serving(away % inside) as (port, _), client("127.0.0.1") as http:
            assert (await http.get(f"http://127.0.0.1:{port}/")).status_code == 302
            with pytest.raises(OutboundRefused):
                await http.get(f"http://127.0.0.1:{port}/", follow_redirects=True)
        assert not asked

    @pytest.mark.parametrize("url", ["http://ada:pw@127.0.0.1/", "http://127.0.0.1@10.0.0.1/", "http://x@127.0.0.1/"])
    async def test_an_address_with_a_name_in_it_is_refused(self, url: str) -> None:
        async with client() as http:
            with pytest.raises(OutboundRefused):
                await http.get(url)

    @pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "unix:/x"])
    async def test_other_schemes_are_refused(self, url: str) -> None:
        async with client() as http:
            with pytest.raises((OutboundRefused, httpx.UnsupportedProtocol)):
                await http.get(url)

    async def test_no_proxy_is_taken_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with serving(OK) as (proxy, asked), serving(OK) as (port, _):
            monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy}")
            async with client() as http:
                assert (await http.get(f"http://127.0.0.1:{port}/")).text == "ok"
        assert not asked

    async def test_the_next_address_is_tried_when_one_does_not_answer(self) -> None:
        two = resolver(hook="127.0.0.9 127.0.0.1")
        async with serving(OK) as (port, _), client(resolve=two) as http:
            assert (await http.get(f"http://hook:{port}/")).text == "ok"


class TestBounds:
    async def test_a_declared_size_beyond_the_limit_is_not_read(self) -> None:
        large = b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n" + b"x" * 1001
        async with serving(large) as (port, _), client(max_bytes=1000) as http:
            with pytest.raises(OutboundFailed, match="too large"):
                await http.get(f"http://127.0.0.1:{port}/")

    async def test_an_undeclared_size_is_cut_off_at_the_limit(self) -> None:
        async def endless(writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()

        async with serving(endless) as (port, _), client(max_bytes=100_000) as http:
            with pytest.raises(OutboundFailed, match="too large"):
                await http.get(f"http://127.0.0.1:{port}/")

    async def test_a_compressed_answer_is_refused(self) -> None:
        packed = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nok"
        async with serving(packed) as (port, asked), client() as http:
            with pytest.raises(OutboundFailed, match="compressed"):
                await http.get(f"http://127.0.0.1:{port}/")
        assert b"accept-encoding: identity" in asked[0].lower()

    async def test_a_server_that_drips_is_given_up_in_time(self) -> None:
        async def drip(writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)

        async with serving(drip) as (port, _), client(total_s=0.4) as http:
            with pytest.raises(OutboundFailed, match="too long"):
                await http.get(f"http://127.0.0.1:{port}/")

    async def test_a_server_that_says_nothing_is_given_up_in_time(self) -> None:
        async def silent(_: asyncio.StreamWriter) -> None:
            await asyncio.sleep(5)

        async with serving(silent) as (port, _), client(total_s=0.3) as http:
            with pytest.raises((OutboundFailed, httpx.ReadTimeout)):
                await http.get(f"http://127.0.0.1:{port}/")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for the name `hook.test`, with its key, that signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hook.test")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hook.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "hook.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


class TestTls:
    async def test_the_certificate_must_be_of_the_name_and_not_of_the_address(self, certificate: Path) -> None:
        names: list[str | None] = []
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        tls.sni_callback = lambda _socket, name, _context: names.append(name)
        trusting = httpx.AsyncHTTPTransport(verify=ssl.create_default_context(cafile=certificate))

        async def resolve(_name: str, _port: int) -> list[str]:
            return ["127.0.0.1"]

        transport = GuardedTransport(LOCAL, resolve=resolve, inner=trusting)
        async with serving(OK, tls) as (port, _), httpx.AsyncClient(transport=transport) as http:
            assert (await http.get(f"https://hook.test:{port}/")).text == "ok"
            with pytest.raises(httpx.ConnectError, match=r"(?i)hostname"):
                await http.get(f"https://other.test:{port}/")
        assert names == ["hook.test", "other.test"]


class TestConnections:
    async def test_a_connection_goes_to_the_checked_address(self) -> None:
        async with serving(OK) as (port, _):
            addresses = await check_host("127.0.0.9", port, allow=LOCAL)
            addresses += await check_host("127.0.0.1", port, allow=LOCAL)
            with await connect(addresses, port) as connection:
                assert connection.getpeername() == ("127.0.0.1", port)

    async def test_nothing_there_is_said(self) -> None:
        async with serving(OK) as (port, _):
            pass
        with pytest.raises(OutboundFailed, match=str(port)):
            await connect(await check_host("127.0.0.1", port, allow=LOCAL), port)

"""Sessions that are not good enough: forged, downgraded, replayed, of somebody else, or renewed by a stolen cookie."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from stage.people import ADDRESS, PASSWORD, Call, Person, log_in, register
from stage.world import World, eventually

from argus_kit.secretbox import SecretBox
from argus_schema.base import sqlite_time

COOKIE: Final = {"X-Argus-Session": "cookie"}
Claims = dict[str, Any]
NOW: Final = int(time.time())


class Signer:
    """The server's own key, taken from its folder: what it signs is as good as a thief of everything could make it."""

    def __init__(self, world: World) -> None:
        box = SecretBox((world.server.home / "config.key").read_text().strip())
        rows = world.rows(
            "select k.kid, s.private_key_encrypted from signing_key k join signing_secret s on s.kid = k.kid "
            "order by k.created_at desc"
        )
        self.kid, sealed = rows[0]
        self.key = Ed25519PrivateKey.from_private_bytes(box.decrypt(sealed))
        self.public = self.key.public_key()

    def sign(self, claims: Claims, key: Any = None, algorithm: str | None = "EdDSA", **header: Any) -> str:
        """A JWT; `header` takes the place of the usual kid."""
        return jwt.encode(claims, key or self.key, algorithm=algorithm, headers=header or {"kid": self.kid})

    def by_hand(self, claims: Claims, header: Claims | None = None) -> str:
        """The same, where a library would refuse to write such a thing."""
        body = f"{part(header or {'alg': 'EdDSA', 'typ': 'JWT', 'kid': self.kid})}.{part(claims)}"
        return f"{body}.{base64.urlsafe_b64encode(self.key.sign(body.encode())).decode().rstrip('=')}"


@pytest.fixture
def victim(world: World) -> Person:
    return register(world.client, world.name("victim"))


@pytest.fixture
def signer(world: World) -> Signer:
    # Other tests of this folder rotate keys.
    return Signer(world)


@pytest.fixture(scope="module")
def claims(world: World) -> Claims:
    person = register(world.client, world.name("forged"))
    found: Claims = jwt.decode(person.session, options={"verify_signature": False})
    return found


def me(world: World, credential: str) -> httpx.Response:
    return world.client.send("GET", Call("/api/auth/me"), credential)


def must_be_refused(world: World, credential: str) -> None:
    """By the account, by a list, by something that changes, and by a stream in both places where it takes one."""
    calls = [
        ("GET", Call("/api/auth/me"), credential),
        ("GET", Call("/api/batches"), credential),
        ("POST", Call("/api/tokens", {"name": "x", "scope": "reporter"}), credential),
        ("POST", Call("/api/auth/refresh"), credential),
        ("GET", Call("/api/sse", params={"channels": "inbox"}, is_stream=True), credential),
        ("GET", Call("/api/sse", params={"channels": "inbox", "token": credential}, is_stream=True), None),
    ]
    statuses = {call.path: world.client.send(method, call, sent).status_code for method, call, sent in calls}
    assert statuses == dict.fromkeys(statuses, 401)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def unsigned(header: Any, claims: Claims, signature: str = "") -> str:
    return f"{part(header)}.{part(claims)}.{signature}"


class TestForged:
    def test_the_real_key_with_the_real_claims_is_taken(self, world: World, signer: Signer, claims: Claims) -> None:
        assert me(world, signer.sign(claims)).status_code == 200, "else the refusals below would prove nothing"

    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, 0, ["none"]])
    def test_without_a_signature(self, world: World, signer: Signer, claims: Claims, algorithm: Any) -> None:
        header = {"alg": algorithm, "typ": "JWT", "kid": signer.kid}
        must_be_refused(world, unsigned(header, claims))
        real = signer.sign(claims).split(".")
        must_be_refused(world, unsigned(header, claims, real[2]))
        must_be_refused(world, f"{real[0]}.{real[1]}.")
        must_be_refused(world, f"{real[0]}.{real[1]}")

    @pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
    def test_with_the_public_key_as_a_shared_secret(
        self, world: World, signer: Signer, claims: Claims, algorithm: str
    ) -> None:
        published = world.ask("GET", "/api/auth/.well-known/jwks.json")["keys"]
        jwk = next(key for key in published if key["kid"] == signer.kid)
        raw = signer.public.public_bytes_raw()
        for secret in (
            raw,
            raw.hex().encode(),
            jwk["x"].encode(),
            json.dumps(jwk).encode(),
            json.dumps(jwk, separators=(",", ":"), sort_keys=True).encode(),
            signer.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            signer.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).strip(),
            signer.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            b"",
        ):
            must_be_refused(world, hmac_signed(claims, secret, algorithm, signer.kid))

    def test_with_another_kind_of_key(self, world: World, signer: Signer, claims: Claims) -> None:
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        for algorithm in ("RS256", "PS256"):
            must_be_refused(world, signer.sign(claims, other, algorithm, kid=signer.kid))
        real = signer.sign(claims).split(".")
        for algorithm in ("RS256", "ES256", "PS512", "Ed448"):
            header = {"alg": algorithm, "typ": "JWT", "kid": signer.kid}
            must_be_refused(world, f"{part(header)}.{real[1]}.{real[2]}")

    def test_with_a_key_of_ones_own(self, world: World, signer: Signer, claims: Claims) -> None:
        own = Ed25519PrivateKey.generate()
        jwk = jwt.algorithms.OKPAlgorithm.to_jwk(own.public_key(), as_dict=True) | {"kid": "own"}
        for header in (
            {"kid": signer.kid},
            {"kid": signer.kid, "jwk": jwk},
            {"kid": "own", "jwk": jwk},
            {"jwk": jwk},
            {"kid": "own", "jku": f"{world.server.url}/evil.json"},
            {"kid": "own", "jku": "http://169.254.169.254/latest/meta-data/"},
            {"kid": "own", "x5u": "https://evil.example/cert.pem"},
            {"kid": "own", "x5c": [base64.b64encode(b"not a certificate").decode()]},
            {"kid": signer.kid, "crit": ["exp"], "exp": 0},
        ):
            must_be_refused(world, signer.sign(claims, own, **header))

    @pytest.mark.parametrize(
        "kid",
        [
            "unknown",
            "",
            "../../../../dev/null",
            "/dev/null",
            "file:///dev/null",
            "' or '1'='1",
            "x' union select 'a','b' --",
            "%00",
            "\x00",
            "\ud800",
            "x" * 20_000,
        ],
    )
    def test_with_a_kid_that_leads_elsewhere(self, world: World, signer: Signer, claims: Claims, kid: str) -> None:
        empty = hmac_signed(claims, b"", "HS256", kid)
        for forged in (empty, signer.by_hand(claims, {"alg": "EdDSA", "typ": "JWT", "kid": kid})):
            if len(forged) < 30_000:
                must_be_refused(world, forged)

    @pytest.mark.parametrize("kid", [None, ["a"], {"a": 1}, 7, True, 1.5])
    def test_with_a_kid_that_is_no_text(self, world: World, signer: Signer, claims: Claims, kid: Any) -> None:
        must_be_refused(world, signer.by_hand(claims, {"alg": "EdDSA", "typ": "JWT", "kid": kid}))
        must_be_refused(world, signer.sign(claims, typ="JWT"))

    def test_cut_changed_or_garbage(self, world: World, signer: Signer, claims: Claims) -> None:
        head, body, signature = signer.sign(claims).split(".")
        other = part({**claims, "user_id": claims["user_id"] + 1})
        for forged in (
            f"{head}.{other}.{signature}",
            f"{head}.{body}.{signature[:-6]}",
            f"{head}.{body}.{signature[::-1]}",
            f"{head}.{body}.{signature}.{signature}",
            f"{head}..{signature}",
            f"..{signature}",
            "...",
            "eyJ",
            part([1, 2]) + "." + body + "." + signature,
        ):
            must_be_refused(world, forged)


class TestWrongClaims:
    """Signed by the server's own key, and still no session."""

    @pytest.mark.parametrize(
        "edit",
        [
            {"exp": 1},
            {"exp": NOW - 1},
            {"exp": "never"},
            {"exp": None},
            {"nbf": NOW + 3600},
            {"iat": NOW + 3600, "exp": NOW + 7200},
            {"iss": "evil"},
            {"iss": ["argus"]},
            {"iss": None},
            {"iat": "today"},
            {"iat": None},
            {"jti": None},
            {"jti": ""},
            {"jti": "never-opened-one"},
            {"jti": 7},
            {"jti": ["a"]},
            {"jti": "x\x00"},
            {"user_id": None},
            {"user_id": True},
            {"user_id": 1.0},
            {"user_id": -1},
            {"user_id": 2**70},
            {"user_id": [1]},
        ],
        # Not by their times: every worker must name them alike.
        ids=lambda edit: "+".join(f"{name}-{type(value).__name__}" for name, value in edit.items()),
    )
    def test_that_are_wrong_or_missing(self, world: World, signer: Signer, claims: Claims, edit: Claims) -> None:
        edited = {name: value for name, value in (claims | edit).items() if value is not None}
        must_be_refused(world, signer.by_hand(edited))

    def test_the_id_as_text(self, world: World, signer: Signer, claims: Claims) -> None:
        must_be_refused(world, signer.sign(claims | {"user_id": str(claims["user_id"])}))

    def test_of_somebody_else(self, world: World, signer: Signer, claims: Claims) -> None:
        must_be_refused(world, signer.sign(claims | {"user_id": world.admin.id}))
        admins = jwt.decode(world.admin.session, options={"verify_signature": False})
        must_be_refused(world, signer.sign(claims | {"jti": admins["jti"]}))

    def test_more_than_is_asked_gives_nothing(self, world: World, signer: Signer, claims: Claims) -> None:
        more = signer.sign(claims | {"is_admin": True, "scope": "full", "role": "admin", "aud": "argus", "sub": "1"})
        assert (
            not me(world, more).is_success
            or world.client.send("GET", Call("/api/admin/users"), more).status_code == 403
        )

    def test_by_a_key_that_was_retired(self, world: World, signer: Signer, claims: Claims) -> None:
        old, kid = Ed25519PrivateKey.generate(), secrets.token_urlsafe(9)
        jwk = jwt.algorithms.OKPAlgorithm.to_jwk(old.public_key(), as_dict=True)
        past = sqlite_time(datetime.now(UTC) - timedelta(seconds=1))
        world.write(
            "insert into signing_key (kid, algorithm, public_jwk, created_at, retired_at, verifies_until) "
            "values (?, 'EdDSA', ?, ?, ?, ?)",
            kid, json.dumps({**jwk, "kid": kid, "alg": "EdDSA", "use": "sig"}), past, past, past,
        )  # fmt: skip
        must_be_refused(world, signer.sign(claims, old, kid=kid))
        assert kid not in str(world.ask("GET", "/api/auth/.well-known/jwks.json"))


class TestReplayed:
    """What was good a moment ago, sent again after it has ended."""

    @pytest.fixture
    def person(self, world: World) -> Person:
        return register(world.client, world.name("replayed"))

    def end_by_logout(self, world: World, person: Person, session: str) -> None:
        world.ask("POST", "/api/auth/logout", session)

    def end_by_refresh(self, world: World, person: Person, session: str) -> None:
        world.ask("POST", "/api/auth/refresh", session)

    def end_by_ban(self, world: World, person: Person, session: str) -> None:
        world.ask("POST", f"/api/admin/users/{person.id}/ban", world.admin.session)

    def end_by_revoke(self, world: World, person: Person, session: str) -> None:
        jti = jwt.decode(session, options={"verify_signature": False})["jti"]
        world.ask("POST", f"/api/auth/sessions/{jti}/revoke", person.session)

    def end_by_new_password(self, world: World, person: Person, session: str) -> None:
        change = {"current_password": PASSWORD, "new_password": "another horse 2 battery"}
        world.ask("POST", "/api/auth/change-password", person.session, json=change)

    def end_by_admins_reset(self, world: World, person: Person, session: str) -> None:
        world.ask("POST", f"/api/admin/users/{person.id}/reset-password", world.admin.session)

    def end_by_admin(self, world: World, person: Person, session: str) -> None:
        world.ask("POST", f"/api/admin/users/{person.id}/end-sessions", world.admin.session)

    @pytest.mark.parametrize(
        "how",
        [
            end_by_logout,
            end_by_refresh,
            end_by_ban,
            end_by_revoke,
            end_by_new_password,
            end_by_admins_reset,
            end_by_admin,
        ],
    )
    def test_is_refused(self, world: World, person: Person, how: Callable[..., None]) -> None:
        session = log_in(world.client, person.name)
        assert me(world, session).status_code == 200
        how(self, world, person, session)
        must_be_refused(world, session)


class Browser:
    """A browser: the cookie that it has and the access token that it was given last."""

    def __init__(self, world: World, cookie: str | None = None) -> None:
        self.world = world
        self.cookie = cookie
        self.access = ""

    def login(self, person: Person, **headers: str) -> httpx.Response:
        return self.send("/api/auth/login", {"username_or_email": person.name, "password": PASSWORD}, **headers)

    def refresh(self, **headers: str) -> httpx.Response:
        return self.send("/api/auth/refresh", **headers)

    def send(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        kept = {"Cookie": f"argus_refresh_{self.world.server.port}={self.cookie}"} if self.cookie else {}
        answer = self.world.client.send("POST", Call(path, body, headers={**COOKIE, **kept, **headers}))
        given = answer.headers.get("set-cookie", "")
        if "argus_refresh" in given:
            self.cookie = given.split(";")[0].partition("=")[2].strip('"')
        if answer.is_success and "access_token" in answer.json():
            self.access = answer.json()["access_token"]
        return answer

    @property
    def jti(self) -> str:
        found: str = jwt.decode(self.access, options={"verify_signature": False})["jti"]
        return found

    def minutes_pass(self) -> None:
        """As if all that this session has done had been ten minutes earlier."""
        rows = self.world.rows("select token_hash, created_at, used_at from refresh_token where jti = ?", self.jti)
        for token_hash, *moments in rows:
            earlier = [
                moment and sqlite_time(datetime.fromisoformat(moment).astimezone(UTC) - timedelta(minutes=10))
                for moment in moments
            ]
            self.world.write(
                "update refresh_token set created_at = ?, used_at = ? where token_hash = ?", *earlier, token_hash
            )


class TestStolenCookie:
    @pytest.fixture
    def browser(self, world: World, victim: Person) -> Browser:
        opened = Browser(world)
        assert opened.login(victim).is_success
        return opened

    def reused(self, world: World, browser: Browser) -> list[dict[str, Any]]:
        return [
            line
            for line in world.audit()
            if line["action"] == "session_refresh_reused" and line["target_id"] == browser.jti
        ]

    @pytest.mark.parametrize("first", ["thief", "victim"])
    def test_ends_the_session_of_both_and_is_audited(
        self, world: World, browser: Browser, victim: Person, first: str
    ) -> None:
        thief = Browser(world, browser.cookie)
        early, late = (thief, browser) if first == "thief" else (browser, thief)
        assert early.refresh().is_success
        assert early.refresh().is_success
        early.minutes_pass()
        assert late.refresh().status_code == 401
        assert not late.cookie, "the browser is told to forget it"
        must_be_refused(world, early.access)
        must_be_refused(world, browser.access)
        assert early.refresh().status_code == 401
        lines = self.reused(world, browser)
        assert [(line["user_id"], line["ip_address"]) for line in lines] == [(victim.id, ADDRESS)]

    def test_an_open_stream_of_the_thief_ends(self, world: World, browser: Browser) -> None:
        thief = Browser(world, browser.cookie)
        assert thief.refresh().is_success
        assert thief.refresh().is_success
        headers = {"Authorization": f"Bearer {thief.access}"}
        with httpx.stream(
            "GET", f"{world.server.url}/api/sse", params={"channels": "inbox"}, headers=headers, timeout=20
        ) as stream:
            lines = stream.iter_lines()
            assert next(lines)
            thief.minutes_pass()
            begin = time.monotonic()
            assert browser.refresh().status_code == 401
            assert any("session_ended" in line for line in lines), "the stream goes on"
            print(f"the stream ended {time.monotonic() - begin:.3f} s after the theft was found")

    def test_two_tabs_are_not_mistaken_for_a_thief(self, world: World, browser: Browser) -> None:
        second = Browser(world, browser.cookie)
        assert browser.refresh().is_success
        assert second.refresh().is_success
        browser.minutes_pass()
        assert browser.refresh().is_success
        assert self.reused(world, browser) == []

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ],
        ids=str,
    )
    def test_another_sites_page_cannot_use_it(self, world: World, browser: Browser, headers: dict[str, str]) -> None:
        for answer in (browser.refresh(**headers), browser.send("/api/auth/logout", **headers)):
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "auth.origin_refused")
            assert "set-cookie" not in answer.headers
        assert browser.refresh().is_success

    def test_a_form_of_another_site_cannot_use_it(self, world: World, browser: Browser) -> None:
        for path in ("/api/auth/refresh", "/api/auth/logout"):
            answer = browser.send(path, **{"X-Argus-Session": ""})
            assert answer.status_code == 401
            assert "set-cookie" not in answer.headers
        assert browser.refresh().is_success

    def test_a_preflight_of_another_site_gets_no_leave(self, world: World) -> None:
        asks = {
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-argus-session",
        }
        answer = world.client.send("OPTIONS", Call("/api/auth/refresh", headers=asks))
        assert "access-control-allow-origin" not in answer.headers

    def test_it_is_no_bearer_and_the_access_token_no_cookie(self, world: World, browser: Browser) -> None:
        assert browser.cookie is not None
        must_be_refused(world, browser.cookie)
        assert Browser(world, browser.access).refresh().status_code == 401
        kept = {"Cookie": f"argus_refresh_{world.server.port}={browser.cookie}"}
        for path in ("/api/auth/me", "/api/batches", "/api/admin/users"):
            assert world.client.send("GET", Call(path, headers={**COOKIE, **kept})).status_code == 401

    def test_behind_a_gateway_on_https_the_cookie_is_for_https_only(self, world: World, victim: Person) -> None:
        answer = Browser(world).login(victim, **{"X-Forwarded-Proto": "https"})
        name, _, attributes = answer.headers["set-cookie"].partition("=")
        assert name.startswith("__Secure-argus_refresh")
        assert {"Secure", "HttpOnly", "SameSite=strict"} <= {part.strip() for part in attributes.split(";")}

    def test_no_answer_with_a_token_is_kept_in_a_cache(self, world: World, victim: Person, browser: Browser) -> None:
        for answer in (browser.login(victim), browser.refresh()):
            assert answer.headers["cache-control"] == "no-store"

    def test_the_short_token_buys_no_long_one(self, world: World, browser: Browser) -> None:
        assert world.client.send("POST", Call("/api/auth/refresh"), browser.access).status_code == 401
        assert me(world, browser.access).is_success


class TestFixation:
    def test_a_login_never_takes_up_a_session_that_was_there(self, world: World, victim: Person) -> None:
        attacker = register(world.client, world.name("attacker"))
        planted = Browser(world)
        planted.login(attacker)
        jti, cookie, access = planted.jti, planted.cookie, planted.access
        # The attacker's cookie lies in the victim's browser when the victim logs in.
        assert planted.login(victim).is_success
        assert planted.jti != jti
        assert planted.cookie != cookie
        must_be_refused(world, access)
        assert Browser(world, cookie).refresh().status_code == 401
        assert me(world, planted.access).json()["id"] == victim.id

    def test_a_cookie_of_ones_own_making_is_not_kept(self, world: World, victim: Person) -> None:
        chosen = secrets.token_urlsafe(32)
        browser = Browser(world, chosen)
        assert browser.login(victim).is_success
        assert browser.cookie != chosen
        assert Browser(world, chosen).refresh().status_code == 401

    def test_what_the_database_holds_opens_nothing(self, world: World, victim: Person) -> None:
        browser = Browser(world)
        browser.login(victim)
        hashes = world.rows("select token_hash from refresh_token where jti = ?", browser.jti)
        for (token_hash,) in hashes:
            assert Browser(world, token_hash).refresh().status_code == 401


class TestGuessing:
    def test_forgeries_leave_the_server_well(self, world: World, signer: Signer, claims: Claims) -> None:
        own = Ed25519PrivateKey.generate()
        for _ in range(200):
            assert me(world, signer.sign(claims, own, kid=secrets.token_urlsafe(9))).status_code == 401

        def is_well() -> bool:
            return world.client.send("GET", Call("/readyz")).status_code == 200

        eventually(is_well, 5)


def hmac_signed(claims: Claims, secret: bytes, algorithm: str, kid: str) -> str:
    """By hand: libraries refuse to use a public key as a secret, attackers do not."""
    body = f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': kid})}.{part(claims)}"
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    signature = hmac.new(secret, body.encode(), digest).digest()
    return f"{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"

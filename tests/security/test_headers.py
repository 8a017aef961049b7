"""Answers tell the browser what it may do with them: through the gateway and from the one process, the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from stage.world import World

from argus_kit import headers
from argus_kit.settings import Settings

DYNAMIC = Path(__file__).resolve().parents[2] / "deploy" / "traefik" / "dynamic.yaml"
FOREIGN = "https://evil.example"


def policy(name: str) -> str:
    middlewares = yaml.safe_load(DYNAMIC.read_text())["http"]["middlewares"]
    return middlewares[name]["headers"]["contentSecurityPolicy"]


class TestOneSource:
    def test_the_gateways_policies_are_those_of_the_services(self) -> None:
        assert policy("page-policy") == headers.PAGE_POLICY
        assert policy("api-policy") == headers.API_POLICY
        assert policy("form-policy") == headers.FORM_POLICY

    def test_the_gateways_other_headers_are_those_of_the_services(self) -> None:
        common = yaml.safe_load(DYNAMIC.read_text())["http"]["middlewares"]["headers"]["headers"]
        custom = common["customResponseHeaders"]
        sent = {
            "X-Content-Type-Options": "nosniff" if common["contentTypeNosniff"] else "",
            "X-Frame-Options": "DENY" if common["frameDeny"] else "",
            "Referrer-Policy": common["referrerPolicy"],
            "Permissions-Policy": common["permissionsPolicy"],
            "Cross-Origin-Opener-Policy": custom["Cross-Origin-Opener-Policy"],
            "Cross-Origin-Resource-Policy": custom["Cross-Origin-Resource-Policy"],
        }
        assert sent == headers.COMMON
        transport = f"max-age={common['stsSeconds']}" + "; includeSubDomains" * common["stsIncludeSubdomains"]
        assert transport == headers.HSTS

    def test_every_route_has_the_headers_and_one_policy(self) -> None:
        wanted = {"web": "page-policy", "unsubscribe": "form-policy"}
        for name, router in yaml.safe_load(DYNAMIC.read_text())["http"]["routers"].items():
            policies = [entry for entry in router["middlewares"] if entry.endswith("-policy")]
            assert "headers" in router["middlewares"], name
            assert policies == [wanted.get(name, "api-policy")], name


class TestPolicies:
    @pytest.mark.parametrize("text", [headers.PAGE_POLICY, headers.API_POLICY, headers.FORM_POLICY])
    def test_each_begins_with_nothing_and_may_not_be_framed(self, text: str) -> None:
        rules = dict(rule.strip().partition(" ")[::2] for rule in text.split(";"))
        assert rules["default-src"] == "'none'"
        assert rules["frame-ancestors"] == "'none'"
        assert rules["base-uri"] == "'none'"
        assert "*" not in text
        assert "unsafe-eval" not in text

    def test_no_page_runs_a_script_that_stands_in_it(self) -> None:
        rules = dict(rule.strip().partition(" ")[::2] for rule in headers.PAGE_POLICY.split(";"))
        assert rules["script-src"] == "'self'"
        assert rules["connect-src"] == "'self'"


# Pages, what machines ask, and refusals of each kind: whoever answers, the headers are there.
PATHS = [
    ("GET", "/", headers.PAGE_POLICY),
    ("GET", "/batches/some/page", headers.PAGE_POLICY),
    ("GET", "/favicon.svg", headers.PAGE_POLICY),
    ("GET", "/docs", headers.PAGE_POLICY),
    ("GET", "/readyz", headers.API_POLICY),
    ("GET", "/metrics", headers.API_POLICY),
    ("GET", "/openapi.json", headers.API_POLICY),
    ("GET", "/api/batches", headers.API_POLICY),
    ("GET", "/api/auth/me", headers.API_POLICY),
    ("GET", "/api/auth/oauth/config", headers.API_POLICY),
    ("GET", "/api/no-such-thing", headers.API_POLICY),
    ("DELETE", "/api/auth/login", headers.API_POLICY),
    ("POST", "/api/auth/login", headers.API_POLICY),
    ("POST", "/api/events", headers.API_POLICY),
    ("POST", "/api/events/batch", headers.API_POLICY),
    ("GET", "/api/artifacts/1", headers.API_POLICY),
    ("GET", "/api/sse", headers.API_POLICY),
]


class TestAnswers:
    @pytest.mark.parametrize(("method", "path", "content_policy"), PATHS)
    def test_every_answer_carries_them(self, world: World, method: str, path: str, content_policy: str) -> None:
        for sender in ({}, {"Origin": FOREIGN}):
            answer = httpx.request(method, world.server.url + path, headers=sender, timeout=60)
            for name, value in headers.COMMON.items():
                assert answer.headers.get_list(name) == [value], f"{answer.status_code} {name}"
            assert answer.headers.get_list("Content-Security-Policy") == [content_policy]
            assert "server" not in answer.headers
            assert "x-powered-by" not in answer.headers

    def test_a_good_answer_of_the_quick_way_carries_them_too(self, world: World) -> None:
        run = world.new_run()
        body = {"events": [{"schema_version": "1.1", "event_id": "headers-1", "timestamp": "2026-01-01T00:00:00Z"}]}
        body["events"][0] |= {"event_type": "log_line", "batch_id": run.batch, "job_id": run.job, "data": {"line": "x"}}
        bearer = {"Authorization": f"Bearer {world.owner.reporter}"}
        answer = httpx.post(f"{world.server.url}/api/events/batch", json=body, headers=bearer)
        assert answer.status_code == 200
        assert answer.headers["Content-Security-Policy"] == headers.API_POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize("path", ["/api/auth/me", "/api/tokens", "/api/auth/sessions", "/api/users/me/preferences"])
    def test_what_is_somebodys_own_is_not_kept_by_the_browser(self, world: World, path: str) -> None:
        answer = httpx.get(world.server.url + path, headers={"Authorization": f"Bearer {world.owner.session}"})
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")

    def test_a_logins_answer_is_not_kept_by_the_browser(self, world: World) -> None:
        answer = httpx.post(f"{world.server.url}/api/auth/login", json={"username_or_email": "x", "password": "y"})
        assert answer.headers["Cache-Control"] == "no-store"

    def test_a_script_of_the_bundle_may_be_kept(self, world: World) -> None:
        page = httpx.get(world.server.url).text
        assert "/assets/" in page, "the frontend is not built: make test builds it"
        script = page.split('src="/assets/')[1].split('"')[0]
        answer = httpx.get(f"{world.server.url}/assets/{script}")
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"].startswith("text/javascript")

    @pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND"])
    def test_methods_that_nobody_needs_do_nothing(self, world: World, method: str) -> None:
        answer = httpx.request(method, f"{world.server.url}/api/batches", headers={"X-Echo": "canary"})
        assert answer.status_code in {400, 404, 405, 501}
        assert "canary" not in answer.text

    def test_the_unsubscribe_page_may_send_its_own_form_and_nothing_else(self, world: World) -> None:
        token = world.new_unsubscribe_link(world.owner)
        answer = httpx.get(f"{world.server.url}/api/unsubscribe", params={"token": token})
        assert answer.status_code == 200
        assert answer.headers["Content-Security-Policy"] == headers.FORM_POLICY


HTML = b"<!doctype html><script>fetch('/api/auth/me')</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'


class TestUploads:
    @pytest.mark.parametrize(
        ("name", "content", "mime"),
        [
            ("report.html", HTML, "text/html"),
            ("picture.svg", SVG, "image/svg+xml"),
            ("picture.png", HTML, "image/png"),
            ("page.xhtml", HTML, "application/xhtml+xml"),
            ("feed.xml", b'<?xml-stylesheet href="x.xsl" type="text/xsl"?><a/>', "text/xml"),
            ("none", HTML, "text/html; charset=utf-7"),
        ],
    )
    def test_a_file_does_not_run_as_a_page_of_ours(self, world: World, name: str, content: bytes, mime: str) -> None:
        made = world.ask("POST", f"/api/batches/{world.run.batch}/artifacts", files={"file": (name, content, mime)})
        for query in ("", "?inline=true"):
            answer = httpx.get(
                f"{world.server.url}/api/artifacts/{made['id']}{query}",
                headers={"Authorization": f"Bearer {world.owner.session}"},
            )
            assert answer.status_code == 200
            assert answer.content == content
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
            shown = answer.headers["Content-Disposition"].startswith("inline")
            assert not shown or answer.headers["Content-Type"] in {"image/png", "image/jpeg", "image/gif", "image/webp"}


class TestOtherOrigins:
    def test_a_foreign_page_may_read_nothing(self, world: World) -> None:
        for origin in (FOREIGN, "null", world.server.url + ".evil.example", "http://localhost:5173.evil.example"):
            answer = httpx.get(f"{world.server.url}/api/auth/oauth/config", headers={"Origin": origin})
            assert "access-control-allow-origin" not in answer.headers, origin

    def test_a_foreign_page_may_ask_for_nothing_that_needs_leave(self, world: World) -> None:
        wish = {"Origin": FOREIGN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-a"}
        answer = httpx.options(f"{world.server.url}/api/auth/refresh", headers=wish)
        assert answer.status_code == 400
        assert "access-control-allow-origin" not in answer.headers

    def test_an_allowed_origin_is_named_and_never_a_star(self, world: World) -> None:
        answer = httpx.get(f"{world.server.url}/api/auth/oauth/config", headers={"Origin": "http://localhost:5173"})
        assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
        assert "origin" in answer.headers["Vary"].lower()

    def test_origins_are_those_of_the_settings(self) -> None:
        made = Settings(
            base_url="https://argus.lab/", cors_origins="https://notebooks.lab, https://b.lab:8443", env="prod"
        )
        assert made.allowed_origins == ["https://argus.lab", "https://notebooks.lab", "https://b.lab:8443"]

    @pytest.mark.parametrize("text", ["*", "https://*.lab", "null", "https://a.lab/", "a.lab", "https://a.lab/path"])
    def test_what_is_no_origin_is_refused_at_the_start(self, text: str) -> None:
        with pytest.raises(ValueError, match="no origin"):
            Settings(cors_origins=text)


class TestTransport:
    async def answer(self, public_url: str) -> httpx.Response:
        async def app(_scope: Any, _receive: Any, send: Any) -> None:
            await send(
                {"type": "http.response.start", "status": 200, "headers": [(b"referrer-policy", b"no-referrer")]}
            )
            await send({"type": "http.response.body", "body": b""})

        transport = httpx.ASGITransport(app=headers.SecurityHeaders(app, public_url))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/api/x")

    async def test_https_is_remembered_where_people_use_it(self) -> None:
        assert (await self.answer("https://argus.lab")).headers["Strict-Transport-Security"] == headers.HSTS
        assert "strict-transport-security" not in (await self.answer("http://localhost:8000")).headers

    async def test_what_an_answer_says_itself_stays(self) -> None:
        assert (await self.answer("https://argus.lab")).headers.get_list("Referrer-Policy") == ["no-referrer"]

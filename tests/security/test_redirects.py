"""Nobody is led out of Argus by an address that somebody else wrote, and no link in a mail by the Host of a request."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from stage.people import PASSWORD
from stage.world import World, eventually

EVIL = "evil.example"
CORPUS = [
    f"//{EVIL}",
    f"///{EVIL}",
    f"/\\{EVIL}",
    f"\\\\{EVIL}",
    f"/\t/{EVIL}",
    f"/\n/{EVIL}",
    f" //{EVIL}",
    f"/.//{EVIL}",
    f"/%2e//{EVIL}",
    f"https://{EVIL}",
    f"https:{EVIL}",
    f"http:\\\\{EVIL}",
    f"//{EVIL}%00/",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    f"\uff0f\uff0f{EVIL}",
    f"/\r\nLocation: https://{EVIL}",
]
# Headers by which a request may claim to have been sent to another name.
CLAIMS: list[dict[str, str]] = [
    {"Host": EVIL},
    {"X-Forwarded-Host": EVIL},
    {"Forwarded": f"host={EVIL};proto=https"},
    {"X-Host": EVIL, "X-Forwarded-Server": EVIL, "X-Original-Host": EVIL, "X-Forwarded-Prefix": f"//{EVIL}"},
    {"Host": f"127.0.0.1:80@{EVIL}"},
    {"Origin": f"https://{EVIL}", "Referer": f"https://{EVIL}/"},
]

# Paths that a framework might answer with a redirect to a tidier one.
PATHS = ["/api/auth/me/", "/api/batches/", "/assets", "/api/tokens/", f"//{EVIL}/..", "/.//x"]


def ask(world: World, method: str, path: str, claim: dict[str, str], **more: Any) -> httpx.Response:
    return httpx.request(method, world.server.url + path, headers={**claim, **more.pop("headers", {})}, **more)


def mails_to(world: World, address: str, least: int) -> list[str]:
    def look() -> list[str]:
        rows = world.rows("select body_text || coalesce(body_html, '') from delivery where target = ?", address)
        return [text for (text,) in rows] if len(rows) >= least else []

    return eventually(look)


class TestLinksInMails:
    @pytest.mark.parametrize("claim", CLAIMS, ids=str)
    def test_a_reset_link_leads_to_the_configured_address(self, world: World, claim: dict[str, str]) -> None:
        person = world.new_person()
        before = len(mails_to(world, person.email, 1))
        answer = ask(world, "POST", "/api/auth/request-password-reset", claim, json={"email": person.email})
        assert answer.status_code in {200, 400}
        if answer.status_code == 200:
            assert len(mails_to(world, person.email, before + 1)) > before
        for text in mails_to(world, person.email, 1):
            assert EVIL not in text
            assert f"{base(world)}/" in text

    @pytest.mark.parametrize("claim", CLAIMS, ids=str)
    def test_a_verification_link_leads_to_the_configured_address(self, world: World, claim: dict[str, str]) -> None:
        name = world.name("host")
        account = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        if ask(world, "POST", "/api/auth/register", claim, json=account).status_code == 201:
            (text,) = mails_to(world, account["email"], 1)
            assert EVIL not in text
            assert f"{base(world)}/verify-email?token=" in text


def base(world: World) -> str:
    return world.server.url.replace("127.0.0.1", "localhost")


class TestAddressesInAnswers:
    @pytest.mark.parametrize("claim", CLAIMS, ids=str)
    def test_links_that_are_made_here_name_the_configured_address(self, world: World, claim: dict[str, str]) -> None:
        bearer = {"Authorization": f"Bearer {world.owner.session}"}
        for path in (f"/api/batches/{world.run.batch}/public-shares", f"/api/batches/{world.run.batch}"):
            assert EVIL not in ask(world, "GET", path, claim, headers=bearer).text
        admin = {"Authorization": f"Bearer {world.admin.session}"}
        made = ask(world, "POST", "/api/admin/users/invites", claim, headers=admin, json={"note": "x"})
        assert EVIL not in made.text

    @pytest.mark.parametrize("claim", CLAIMS, ids=str)
    @pytest.mark.parametrize("path", PATHS)
    def test_no_answer_redirects_to_another_host(self, world: World, claim: dict[str, str], path: str) -> None:
        location = ask(world, "GET", path, claim).headers.get("Location", "")
        assert EVIL not in location


def authorizations(world: World) -> list[str]:
    """Paths that begin a login elsewhere and take `redirect`."""
    paths: dict[str, Any] = httpx.get(f"{world.server.url}/openapi.json", timeout=60).json()["paths"]
    found = []
    for path, operations in paths.items():
        for method, operation in operations.items():
            names = {parameter["name"] for parameter in operation.get("parameters", ())}
            if method == "get" and "redirect" in names:
                found.append(path)
    return found


class TestAfterALoginElsewhere:
    """What becomes of the page to end on after the whole way is a test of auth's (`test_pages_to_end_on`)."""

    @pytest.mark.parametrize("target", CORPUS)
    def test_only_a_path_of_ours_is_kept(self, world: World, target: str) -> None:
        paths = authorizations(world)
        assert paths
        for path in paths:
            address = world.server.url + path.replace("{slug}", world.provider)
            answer = httpx.get(address, params={"redirect": target}, timeout=30)
            assert answer.status_code < 500
            assert urlsplit(answer.headers.get("Location", "")).hostname != EVIL
            kept = [value for value in answer.headers.get_list("Set-Cookie") if "redirect" in value.partition("=")[0]]
            assert all(EVIL not in value for value in kept)

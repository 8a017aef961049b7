"""A browser of the tests: it keeps cookies, and carries addresses between Argus and a provider."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
from identity_servers import Server


class Browser:
    """One with its own cookies, at the app that `client` talks to."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.http = httpx.AsyncClient(transport=client._transport, base_url="http://test")

    async def start(self, path: str, **query: str) -> httpx.Response:
        """Go to an address of Argus that leads to a provider."""
        return await self.http.get(path, params=query)

    async def come_back(self, location: str, **changes: str | None) -> httpx.Response:
        """Follow a provider's redirect; `changes` tamper with its query."""
        parts = urlsplit(location)
        query = dict(parse_qsl(parts.query)) | changes
        kept = {name: value for name, value in query.items() if value is not None}
        return await self.http.get(f"{parts.path}?{urlencode(kept)}")

    async def sign_in(self, provider: Server, path: str, **query: str) -> httpx.Response:
        """All the way there and back; the answer is the one that ends it."""
        away = await self.start(path, **query)
        assert away.status_code == 302, away.text
        there = provider.visit(away.headers["location"])
        assert there.status_code == 302, there.text
        return await self.come_back(there.headers["location"])


def landed(answer: httpx.Response) -> tuple[str, dict[str, str], dict[str, str]]:
    """Where an answer leads: path, query, fragment."""
    assert answer.status_code == 302, answer.text
    parts = urlsplit(answer.headers["location"])
    flat: Any = lambda text: {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
    return parts.path, flat(parts.query), flat(parts.fragment)

"""Authlib's client of the code flow on our own HTTP client."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.client import OAuth2Client


class CodeClient(OAuth2Client):  # type: ignore[misc]  # Authlib publishes no types
    """Authlib's client of the code flow on our own, guarded HTTP client."""

    async def _fetch_token(
        self, url: str, body: str = "", headers: Any = None, auth: Any = None, method: str = "POST", **_: Any
    ) -> Any:
        url, headers, body = auth.prepare(method, url, dict(headers), body)
        response = await self.session.request(method, url, content=body, headers=headers)
        return self.parse_response_token(response)

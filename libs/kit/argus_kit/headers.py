"""What every answer tells the browser that it may do with it. The one source: services and the one process of
standalone set these headers themselves, and the gateway sets the same (deploy/traefik/dynamic.yaml, held by
tests/security).

Pages load nothing foreign and run no script but the bundle's files. Inline styles are what the component library and
the charts write. An answer of the API is no page at all: opened as one, it loads, runs and frames nothing.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; media-src blob:; manifest-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
API_POLICY = "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
FORM_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Of the page with one button that a mail's unsubscribe link opens."""

COMMON = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000; includeSubDomains"
"""Sent where people reach Argus by https."""

Raw = tuple[bytes, bytes]


def _raw(headers: dict[str, str]) -> tuple[Raw, ...]:
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())


API_HEADERS = _raw(COMMON | {"Content-Security-Policy": API_POLICY, "Cache-Control": "no-store"})
_OF_PAGES = _raw(COMMON | {"Content-Security-Policy": PAGE_POLICY})
_TRANSPORT = _raw({"Strict-Transport-Security": HSTS})
# What is no page although it lies outside of /api: probes and documents for machines.
_MACHINES = frozenset({"/livez", "/readyz", "/acceptz", "/health", "/metrics", "/openapi.json"})


def headers_for(path: str, *, is_secure: bool) -> tuple[Raw, ...]:
    """The headers of an answer under this path; `is_secure` where people reach Argus by https."""
    is_page = not path.startswith("/api/") and path not in _MACHINES
    return (_OF_PAGES if is_page else API_HEADERS) + (_TRANSPORT if is_secure else ())


class SecurityHeaders:
    """Adds to each answer the headers that it does not set itself. Plain ASGI: bodies pass through untouched."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        self._is_secure = public_url.startswith("https:")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        added = headers_for(scope["path"], is_secure=self._is_secure)

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                known = {name.lower() for name, _ in headers}
                headers.extend(header for header in added if header[0] not in known)
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, complete)

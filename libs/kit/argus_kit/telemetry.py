"""Logs, metrics and traces: structlog, Prometheus, OpenTelemetry.

A trace id always exists while a request or a message is handled, also when nothing is exported, so that an error can
be found again in the logs.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import structlog
from opentelemetry import propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from argus_kit.settings import API_VERSION

# Else each counter and histogram has a second series, with the time of its birth.
disable_created_metrics()  # type: ignore[no-untyped-call]

BUILD = Gauge("argus_build_info", "1, with the version of what runs", ["version"])
REQUESTS = Counter("argus_http_requests_total", "HTTP requests answered", ["service", "method", "route", "status"])
LATENCY = Histogram(
    "argus_http_request_seconds",
    "Time from request to the start of the response",
    ["service", "method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

# Whoever asks chooses the method and the path; what is counted by has few values all the same.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NO_ROUTE = "none"

# TelemetryMiddleware does this. FastAPI's own would note each URL's query, and a `?token=` with it.
FASTAPI: Final[Any] = {"tracing": False, "metrics": False, "logs": False}

_tracer = trace.get_tracer("argus")
# Tokens, `?token=`, Authorization headers, bare JWTs, and the password in a server's address.
_SECRET = re.compile(
    r"(em_live_|em_view_|ag_live_)[0-9A-Za-z_-]+|(token=)[^&\s]+|(Bearer )\S+"
    r"|(eyJ)[\w-]+\.[\w-]+\.[\w-]*|(://[^\s:/@]*:)[^\s/@]+(?=@)",
    re.IGNORECASE,
)
# `password` and `smtp_password`, `token` and `access_token`, but not `token_id`.
_SECRET_NAME = re.compile(
    r"(^|[_-])(password|passwd|pass|secret|token|credential|authorization|cookie|private_key|invite_code|code_verifier)$",
    re.IGNORECASE,
)
# The id of the request's trace, as it stands in our logs, in errors, and in the gateway's log of what failed.
REQUEST_ID = b"x-request-id"
REDACTED = "[redacted]"
_provider_ready = False


def configure(service: str, *, level: str, log_format: str, otlp_endpoint: str = "") -> None:
    """Set up logs and traces of this process. Safe to call twice."""
    _configure_logs(level, log_format)
    _configure_traces(service, otlp_endpoint)
    BUILD.labels(API_VERSION).set(1)


def _configure_logs(level: str, log_format: str) -> None:
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace_id,
        # A traceback becomes text here already, so that it is redacted too.
        structlog.processors.format_exc_info,
        redact,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("uvicorn.access", "httpx", "alembic", "aiosqlite", "nats", "opentelemetry"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _configure_traces(service: str, otlp_endpoint: str) -> None:
    global _provider_ready
    if _provider_ready:
        return
    # Without a collector nothing is recorded; trace ids are made all the same, for logs and error envelopes.
    sampler = ParentBased(ALWAYS_ON) if otlp_endpoint else ALWAYS_OFF
    provider = TracerProvider(resource=Resource.create({"service.name": f"argus-{service}"}), sampler=sampler)
    if otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{otlp_endpoint.rstrip('/')}/v1/traces")))
    trace.set_tracer_provider(provider)
    _provider_ready = True


def _add_trace_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    found = trace_id()
    if found:
        event["trace_id"] = found
    return event


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank out anything in a log entry that looks like a credential."""
    for key, value in event.items():
        event[key] = REDACTED if is_secret_name(key) else without_secrets(value)
    return event


def is_secret_name(name: str) -> bool:
    """Whether what is called so is secret."""
    return _SECRET_NAME.search(name) is not None


def without_secrets(value: Any) -> Any:
    """The value, with anything blanked out that looks like a credential or is called so."""
    if isinstance(value, str):
        return _SECRET.sub(lambda m: f"{next(kept for kept in m.groups() if kept)}{REDACTED}", value)
    if isinstance(value, dict):
        return redact(None, "", {str(key): item for key, item in value.items()})
    if isinstance(value, list | tuple):
        return [without_secrets(item) for item in value]
    if isinstance(value, bytes | BaseException):
        return without_secrets(repr(value))
    return value


def trace_id() -> str | None:
    """The id of the current trace as 32 hex digits, or None outside of one."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else None


@contextmanager
def span(name: str, carrier: Mapping[str, str] | None = None, **attributes: str | int) -> Iterator[None]:
    """A span; `carrier` (message or request headers) continues the sender's trace."""
    parent = propagate.extract(dict(carrier)) if carrier else None
    with _tracer.start_as_current_span(name, context=parent, attributes=attributes):
        yield


@contextmanager
def step(name: str, carrier: Mapping[str, str] | None, **attributes: str | int) -> Iterator[None]:
    """A span of what is done for whoever sent `carrier`, where their trace is recorded; nothing otherwise.

    For work that is done for many at once, outside of any request, and that must cost nothing while nobody looks.
    """
    if is_recorded(carrier):
        with span(name, carrier, **attributes):
            yield
    else:
        yield


def is_recorded(carrier: Mapping[str, str] | None) -> bool:
    """Whether a trace is recorded, as its header says (W3C Trace Context: the last bit of the flags)."""
    said = (carrier or {}).get("traceparent", "")
    return said[-1:] in {"1", "3", "5", "7", "9", "b", "d", "f"}


def recorded() -> dict[str, str] | None:
    """`headers()` where the current trace is recorded, else None."""
    return headers() if trace.get_current_span().is_recording() else None


def headers() -> dict[str, str]:
    """Headers that let a receiver continue the current trace; empty outside of one."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier


ADDRESS: ContextVar[str | None] = ContextVar("address", default=None)
"""Where the request that is being handled came from, as far as the proxy in front is trusted; None outside of one."""
CALLER: ContextVar[int | None] = ContextVar("caller", default=None)
"""The person by whose credential it came, once that was checked."""

THEN = "argus.then"
"""Key of the scope's list of what goes on after the request was handled, as `async (send) -> None`. A stream that stays
open for hours puts itself there, so that neither the request's span nor its many frames live as long."""


def count_request(service: str, scope: Scope, status: int, seconds: float) -> None:
    """Count and time a request under its route's template, and call the current span so."""
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    route: str = getattr(scope.get("route"), "path", None) or _NO_ROUTE
    REQUESTS.labels(service, method, route, status).inc()
    LATENCY.labels(service, method, route).observe(seconds)
    current = trace.get_current_span()
    if current.is_recording():
        current.update_name(f"{method} {route}")
        current.set_attributes({"http.route": route, "http.response.status_code": status})


class TelemetryMiddleware:
    """Counts and times requests and gives each a trace. Plain ASGI: a streamed response is passed through untouched."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method: str = scope["method"]
        begin = time.perf_counter()
        # Each request has a context of its own, which ends with it.
        ADDRESS.set(scope["client"][0] if scope.get("client") else None)
        CALLER.set(None)
        carrier = {k.decode(): v.decode("latin-1") for k, v in scope["headers"] if k in (b"traceparent", b"tracestate")}

        async def observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                count_request(self._service, scope, message["status"], time.perf_counter() - begin)
                # A new message: answers that are kept are sent again and again.
                asked = (REQUEST_ID, (trace_id() or "").encode())
                message = {**message, "headers": [*message.get("headers", ()), asked]}
            await send(message)

        then: list[Callable[[Send], Awaitable[None]]] = []
        scope[THEN] = then
        with span(f"{method} {self._service}", carrier, **{"http.path": scope["path"]}):
            await self._app(scope, receive, observed)
        while then:
            await then.pop()(send)

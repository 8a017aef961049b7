"""One real stack for all tests here, whose processes export their traces to a receiver in this process."""

from __future__ import annotations

import gzip
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from rig.systems import Stack

from argus_standalone.testing import Account


@dataclass(frozen=True)
class Span:
    """What a collector keeps of a span."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str


@dataclass
class Receiver:
    """An OpenTelemetry collector, as far as a test needs one."""

    url: str
    spans: list[Span] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def of(self, trace_id: str, *names: str, within_s: float = 60) -> list[Span]:
        """The spans of a trace, once all of these names are among them or the time is over."""

        def found() -> list[Span]:
            return [span for span in self.spans if span.trace_id == trace_id]

        with self.came:
            self.came.wait_for(lambda: set(names) <= {span.name for span in found()}, within_s)
        return found()


class _Handler(http.server.BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        request = ExportTraceServiceRequest.FromString(body)
        with self.receiver.came:
            self.receiver.spans += list(_spans(request))
            self.receiver.came.notify_all()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def _spans(request: Any) -> Iterator[Span]:
    for resource in request.resource_spans:
        attributes = {one.key: one.value.string_value for one in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                ids = (one.hex() for one in (span.trace_id, span.span_id, span.parent_span_id))
                yield Span(attributes["service.name"], span.name, *ids)


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    _Handler.receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield _Handler.receiver
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def stack(receiver: Receiver) -> Iterator[Stack]:
    made = Stack(
        via_relays=False, ARGUS_OTLP_ENDPOINT=receiver.url, OTEL_BSP_SCHEDULE_DELAY="200", ARGUS_LOG_FORMAT="json"
    )
    try:
        made.start(within_s=400)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def ada(stack: Stack) -> Iterator[Account]:
    account = Account(stack.url)
    yield account
    account.close()

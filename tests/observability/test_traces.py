"""One trace from the SDK's request to the frame of an open page."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator

import httpx
import pytest
from rig.systems import Stack

import argus
import argus._transport
from argus_standalone.testing import Account

WAY = ("POST /api/events/batch", "store events", "publish argus.event", "frame to readers")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The traces that the SDK began."""
    begun: list[str] = []
    begin = argus._transport.traceparent

    def noted() -> str:
        begun.append(begin())
        return begun[-1]

    monkeypatch.setattr(argus._transport, "traceparent", noted)
    return begun


@pytest.fixture
def page(ada: Account) -> Iterator[threading.Event]:
    """An open stream; set once it was told of a training."""
    told = threading.Event()
    opened = threading.Event()

    def read() -> None:
        with httpx.stream("GET", f"{ada.url}/api/sse?channels=visible", headers=ada.http.headers, timeout=60) as stream:
            for line in stream.iter_lines():
                opened.set()
                if "traced" in line:
                    told.set()
                    return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert opened.wait(30)
    yield told
    reader.join(60)


def test_a_trace_leads_from_the_sdk_to_the_page(
    stack: Stack, ada: Account, sent: list[str], page: threading.Event, receiver, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("ARGUS_SPILL_DIR", str(tmp_path))
    quiet = {"heartbeat": False, "stop_polling": False, "resource_snapshot": False, "capture_environment": False}
    with argus.Reporter("traced", source_project="traced", monitor_url=stack.url, token=ada.token, **quiet) as reporter:
        with reporter.job("j") as job:
            job.epoch(0, train_loss=1.0)
    assert page.wait(30)
    _, trace_id, sdk_span, _ = sent[0].split("-")
    spans = receiver.of(trace_id, *WAY)
    request, stored, published = (next(span for span in spans if span.name == name) for name in WAY[:3])
    assert request.parent_id == sdk_span
    assert {stored.parent_id, published.parent_id} == {request.span_id}
    # The inbox of whose training it is gets a frame in the same trace.
    (frame,) = (span for span in spans if span.name == WAY[3] and span.parent_id == published.span_id)
    services = {request.service, stored.service, published.service, frame.service}
    assert services == {"argus-ingest", "argus-realtime"}


def test_the_notifier_goes_on_with_each_trace(stack: Stack, ada: Account, receiver) -> None:
    """Also with those of events that it reads together."""
    traces = [uuid.uuid4().hex for _ in range(10)]
    for trace_id in traces:
        event = {
            "event_id": str(uuid.uuid4()), "schema_version": "1.1", "event_type": "batch_start",
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "batch_id": f"b-{trace_id[:8]}",
            "source": {"project": "traced"}, "data": {},
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {ada.token}", "traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
        httpx.post(f"{stack.url}/api/events/batch", json={"events": [event]}, headers=headers).raise_for_status()
    for trace_id in traces:
        spans = receiver.of(trace_id, "consume notifier-events", "publish argus.event")
        names = {span.name: span for span in spans}
        assert names["consume notifier-events"].parent_id == names["publish argus.event"].span_id

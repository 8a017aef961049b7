"""Bundles of one batch that leave together are told in fewer messages: the same events in the same order."""

from datetime import UTC, datetime

import msgspec

from argus_contracts import bus as wire
from argus_contracts.events import Event, Source
from argus_ingest.fold.state import BatchState
from argus_ingest.store import bundles
from argus_kit.bus import Outgoing

AT = datetime(2026, 11, 23, tzinfo=UTC)


def flushed(*ids, project="p", size=1):
    told = [
        (n, Event(f"event-{n}", "log_line", "t", AT, "b", None, Source(project), {"line": "x" * size})) for n in ids
    ]
    return bundles.of_events(BatchState(7, "b", project, owner_id=1), told)


def told(messages):
    found = [wire.decode(wire.EventBundle, message.payload) for message in messages]
    return [
        (head.db_id, msgspec.json.decode(raw)["event_id"])
        for bundle in found
        for head, raw in zip(bundle.heads, bundle.events, strict=True)
    ]


def test_flushes_become_one_message_in_order():
    sent = [*flushed(1, 2), *flushed(3), *flushed(4, 5)]
    (one,) = bundles.merged(sent)
    assert told([one]) == told(sent) == [(n, f"event-{n}") for n in range(1, 6)]
    assert one.subject == sent[0].subject
    assert one.msg_id not in {message.msg_id for message in sent}


def test_a_lone_one_stays_what_it_is():
    sent = flushed(1)
    assert bundles.merged(sent) == sent


def test_none_becomes_too_large_or_changes_whose_it_is():
    sent = [*flushed(1, size=400_000), *flushed(2, size=400_000), *flushed(3, project="q"), *flushed(4, project="q")]
    found = bundles.merged(sent)
    assert told(found) == told(sent)
    assert [len(wire.decode(wire.EventBundle, message.payload).heads) for message in found] == [1, 1, 2]


def test_lines_for_the_audit_log_that_leave_together_stay_apart():
    lines = [wire.AuditEntry(action="artifact_upload", user_id=1, at=AT) for _ in range(2)]
    sent = [Outgoing(wire.audit_subject("ingest"), wire.encode(line), line.entry_id) for line in lines]
    assert bundles.merged(sent) == sent

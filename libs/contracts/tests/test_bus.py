"""Subjects are safe to build, payloads survive the wire, and an older reader understands a newer writer."""

from datetime import UTC, datetime

import msgspec
import pytest

from argus_contracts import bus
from argus_contracts.channels import CHANNELS

AT = datetime(2026, 11, 23, 14, 44, 22, tzinfo=UTC)

SAMPLES = [
    bus.EventBundle(
        batch_key=7,
        batch_id="bench-1",
        project="vision",
        owner_id=3,
        host="gpu-01",
        flush_id="f-1",
        heads=[bus.EventHead("job_epoch", "j", 41), bus.EventHead("log_line", None, 42)],
        events=[msgspec.Raw(b'{"event_id":"a"}'), msgspec.Raw(b'{"event_id":"b"}')],
    ),
    bus.InboxMessage(user_id=3, notification={"id": 1}),
    bus.AgentMessage(agent_id="agent-1", owner_id=3, hostname="gpu-01", kind="command"),
    bus.DeliveryNews(batch_keys=[7], at=AT),
    bus.Revoked(kind="token", key="0123456789AB", at=AT),
    bus.TokenUsed(tokens={7: AT}),
    bus.AccessChanged(batch_id="b"),
    bus.ConfigChanged(group="smtp", key="host"),
    bus.BatchTransition(batch_id="b", action="stop", actor_id=3, actor_name="ada", at=AT),
    bus.BatchTransitionReply(ok=True, status="stopping", changed=True),
    bus.BatchFlag(batch_id="b", flag="idle", is_set=True, gpu="0", data={"gpu_util_pct": 1.0}, at=AT),
    bus.BatchFlagReply(ok=True, changed=1),
    bus.BatchCreate(new_batch_id="rerun-1", source_batch_id="b", owner_id=3, requested_by="ada", at=AT),
    bus.BatchCreateReply(ok=False, error_code="batch.not_found", message="The batch does not exist."),
    bus.MintAgentToken(agent_id="agent-1", owner_id=3, hostname="gpu-01"),
    bus.MintAgentTokenReply(token="ag_live_x"),
    bus.AuditEntry(action="batch_stop_requested", user_id=3, target_type="batch", target_id="b", at=AT),
    bus.PersonDeparted(user_id=3, email="ada@example.org", runs="keep", at=AT),
    bus.GroupMemberships(user_id=3, provider="oidc:sso", roles={"vision": "editor"}, at=AT),
    bus.TrackingDelete(kind="job", batch_id="b", job_id="j", at=AT),
    bus.TrackingDeleteReply(ok=True, deleted=1),
    bus.TrackingRestore(kind="job", batch_id="b", job_id="j", at=AT),
    bus.TrackingRestoreReply(ok=True, restored=1),
    bus.MailMessage(to="ada@example.org", subject="s", body_text="t", event_type="batch_done"),
    bus.ShareGranted(grantee_id=3, shared_by="ada", project="p", permission="viewer", at=AT),
    bus.DigestAsk(user_id=3, since=AT, until=AT),
    bus.DigestReply(
        n_done=1,
        causes=[bus.DigestCause(kind="cuda_oom", jobs=2, batch_id="b", job_id="j")],
        batches=[bus.DigestBatch(id="b", project="p", status="done", n_done=1, n_failed=2)],
    ),
]
PARTS = {bus.EventHead, bus.DigestCause, bus.DigestResult, bus.DigestBatch}
"""What messages are made of."""


@pytest.mark.parametrize("payload", SAMPLES, ids=lambda payload: type(payload).__name__)
class TestPayloads:
    def test_round_trip(self, payload):
        body = bus.encode(payload)
        assert bus.encode(bus.decode(type(payload), body)) == body

    def test_unknown_keys_are_ignored(self, payload):
        newer = msgspec.json.decode(bus.encode(payload)) | {"added_later": 1}
        bus.decode(type(payload), msgspec.json.encode(newer))


def test_every_payload_has_a_sample_and_a_channel():
    declared = {
        kind
        for kind in vars(bus).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in PARTS
    }
    assert {type(sample) for sample in SAMPLES} == declared
    in_channels = {channel.payload for channel in CHANNELS} | {channel.reply for channel in CHANNELS} - {None}
    assert in_channels == declared


def test_heads_are_arrays_and_events_untouched():
    body = msgspec.json.decode(bus.encode(SAMPLES[0]))
    assert body["heads"] == [["job_epoch", "j", 41], ["log_line", None, 42]]
    read = bus.decode(
        bus.EventBundle, b'{"batch_key":1,"batch_id":"b","project":"p","flush_id":"f","heads":[],"events":[{"a" : 1}]}'
    )
    assert bytes(read.events[0]) == b'{"a" : 1}'


def test_garbage_is_a_value_error():
    with pytest.raises(ValueError, match="truncated"):
        bus.decode(bus.Revoked, b"{")
    with pytest.raises(ValueError, match="kind"):
        bus.decode(bus.Revoked, b'{"kind":"planet","key":"x","at":"2026-11-23T14:44:22Z"}')


class TestSubjects:
    def test_they_are_what_the_streams_keep(self):
        assert bus.event_subject(12) == "argus.event.12"
        assert bus.inbox_subject(3) == "argus.inbox.3"
        assert bus.agent_subject("agent-0123456789ab") == "argus.agent.agent-0123456789ab"
        assert bus.audit_subject("executor") == "argus.audit.executor"

    @pytest.mark.parametrize("text", ["", "a.b", "*", ">", "a b", "a\n", "é"])
    def test_no_text_can_widen_a_subject(self, text):
        for build in (bus.agent_subject, bus.audit_subject):
            with pytest.raises(ValueError, match="subject"):
                build(text)

    def test_streams_do_not_overlap(self):
        subjects = [subject for stream in bus.STREAMS for subject in stream.subjects]
        assert len(subjects) == len(set(subjects))

    def test_channels_of_a_stream_lie_under_its_subjects(self):
        for channel in CHANNELS:
            kept = [
                stream
                for stream in bus.STREAMS
                for subject in stream.subjects
                if channel.address.startswith(subject.removesuffix(">"))
            ]
            assert kept == ([channel.stream] if channel.stream else []), channel.name

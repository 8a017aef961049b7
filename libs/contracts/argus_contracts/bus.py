"""What travels on NATS: subjects, streams and payloads. Subjects are built here and nowhere else.

Payloads are JSON. A receiver ignores keys that it does not know, and new fields have defaults, so that two versions
of the services can run side by side during an upgrade.
"""

from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, TypeVar
from uuid import uuid4

import msgspec

T = TypeVar("T")

# Core subjects: fire and forget, or request and reply.
AUTH_REVOKED: Final = "argus.auth.revoked"
TOKEN_USED: Final = "argus.auth.token-used"
ACCESS_CHANGED: Final = "argus.access.changed"
CONFIG_CHANGED: Final = "argus.config.changed"
MINT_AGENT_TOKEN: Final = "argus.auth.mint-agent-token"
BATCH_TRANSITION: Final = "argus.batch.transition"
BATCH_FLAG: Final = "argus.batch.flag"
BATCH_CREATE: Final = "argus.batch.create"
TRACKING_DELETE: Final = "argus.tracking.delete"
TRACKING_RESTORE: Final = "argus.tracking.restore"
DIGEST: Final = "argus.digest"

# Subjects kept by a stream.
MAIL_SEND: Final = "argus.mail.send"
ALL_EVENTS: Final = "argus.event.>"
ALL_INBOXES: Final = "argus.inbox.>"
ALL_AGENTS: Final = "argus.agent.>"
DELIVERIES: Final = "argus.delivery.outcomes"
ALL_DELIVERIES: Final = "argus.delivery.>"
ALL_MAIL: Final = "argus.mail.>"
ALL_AUDIT: Final = "argus.audit.>"
ALL_DEPARTURES: Final = "argus.departure.>"
MEMBERSHIP_SET: Final = "argus.membership.set"
ALL_MEMBERSHIPS: Final = "argus.membership.>"
SHARE_GRANTED: Final = "argus.share.granted"
ALL_SHARES: Final = "argus.share.>"

_SUBJECT_TOKEN_SAFE: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


class StreamSpec(NamedTuple):
    """How a JetStream stream is declared. Times are in seconds."""

    name: str
    subjects: tuple[str, ...]
    max_age_s: float
    duplicate_window_s: float
    retention: Literal["limits", "workqueue"]


# What it holds by default at most; the oldest messages leave first. A bundle of one event takes some 650 bytes.
LIVE_BYTES: Final = 2 * 2**30
# Kept for three days: longer than a browser sleeps over a weekend night.
LIVE_STREAM: Final = StreamSpec(
    "ARGUS_LIVE", (ALL_EVENTS, ALL_INBOXES, ALL_AGENTS, ALL_DELIVERIES), 72 * 3600, 120, "limits"
)
# Work to be done once by one consumer each (mail: notifier, audit: auth); removed when acknowledged.
_WORK: Final = (ALL_MAIL, ALL_AUDIT, ALL_DEPARTURES, ALL_MEMBERSHIPS, ALL_SHARES)
WORK_STREAM: Final = StreamSpec("ARGUS_WORK", _WORK, 14 * 24 * 3600, 120, "workqueue")
STREAMS: Final = (LIVE_STREAM, WORK_STREAM)


def event_subject(batch_key: int) -> str:
    """Subject of the event bundles of one batch."""
    return f"argus.event.{batch_key}"


def inbox_subject(user_id: int) -> str:
    """Subject of one person's in-app notifications."""
    return f"argus.inbox.{user_id}"


def agent_subject(agent_id: str) -> str:
    """Subject of what concerns one host agent (a new command, online, offline)."""
    return f"argus.agent.{_subject_token(agent_id)}"


def audit_subject(service: str) -> str:
    """Subject of the audit entries that one service writes."""
    return f"argus.audit.{_subject_token(service)}"


def departure_subject(service: str) -> str:
    """Subject on which one service hears of people who left; each has its own, since each has work of its own to do."""
    return f"argus.departure.{_subject_token(service)}"


def _new_id() -> str:
    return uuid4().hex


def _subject_token(text: str) -> str:
    if not text or not _SUBJECT_TOKEN_SAFE.issuperset(text):
        raise ValueError(f"{text!r} cannot be one part of a NATS subject")
    return text


class EventHead(msgspec.Struct, array_like=True, frozen=True):
    """What routing needs to know of one event of a bundle."""

    event_type: str
    job_id: str | None
    db_id: int


class EventBundle(msgspec.Struct, kw_only=True):
    """The new events of one batch in one flush of ingest; ``heads[i]`` describes ``events[i]``.

    ``events`` are full envelopes as raw JSON, passed through untouched. ``flush_id`` is the Nats-Msg-Id. ``host`` is
    the batch's host, for host pages.
    """

    batch_key: int
    batch_id: str
    project: str
    owner_id: int | None = None
    host: str | None = None
    flush_id: str
    heads: list[EventHead]
    events: list[msgspec.Raw]


class InboxMessage(msgspec.Struct, kw_only=True):
    """A notification for one person, as the REST API shows it (NotificationOut). ``project`` is that of its batch."""

    user_id: int
    notification: dict[str, Any]
    project: str | None = None


class AgentMessage(msgspec.Struct, kw_only=True):
    """Something about one agent: a command waits, or its state changed."""

    agent_id: str
    owner_id: int
    hostname: str
    kind: str
    data: dict[str, Any] = {}


class DeliveryNews(msgspec.Struct, kw_only=True):
    """Mails or messages were sent or given up, or are tried again later: whoever shows them reads them anew.

    ``batch_keys`` are the batches that they are about, if they are about any.
    """

    batch_keys: list[int] = []
    at: datetime


class Revoked(msgspec.Struct, kw_only=True):
    """A credential is no longer good; every cache drops it and open streams that used it end.

    ``key`` is the token's key id, the session's jti, the user's id as text, or the agent's id.
    """

    kind: Literal["token", "session", "user", "agent"]
    key: str
    at: datetime


class TokenUsed(msgspec.Struct, kw_only=True):
    """Tokens (by database id) and sessions (by jti) that a service accepted, and when last; auth stamps them."""

    tokens: dict[int, datetime]
    sessions: dict[str, datetime] = {}


class AccessChanged(msgspec.Struct, kw_only=True):
    """Who may see what has changed. The narrowest known scope is set; all None means: forget every decision."""

    batch_id: str | None = None
    project: str | None = None
    owner_id: int | None = None
    user_id: int | None = None


class ConfigChanged(msgspec.Struct, kw_only=True):
    """A runtime setting or a feature flag changed; readers load the new value from the database."""

    group: str
    key: str


class BatchTransition(msgspec.Struct, kw_only=True):
    """Request to ingest, the only writer of batch state: move this batch.

    With ``silent_since`` nothing happens to a batch that was heard of then or later.
    """

    batch_id: str
    action: Literal["stop", "pause", "resume", "running", "paused", "fail", "stall"]
    actor_id: int | None = None
    actor_name: str | None = None
    actor_ip: str | None = None
    reason: str | None = None
    silent_since: datetime | None = None
    at: datetime


class BatchTransitionReply(msgspec.Struct, kw_only=True):
    """``changed`` is False for a no-op; ``status`` is the batch's status afterwards, ``pause_requested`` whether a
    pause is asked for then.
    """

    ok: bool
    status: str | None = None
    changed: bool = False
    pause_requested: bool = False
    error_code: str | None = None
    message: str | None = None


class BatchFlag(msgspec.Struct, kw_only=True):
    """Request to ingest: set or clear a flag beside a batch's status. Repeating it changes nothing.

    ``divergent`` is the batch's; ``idle`` is that of its running jobs: of the one named, else of those that use this
    ``gpu`` or do not say which they use. Jobs that began after ``since`` are not meant. ``data`` is told with the
    event.
    """

    batch_id: str
    flag: Literal["divergent", "idle"]
    is_set: bool
    job_id: str | None = None
    gpu: str | None = None
    since: datetime | None = None
    data: dict[str, Any] = {}
    at: datetime


class BatchFlagReply(msgspec.Struct, kw_only=True):
    """``changed`` counts the flags that are different now."""

    ok: bool
    changed: int = 0
    error_code: str | None = None
    message: str | None = None


class BatchCreate(msgspec.Struct, kw_only=True):
    """Request to ingest: create the batch of a rerun, in status ``requested``. Repeating it changes nothing."""

    new_batch_id: str
    source_batch_id: str
    owner_id: int
    name: str | None = None
    overrides_json: str = "{}"
    requested_by: str
    actor_ip: str | None = None
    at: datetime


class BatchCreateReply(msgspec.Struct, kw_only=True):
    """``created`` is False when the batch was there already."""

    ok: bool
    batch_id: str | None = None
    status: str | None = None
    created: bool = False
    error_code: str | None = None
    message: str | None = None


class MintAgentToken(msgspec.Struct, kw_only=True):
    """Request to auth: a new token for this agent; the agent's older tokens end with it."""

    agent_id: str
    owner_id: int
    hostname: str
    actor_ip: str | None = None


class MintAgentTokenReply(msgspec.Struct, kw_only=True):
    """``token`` is the full text, to be handed to the agent once; None when ``error_code`` is set."""

    token: str | None = None
    error_code: str | None = None
    message: str | None = None


class AuditEntry(msgspec.Struct, kw_only=True):
    """One line for the audit log that auth keeps. ``entry_id`` makes a redelivery harmless."""

    entry_id: str = msgspec.field(default_factory=_new_id)
    action: str
    user_id: int | None = None
    target_type: str | None = None
    target_id: str | None = None
    metadata: dict[str, Any] = {}
    at: datetime
    ip: str | None = None


class PersonDeparted(msgspec.Struct, kw_only=True):
    """An account was deleted; its row stays without a name. A service forgets what it keeps of the person.

    ``email`` is the address that the account had. ``runs``: the person's batches are deleted at once, or kept for those
    who may see them. May come more than once.
    """

    user_id: int
    email: str
    runs: Literal["delete", "keep"]
    at: datetime


class ShareGranted(msgspec.Struct, kw_only=True):
    """Somebody may see what they could not before: a batch, or where ``batch_id`` is None batches of a project.

    ``id`` tells one grant from its second arrival. That a permission changed is no grant.
    """

    id: str = msgspec.field(default_factory=_new_id)
    grantee_id: int
    shared_by: str
    project: str
    batch_id: str | None = None
    permission: str
    at: datetime


class GroupMemberships(msgspec.Struct, kw_only=True):
    """All roles in projects that the groups of a provider of identity give a person, as of their last login.

    ``roles`` is project to role. What this provider gave before and does not give now is taken away; what people gave
    stays as it is.
    """

    user_id: int
    provider: str
    roles: dict[str, Literal["owner", "editor", "viewer"]]
    at: datetime


class TrackingDelete(msgspec.Struct, kw_only=True):
    """Request to ingest: delete (hide) a batch, a job, a project's batches or a host.

    ``purge``: rows and files of the batch or job go at once, not after the time of grace.
    """

    kind: Literal["batch", "job", "project", "host"]
    batch_id: str | None = None
    job_id: str | None = None
    project: str | None = None
    host: str | None = None
    actor_id: int | None = None
    actor_ip: str | None = None
    purge: bool = False
    at: datetime


class TrackingDeleteReply(msgspec.Struct, kw_only=True):
    """``deleted`` counts what was hidden now; deleting twice is no error."""

    ok: bool
    deleted: int = 0
    error_code: str | None = None
    message: str | None = None


class TrackingRestore(msgspec.Struct, kw_only=True):
    """Request to ingest: show a deleted batch or job again."""

    kind: Literal["batch", "job"]
    batch_id: str
    job_id: str | None = None
    actor_id: int | None = None
    actor_ip: str | None = None
    at: datetime


class TrackingRestoreReply(msgspec.Struct, kw_only=True):
    """``restored`` counts what came back now; restoring what is not deleted is no error."""

    ok: bool
    restored: int = 0
    error_code: str | None = None
    message: str | None = None


class MailMessage(msgspec.Struct, kw_only=True):
    """A message for notifier to send. One with a ``dedupe_key`` that was already taken is not sent again."""

    to: str
    subject: str
    body_text: str
    body_html: str | None = None
    event_type: str
    dedupe_key: str | None = None
    locale: str = "en-US"


class DigestAsk(msgspec.Struct, kw_only=True):
    """Request to catalog: what happened from ``since`` until before ``until`` in what a person may see."""

    user_id: int
    since: datetime
    until: datetime


class DigestCause(msgspec.Struct, kw_only=True):
    """A kind of failure (the values of catalog's crash kinds), and the last job that died of it."""

    kind: str
    jobs: int
    batch_id: str
    job_id: str


class DigestResult(msgspec.Struct, kw_only=True):
    """The best job of a project among those that were done; ``is_record``: no job of the project was better before."""

    project: str
    batch_id: str
    job_id: str
    model: str | None
    dataset: str | None
    metric: str
    value: float
    is_record: bool


class DigestBatch(msgspec.Struct, kw_only=True):
    """A batch that ran, with its jobs that ended in that time."""

    id: str
    project: str
    status: str | None
    n_done: int
    n_failed: int


class DigestReply(msgspec.Struct, kw_only=True):
    """Counts of jobs that ended, hours of GPUs within that time, and the lists, the most important first.

    ``gpu_hours_wasted`` went into jobs that failed, were lost or killed, ``gpu_hours_idle`` passed in the others while
    their GPUs did nothing: no hour is in both. ``running`` counts batches that run now,
    ``idle_jobs`` running jobs whose GPU is flagged as idle.
    """

    n_done: int = 0
    n_failed: int = 0
    running: int = 0
    idle_jobs: int = 0
    gpu_hours_used: float = 0.0
    gpu_hours_wasted: float = 0.0
    gpu_hours_idle: float = 0.0
    causes: list[DigestCause] = []
    results: list[DigestResult] = []
    batches: list[DigestBatch] = []
    more_batches: int = 0


_ENCODER: Final = msgspec.json.Encoder()


_DECODERS: Final[dict[Any, msgspec.json.Decoder[Any]]] = {}


def encode(payload: msgspec.Struct) -> bytes:
    """Turn a payload into the bytes of a message."""
    return _ENCODER.encode(payload)


def decode(payload_type: type[T], body: bytes) -> T:
    """Read a message's bytes as this payload type. Raises msgspec.DecodeError (a ValueError) when it is not one."""
    decoder = _DECODERS.get(payload_type)
    if decoder is None:
        decoder = _DECODERS[payload_type] = msgspec.json.Decoder(payload_type)
    payload: T = decoder.decode(body)
    return payload

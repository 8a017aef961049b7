"""Who says what to whom on the bus: the table behind ``asyncapi.yaml`` and the services' READMEs."""

from typing import Final, NamedTuple

import msgspec

from argus_contracts import bus


class Channel(NamedTuple):
    """One kind of message. ``reply`` makes it a request; ``stream`` names the JetStream stream that keeps it."""

    name: str
    address: str
    summary: str
    payload: type[msgspec.Struct]
    senders: tuple[str, ...]
    receivers: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    reply: type[msgspec.Struct] | None = None
    stream: bus.StreamSpec | None = None


_ALL_SERVICES: Final = ("auth", "ingest", "catalog", "realtime", "executor", "notifier")

CHANNELS: Final = (
    Channel(
        "events",
        "argus.event.{batch_key}",
        "New events of one batch, one message per flush (Nats-Msg-Id: flush id); from the executor, news of commands.",
        bus.EventBundle,
        ("ingest", "executor"),
        ("catalog", "realtime", "executor", "notifier"),
        ("batch_key",),
        stream=bus.LIVE_STREAM,
    ),
    Channel(
        "inbox",
        "argus.inbox.{user_id}",
        "A notification for one person.",
        bus.InboxMessage,
        ("notifier",),
        ("realtime",),
        ("user_id",),
        stream=bus.LIVE_STREAM,
    ),
    Channel(
        "agent",
        "argus.agent.{agent_id}",
        "A command waits for an agent, or the agent's state changed.",
        bus.AgentMessage,
        ("executor",),
        ("executor", "realtime"),
        ("agent_id",),
        stream=bus.LIVE_STREAM,
    ),
    Channel(
        "deliveries",
        bus.DELIVERIES,
        "What became of deliveries within the last second, for pages that show them.",
        bus.DeliveryNews,
        ("notifier",),
        ("realtime",),
        stream=bus.LIVE_STREAM,
    ),
    Channel(
        "mail",
        bus.MAIL_SEND,
        "A message to be mailed.",
        bus.MailMessage,
        ("auth", "catalog", "executor"),
        ("notifier",),
        stream=bus.WORK_STREAM,
    ),
    Channel(
        "audit",
        "argus.audit.{service}",
        "A line for the audit log.",
        bus.AuditEntry,
        ("ingest", "catalog", "executor", "notifier"),
        ("auth",),
        ("service",),
        stream=bus.WORK_STREAM,
    ),
    Channel(
        "membership",
        bus.MEMBERSHIP_SET,
        "What the groups of a provider of identity give a person in projects, all of it.",
        bus.GroupMemberships,
        ("auth",),
        ("catalog",),
        stream=bus.WORK_STREAM,
    ),
    Channel(
        "share",
        bus.SHARE_GRANTED,
        "Somebody was given a batch or a project, and is told.",
        bus.ShareGranted,
        ("catalog",),
        ("notifier",),
        stream=bus.WORK_STREAM,
    ),
    Channel(
        "departure",
        "argus.departure.{service}",
        "An account was deleted: forget what is kept of the person.",
        bus.PersonDeparted,
        ("auth",),
        ("ingest", "catalog", "executor", "notifier"),
        ("service",),
        stream=bus.WORK_STREAM,
    ),
    Channel(
        "revoked",
        bus.AUTH_REVOKED,
        "A token, session, user or agent lost its rights: drop cached answers, end open streams.",
        bus.Revoked,
        ("auth", "executor"),
        _ALL_SERVICES,
    ),
    Channel(
        "token_used",
        bus.TOKEN_USED,
        "Tokens that a service accepted lately, for their last-used times.",
        bus.TokenUsed,
        ("ingest", "catalog", "realtime", "executor", "notifier"),
        ("auth",),
    ),
    Channel(
        "access_changed",
        bus.ACCESS_CHANGED,
        "Who may see a batch or a project changed.",
        bus.AccessChanged,
        ("ingest", "catalog"),
        ("catalog", "realtime"),
    ),
    Channel(
        "config_changed",
        bus.CONFIG_CHANGED,
        "A runtime setting or feature flag changed.",
        bus.ConfigChanged,
        ("auth",),
        _ALL_SERVICES,
    ),
    Channel(
        "batch_transition",
        bus.BATCH_TRANSITION,
        "Move a batch to another state.",
        bus.BatchTransition,
        ("executor", "notifier"),
        ("ingest",),
        reply=bus.BatchTransitionReply,
    ),
    Channel(
        "batch_flag",
        bus.BATCH_FLAG,
        "Set or clear a flag beside a batch's status.",
        bus.BatchFlag,
        ("notifier",),
        ("ingest",),
        reply=bus.BatchFlagReply,
    ),
    Channel(
        "batch_create",
        bus.BATCH_CREATE,
        "Create the batch of a rerun.",
        bus.BatchCreate,
        ("executor",),
        ("ingest",),
        reply=bus.BatchCreateReply,
    ),
    Channel(
        "tracking_delete",
        bus.TRACKING_DELETE,
        "Delete a batch, a job, a project's batches or a host.",
        bus.TrackingDelete,
        ("catalog",),
        ("ingest",),
        reply=bus.TrackingDeleteReply,
    ),
    Channel(
        "tracking_restore",
        bus.TRACKING_RESTORE,
        "Show a deleted batch or job again.",
        bus.TrackingRestore,
        ("catalog",),
        ("ingest",),
        reply=bus.TrackingRestoreReply,
    ),
    Channel(
        "digest",
        bus.DIGEST,
        "What happened in a time in what a person may see.",
        bus.DigestAsk,
        ("notifier",),
        ("catalog",),
        reply=bus.DigestReply,
    ),
    Channel(
        "mint_agent_token",
        bus.MINT_AGENT_TOKEN,
        "Mint a token for an agent.",
        bus.MintAgentToken,
        ("executor",),
        ("auth",),
        reply=bus.MintAgentTokenReply,
    ),
)

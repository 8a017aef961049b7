"""The stable error codes of every service, each with its usual HTTP status and one English sentence.

Clients and translations key on the code; texts may change, codes may not. A code is ``<area>.<what>``.
"""

from enum import StrEnum
from typing import Self


class ErrorCode(StrEnum):
    """A stable code: a string (``ErrorCode.BATCH_NOT_FOUND == "batch.not_found"``) with ``status`` and ``message``."""

    status: int
    message: str

    def __new__(cls, code: str, status: int, message: str) -> Self:
        """Make the member a string of its code, with status and message as attributes."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.status = status
        member.message = message
        return member

    # One event is refused (alone, when it came in a batch).
    EVENT_NOT_AN_OBJECT = "event.not_an_object", 422, "An event must be a JSON object."
    EVENT_INVALID = "event.invalid", 422, "A field of the event's envelope is missing or has the wrong type."
    EVENT_UNKNOWN_FIELD = "event.unknown_field", 422, "The event's envelope has a field that the schema does not know."
    EVENT_TYPE_UNKNOWN = "event.type_unknown", 422, "The event type is not one that can be sent."
    EVENT_ID_MISSING = "event.id_missing", 422, "The event needs an event_id."
    EVENT_ID_INVALID = "event.id_invalid", 422, "The event_id must have 8 to 64 characters."
    EVENT_BATCH_ID_INVALID = "event.batch_id_invalid", 422, "The batch_id must have 1 to 128 characters."
    EVENT_JOB_ID_INVALID = "event.job_id_invalid", 422, "The job_id must have at most 256 characters."
    EVENT_JOB_ID_REQUIRED = "event.job_id_required", 400, "This event type needs a job_id."
    EVENT_TIMESTAMP_INVALID = "event.timestamp_invalid", 422, "The timestamp is not a readable ISO 8601 date and time."
    EVENT_SCHEMA_VERSION_UNSUPPORTED = (
        "event.schema_version_unsupported",
        415,
        "This schema version is not supported.",
    )
    EVENT_DATA_INVALID = "event.data_invalid", 422, "A field of the event's data is missing or has the wrong type."
    EVENT_TOO_DEEP = "event.too_deep", 422, "The event is nested too deeply."
    EVENT_FORBIDDEN = "event.forbidden", 403, "You may not report events for this batch."
    EVENT_INTERNAL = "event.internal", 500, "The event could not be stored because of a fault on the server."

    # A request body is refused whole.
    BODY_JSON_INVALID = "body.json_invalid", 422, "The request body is not valid JSON."
    BODY_NOT_AN_OBJECT = "body.not_an_object", 422, "The request body must be a JSON object."
    BODY_CONTENT_TYPE = "body.content_type", 422, "The request body must be sent as application/json."
    BODY_EVENTS_MISSING = "body.events_missing", 422, 'The request body needs a list named "events".'
    BODY_EVENTS_NOT_A_LIST = "body.events_not_a_list", 422, '"events" must be a list.'
    BODY_EVENTS_EMPTY = "body.events_empty", 422, '"events" must hold at least one event.'
    BODY_TOO_MANY_EVENTS = "body.too_many_events", 422, "The request holds too many events."
    BODY_UNKNOWN_FIELD = "body.unknown_field", 422, "The request body has a field that is not known."
    BODY_TOO_DEEP = "body.too_deep", 422, "The request body is nested too deeply."
    BODY_TOO_LARGE = "body.too_large", 413, "The request body is too large."
    BODY_ENCODING_UNSUPPORTED = "body.encoding_unsupported", 415, "This Content-Encoding is not supported."
    BODY_ENCODING_INVALID = "body.encoding_invalid", 400, "The compressed request body cannot be read."
    REQUEST_INVALID = "request.invalid", 422, "A parameter of the request is missing or invalid."
    REQUEST_NOT_FOUND = "request.not_found", 404, "There is nothing at this address."
    REQUEST_METHOD_NOT_ALLOWED = "request.method_not_allowed", 405, "This method is not allowed here."
    REQUEST_TIMEOUT = "request.timeout", 408, "The request took too long to arrive."

    # Who is calling, and what they may do.
    AUTH_REQUIRED = "auth.required", 401, "Please log in or send a token."
    AUTH_TOKEN_INVALID = "auth.token_invalid", 401, "The token is invalid, expired or revoked."
    AUTH_SESSION_INVALID = "auth.session_invalid", 401, "The session has ended. Please log in again."
    AUTH_OWNER_INACTIVE = "auth.owner_inactive", 401, "The account that owns this token is not active."
    AUTH_CREDENTIALS_WRONG = "auth.credentials_wrong", 401, "The name or the password is wrong."
    AUTH_PASSWORD_WRONG = "auth.password_wrong", 401, "The current password is wrong."
    AUTH_LOCKED = "auth.locked", 423, "The account is locked after too many failed logins."
    AUTH_FORBIDDEN = "auth.forbidden", 403, "You may not do this."
    AUTH_ORIGIN_REFUSED = "auth.origin_refused", 403, "A page of another site may not do this."
    AUTH_ADMIN_REQUIRED = "auth.admin_required", 403, "Only an administrator may do this."
    AUTH_INTERACTIVE_REQUIRED = "auth.interactive_required", 403, "This needs a login, a token is not enough."
    AUTH_API_TOKEN_REQUIRED = "auth.api_token_required", 403, "This needs a personal API token."
    AUTH_NETWORK_REFUSED = "auth.network_refused", 403, "This token may not be used from your network."
    AUTH_PROJECT_TOKEN = "auth.project_token", 403, "This token is for one project only and may not do this."
    AUTH_SCOPE_INSUFFICIENT = "auth.scope_insufficient", 403, "This token may only read."
    AUTH_REGISTRATION_CLOSED = "auth.registration_closed", 403, "Registration is closed."
    AUTH_INVITE_REQUIRED = "auth.invite_required", 403, "Registration is by invite: ask an administrator for one."
    AUTH_INVITE_INVALID = "auth.invite_invalid", 403, "The invite is unknown, expired, revoked or used up."
    AUTH_USERNAME_TAKEN = "auth.username_taken", 409, "This user name is taken."
    AUTH_EMAIL_TAKEN = "auth.email_taken", 409, "This email address is in use."
    AUTH_PASSWORD_UNCHANGED = "auth.password_unchanged", 400, "The new password equals the old one."
    AUTH_PASSWORD_WEAK = "auth.password_weak", 422, "The password is too easy to guess."
    AUTH_EMAIL_UNVERIFIED = (
        "auth.email_unverified",
        403,
        "Please confirm your email address first: the link is in your mail.",
    )
    AUTH_EMAIL_UNCHANGED = "auth.email_unchanged", 400, "The new email address equals the old one."
    AUTH_EMAIL_IN_USE = "auth.email_in_use", 400, "This email address is in use."
    AUTH_EMAIL_ALREADY_VERIFIED = "auth.email_already_verified", 409, "The email address is already verified."
    AUTH_LINK_INVALID = "auth.link_invalid", 400, "The link is invalid, expired or already used."
    AUTH_LINK_GONE = "auth.link_gone", 410, "The link has expired or was already used."
    AUTH_KEY_ROTATION_TOO_SOON = "auth.key_rotation_too_soon", 429, "The signing key was rotated a moment ago."
    OAUTH_NOT_CONFIGURED = "oauth.not_configured", 404, "This login provider is not configured."
    OAUTH_NOT_LINKED = "oauth.not_linked", 409, "No account of this provider is linked."
    OAUTH_ALREADY_LINKED = "oauth.already_linked", 409, "This provider's account is linked to another user."
    OAUTH_PASSWORD_REQUIRED = "oauth.password_required", 409, "Set a password before unlinking the provider."
    OAUTH_PASSWORD_ALREADY_SET = "oauth.password_already_set", 409, "The account already has a password."
    OAUTH_PROVIDER_UNAVAILABLE = "oauth.provider_unavailable", 502, "The login provider does not answer as it should."
    OIDC_PROVIDER_NOT_FOUND = "oidc_provider.not_found", 404, "There is no such login provider."
    OIDC_PROVIDER_INVALID = "oidc_provider.invalid", 422, "The login provider cannot be set up like this."
    OIDC_PROVIDER_READ_ONLY = "oidc_provider.read_only", 409, "This provider is set in the server's environment."
    SESSION_NOT_FOUND = "session.not_found", 404, "There is no such session."
    TOKEN_NOT_FOUND = "token.not_found", 404, "There is no such token."
    TOKEN_SCOPE_INVALID = "token.scope_invalid", 400, "The scope must be reporter or viewer."
    TOKEN_NETWORK_INVALID = (
        "token.network_invalid",
        422,
        "A network must be an address or a network such as 10.2.0.0/16.",
    )
    TOKEN_EXPIRY_INVALID = "token.expiry_invalid", 422, "The expiry must be a time in the future."
    TOKEN_LIMIT_REACHED = "token.limit_reached", 409, "You have as many active tokens as are allowed."
    INVITE_NOT_FOUND = "invite.not_found", 404, "There is no such invite."
    USER_NOT_FOUND = "user.not_found", 404, "There is no such user."
    USER_INACTIVE = "user.inactive", 400, "This account is deactivated."
    EXPORT_BUSY = "export.busy", 429, "Other exports are being made. Please try again in a few minutes."
    USER_IS_SELF = "user.is_self", 400, "You cannot do this to yourself."
    USER_LAST_ADMIN = "user.last_admin", 409, "The last administrator has to stay. Make somebody else one first."
    USER_DELETED = "user.deleted", 409, "This account was deleted; nothing can be done with it any more."
    CONFIG_GROUP_UNKNOWN = "config.group_unknown", 404, "There is no such group of settings."
    CONFIG_KEY_UNKNOWN = "config.key_unknown", 404, "There is no such setting."
    CONFIG_VALUE_INVALID = "config.value_invalid", 422, "The value does not fit this setting."
    FLAG_KEY_INVALID = "flag.key_invalid", 400, "This is not the name of a feature flag."
    FLAG_VALUE_INVALID = "flag.value_invalid", 422, "The value does not fit this feature flag."

    # Tracked things.
    BATCH_NOT_FOUND = "batch.not_found", 404, "The batch does not exist."
    BATCH_FORBIDDEN = "batch.forbidden", 403, "Only the batch's owner, an editor or an administrator may do this."
    BATCH_EXISTS = "batch.exists", 409, "A batch with this id exists already."
    BATCH_STATE_CONFLICT = "batch.state_conflict", 409, "The batch's current status does not allow this."
    BATCH_ACTIVE = "batch.active", 409, "The batch is still active."
    JOB_NOT_FOUND = "job.not_found", 404, "The job does not exist."
    JOB_ACTIVE = "job.active", 409, "The job is still active."
    PROJECT_NOT_FOUND = "project.not_found", 404, "The project does not exist."
    PROJECT_FORBIDDEN = "project.forbidden", 403, "You may not do this in this project."
    PROJECT_HAS_OTHERS = (
        "project.has_others",
        409,
        "People who are not its members have batches of this project. An administrator may do this.",
    )
    PROJECT_LAST_OWNER = "project.last_owner", 409, "A project needs an owner. Make somebody else an owner first."
    MEMBER_HAS_RUNS = (
        "member.has_runs",
        409,
        "This person has batches in a project of this name, which members would see. An administrator may add them.",
    )
    MEMBER_NOT_FOUND = "member.not_found", 404, "This person does not belong to the project."
    HOST_NOT_FOUND = "host.not_found", 404, "The host does not exist."
    HOST_ACTIVE = "host.active", 409, "The host reported only a moment ago."
    STUDY_NOT_FOUND = "study.not_found", 404, "The study does not exist."
    TRIAL_NOT_FOUND = "trial.not_found", 404, "The trial does not exist."
    COMPARE_COUNT_INVALID = "compare.count_invalid", 400, "Between 2 and 32 different batches can be compared."
    QUERY_INVALID = "query.invalid", 422, "The query cannot be understood."
    ARTIFACT_NOT_FOUND = "artifact.not_found", 404, "The artifact does not exist."
    ARTIFACT_META_INVALID = "artifact.meta_invalid", 400, "The artifact's meta must be a JSON object."
    ARTIFACT_TOO_LARGE = "artifact.too_large", 413, "The file is larger than allowed."
    ARTIFACT_QUOTA_EXCEEDED = "artifact.quota_exceeded", 413, "The job's artifacts would be larger than allowed."
    ARTIFACT_CHECKSUM_MISMATCH = "artifact.checksum_mismatch", 422, "The file did not arrive as it was sent."
    ARTIFACT_FILE_MISSING = "artifact.file_missing", 410, "The artifact's file is no longer in storage."
    ARTIFACT_NO_PREVIEW = "artifact.no_preview", 415, "There is no preview of this file."
    ARTIFACT_STORAGE_UNAVAILABLE = "artifact.storage_unavailable", 503, "The storage of artifacts does not answer."
    ARTIFACT_RANGE_INVALID = "artifact.range_invalid", 416, "The file does not have the range that was asked for."
    SHARE_NOT_FOUND = "share.not_found", 404, "The share does not exist."
    SHARE_WITH_OWNER = "share.with_owner", 400, "The owner needs no share."
    PUBLIC_SHARE_NOT_FOUND = "public_share.not_found", 404, "There is no such public page."
    PUBLIC_SHARE_EXPIRED = "public_share.expired", 410, "This public page has expired."
    STAR_TYPE_INVALID = "star.type_invalid", 400, "Only projects and batches can be starred."
    PIN_LIMIT_REACHED = "pin.limit_reached", 400, "You have pinned as many batches as are allowed."
    TRASH_LEAVING = "trash.leaving", 409, "It is being removed for good and cannot come back."
    VIEW_NOT_FOUND = "view.not_found", 404, "The saved view does not exist."
    VIEW_LIMIT_REACHED = "view.limit_reached", 409, "You have saved as many views as are allowed."

    # Agents and commands.
    AGENT_UNAUTHENTICATED = "agent.unauthenticated", 401, "The agent's token is missing, wrong or replaced."
    AGENT_MISMATCH = "agent.mismatch", 403, "This token belongs to another agent."
    AGENT_NOT_FOUND = "agent.not_found", 404, "The agent does not exist."
    AGENT_ABSENT = "agent.absent", 409, "No agent of this host can be reached."
    AGENT_OUTDATED = "agent.outdated", 409, "The agent of this host does not know this; update argus-reporter there."
    COMMAND_NOT_FOUND = "command.not_found", 404, "The command does not exist."
    COMMAND_CLOSED = "command.closed", 409, "The command was already acknowledged or cancelled."
    COMMAND_STATUS_INVALID = "command.status_invalid", 400, "The status must be started or failed."
    OVERRIDES_INVALID = "overrides.invalid", 422, "The overrides must be an object of at most 64 KiB."

    # Notifications and mail.
    NOTIFICATION_NOT_FOUND = "notification.not_found", 404, "The notification does not exist."
    SUBSCRIPTION_NOT_FOUND = "subscription.not_found", 404, "There is no subscription of its own here."
    SUBSCRIPTION_KIND_UNKNOWN = "subscription.kind_unknown", 400, "This kind of event cannot be subscribed to."
    RECIPIENT_NOT_FOUND = "recipient.not_found", 404, "The recipient does not exist."
    RECIPIENT_EXISTS = "recipient.exists", 409, "This address is already a recipient."
    CHANNEL_NOT_FOUND = "channel.not_found", 404, "The channel does not exist."
    CHANNEL_URL_INVALID = "channel.url_invalid", 422, "This is not an address that begins with https:// or http://."
    CHANNEL_SERVICE_UNKNOWN = "channel.service_unknown", 422, "Argus knows no such service."
    CHANNEL_ADDRESS_INVALID = "channel.address_invalid", 422, "The service does not understand this address."
    CHANNEL_LIMIT_REACHED = "channel.limit_reached", 409, "There are as many channels here as are allowed."
    RULE_NOT_FOUND = "rule.not_found", 404, "The rule does not exist."
    RULE_INVALID = "rule.invalid", 422, "The parts of this rule do not fit together."
    RULE_LIMIT_REACHED = "rule.limit_reached", 409, "There are as many rules here as are allowed."
    TEMPLATE_NOT_FOUND = "template.not_found", 404, "The template does not exist."
    TEMPLATE_INVALID = "template.invalid", 400, "The template cannot be rendered."
    UNSUBSCRIBE_LINK_UNKNOWN = "unsubscribe.link_unknown", 404, "This unsubscribe link is not known."
    UNSUBSCRIBE_LINK_USED = "unsubscribe.link_used", 410, "This unsubscribe link was already used."
    MAIL_NOT_FOUND = "mail.not_found", 404, "There is no such message."
    MAIL_ADDRESS_MISSING = "mail.address_missing", 400, "Your account has no email address to send to."
    MAIL_NOT_CONFIGURED = "mail.not_configured", 409, "No mail server is configured."

    # Live streams.
    STREAM_CHANNELS_EMPTY = "stream.channels_empty", 400, "No channel was given."
    STREAM_CHANNEL_INVALID = "stream.channel_invalid", 400, "A channel cannot be understood."
    STREAM_TOO_MANY_CHANNELS = "stream.too_many_channels", 400, "More channels were given than one stream may carry."
    STREAM_FORBIDDEN = "stream.forbidden", 403, "You may not watch this channel."
    STREAM_LIMIT_REACHED = "stream.limit_reached", 429, "You have as many open streams as are allowed."

    # The system itself.
    RETENTION_RUNNING = "retention.running", 409, "A sweep is running already."
    OUTBOUND_REFUSED = "outbound.refused", 403, "Argus does not connect to this address: it is not a public one."
    OUTBOUND_FAILED = "outbound.failed", 502, "The other server did not answer as it should."
    RATE_LIMITED = "rate.limited", 429, "Too many requests. Please wait a moment."
    QUEUE_FULL = "queue.full", 429, "The server is busy and its queue is full. Please try again in a moment."
    SERVICE_UNAVAILABLE = "service.unavailable", 503, "The service is not available at the moment."
    SERVICE_DRAINING = "service.draining", 503, "The service is shutting down. Please try again."
    STORAGE_UNAVAILABLE = "storage.unavailable", 503, "The database cannot be reached at the moment."
    BUS_UNAVAILABLE = "bus.unavailable", 503, "Another part of the system does not answer at the moment."
    INTERNAL = "internal.error", 500, "Something went wrong on the server."

"""What the audit log may say: every action, what its line is about, what it means. It is shown in ``docs/audit.md``."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Action(NamedTuple):
    """One kind of line. ``target`` is its target_type; empty: the line names none."""

    target: str
    meaning: str


ACTIONS: Final[Mapping[str, Action]] = {
    # Accounts and sessions.
    "register": Action("user", "Somebody opened an account."),
    "register_failed": Action("", "A registration was refused; `reason` is the error's code."),
    "login_success": Action("user", "Somebody logged in; `method` says how."),
    "login_failed": Action("user", "A login was refused; `reason` says why, `method` where it was not by password."),
    "logout": Action("session", "A session was ended by the one who had it."),
    "session_revoke": Action("session", "One of a person's sessions was ended by them."),
    "session_revoke_others": Action("user", "All sessions but the current one were ended."),
    "session_refresh_reused": Action("session", "A refresh token came a second time: stolen. The session ended."),
    "password_changed": Action("user", "A password was changed; all other sessions ended."),
    "password_change_failed": Action("user", "The current password was wrong, or the new one the same."),
    "password_change_rate_limited": Action("user", "Too many attempts to change the password."),
    "password_reset_requested": Action("user", "A link that sets a new password was mailed."),
    "password_reset_refused": Action("user", "A link that sets a new password was not mailed; `reason` says why."),
    "password_reset": Action("user", "A password was set by a mailed link; all sessions ended."),
    "email_verified": Action("user", "An address was proved by a mailed link."),
    "email_change_requested": Action("user", "A link that sets a new address was mailed to it."),
    "email_change_failed": Action("user", "A change of address was refused."),
    "email_change_rate_limited": Action("user", "Too many attempts to change the address."),
    "email_changed": Action("user", "The new address was proved and took the place of the old one."),
    "resend_verification_sent": Action("user", "The link that verifies an address was mailed again."),
    "resend_verification_noop": Action("user", "There was nothing to verify."),
    "resend_verification_rate_limited": Action("user", "The link was asked for too often."),
    "account_delete": Action("user", "An account was deleted, by its owner or an administrator."),
    "account_export": Action("user", "Somebody took away what is kept of them."),
    "account_delete_failed": Action("user", "The deletion of an account was refused."),
    "account_delete_rate_limited": Action("user", "Too many attempts to delete the account."),
    # Signing in elsewhere.
    "oauth_link": Action("user", "An account elsewhere opens this one from now on."),
    "oauth_link_failed": Action("", "An account elsewhere could not be linked; `reason` says why."),
    "oauth_unlink": Action("user", "An account elsewhere opens this one no more."),
    "password_set_for_oauth_user": Action("user", "An account that had none was given a password."),
    "project_roles_by_group": Action("user", "The groups of a provider changed somebody's roles in projects."),
    "oidc_provider_set": Action("oidc_provider", "A provider of identity was set up or changed."),
    "oidc_provider_delete": Action("oidc_provider", "A provider of identity was removed."),
    "oidc_provider_test": Action("oidc_provider", "An administrator tried a provider of identity."),
    # Tokens.
    "token_create": Action("api_token", "A token was made; its name and scope, never its text."),
    "token_revoke": Action("api_token", "A token was ended."),
    "token_leaked": Action("api_token", "Somebody could show the token's whole text; it was ended, the owner told."),
    "access_refused": Action(
        "", "A credential was no good, or somebody asked for what is not theirs: `reason`, `request`, `count` times."
    ),
    "token_refused": Action("api_token", "A good token came from a network that it is not for; `count` times."),
    # Administration.
    "user_ban": Action("user", "An account was closed by an administrator."),
    "user_unban": Action("user", "An account was opened again."),
    "user_promote": Action("user", "Somebody became an administrator; `by` says if a provider's group did it."),
    "user_demote": Action("user", "Somebody is no administrator any more."),
    "user_demote_skipped": Action("user", "The last administrator stays one, whatever a provider's groups say."),
    "user_password_reset": Action("user", "An administrator ended a password; a link sets a new one."),
    "user_unlock": Action("user", "An administrator lifted the lock after failed logins."),
    "user_verify_email": Action("user", "An administrator vouched for an address."),
    "user_sessions_end": Action("user", "An administrator signed somebody out everywhere."),
    "audit_export": Action("system", "The audit log was taken away as a file."),
    "invite_create": Action("invite", "An invite was made."),
    "invite_revoke": Action("invite", "An invite was ended."),
    "feature_flag_update": Action("feature_flag", "A feature flag was set; `value` is the new one."),
    "system_config_set": Action("system_config", "A setting was changed; a secret's value is not told."),
    "system_config_delete": Action("system_config", "A setting went back to the environment's or the default."),
    "jwt_rotate": Action("system", "Sessions are signed with a new key from now on."),
    "command_key_rotate": Action(
        "system", "The next key of commands was announced; `is_immediate` or `is_stolen`: it signs at once."
    ),
    "smtp_test": Action("smtp", "An administrator tried a mail server; the target is `host:port`, `ok` the outcome."),
    "retention_sweep_manual": Action("system", "An administrator had old rows and files removed, in this `run`."),
    # What was recorded.
    "batch_stop_requested": Action("batch", "Somebody asked a batch to stop."),
    "batch_pause_requested": Action("batch", "Somebody asked a batch to pause."),
    "batch_resume_requested": Action("batch", "Somebody asked a batch to go on."),
    "batch_rerun_requested": Action("batch", "The batch was made to run `source_batch_id` again."),
    "batch_inspect_requested": Action("batch", "Somebody asked what is different on its host: `hostname`."),
    "batch_deleted": Action("batch", "A batch was deleted; `purge`: at once, with its rows and files."),
    "batch_restored": Action("batch", "A deleted batch was taken back."),
    "job_deleted": Action("job", "A job was deleted; the target is `batch/job`; `purge`: with its rows and files."),
    "job_restored": Action("job", "A deleted job was taken back; the target is `batch/job`."),
    "project_deleted": Action("project", "A project was deleted with all its batches."),
    "host_deleted": Action("host", "A host was deleted."),
    "artifact_upload": Action("artifact", "A file was added to a batch or a job."),
    "artifact_delete": Action("artifact", "A file was deleted."),
    # Sharing.
    "share_add": Action("batch or project", "A batch, or one's batches of a project, were shared with a person."),
    "share_remove": Action("batch or project", "Such a share was ended."),
    "public_share_create": Action("batch", "A public link to a batch was made."),
    "public_share_revoke": Action("batch", "A public link was ended."),
    "project_publish": Action("project", "A project was opened to everyone, or its `description` there changed."),
    "project_unpublish": Action("project", "A project is open to everyone no more."),
    "project_settings": Action("project", "What is said about a project was changed; `changed` names it."),
    "member_add": Action("project", "Somebody became a member of a project; `role` says as what."),
    "member_change": Action("project", "A member's role was changed."),
    "member_remove": Action("project", "A member was removed from a project, or left it."),
    # Agents.
    "agent_register": Action("agent", "A host's agent introduced itself."),
    "agent_revoke": Action("agent", "An agent was ended, by its owner or an administrator; its commands with it."),
    "agent_allowed_set": Action("agent", "The owner said who else may have commands run there: `usernames`."),
    "agent_token_mint": Action("agent", "An agent got a new token; its older ones ended."),
    "command_ack": Action("command", "An agent said what became of a command."),
    "command_cancelled": Action("command", "Somebody cancelled a command before an agent began with it."),
    "command_refused": Action("command", "A host refused a command, by its own rules or for its signature; `reason`."),
    # Mail and notifications.
    "notification_prefs_updated": Action("user", "Somebody chose what their inbox is told of."),
    "subscriptions_updated": Action("user", "Somebody chose which mails they get."),
    "batch_subscription_set": Action("batch", "Somebody chose which mails they get about one batch."),
    "batch_subscription_remove": Action("batch", "Such a choice was taken back."),
    "recipient_add": Action("recipient", "An address outside of Argus hears of a project from now on."),
    "recipient_update": Action("recipient", "Such an address was changed."),
    "recipient_remove": Action("recipient", "Such an address was removed."),
    "unsubscribe": Action("user", "Mails were switched off by the link in one of them."),
    "channel_add": Action("channel", "Somebody's channel, or a `project`'s, hears of things from now on."),
    "channel_update": Action("channel", "A channel was changed; `changed` names what, never an address or a secret."),
    "channel_remove": Action("channel", "A channel was removed."),
    "channel_test": Action("channel", "Somebody sent a channel a message to try it; `ok` is the outcome."),
    "mail_template_set": Action("mail_template", "What a kind of mail says was changed; the target is `kind/locale`."),
    "mail_template_reset": Action("mail_template", "Such a text went back to the packaged one."),
    "digest_set": Action("user", "Somebody chose when their daily summary comes, or that none does."),
    "rule_add": Action("rule", "Somebody's rule, or a `project`'s, says from now on when it has something to tell."),
    "rule_update": Action("rule", "A rule was changed; `changed` names what."),
    "rule_remove": Action("rule", "A rule was removed."),
    "dead_letter_retry": Action("delivery", "An administrator had `count` dead letters tried again: the target's."),
    "recipient_unsubscribe": Action("recipient", "The same, for an address outside of Argus."),
}


def document() -> str:
    """``docs/audit.md``."""
    lines = "\n".join(f"| `{name}` | {one.target or '–'} | {one.meaning} |" for name, one in sorted(ACTIONS.items()))
    return _PAGE.format(lines=lines)


_PAGE: Final = """# The audit log

<!-- Generated by `python -m argus_contracts.generate` from argus_contracts/audit.py; edit that instead. -->

Who did what to what, when, and from which address. Administrators read it under Administration, Audit log, or by
`GET /api/admin/audit-log`.

- A line is promised in the transaction of the change itself: through auth's own table, or through the service's outbox
  and NATS. Neither is there without the other. While NATS or auth is away, lines wait and arrive later, once.
- The log only grows, and each line carries the hash of the one before it: one that was changed or removed shows.
- Lines hold no secrets: no passwords, no texts of tokens or of mailed links, no values of secret settings.
- `tests/security/test_audit_coverage.py` asks for every route that changes something and looks for its line.

| action | target | meaning |
|---|---|---|
{lines}
"""

"""Settings of notifier alone; the environment's names carry the prefix `ARGUS_`."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field, SecretStr

from argus_kit.environment import Environment


class NotifierSettings(Environment):
    """How mails and messages leave the house."""

    smtp_host: str = Field("", description="Mail server; empty: mail is kept and not sent.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    smtp_user: str = Field("", description="User name at the mail server; empty: no login.")
    smtp_pass: SecretStr = Field(SecretStr(""), description="Password at the mail server.")
    smtp_from: str = Field("noreply@argus.local", description="Address that mails come from.")
    smtp_from_name: str = Field("Argus", description="Name that mails come from.")
    smtp_use_tls: bool = Field(True, description="Begin in clear text and switch to TLS (STARTTLS).")
    smtp_use_ssl: bool = Field(False, description="TLS from the first byte (usually port 465).")
    smtp_host_allowlist: str = Field(
        "", description="Comma list of mail servers, besides the public ones, that administrators may name and try."
    )
    smtp_timeout_s: float = Field(20.0, gt=0, le=300, description="Longest wait for the mail server.")
    mail_attempts: int = Field(8, ge=1, le=50, description="Attempts before a mail is given up.")
    mail_retry_s: float = Field(30.0, gt=0, description="Wait after the first failure; doubles with each, to an hour.")
    mail_every_s: float = Field(1.0, gt=0, description="Time between two looks for what to send, mails or others.")
    mail_at_once: int = Field(4, ge=1, le=100, description="Mails that are handed to the mail server at once.")
    mail_pause_s: float = Field(
        300.0, ge=0, description="Least time between two event mails of one kind to one address."
    )
    surge_window_s: float = Field(
        60.0, ge=0, le=3600, description="How long what happens again to one batch or host is told as one; 0: never."
    )
    surge_batches: int = Field(
        5,
        ge=1,
        le=1000,
        description="How many batches of one kind of failure are told by themselves; more are told as one.",
    )
    told_within_h: float = Field(
        24.0, gt=0, description="Age of an event, in hours, beyond which nobody is told: somebody brings old runs in."
    )
    surge_look_s: float = Field(1.0, gt=0, le=60, description="Time between two looks for what was counted.")
    rule_look_s: float = Field(5.0, gt=0, le=600, description="Time between two looks for what rules wait for.")
    notification_rules: str = Field("", description="A file of rules (YAML) that push events to Feishu.")
    mail_keep_days: int = Field(30, ge=1, description="How long what was delivered is kept.")
    channel_attempts: int = Field(10, ge=1, le=50, description="Attempts at a channel before a message is given up.")
    channel_retry_s: float = Field(10.0, gt=0, description="As ARGUS_MAIL_RETRY_S, for channels.")
    channel_at_once: int = Field(2, ge=1, le=100, description="Messages that are handed to one channel at once.")
    feishu_webhook: SecretStr = Field(SecretStr(""), description="Address of a Feishu bot that hears of all failures.")
    delivery_at_once: int = Field(32, ge=1, le=500, description="Deliveries that one worker has under way.")
    delivery_timeout_s: float = Field(60.0, gt=0, le=600, description="Longest an attempt may take.")
    delivery_give_up_h: float = Field(72.0, gt=0, description="Age at which what could not be delivered is given up.")
    dead_letter_days: int = Field(90, ge=1, description="How long what was given up is kept.")

    @property
    def sends_mail(self) -> bool:
        """Whether there is a mail server."""
        return bool(self.smtp_host)

    def unsafe(self) -> Iterator[str]:
        """See Environment."""
        is_far = self.smtp_host not in {"", "localhost", "127.0.0.1", "::1"}
        if is_far and self.smtp_user and not (self.smtp_use_tls or self.smtp_use_ssl):
            yield (
                "ARGUS_SMTP_USE_TLS and ARGUS_SMTP_USE_SSL are both off, so the mail server's password would travel in "
                "clear: turn one of them on."
            )

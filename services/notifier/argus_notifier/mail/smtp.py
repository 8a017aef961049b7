"""One mail to the mail server."""

from __future__ import annotations

import socket
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy, default
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final

from argus_kit.clock import now
from argus_kit.later import later
from argus_notifier.settings import NotifierSettings
from argus_notifier.unsubscribe import links

if TYPE_CHECKING:
    import aiosmtplib
else:
    aiosmtplib = later("aiosmtplib")


class _InOneLine(UnstructuredHeader):
    """A header that is not folded: a link that is longer than a line would become an encoded word, and a mail program
    that looks for a link finds none. Lines may have 998 characters (RFC 5322).
    """

    max_count = 1

    def fold(self, *, policy: Policy) -> str:
        """See email.headerregistry.BaseHeader."""
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


_HEADERS: Final = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _InOneLine)  # type: ignore[arg-type]
_POLICY: Final = default.clone(header_factory=_HEADERS)


class MailRefused(Exception):
    """The mail server refuses this mail for good."""


class MailNotSent(Exception):
    """The mail could not be handed over now; later it may."""


def compose(row: Any, settings: NotifierSettings) -> EmailMessage:
    """The message of a row of `delivery`, or of what looks like one. Its id is the row's, so that a receiver can
    tell a second delivery.

    Raises:
        MailRefused: the row makes no valid message (an address or subject with a line break).
    """
    message = EmailMessage(_POLICY)
    domain = settings.smtp_from.rpartition("@")[2] or "argus.local"
    try:
        message["From"] = Address(settings.smtp_from_name, addr_spec=settings.smtp_from)
        message["To"] = row.target
        message["Subject"] = " ".join(row.subject.split())
        message["Date"] = format_datetime(now())
        message["Message-ID"] = f"<argus-{row.id}.{int(row.created_at.timestamp())}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        link = (getattr(row, "facts", None) or {}).get(links.FACT)
        for name, value in (links.headers(link) if link else {}).items():
            message[name] = value
        message.set_content(row.body_text)
        if row.body_html:
            message.add_alternative(row.body_html, subtype="html")
    except (ValueError, IndexError) as error:
        raise MailRefused(f"This is not a valid message: {error}") from error
    return message


async def send(message: EmailMessage, settings: NotifierSettings, connection: socket.socket | None = None) -> None:
    """Hand a message over, through a connection that is there already or a new one.

    Raises:
        MailRefused: the server refuses it for good (5xx).
        MailNotSent: the server cannot be reached, or asks to come again (4xx).
    """
    password = settings.smtp_pass.get_secret_value()
    try:
        await aiosmtplib.send(
            message,
            hostname=settings.smtp_host,
            port=None if connection else settings.smtp_port,
            sock=connection,
            username=(settings.smtp_user or None) if password else None,
            password=password or None,
            use_tls=settings.smtp_use_ssl,
            start_tls=settings.smtp_use_tls and not settings.smtp_use_ssl,
            timeout=settings.smtp_timeout_s,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        codes = [refusal.code for refusal in error.recipients]
        raise (MailRefused if all(code >= 500 for code in codes) else MailNotSent)(str(error)) from error
    except (aiosmtplib.SMTPDataError, aiosmtplib.SMTPSenderRefused) as error:
        raise (MailRefused if error.code >= 500 else MailNotSent)(f"{error.code} {error.message}") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise MailNotSent(repr(error)) from error

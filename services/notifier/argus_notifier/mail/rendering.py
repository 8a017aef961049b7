"""A mail in its three parts, from a template and what happened.

An administrator's template that breaks costs nobody a mail: the packaged one is sent, and the log says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import structlog

from argus_notifier.templates.errors import TemplateBroken
from argus_notifier.templates.look import styled
from argus_notifier.templates.sources import Source, known_locale, layout, packaged

log = structlog.get_logger(__name__)

Overrides = Mapping[tuple[str, str], Source]
"""Templates of administrators, by kind and locale."""

_COLOURS: Final = {"error": "#c02626", "warn": "#8f5500", "info": "#1f5fd0"}
_WORDS: Final[dict[str, dict[str, str]]] = {
    "en-US": {
        "error": "Error",
        "warn": "Warning",
        "because": "You get this mail because you may see this work in Argus.",
        "unsubscribe": "No more mails of this kind",
        "unsubscribe_text": "No more mails of this kind: ",
        "account": "This mail is about your account in Argus.",
        "open": "Open the link",
    },
    "zh-CN": {
        "error": "错误",
        "warn": "警告",
        "because": "你可以在 Argus 中查看该工作，因此收到本邮件。",
        "unsubscribe": "不再接收此类邮件",
        "unsubscribe_text": "不再接收此类邮件：",
        "account": "本邮件与你的 Argus 账户有关。",
        "open": "打开链接",
    },
}
_URL: Final = re.compile(r"https?://[^\s<>\"'，。；：）]+[^\s<>\"'，。；：）.,;:)!?]")
_LONGEST_SUBJECT: Final = 300


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail."""

    subject: str
    body_html: str
    body_text: str


def render(kind: str, locale: str, variables: Mapping[str, Any], overrides: Overrides | None = None) -> Rendered:
    """The mail of a kind, by an administrator's template or the packaged one. What is missing is left empty.

    Args:
        kind: of `argus_notifier.kinds`.
        locale: the reader's.
        variables: see `templates/variables.py`.
        overrides: see `templates.repository.overrides`.
    """
    locale = known_locale(locale)
    own = (overrides or {}).get((kind, locale))
    if own is not None:
        try:
            return _rendered(own, locale, variables, is_strict=False)
        except TemplateBroken as error:
            log.warning("mail.template_broken", kind=kind, locale=locale, line=error.line, error=error.problem)
    return _rendered(packaged(kind, locale), locale, variables, is_strict=False)


def preview(source: Source, locale: str, variables: Mapping[str, Any]) -> Rendered:
    """The mail that a draft makes.

    Raises:
        TemplateBroken: it is no template, or asks for what is not there; its `field` says in which part.
    """
    return _rendered(source, locale, variables, is_strict=True)


def letter(locale: str, subject: str, body_text: str) -> str:
    """The HTML of a mail that was written as plain text by another service."""
    locale = known_locale(locale)
    title = subject.removeprefix("Argus:").removeprefix("Argus：").strip()
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", body_text) if part.strip()]
    content = f"<h1>{escape(title[:1].upper() + title[1:])}</h1>\n"
    content += "\n".join(_paragraph(part, _WORDS[locale]["open"]) for part in paragraphs)
    return _laid_out(styled(content), locale, {}, subject=subject, beginning=paragraphs[0] if paragraphs else "")


def _rendered(source: Source, locale: str, variables: Mapping[str, Any], *, is_strict: bool) -> Rendered:
    parts: dict[str, str] = {}
    for field, text in source._asdict().items():
        try:
            parts[field] = _fill(text, variables, is_html=field == "body_html", is_strict=is_strict)
        except TemplateBroken as error:
            error.field = field
            raise
    subject = " ".join(parts["subject"].split())[:_LONGEST_SUBJECT]
    content, text = parts["body_html"], _tidy(parts["body_text"])
    beginning = text.partition("\n")[2].strip().partition("\n")[0]
    # Who writes a whole page is left alone with it.
    is_page = "<html" in content[:2000].lower()
    html = content if is_page else _laid_out(styled(content), locale, variables, subject=subject, beginning=beginning)
    return Rendered(subject, html, _signed(text, locale, variables))


def _laid_out(content: str, locale: str, variables: Mapping[str, Any], *, subject: str, beginning: str) -> str:
    from markupsafe import Markup

    words, severity = _WORDS[locale], str(variables.get("severity", ""))
    around = {
        # What was put in is escaped already.
        "content": Markup(content),  # noqa: S704 # nosec B704
        "locale": locale,
        "subject": subject,
        "preview": beginning[:200],
        "severity": severity,
        "mark": words.get(severity, "") if severity in _COLOURS else "",
        "colour": _COLOURS.get(severity, ""),
        "words": words,
        "link": variables.get("link", {}),
    }
    return _fill(layout("html"), around, is_html=True)


def _signed(text: str, locale: str, variables: Mapping[str, Any]) -> str:
    link = variables.get("link", {})
    around = {
        "content": text,
        "words": _WORDS[locale],
        "link": {} if str(link.get("unsubscribe_url")) in text else link,
    }
    return _fill(layout("txt"), around, is_html=False).rstrip() + "\n"


def _fill(source: str, variables: Mapping[str, Any], *, is_html: bool, is_strict: bool = False) -> str:
    # Jinja is loaded with the first mail.
    from argus_notifier.templates.language import fill

    return fill(source, variables, is_html=is_html, is_strict=is_strict)


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _paragraph(text: str, open_: str) -> str:
    if _URL.fullmatch(text):
        url = escape(text)
        return f'<p><a class="button" href="{url}">{open_}</a></p>\n<p><a href="{url}">{url}</a></p>'
    made, end = "", 0
    for found in _URL.finditer(text):
        url = escape(found[0])
        made += f'{escape(text[end : found.start()])}<a href="{url}">{url}</a>'
        end = found.end()
    return f"<p>{(made + escape(text[end:])).replace(chr(10), '<br>')}</p>"

"""How mails look: styles are written into each tag, since many mail programs read nothing else.

Authors write plain `<h1>`, `<p>`, `<pre>`, `<table>` and `<a class="button">`. What is dark in a dark mail program says
`layout.html`. The colours are those of the web app (frontend/src/shared/theme/palette.ts).
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

_FONT: Final = "font-family:-apple-system,'Segoe UI',Roboto,'PingFang SC','Microsoft YaHei',Helvetica,Arial,sans-serif"
_MONO: Final = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace"

LOOK: Final = {
    "h1": f"margin:0 0 16px;{_FONT};font-size:20px;line-height:28px;font-weight:600;color:#1a1f27",
    "h2": f"margin:28px 0 8px;{_FONT};font-size:15px;line-height:22px;font-weight:600;color:#1a1f27",
    "p": f"margin:0 0 14px;{_FONT};font-size:15px;line-height:23px;color:#4a5361;overflow-wrap:anywhere",
    "p.strong": f"margin:0 0 14px;{_FONT};font-size:15px;line-height:23px;color:#1a1f27;overflow-wrap:anywhere",
    "pre": f"margin:0 0 16px;padding:12px 14px;{_MONO};font-size:13px;line-height:19px;color:#1a1f27;"
    "background-color:#eef0f3;border-radius:6px;white-space:pre-wrap;word-break:break-word;overflow-wrap:anywhere",
    "table": "width:100%;margin:4px 0 20px;border-collapse:collapse",
    "th": f"width:28%;padding:7px 16px 7px 0;{_FONT};font-size:13px;line-height:20px;font-weight:400;color:#5f6877;"
    "text-align:left;vertical-align:top;white-space:nowrap;border-bottom:1px solid #e3e6ea",
    "td": f"padding:7px 0;{_FONT};font-size:14px;line-height:20px;color:#1a1f27;text-align:left;vertical-align:top;"
    "word-break:break-word;overflow-wrap:anywhere;border-bottom:1px solid #e3e6ea",
    "td.number": f"padding:7px 0 7px 16px;{_FONT};font-size:14px;line-height:20px;color:#1a1f27;text-align:right;"
    "vertical-align:top;white-space:nowrap;border-bottom:1px solid #e3e6ea",
    "ul": f"margin:0 0 14px;padding:0 0 0 20px;{_FONT};font-size:15px;line-height:23px;color:#4a5361",
    "li": "margin:0 0 4px",
    "a": "color:#1f5fd0;text-decoration:underline",
    "a.button": f"display:inline-block;margin:4px 0;padding:11px 22px;{_FONT};font-size:15px;line-height:22px;"
    "font-weight:600;color:#ffffff;background-color:#1f5fd0;border-radius:6px;text-decoration:none",
    "span.failed": "font-weight:600;color:#c02626",
}


def styled(content: str) -> str:
    """The same markup, with a style in each tag that has none of its own."""
    writer = _Styler()
    writer.feed(content)
    writer.close()
    return "".join(writer.out)


class _Styler(HTMLParser):
    """Copies markup as it is, but for the start tags that get a style."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.out: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See HTMLParser."""
        text = self.get_starttag_text() or ""
        named = dict(attrs)
        kind = f"{tag}.{named.get('class')}"
        style = LOOK.get(kind) or LOOK.get(tag)
        if style and "style" not in named:
            text = f'{text[: 1 + len(tag)]} style="{style}"{text[1 + len(tag) :]}'
        self.out.append(text)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See HTMLParser."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """See HTMLParser."""
        self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """See HTMLParser."""
        self.out.append(data)

    def handle_entityref(self, name: str) -> None:
        """See HTMLParser."""
        self.out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        """See HTMLParser."""
        self.out.append(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        """See HTMLParser."""
        self.out.append(f"<!--{data}-->")

"""The packaged texts, and which of them a kind of mail has."""

from __future__ import annotations

import zlib
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

LOCALES: Final = ("en-US", "zh-CN")
DIGEST: Final = "digest"
SHARE_GRANTED: Final = "share_granted"

# Whatever happened is told in the same form: its title, lines and facts differ.
_EVENT: Final = "event"
_OF_THEIR_OWN: Final = frozenset({DIGEST, SHARE_GRANTED})


class Source(NamedTuple):
    """What is written of one mail."""

    subject: str
    body_html: str
    body_text: str


def known_locale(locale: str) -> str:
    """The locale in which Argus speaks to who prefers this one."""
    return "zh-CN" if locale.lower().startswith("zh") else "en-US"


@lru_cache(maxsize=64)
def packaged(kind: str, locale: str) -> Source:
    """What is packaged for a kind of mail, in one of `LOCALES`."""
    name = kind if kind in _OF_THEIR_OWN else _EVENT
    subject, html, text = (_read(f"{locale}/{name}.{part}") for part in ("subject", "html", "txt"))
    return Source(subject.strip(), html, text)


@lru_cache(maxsize=4)
def layout(ending: str) -> str:
    """What stands around the content: `html` or `txt`."""
    return _read(f"layout.{ending}")


def number_of(kind: str, locale: str) -> int:
    """The id of a template: the same everywhere and for ever, whether or not somebody changed it."""
    return zlib.crc32(f"{kind}/{locale}".encode())


def _read(path: str) -> str:
    return files(__package__).joinpath(path).read_text(encoding="utf-8")

"""Packages of the record against those of a host. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from argus_executor.drift.items import Change, Item, Kind, Severity

_PINNED: Final = re.compile(r"([A-Za-z0-9._-]+)\s*(?:===?|@)\s*(.+)")
_NUMBERS: Final = re.compile(r"\d+")
# Results hang on these to the last digit of their versions.
_DECISIVE: Final = re.compile(
    r"torch(?:vision|audio|text)?|tensorflow|keras|jax(?:lib)?|flax|numpy|scipy|scikit-learn|pandas|transformers"
    r"|datasets|tokenizers|accelerate|deepspeed|lightning|pytorch-lightning|xgboost|lightgbm|triton|flash-attn"
    r"|nvidia-c(?:udnn|ublas|uda)-.*|nvidia-nccl-.*"
)
# Ours tells of a run and changes nothing in it.
_OURS: Final = "argus-reporter"


def package_items(recorded: Any, found: Mapping[str, str] | None) -> Iterator[Item]:
    """What was added, removed or changed, by name; nothing where nothing was recorded."""
    before = _recorded(recorded)
    if not before:
        return
    if found is None:
        yield Item(Kind.PACKAGE, Change.UNKNOWN, Severity.INFO)
        return
    after = {_plain(name): (name, version) for name, version in found.items()}
    for key in sorted(before.keys() | after.keys()):
        (name, was), (also, now) = before.get(key, ("", None)), after.get(key, ("", None))
        if was != now:
            yield Item(Kind.PACKAGE, _change(was, now), _severity(key, was, now), name or also, was, now)


def _recorded(lines: Any) -> dict[str, tuple[str, str]]:
    texts = [line.strip() for line in lines if isinstance(line, str)] if isinstance(lines, list) else []
    matches = (_PINNED.fullmatch(text) for text in texts)
    return {_plain(match[1]): (match[1], match[2]) for match in matches if match is not None}


def _plain(name: str) -> str:
    """Names are equal whatever their case and punctuation (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _change(was: str | None, now: str | None) -> Change:
    return Change.ADDED if was is None else Change.REMOVED if now is None else Change.CHANGED


def _severity(key: str, was: str | None, now: str | None) -> Severity:
    if key == _OURS or was is None:
        return Severity.INFO
    if now is None or _DECISIVE.fullmatch(key):
        return Severity.WARNING
    return Severity.WARNING if _numbers(was)[:2] != _numbers(now)[:2] else Severity.INFO


def _numbers(version: str) -> list[str]:
    return _NUMBERS.findall(version.partition("+")[0])

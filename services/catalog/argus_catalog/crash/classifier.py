"""Decides what kind of failure the evidence speaks for. Pure; `rules` is the table.

The kernel speaks first: it knows what it killed, and the driver which card failed. Then the reason that the run gave,
the last lines of its log, and the signal. Within one source the first rule of the table wins; of its lines the last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from argus_catalog.crash.ending import SILENT, Ending, HostWord
from argus_catalog.crash.rules import RULES, Kind, Rule

Certainty = Literal["sure", "likely", "none"]

_ERRORS: Final = frozenset({"error", "critical", "fatal"})
_TRACEBACK: Final = re.compile(
    r"^\s*(?:\[[\w.:-]+\]:?\s*)?(?:Traceback \(most recent call last\)|Exception in thread )"
)
# What a run may say of an end that has a deeper cause: a process that was killed, a card that failed.
_VAGUE: Final = frozenset({Kind.EXCEPTION, Kind.ASSERTION, Kind.KEYBOARD_INTERRUPT})
_OF_A_KILL: Final = _VAGUE | {Kind.HOST_OOM, Kind.DISTRIBUTED, Kind.KILLED_BY_USER, Kind.SEGFAULT}
_OF_A_CARD: Final = _VAGUE | {Kind.CUDA_ERROR, Kind.DISTRIBUTED, Kind.SEGFAULT}
# A whole traceback fits; a recursion's would not help anyone.
_LONGEST_BLOCK: Final = 40
_SHOWN_WITHOUT_A_SIGN: Final = 8
# Texts are cut before they are searched: no pattern may run over a line of a megabyte.
_LONGEST_TEXT: Final = 4_000
_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a job's end. `lines` are pairs of level and text, the oldest first."""

    reason: str | None = None
    lines: Sequence[tuple[str, str]] = ()
    ending: Ending = field(default_factory=Ending)
    is_stop_requested: bool = False
    is_lost: bool = False
    has_nonfinite: bool = False
    host: HostWord = SILENT


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind, how sure that is, facts for the hint, and the places of the lines that show it; `key` is the line."""

    kind: Kind
    certainty: Certainty
    facts: dict[str, str] = field(default_factory=dict)
    shown: tuple[int, ...] = ()
    key: int | None = None


def classify(evidence: Evidence) -> Verdict:
    """The verdict on the evidence."""
    texts = [_readable(text) for _, text in evidence.lines]
    reason = _readable(evidence.reason or "")
    verdict = _by_text(evidence, reason, texts)
    by_host = _by_host(evidence, verdict)
    if by_host is not None:
        key = None if verdict is None else verdict.key
        return Verdict(by_host.kind, "sure", by_host.facts, _shown(evidence, texts, key), key)
    if verdict is not None and verdict.kind not in _VAGUE:
        return verdict
    by_ending = _by_ending(evidence)
    if by_ending is not None and (verdict is None or by_ending.certainty == "sure"):
        key = None if verdict is None else verdict.key
        return Verdict(by_ending.kind, by_ending.certainty, shown=_shown(evidence, texts, key), key=key)
    if verdict is not None:
        return verdict
    if evidence.has_nonfinite:
        return Verdict(Kind.DIVERGENCE, "likely", shown=_shown(evidence, texts, None))
    kind = Kind.LOST if evidence.is_lost else Kind.UNKNOWN
    return Verdict(kind, "none", shown=_shown(evidence, texts, None))


def _by_text(evidence: Evidence, reason: str, texts: Sequence[str]) -> Verdict | None:
    told = _first_rule([reason]) if reason else None
    seen = _first_rule(texts)
    # A reason that only names an exception says less than a line that names the cause.
    is_vague = told is None or told[0].kind is Kind.EXCEPTION
    if told is not None and not is_vague:
        rule, _, match = told
        key = _last_match(rule, texts)
        return Verdict(rule.kind, "sure", _facts(match), _shown(evidence, texts, key), key)
    if seen is not None and (told is None or seen[0].kind is not Kind.EXCEPTION):
        rule, key, match = seen
        certainty: Certainty = "sure" if told is None or _is_near_end(key, texts) else "likely"
        return Verdict(rule.kind, certainty, _facts(match), _shown(evidence, texts, key), key)
    if told is None:
        return None
    key = None if seen is None else seen[1]
    return Verdict(told[0].kind, "sure", _facts(told[2]), _shown(evidence, texts, key), key)


def _by_host(evidence: Evidence, told: Verdict | None) -> Verdict | None:
    """What the kernel and the driver said, where that explains more than the run's own words."""
    if evidence.host.oom is not None and (told is None or told.kind in _OF_A_KILL):
        return Verdict(Kind.HOST_OOM, "sure")
    seen = _first_rule(evidence.host.gpu_errors)
    if seen is None:
        return None
    kind, weaker = (Kind.GPU_FAULT, _OF_A_CARD) if seen[0].kind is Kind.GPU_FAULT else (Kind.CUDA_ERROR, _VAGUE)
    return Verdict(kind, "sure", _facts(seen[2])) if told is None or told.kind in weaker else None


def _by_ending(evidence: Evidence) -> Verdict | None:
    if evidence.is_stop_requested:
        return Verdict(Kind.KILLED_BY_USER, "sure")
    for rule in RULES:
        if evidence.ending.signal in rule.signals:
            return Verdict(rule.kind, "sure" if rule.by_signal else "likely")
    return None


def _first_rule(texts: Sequence[str]) -> tuple[Rule, int, re.Match[str]] | None:
    for rule in RULES:
        for place in range(len(texts) - 1, -1, -1):
            match = _match(rule, texts[place])
            if match is not None:
                return rule, place, match
    return None


def _last_match(rule: Rule, texts: Sequence[str]) -> int | None:
    return next((n for n in range(len(texts) - 1, -1, -1) if _match(rule, texts[n]) is not None), None)


def _match(rule: Rule, text: str) -> re.Match[str] | None:
    return next((match for pattern in rule.patterns if (match := pattern.search(text)) is not None), None)


def _facts(match: re.Match[str]) -> dict[str, str]:
    return {name: value.strip() for name, value in match.groupdict().items() if value}


def _is_near_end(place: int, texts: Sequence[str]) -> bool:
    return len(texts) - place <= _LONGEST_BLOCK


def _shown(evidence: Evidence, texts: Sequence[str], key: int | None) -> tuple[int, ...]:
    """The traceback that a line belongs to, or the last one; without any the last errors, else the last lines."""
    end = key if key is not None else len(texts) - 1
    begun = next((n for n in range(end, max(-1, end - _LONGEST_BLOCK), -1) if _TRACEBACK.match(texts[n])), None)
    if begun is not None:
        return tuple(range(begun, _end_of_block(texts, begun, end) + 1))
    if key is not None:
        return tuple(range(max(0, key - 2), min(len(texts), key + 3)))
    errors = [n for n, (level, _) in enumerate(evidence.lines) if level.lower() in _ERRORS]
    return tuple((errors or list(range(len(texts))))[-_SHOWN_WITHOUT_A_SIGN:])


def _end_of_block(texts: Sequence[str], begun: int, end: int) -> int:
    if end < len(texts) - 1 or end - begun >= _LONGEST_BLOCK:
        return end
    # The traceback of a job that gave no sign ends with the first line that is not indented.
    for place in range(begun + 1, end + 1):
        if texts[place] and not texts[place].startswith((" ", "\t")):
            return place
    return end


def _readable(text: str) -> str:
    return _ESCAPES.sub("", text[:_LONGEST_TEXT])

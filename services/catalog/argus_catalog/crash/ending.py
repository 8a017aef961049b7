"""How the process of a job ended, as far as anyone told: the exit code, the signal, what the host said of it."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

_EXIT_KEYS: Final = ("exit_code", "exitcode", "returncode", "return_code")
_SIGNAL_KEYS: Final = ("signal", "exit_signal", "term_signal")
# A shell adds the signal's number to this.
_SHELL: Final = 128


class Ending(NamedTuple):
    """An exit code as the sender told it, and the name of a signal, given or read from the code."""

    exit_code: int | None = None
    signal: str | None = None


@dataclass(frozen=True, slots=True)
class HostWord:
    """How the process ended, the kernel's line about memory, what the driver said of cards, the last lines.

    `never_began` is the reason why there was no process at all.
    """

    ending: Ending = field(default_factory=Ending)
    oom: str | None = None
    gpu_errors: tuple[str, ...] = ()
    last_lines: tuple[str, ...] = ()
    ended_at: datetime | None = None
    never_began: str | None = None


SILENT: Final = HostWord()
"""No agent began this batch, or none has told anything."""


def ending_of(told: Mapping[str, Any] | None) -> Ending:
    """The ending that a job's extra facts tell of; values of any other kind count as not told."""
    told = told or {}
    code = next((code for key in _EXIT_KEYS if (code := _whole(told.get(key))) is not None), None)
    named = next((name for key in _SIGNAL_KEYS if (name := _signal(told.get(key))) is not None), None)
    return Ending(code, named or _signal_of_code(code))


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31 else None


def _signal(value: Any) -> str | None:
    number = _whole(value)
    if number is not None:
        return _name(number)
    if not isinstance(value, str):
        return None
    text = value.strip().upper()
    return text if text in signal.Signals.__members__ else _name_of_digits(text)


def _name_of_digits(text: str) -> str | None:
    return _name(int(text)) if text.isascii() and text.isdigit() and len(text) < 4 else None


def _signal_of_code(code: int | None) -> str | None:
    if code is None:
        return None
    return _name(-code) if code < 0 else _name(code - _SHELL) if code > _SHELL else None


def _name(number: int) -> str | None:
    try:
        return signal.Signals(number).name
    except ValueError:
        return None

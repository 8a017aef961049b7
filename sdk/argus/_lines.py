"""From what is written to a terminal to the lines of a log: no colours, and of a progress bar a state now and then.

A bar is a text that a carriage return writes over, or that moves the cursor up to write again. What tells one bar from
another is its text up to the first number.
"""

from __future__ import annotations

import re
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_LINE = 8_192
BAR_INTERVAL_S = 5.0
_MOST_BARS = 64

# Colours and cursor movements (CSI), titles and links (OSC), and the short escapes.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_UP = re.compile(r"\x1b\[(\d*)A")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ENDS = re.compile(r"\r\n|[\r\n]")
_DRAWN = re.compile(r"\d%|\|[^|]*\||[█▏▎▍▌▋▊▉━╸╺]|it/s|s/it|ms/step|s/step|[kMG]i?B/s|\bETA\b|\[[=>. #-]{4,}\]")
_NAME = re.compile(r"[\d|%━█]")
_OF = re.compile(r"\b(\d+)/(\d+)\b")


class _Bar:
    """One progress bar: its last state, and when one was reported."""

    __slots__ = ("job", "reported", "reported_at", "text")

    def __init__(self, now: float) -> None:
        self.text = ""
        self.reported = ""
        self.reported_at = now  # a bar that is new has its first state reported after the interval, or at its end
        self.job: str | None = None


class Lines:
    """One stream's text, piece by piece, to `emit(job, line)`. Belongs to one thread."""

    def __init__(self, emit: Callable[[str | None, str], None], clock: Callable[[], float] = monotonic) -> None:
        self._emit = emit
        self._clock = clock
        self._rest = ""
        self._job: str | None = None
        self._is_rewriting = False
        self._rows_to_rewrite = 0
        self._bars: dict[str, _Bar] = {}

    def feed(self, job: str | None, text: str) -> None:
        """Take text that was written while `job` was the active one."""
        if job != self._job and self._rest and not self._is_rewriting:
            self._end_segment("")
        self._job = job
        text = self._rest + text
        start = 0
        for match in _ENDS.finditer(text):
            if match.end() == len(text) and match[0] == "\r":
                break  # perhaps one half of a line's end
            self._rest = text[start : match.start()]
            self._end_segment(match[0])
            start = match.end()
        self._rest = text[start:]
        if len(self._rest) > LONGEST_LINE:
            self._end_segment("")

    def tick(self) -> None:
        """Report the bars that moved and were not heard of for a while."""
        now = self._clock()
        for bar in self._bars.values():
            if now - bar.reported_at >= BAR_INTERVAL_S:
                self._report(bar, now)

    def close(self) -> None:
        """Report what has not ended: the last line, and where the bars stand."""
        self._end_segment("")
        for bar in self._bars.values():
            self._report(bar, self._clock())
        self._bars.clear()

    def _end_segment(self, end: str) -> None:
        """The text between two ends of lines is complete; `end` says by what."""
        raw, self._rest = self._rest, ""
        if "\x1b" in raw and (rows := sum(int(count or 1) for count in _UP.findall(raw))):
            self._rows_to_rewrite = rows
        is_bar = self._is_rewriting or end == "\r" or self._rows_to_rewrite > 0
        text = clean(raw)
        if text and is_bar and (end == "\r" or _DRAWN.search(text)):
            self._note_bar(text, is_over="\n" in end)
        elif text:
            self._emit_cut(text)
        if "\n" in end and self._rows_to_rewrite:
            self._rows_to_rewrite -= 1
        self._is_rewriting = end == "\r"

    def _note_bar(self, text: str, *, is_over: bool) -> None:
        name = _NAME.split(text, maxsplit=1)[0].strip()
        now = self._clock()
        bar = self._bars.get(name)
        if bar is None:
            if len(self._bars) >= _MOST_BARS:
                self._report(self._bars.pop(next(iter(self._bars))), now)
            bar = self._bars[name] = _Bar(now)
        bar.text, bar.job = text[:LONGEST_LINE], self._job
        if (is_over and is_complete(text)) or now - bar.reported_at >= BAR_INTERVAL_S:
            self._report(bar, now)

    def _report(self, bar: _Bar, now: float) -> None:
        if bar.text != bar.reported:
            self._emit(bar.job, bar.text)
            bar.reported, bar.reported_at = bar.text, now

    def _emit_cut(self, text: str) -> None:
        for start in range(0, len(text), LONGEST_LINE):
            self._emit(self._job, text[start : start + LONGEST_LINE])


def clean(text: str) -> str:
    """Text without what only a terminal understands."""
    if text.isprintable():
        return text.rstrip()
    return _CONTROLS.sub("", _ESCAPES.sub("", text)).rstrip()


def is_complete(text: str) -> bool:
    """Whether a bar says that all is done: n of n or, where it does not count, 100%, which may be rounded."""
    counts = _OF.findall(text)
    return any(done == total for done, total in counts) if counts else "100%" in text

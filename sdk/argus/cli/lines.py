"""Cuts a stream of a terminal's bytes into the lines that a log keeps: no colours, and progress bars as they ended."""

from __future__ import annotations

import codecs
import re

# Colours and cursor movements (CSI), titles and links (OSC), and the short escapes.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")
LONGEST_LINE = 8_000


class LineCutter:
    """Takes bytes as they come and gives whole lines. Belongs to one thread."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self._rest = ""

    def feed(self, data: bytes) -> list[str]:
        """The lines that these bytes complete, those without text left out."""
        text = self._rest + self._decode(data)
        *whole, rest = text.split("\n")
        lines = [line for piece in whole for line in _cut(clean(piece))]
        if len(rest) > LONGEST_LINE:
            if "\r" in rest.rstrip("\r"):
                rest = rest[rest.rstrip("\r").rindex("\r") :]  # a bar that never ends: its last state counts
            else:
                lines += _cut(clean(rest))
                rest = ""
        self._rest = rest
        return lines

    @property
    def unfinished(self) -> str:
        """The text of the line that has not ended yet: a progress bar's state, or a prompt."""
        return clean(self._rest)[:LONGEST_LINE]

    @property
    def is_rewritten(self) -> bool:
        """Whether the unfinished line is one that rewrites itself."""
        return "\r" in self._rest

    def close(self) -> list[str]:
        """The last line, which nobody ended."""
        rest, self._rest = self._rest + self._decode(b"", final=True), ""
        return _cut(clean(rest))


def clean(piece: str) -> str:
    """A line as a terminal shows it in the end: without escapes, and what a carriage return overwrote is gone."""
    plain = _ESCAPES.sub("", piece)
    shown = next((part for part in reversed(plain.split("\r")) if part.strip()), "")
    return _CONTROLS.sub("", shown).rstrip()


def _cut(line: str) -> list[str]:
    return [line[start : start + LONGEST_LINE] for start in range(0, len(line), LONGEST_LINE)]

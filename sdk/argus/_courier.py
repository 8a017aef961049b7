"""Brings one chunk of lines to the server, whatever the server says to it: the part that reporters and syncs share."""

from __future__ import annotations

from argus._delivery import READ, SPLIT, WAIT, Verdict, is_all_stored, judge, read_results, unproven
from argus._settings import CHUNK_EVENTS
from argus._transport import HttpTransport, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from argus._rejects import RejectedFile
    from argus._segment import Chunk

    class Ledger(Protocol):
        """Counts what becomes of lines."""

        def sent(self, lines: list[bytes]) -> None:
            """These are on the wire now, perhaps again."""

        def stored(self, lines: list[bytes], duplicates: list[bytes]) -> None:
            """The server has these, of which it had `duplicates` before."""

        def set_aside(self, line: bytes) -> None:
            """The server will never take this one; it is in the file of rejected events."""

        def torn(self, lines: int) -> None:
            """A crash had cut so many lines."""


_EVENTS_PATH = "/api/events/batch"
# What servers before this one take in one request.
_SMALL_CHUNK = 500
# How often an event may come back as "internal error" before it is set aside.
_MOST_RETRIES = 5


class Courier:
    """Posts chunks, takes apart what is refused as a whole, sets aside what is refused for good."""

    def __init__(self, transport: HttpTransport, rejects: RejectedFile) -> None:
        self.transport = transport
        self.most_lines = CHUNK_EVENTS
        self._rejects = rejects
        self._gzip_known_good = False

    def deliver(self, chunk: Chunk, ledger: Ledger) -> Verdict | None:
        """Send a chunk to its end; None when all of it is stored or set aside, else what stopped it.

        The chunk then holds what is left of it, so the next call repeats nothing that was settled.
        """
        self._set_unreadable_aside(chunk, ledger)
        while chunk.parts:
            verdict = self._post(chunk.parts[0], chunk, ledger)
            if verdict is None:
                continue
            if verdict.action != SPLIT:
                return verdict
            self._split(chunk, verdict.reason, ledger)
        return None

    def prove(self, lines: list[bytes]) -> Verdict | list[bytes]:
        """Post stored lines once more: those that the server does not know by their id are returned.

        They are stored by now, so that a second call proves whether they stay.
        """
        try:
            reply = self.transport.post_json(_EVENTS_PATH, _body(lines))
        except Unreachable as error:
            return Verdict(WAIT, str(error))
        verdict = judge(reply)
        return [lines[place] for place in unproven(reply, len(lines))] if verdict.action == READ else verdict

    def _post(self, part: list[bytes], chunk: Chunk, ledger: Ledger) -> Verdict | None:
        """Send one part; None when it was settled (the chunk then has what is left of it)."""
        ledger.sent(part)
        try:
            reply = self.transport.post_json(_EVENTS_PATH, _body(part))
        except Unreachable as error:
            return Verdict(WAIT, str(error))
        if is_all_stored(reply, len(part)):
            self._gzip_known_good = True
            ledger.stored(part, [])
            chunk.parts.pop(0)
            return None
        verdict = judge(reply)
        if verdict.action != READ:
            return verdict
        self._gzip_known_good = True
        results = read_results(reply, len(part))
        for place, reason in results.rejected:
            self._set_aside(part[place], reason, ledger)
        again = [part[place] for place in results.transient]
        unsettled = {place for place, _ in results.rejected} | set(results.transient)
        stored = [line for place, line in enumerate(part) if place not in unsettled] if unsettled else part
        ledger.stored(stored, [part[place] for place in results.duplicates])
        chunk.parts[0:1] = [again] if again else []
        return self._later(again, chunk, ledger) if again else None

    def _later(self, again: list[bytes], chunk: Chunk, ledger: Ledger) -> Verdict | None:
        """The server failed on some events: soon once more, but not for ever."""
        chunk.retries += 1
        if chunk.retries <= _MOST_RETRIES:
            return Verdict(WAIT, "the server could not store some events just now")
        chunk.parts.pop(0)
        for line in again:
            self._set_aside(line, "the server kept failing on this event", ledger)
        return None

    def _split(self, chunk: Chunk, reason: str, ledger: Ledger) -> None:
        """The part was refused as a whole: try it uncompressed, then smaller, then set the one at fault aside."""
        part = chunk.parts[0]
        if self.transport.gzip and not self._gzip_known_good:
            self.transport.gzip = False
        elif len(part) == 1:
            chunk.parts.pop(0)
            self._set_aside(part[0], reason, ledger)
        else:
            size = (len(part) + 1) // 2
            if len(part) > _SMALL_CHUNK:
                size = self.most_lines = _SMALL_CHUNK
            chunk.parts[0:1] = [part[start : start + size] for start in range(0, len(part), size)]

    def _set_aside(self, line: bytes, reason: str, ledger: Ledger) -> None:
        self._rejects.add(line, reason)
        ledger.set_aside(line)

    def _set_unreadable_aside(self, chunk: Chunk, ledger: Ledger) -> None:
        for line in chunk.unreadable:
            self._set_aside(line, "this line of a journal is no event", ledger)
        if chunk.torn:
            ledger.torn(chunk.torn)
        chunk.unreadable, chunk.torn = [], 0


def _body(lines: list[bytes]) -> bytes:
    return b'{"events":[' + b",".join(lines) + b"]}"

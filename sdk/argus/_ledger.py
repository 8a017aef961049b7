"""What became of the events of each batch in a sync, counted as they go."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

_ENDS = frozenset({"batch_done", "batch_failed"})


@dataclass(slots=True)
class BatchReport:
    """One batch in one sync; all numbers count events.

    Attributes:
        batch_id: the batch; empty for lines that name none.
        sent: put on the wire, repeats after an outage included, proofs excepted.
        stored: acknowledged by the server; `duplicates` of these it had already.
        rejected: refused for good; they lie in the report's `rejected_path` with the server's reasons.
        verified: proven to be on the server by asking for them once more.
        torn: lines that a crash of the process had cut.
        dropped: what the client itself had given up while it ran, by reason, as its last event says, or where it was
            killed its notes.
        ended: whether the batch's last event (`batch_done`, `batch_failed`) was among them.
    """

    batch_id: str
    sent: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0
    verified: int = 0
    torn: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    ended: bool = False


class BatchLedger:
    """Counts into reports by batch id, for one journal."""

    def __init__(self, batches: dict[str, BatchReport], group: str) -> None:
        self._batches = batches
        self._last = ""
        self.group = group
        self.unreadable = 0
        self.aside: set[bytes] = set()

    def begin(self) -> None:
        """A new chunk: what was set aside of the last one is told."""
        self.aside.clear()

    def sent(self, lines: list[bytes]) -> None:
        """These are on the wire now, perhaps again."""
        for line in lines:
            self._of(line).sent += 1

    def stored(self, lines: list[bytes], duplicates: list[bytes]) -> None:
        """The server has these; the last event of a batch also says what its client dropped."""
        for line in lines:
            event = json.loads(line)
            report = self._of_batch(str(event.get("batch_id") or ""))
            report.stored += 1
            if event.get("event_type") in _ENDS:
                report.ended = True
                report.dropped = _reasons(event.get("data"))
        for line in duplicates:
            self._of(line).duplicates += 1

    def set_aside(self, line: bytes) -> None:
        """The server will never take this one, or it is no event at all."""
        self.aside.add(line)
        try:
            self._of(line).rejected += 1
        except ValueError:
            self.unreadable += 1

    def torn(self, lines: int) -> None:
        """A crash cut so many lines: they count for the batch whose events came before."""
        self._of_batch(self._last).torn += lines

    def died_having_dropped(self, dropped: dict[str, int]) -> None:
        """What the journal's owner had noted of losses counts where it did not live to report them."""
        report = self._of_batch(self._last)
        if dropped and not report.ended:
            report.dropped = dropped

    def verified(self, lines: list[bytes]) -> None:
        """The server was asked for these once more and has them."""
        for line in lines:
            self._of(line).verified += 1

    def _of(self, line: bytes) -> BatchReport:
        event = json.loads(line)
        if not isinstance(event, dict):
            raise ValueError("a line is no event")  # noqa: TRY004 - as json says it of other lines
        return self._of_batch(str(event.get("batch_id") or ""))

    def _of_batch(self, batch_id: str) -> BatchReport:
        self._last = batch_id
        report = self._batches.get(batch_id)
        if report is None:
            report = self._batches[batch_id] = BatchReport(batch_id)
        return report


def _reasons(data: object) -> dict[str, int]:
    dropped = data.get("client_dropped") if isinstance(data, dict) else None
    if not isinstance(dropped, dict):
        return {}
    return {str(reason): number for reason, number in dropped.items() if isinstance(number, int)}

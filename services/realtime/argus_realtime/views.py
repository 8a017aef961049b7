"""What a stream shows: a view is one channel's choice of events, shared by all streams that ask for the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from argus_contracts import bus as wire
from argus_contracts.events import EventType
from argus_contracts.live import COMMAND
from argus_realtime.frames import Rendered, suffix

# A list or a dashboard shows how batches and jobs fare; points and lines are for the page of one batch.
_NOT_VISIBLE = frozenset({EventType.JOB_EPOCH, EventType.JOB_STEP, EventType.LOG_LINE, EventType.ENV_SNAPSHOT})


@dataclass(frozen=True, slots=True)
class View:
    """One channel's choice. `selector` is None where frames carry no channel (log streams, the older wire).

    `project` leaves out what is of another one, as for a token that is tied to a project.
    """

    kind: Literal["batch", "job", "logs", "older", "dashboard", "visible", "inbox", "deliveries"]
    selector: str | None = None
    batch_key: int | None = None
    batch_id: str | None = None
    job_id: str | None = None
    user_id: int | None = None
    project: str | None = None
    host: str | None = None

    @property
    def needs_admin(self) -> bool:
        """Whether only an administrator may have it."""
        return self.kind in {"dashboard", "older", "deliveries"} and self.batch_key is None

    @property
    def subjects(self) -> tuple[str, ...]:
        """The bus subjects from which it is fed."""
        if self.kind == "deliveries":
            return (wire.ALL_DELIVERIES,)
        if self.batch_key is not None:
            return (wire.event_subject(self.batch_key),)
        if self.kind == "inbox":
            assert self.user_id is not None
            return (wire.inbox_subject(self.user_id),)
        return (wire.ALL_EVENTS, wire.ALL_AGENTS) if self.kind == "visible" else (wire.ALL_EVENTS,)

    @property
    def closing(self) -> bytes:
        """What ends each of its frames."""
        return suffix(self.selector)

    def pick(self, rendered: Rendered) -> Sequence[int]:
        """Indices of the bundle's events that belong to it; who may see the bundle is decided elsewhere."""
        bundle = rendered.bundle
        if not self._is_of(bundle):
            return ()
        heads = bundle.heads
        indices = range(len(heads)) if self.job_id is None else rendered.of_job(self.job_id)
        if self.kind == "logs":
            return [index for index in indices if heads[index].event_type == EventType.LOG_LINE]
        if self.kind == "visible":
            return [index for index in indices if heads[index].event_type not in _NOT_VISIBLE]
        if self.kind == "older":
            # Its clients were written before there were such events, and take each for one of the record.
            indices = [index for index in indices if heads[index].event_type != COMMAND]
        if self.host is not None:
            return [index for index in indices if _host(bundle.events[index]) == self.host]
        return indices

    def _is_of(self, bundle: wire.EventBundle) -> bool:
        return (
            self.kind not in {"inbox", "deliveries"}
            and self.batch_key in {None, bundle.batch_key}
            and self.project in {None, bundle.project}
        )


class _Source(msgspec.Struct, frozen=True):
    host: str | None = None


class _Event(msgspec.Struct):
    source: _Source = _Source()


_EVENT = msgspec.json.Decoder(_Event)


def _host(raw: msgspec.Raw) -> str | None:
    return _EVENT.decode(raw).source.host

"""Something that happened and that people may be told of, wherever it was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from argus_notifier.kinds import KINDS, Kind, Severity

_REASON_LENGTH: Final = 1000


@dataclass(frozen=True, slots=True)
class Batch:
    """The batch that it is about."""

    key: int
    id: str
    project: str
    owner_id: int | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """In which ways a rule has its word told, in the place of people's own choices.

    Attributes:
        inbox: whether it comes into inboxes.
        mail: whether it is mailed to those who have not switched off what rules say.
        channels: the channels that hear of it.
        until: mails and chats wait until then.
        rule_id: the rule.
        grouped: whether what it says of many jobs of a batch at once is one word.
    """

    inbox: bool
    mail: bool
    channels: frozenset[int]
    until: datetime | None
    rule_id: int
    grouped: bool = True


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One thing that happened.

    Attributes:
        kind: its name in the table of kinds.
        key: what makes its second arrival no second notification, mail or message.
        severity: how much it matters.
        at: when it happened.
        batch: the batch that it is about, if it is about one.
        job_id: the job that it is about.
        host: the host that it is about.
        data: what more is known; `title` and `text` are words that are already made; with `count` it stands for many;
            with `batch_ids` for what happened to several batches of one owner and project, of which `batch` is one.
        to: the people who hear of it, in the place of those whom its kind and subject name.
        ways: how they hear of it, where a rule says so.
    """

    kind: str
    key: str
    severity: Severity
    at: datetime
    batch: Batch | None = None
    job_id: str | None = None
    host: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    to: frozenset[int] | None = None
    ways: Ways | None = None

    @property
    def count(self) -> int:
        """How many things it stands for."""
        count = self.data.get("count")
        return count if self.job_id is None and isinstance(count, int) and not isinstance(count, bool) else 1

    @property
    def of_kind(self) -> Kind:
        """Its kind."""
        return KINDS[self.kind]

    @property
    def batch_id(self) -> str | None:
        """The id of its batch; None: it is about several."""
        return self.batch.id if self.batch and not self.batch_ids else None

    @property
    def batch_ids(self) -> Sequence[str]:
        """The first of several batches; empty: it is about one, or none."""
        found = self.data.get("batch_ids")
        return found if isinstance(found, list) and "batches" in self.data and self.job_id is None else ()

    @property
    def path(self) -> str:
        """Where the web app shows what it is about."""
        if self.batch is not None and self.batch_ids:
            return f"/projects/{quote(self.batch.project, safe='')}"
        if self.batch is not None:
            return f"/batches/{self.batch.id}"
        if self.kind == "share_granted":
            return f"/projects/{quote(str(self.data.get('project', '')), safe='')}"
        return f"/hosts/{self.host}" if self.host else "/inbox"

    @property
    def reason(self) -> str | None:
        """Why, in the sender's words; `reason` and `error` are the same field."""
        for name in ("reason", "error"):
            said = self.data.get(name)
            if said is not None and (text := str(said).strip()):
                return text if len(text) <= _REASON_LENGTH else f"{text[:_REASON_LENGTH]}…"
        return None

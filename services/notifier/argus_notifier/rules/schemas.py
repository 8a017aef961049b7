"""Shapes of rules."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from argus_kit.clock import iso
from argus_notifier.channels.schemas import Name
from argus_notifier.preferences.schemas import Kind
from argus_query.tokens import LONGEST

_DAY_S = 86_400
LEAST_SILENCE_S = 60

Watches = Literal["events", "metrics", "silence"]
Severity = Literal["info", "warn", "error"]
Scope = Literal["mine", "all"]


def _clock(text: str) -> str:
    if len(text) != 5 or not text.isascii():
        raise ValueError("must be a time such as 22:00")
    time.fromisoformat(text)
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:
        raise ValueError("is not a time zone such as Europe/Berlin") from error
    return name


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold the character NUL")
    return text


Clock = Annotated[str, AfterValidator(_clock)]
Way = Literal["inbox", "mail"] | Annotated[int, Field(ge=1, le=2**63 - 1)]


class QuietHoursModel(BaseModel):
    """When mails and chats wait: from and to of the clock in a zone, on the days (0 is Monday) when it begins."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    begin: Clock = Field(alias="from")
    end: Clock = Field(alias="to")
    zone: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_without_nul), AfterValidator(_zone)]
    days: Annotated[list[Annotated[int, Field(ge=0, le=6)]], Field(min_length=1, max_length=7)] = list(range(7))
    let_errors: bool = Field(default=False, description="What is an error is told all the same")

    @model_validator(mode="after")
    def _leaves_time_to_speak(self) -> Self:
        if self.begin == self.end and len(set(self.days)) == 7:
            raise ValueError("leaves no time to say anything")
        return self


class RuleFields(BaseModel):
    """What makes a rule."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    watches: Watches = Field(
        description="events: one of `kinds` happened; metrics: the condition holds; silence: it holds and no step came"
    )
    kinds: Annotated[list[Kind], Field(max_length=50)] = []
    condition: Annotated[str, Field(max_length=LONGEST), AfterValidator(_without_nul)] = Field(
        "", description="In the language of docs/query.md, about jobs", examples=["latest.val_acc > 0.9"]
    )
    scope: Scope = Field("mine", description="Whose batches: my own, or all that I may see. A project's rule hears all")
    for_s: Annotated[int, Field(ge=0, le=30 * _DAY_S)] = 0
    severity: Severity = "info"
    channels: Annotated[list[Way], Field(min_length=1, max_length=20)] = ["inbox"]
    quiet_hours: QuietHoursModel | None = None
    throttle_s: Annotated[int, Field(ge=0, le=7 * _DAY_S)] = 0
    grouped: bool = Field(default=True, description="What happens to many jobs of a batch at once is one message")
    enabled: bool = True


class RuleIn(RuleFields):
    """A new rule."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        check_whole(self)
        return self


class RulePatch(BaseModel):
    """Changes; what is null stays. `quiet: false` takes quiet hours away."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    watches: Watches | None = None
    kinds: Annotated[list[Kind], Field(max_length=50)] | None = None
    condition: Annotated[str, Field(max_length=LONGEST), AfterValidator(_without_nul)] | None = None
    scope: Scope | None = None
    for_s: Annotated[int, Field(ge=0, le=30 * _DAY_S)] | None = None
    severity: Severity | None = None
    channels: Annotated[list[Way], Field(min_length=1, max_length=20)] | None = None
    quiet_hours: QuietHoursModel | None = None
    quiet: Literal[False] | None = None
    throttle_s: Annotated[int, Field(ge=0, le=7 * _DAY_S)] | None = None
    grouped: bool | None = None
    enabled: bool | None = None


class RuleOut(RuleFields):
    """A rule. `said_at`: when it last spoke; `unsaid`: how often it has kept still since, for `throttle_s`."""

    model_config = ConfigDict(populate_by_name=True)

    id: int
    project: str | None
    added_by_user_id: int
    added_by: str | None
    said_at: str | None
    unsaid: int
    created_at: str
    updated_at: str | None


class RuleMatch(BaseModel):
    """Something that a rule would have spoken of."""

    at: str
    batch_id: str
    job_id: str | None
    title: str
    said: bool = Field(description="false: throttled")


class RuleTrial(BaseModel):
    """What a rule would have said over the last day: `messages` after grouping by batch and throttling.

    `exact` is false where the past can only be told by how things stand now.
    """

    matches: int
    messages: int
    exact: bool
    items: list[RuleMatch]


def check_whole(rule: RuleFields) -> None:
    """Refuse what fits not together.

    Raises:
        ValueError: says what.
    """
    if rule.watches == "events" and not rule.kinds:
        raise ValueError("a rule about events names the kinds of them")
    if rule.watches == "events" and rule.for_s:
        raise ValueError("an event is a moment: it does not last for a time")
    if rule.watches != "events" and rule.kinds:
        raise ValueError("kinds of events are for rules about events")
    if rule.watches == "metrics" and not rule.condition.strip():
        raise ValueError("a condition is missing")
    if rule.watches == "silence" and rule.for_s < LEAST_SILENCE_S:
        raise ValueError(f"silence is at least {LEAST_SILENCE_S} seconds long")


def rule_out(row: sa.Row[Any]) -> RuleOut:
    """The wire's form of a row."""
    return RuleOut(
        id=row.id,
        project=row.project,
        **fields_of(row),
        added_by_user_id=row.added_by_user_id,
        added_by=row.added_by,
        said_at=iso(row.said_at),
        unsaid=row.unsaid,
        created_at=iso(row.created_at) or "",
        updated_at=iso(row.updated_at),
    )


def fields_of(row: sa.Row[Any]) -> dict[str, Any]:
    """What makes the rule of a row."""
    return {name: getattr(row, name) for name in RuleFields.model_fields}

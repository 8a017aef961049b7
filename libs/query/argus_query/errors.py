"""What is wrong with a query, and where."""

from __future__ import annotations

from enum import Enum, unique
from typing import Self

from argus_contracts.errors import ErrorCode
from argus_kit.errors import ArgusError

Fact = str | int


@unique
class Reason(Enum):
    """Why a query cannot be answered: what is wrong, and what to write instead. Pages translate them by their key."""

    TOO_LONG = "A query has at most {most} characters, this one has {found}", None
    NAME_MISSING = "A name is missing after the dot", 'Odd names are quoted: metrics."my metric"'
    CHARACTER_UNSEARCHABLE = "This character cannot be searched for", None
    QUOTE_OPEN = "The quote is not closed", "It ends with {quote}"
    DURATION_TOO_LONG = "This is longer than a thousand years", None
    NUMBER_TOO_LARGE = "This number is too large", None
    CHARACTER_UNKNOWN = (
        "{character} is not understood here",
        'Texts are quoted: model = "resnet"; so are odd names: metrics."my metric"',
    )
    DATE_UNKNOWN = "There is no such date", "2026-11-30, or 2026-11-30T18:00Z"
    GOES_ON = "The query goes on where it should end", "Conditions are joined by and, or"
    NO_FIELD_NAME = "{text} is not the name of a field", 'Such as model or metrics."my metric"'
    TOO_DEEP = "This is nested more than {most} deep", None
    CONDITION_MISSING = "A condition is missing", "It is written like: metrics.val_acc > 0.9"
    TOO_MANY_CONDITIONS = "A query has at most {most} conditions", None
    IN_MISSING = "After `not` comes `in` here", "Else write not before the condition"
    OPERATOR_MISSING = "An operator is missing", "One of = != < <= > >= ~ (contains), in (...), is null"
    NULL_MISSING = "After `is` comes null or nan", "For values write ="
    TOO_MANY_VALUES = "A list has at most {most} values", None
    NOTHING_EQUALS = "Nothing equals {word}", "Write: is {word}"
    VALUE_MISSING = "A value is missing", None
    VALUE_UNQUOTED = "A value is missing", 'Texts are quoted: "{text}"'
    PARENTHESIS_OPEN = "The parenthesis is not closed", "Here should be {sign}"
    LIST_MISSING = "A list in parentheses is missing", "Here should be {sign}"
    LIST_OPEN = "The list is not closed", "Here should be {sign}"
    NEVER_NAN = "{field} is never nan", "Write: is null"
    NO_TIMES = "{field} is compared with a number, a text or a truth", "Quote the date"
    TEXT_SOUGHT = "~ looks for a text", 'Quote it: ~ "{value}"'
    TRUTH_ORDERED = "true and false are only equal or not", "Write = or !="
    NO_TEXT = "{field} is no text: ~ does not fit", "Use < or >"
    NUMBER_NEEDED = "{field} is compared with a number", None
    DURATION_NEEDED = "{field} is compared with a number", "In seconds, or like 90s, 30m, 2h, 7d"
    TEXT_NEEDED = "{field} is compared with a text", 'Quote it: "{value}"'
    MOMENT_HARDLY_MET = (
        "{field} is a moment that is hardly met",
        "Ask for a span: {field} >= 2026-11-01 and {field} < 2026-11-02",
    )
    TIME_NEEDED = "{field} is compared with a time", "Like 2026-11-30, or -7d for a week ago"
    TIME_UNKNOWN = "There is no such time", None
    TAG_NEEDED = "A tag is a text that is there or not", 'Write: tags = "baseline", or tags in ("a", "b")'
    FIELD_WITHOUT_PARTS = "There is no field {field} of {source}", "{first} has no parts"
    FIELD_MISSPELLED = "There is no field {field} of {source}", "Is it {near}?"
    FIELD_UNKNOWN = (
        "There is no field {field} of {source}",
        "Known are {known}; a metric is metrics.{first}, a setting config.{first}",
    )
    NOT_AS_A_WHOLE = "{root} is not compared as a whole", "Name a part: {root}.lr"
    PATH_TOO_LONG = "A path has at most {most} parts", None
    NAME_UNASKABLE = "A name with a quote or a backslash cannot be asked for", None
    TAGS_UNORDERED = "Jobs are not ordered by their tags", None
    TOO_MANY_GROUPS = "There are more than {most} groups", "Narrow the query, or group by fewer fields"
    NO_SEED = "Batches have no seed", "Group jobs by their seed"
    NO_NUMBER = "{name} is no number: groups show numbers", "Name it in group_by instead"
    NO_ORDER_OF_GROUPS = (
        "{name} is not what groups are sorted by",
        "Groups are sorted by one of n, the columns, or what they are grouped by",
    )

    def __init__(self, what: str, hint: str | None) -> None:
        self.what, self.hint = what, hint

    @property
    def key(self) -> str:
        """Its name as answers tell it: `tooLong`."""
        first, *rest = self.name.lower().split("_")
        return first + "".join(word.capitalize() for word in rest)


class QueryError(ArgusError):
    """A query that cannot be answered.

    Args:
        reason: what is wrong.
        position: the first character that it is about, counted from 0.
        part: which part of the request: `query`, `sort`, `columns` or `group_by`.
        facts: what the reason's words name.
    """

    def __init__(self, reason: Reason, position: int = 0, part: str = "query", **facts: Fact) -> None:
        self.reason, self.position, self.facts = reason, position, facts
        hint = None if reason.hint is None else reason.hint.format(**facts)
        message = f"{reason.what.format(**facts)} (at character {position + 1} of {part})"
        details = {"reason": reason.key, "facts": facts, "position": position, "hint": hint, "part": part}
        super().__init__(ErrorCode.QUERY_INVALID, message + (f". {hint}" if hint else "."), details=details)

    def of(self, part: str) -> Self:
        """The same of another part of the request."""
        return type(self)(self.reason, self.position, part, **self.facts)

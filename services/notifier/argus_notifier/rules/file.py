"""The rule file of `ARGUS_NOTIFICATION_RULES`: events that are pushed to Feishu. Read, and said plainly when wrong.

rules:
  - when: event_type == "job_epoch" and data.val_loss > 10
    push: [feishu]
channels:
  feishu:
    webhook: https://open.feishu.cn/open-apis/bot/v2/hook/...
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from argus_kit.later import later

# Few have such a file.
if TYPE_CHECKING:
    import yaml
else:
    yaml = later("yaml")

CHANNELS: Final = ("feishu",)

_CLAUSE: Final = re.compile(r"(event_type|data\.[\w/.-]+)\s*(==|!=|<=|>=|<|>)\s*(.+)")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_TEXT: Final = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'")
_WORDS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None, "none": None}
_COMPARED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class FileError(ValueError):
    """What is wrong with a rule file, and in which line (from 1)."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Clause:
    """A field beside a value."""

    field: str
    operator: str
    value: Any

    def holds(self, event_type: str, data: Mapping[str, Any]) -> bool:
        """Whether it is true of an event. What is missing, or of another type, is not."""
        if self.field == "event_type":
            return _compared(self.operator, event_type, self.value)
        name = self.field.removeprefix("data.")
        return name in data and _compared(self.operator, data[name], self.value)


@dataclass(frozen=True, slots=True)
class FileRule:
    """One rule: all clauses must hold."""

    clauses: tuple[Clause, ...]
    push: tuple[str, ...]
    text: str

    def matches(self, event_type: str, data: Mapping[str, Any]) -> bool:
        """Whether it is about an event."""
        return all(clause.holds(event_type, data) for clause in self.clauses)

    def may_match(self, event_types: set[str]) -> bool:
        """Whether it may be about one of these, before the events are decoded."""
        named = [one for one in self.clauses if one.field == "event_type"]
        return any(all(one.holds(kind, {}) for one in named) for kind in event_types)


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A file that was understood. `feishu` is the address that stands in it; empty: none does."""

    rules: tuple[FileRule, ...] = ()
    feishu: str = ""


def read(text: str) -> RuleFile:
    """Understand a rule file.

    Raises:
        FileError: with the line of the first fault.
    """
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FileError(mark.line + 1 if mark else 1, f"this is no YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise FileError(1, f"this is no YAML: {error}") from error
    if root is None:
        return RuleFile()
    parts = _mapping(root, "the file", ("rules", "channels"))
    rules = tuple(map(_rule, _items(parts["rules"], "rules"))) if "rules" in parts else ()
    return RuleFile(rules, _feishu(parts["channels"]) if "channels" in parts else "")


def _rule(node: yaml.Node) -> FileRule:
    parts = _mapping(node, "a rule", ("when", "push"))
    for name in ("when", "push"):
        if name not in parts:
            raise FileError(_line(node), f"the rule has no `{name}`")
    text = _scalar(parts["when"], "`when`")
    push = parts["push"]
    names: list[str] = []
    for one in [push] if isinstance(push, yaml.ScalarNode) else _items(push, "push"):
        name = _scalar(one, "a channel")
        if name not in CHANNELS:
            raise FileError(_line(one), f"`{name}` is no channel: known are {', '.join(CHANNELS)}")
        names.append(name)
    return FileRule(_clauses(text, _line(parts["when"])), tuple(names), text)


def _clauses(text: str, line: int) -> tuple[Clause, ...]:
    parts = _parted(text)
    if len(parts) > 2:
        raise FileError(line, "a condition has at most two parts, joined by one `and`")
    return tuple(_clause(part.strip(), line) for part in parts)


def _parted(text: str) -> list[str]:
    """The parts around `and`, where that stands outside of quotes."""
    found, begin = [], 0
    for match in re.finditer(rf"{_TEXT.pattern}|(\sand\s)", text):
        if match[3]:
            found.append(text[begin : match.start()])
            begin = match.end()
    return [*found, text[begin:]]


def _clause(text: str, line: int) -> Clause:
    match = _CLAUSE.fullmatch(text)
    if match is None:
        raise FileError(line, f'`{text[:80]}` is not understood: write event_type == "job_failed" or data.loss > 3')
    field, operator, written = match[1], match[2], match[3].strip()
    value = _value(written, line)
    if operator in {"<", "<=", ">", ">="} and (value is None or isinstance(value, bool)):
        raise FileError(line, f"`{written}` is neither more nor less than anything: write == or !=")
    return Clause(field, operator, value)


def _value(written: str, line: int) -> Any:
    if written.lower() in _WORDS:
        return _WORDS[written.lower()]
    if _NUMBER.fullmatch(written):
        return float(written)
    if text := _TEXT.fullmatch(written):
        return re.sub(r"\\(.)", r"\1", text[1] if text[1] is not None else text[2])
    raise FileError(line, f'`{written[:80]}` is no value: texts are quoted, as in "{written[:40]}"')


def _compared(operator: str, found: Any, value: Any) -> bool:
    if isinstance(found, bool) is not isinstance(value, bool):
        return operator == "!="
    try:
        return bool(_COMPARED[operator](found, value))
    except TypeError:
        # A text is neither more nor less than a number.
        return False


def _feishu(node: yaml.Node) -> str:
    feishu = _mapping(node, "channels", CHANNELS).get("feishu")
    if feishu is None:
        return ""
    webhook = _mapping(feishu, "feishu", ("webhook",)).get("webhook")
    address = _scalar(webhook, "`webhook`") if webhook is not None else ""
    if webhook is not None and not address.startswith(("https://", "http://")):
        raise FileError(_line(webhook), "the webhook is no address that begins with https://")
    return address


def _mapping(node: yaml.Node, what: str, known: Sequence[str]) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise FileError(_line(node), f"{what} is made of lines such as `{known[0]}: ...`")
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = str(key.value)
        if name not in known:
            raise FileError(_line(key), f"`{name[:60]}` is not known here: known are {', '.join(known)}")
        if not (isinstance(value, yaml.ScalarNode) and value.tag.endswith(":null")):
            found[name] = value
    return found


def _items(node: yaml.Node, what: str) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode):
        raise FileError(_line(node), f"`{what}` is a list: its lines begin with a dash")
    return list(node.value)


def _scalar(node: yaml.Node, what: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
        raise FileError(_line(node), f"{what} is a text")
    return str(node.value).strip()


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1

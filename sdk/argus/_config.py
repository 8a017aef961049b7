"""A run's configuration as JSON, whatever the training keeps it in.

What is too deep, too long or too much is cut, and the place says so with a text that begins with `…`; the number of
values that were cut is under the key `…`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import islice

from argus._records import describe, settings_of, unwrap
from argus._secrets import MASK, is_secret, mask_text
from argus._values import spell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeAlias

    Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

CUT = "…"
# A configuration is read by people; what is larger is data that got into it.
_MOST_VALUES = 5_000
_MOST_TEXT = 256 * 1024
_DEEPEST = 16
_LONGEST_LIST = 1_000
_LONGEST_TEXT = 4_096
# A secret that the limit would cut in two is still recognised.
_MARGIN = 1_024
_LONGEST_KEY = 256
_INT64 = 2**63


def as_config(config: object) -> dict[str, Json]:
    """A copy of `config` in JSON's types, secrets masked by the names of their keys. Never raises.

    Takes dicts, argparse namespaces, dataclasses, attrs and pydantic objects, OmegaConf (resolved), objects with
    `to_dict()`, and classes or objects whose attributes are the settings. Anything else is put under `value`.
    """
    if config is None:
        return {}
    walk = _Walk()
    fields = walk.convert(config, settings_of)
    found: dict[str, Json] = fields if isinstance(fields, dict) else {"value": fields}
    if walk.n_cut:
        found[CUT] = walk.n_cut
    return found


def config_digest(config: dict[str, Json]) -> str | None:
    """16 hex digits that two configurations share when they are equal; None for an empty one."""
    if not config:
        return None
    import hashlib
    import json

    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class _Walk:
    """One conversion: how much it may still take, and which objects it is inside of."""

    def __init__(self) -> None:
        self.n_cut = 0
        self._values_left = _MOST_VALUES
        self._text_left = _MOST_TEXT
        self._inside: list[int] = []

    def convert(self, value: Any, opened_by: Any = unwrap) -> Json:
        """One value; the objects' own code runs here, and may do anything."""
        self._values_left -= 1
        try:
            return self._atom(value) if type(value) in _ATOMS else self._entered(value, opened_by)
        except Exception as error:  # noqa: BLE001 - one value that cannot be read must not cost the others
            return self._cut(f"unreadable: {type(error).__name__}")

    def _atom(self, value: Any) -> Json:
        if type(value) is str:
            return self._text(value)
        if type(value) is int and not -_INT64 <= value < _INT64:
            return self._text(str(value))
        if type(value) is float and value - value != 0.0:
            return spell(value)
        return value  # type: ignore[no-any-return]

    def _entered(self, value: Any, opened_by: Any) -> Json:
        kind = type(value).__name__
        if id(value) in self._inside:
            return self._cut(f"the same {kind} again")
        if len(self._inside) >= _DEEPEST:
            return self._cut(f"a {kind} too deep")
        self._inside.append(id(value))
        try:
            return self._compound(value, opened_by(value))
        finally:
            self._inside.pop()

    def _compound(self, value: Any, opened: Any) -> Json:
        if isinstance(opened, Mapping):
            return self._dict(opened)
        if isinstance(opened, AbstractSet):
            return self._list(sorted(opened, key=str), len(opened))
        if isinstance(opened, Sequence) and not isinstance(opened, (str, bytes, bytearray, memoryview)):
            return self._list(opened, len(opened))
        return self._text(describe(value)) if opened is value else self.convert(opened)

    def _dict(self, mapping: Mapping[Any, Any]) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for index, (key, value) in enumerate(mapping.items()):
            if self._values_left <= 0:
                found[CUT] = self._cut(f"{len(mapping) - index} more", len(mapping) - index)
                break
            name = str(key if type(key) is str else self.convert(key))[:_LONGEST_KEY]
            while name in found:
                name += "'"
            found[name] = MASK if is_secret(name, value) else self.convert(value)
        return found

    def _list(self, values: Iterable[Any], length: int) -> list[Json]:
        room = max(0, min(_LONGEST_LIST, self._values_left))
        found = [self.convert(value) for value in islice(values, room)]
        if length > room:
            found.append(self._cut(f"{length - room} more", length - room))
        return found

    def _text(self, text: str) -> str:
        """Text without secrets, and without halves of characters, which no JSON can carry."""
        room = max(0, min(_LONGEST_TEXT, self._text_left))
        shown = mask_text(text[: room + _MARGIN])[:room].encode("utf-8", "replace").decode()
        self._text_left -= len(shown)
        return shown if len(text) <= room else shown + self._cut(f" {len(text) - room} more")

    def _cut(self, what: str, count: int = 1) -> str:
        self.n_cut += count
        return f"{CUT} {what}" if what[0] != " " else f"{CUT}{what}"


_ATOMS = frozenset({bool, int, float, str, type(None)})

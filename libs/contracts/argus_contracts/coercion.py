"""Lax reading of single values, as senders of this ecosystem expect it: "4", 4.0 and true are ints, "0.5" is a float.

Each function returns None for what cannot be read.
"""

import re
from collections.abc import Callable
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1
# Both ends are excluded for floats: an integer just beyond 64 bits is rounded onto one of them.
_FLOAT_END: Final = 2.0**63

_INTEGER_TEXT: Final = re.compile(r"[+-]?[0-9]{1,40}(?:\.0*)?")
_LONGEST_NUMBER_TEXT: Final = 400
_TRUE_TEXTS: Final = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE_TEXTS: Final = frozenset({"0", "false", "f", "no", "n", "off"})


def as_int(value: Any) -> int | None:
    """An int of 64 bits from an int, a bool, an integral float or an integer's text."""
    if isinstance(value, str):
        text = value.strip()
        if _INTEGER_TEXT.fullmatch(text) is None:
            return None
        number = int(text.partition(".")[0])
    elif isinstance(value, int) or (isinstance(value, float) and value.is_integer() and abs(value) < _FLOAT_END):
        number = int(value)
    else:
        return None
    return number if INT64_MIN <= number <= INT64_MAX else None


def as_float(value: Any) -> float | None:
    """A float from a number, a bool or a number's text; "NaN", "Infinity" and "-Infinity" too."""
    if isinstance(value, str) and len(value) > _LONGEST_NUMBER_TEXT:
        return None
    if isinstance(value, float | int | str):
        try:
            return float(value)
        except (ValueError, OverflowError):
            return None
    return None


def as_bool(value: Any) -> bool | None:
    """A bool from a bool, 0, 1, or one of the usual words."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) else None
    if isinstance(value, str):
        text = value.strip().lower()
        return True if text in _TRUE_TEXTS else False if text in _FALSE_TEXTS else None
    return None


def _as_text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _as_object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _as_texts(value: Any) -> list[str] | None:
    return value if isinstance(value, list) and all(isinstance(item, str) for item in value) else None


class Reading(msgspec.Struct, frozen=True):
    """How values of one declared type are read: classes taken as they are, the reader of others, and the fault."""

    accepted: tuple[type, ...]
    read: Callable[[Any], Any]
    fault_type: str
    fault_text: str


_READINGS: Final[dict[Any, Reading]] = {
    str: Reading((str,), _as_text, "string_type", "Input should be a valid string"),
    int: Reading((int,), as_int, "int_parsing", "Input should be a valid integer of 64 bits"),
    # An int where a float is declared stays what it is: a number, with nothing lost.
    float: Reading((float, int), as_float, "float_parsing", "Input should be a valid number"),
    bool: Reading((bool,), as_bool, "bool_parsing", "Input should be a valid boolean"),
    dict[str, Any]: Reading((dict,), _as_object, "dict_type", "Input should be an object"),
    list[str]: Reading((), _as_texts, "list_type", "Input should be a list of strings"),
}


class DeclaredField(msgspec.Struct, frozen=True):
    """A known key of a payload that is checked."""

    name: str
    required: bool
    reading: Reading


def declared_fields(payload: type[msgspec.Struct]) -> tuple[DeclaredField, ...]:
    """The checked keys of a payload struct; those declared ``Any`` are documentation and left out."""
    hints = get_type_hints(payload, include_extras=True)
    fields = []
    for field in msgspec.structs.fields(payload):
        reading = _reading(hints[field.name])
        if reading is not None:
            fields.append(DeclaredField(field.name, field.required, reading))
    return tuple(fields)


def _reading(hint: Any) -> Reading | None:
    """How values of a declared type, or None, are read; None where anything goes."""
    kind = hint
    if get_origin(hint) in (Union, UnionType):
        kind = next(one for one in get_args(hint) if one is not type(None))
    if get_origin(kind) is Literal:
        return _one_of(get_args(kind))
    if get_origin(kind) is not Annotated:
        return None if kind is Any else _READINGS[kind]
    plain, *notes = get_args(kind)
    for note in notes:
        if isinstance(note, msgspec.Meta) and note.max_length is not None:
            return _text_of(note.min_length or 0, note.max_length)
    return _READINGS[plain]


def _text_of(least: int, most: int) -> Reading:
    def read(value: Any) -> str | None:
        return value if isinstance(value, str) and least <= len(value) <= most else None

    # No class is taken as it is: each text is measured.
    return Reading((), read, "string_length", f"Input should be a text of {least} to {most} characters")


def _one_of(words: tuple[str, ...]) -> Reading:
    def read(value: Any) -> str | None:
        return value if isinstance(value, str) and value in words else None

    return Reading((), read, "literal_error", f"Input should be {', '.join(words[:-1])} or {words[-1]}")

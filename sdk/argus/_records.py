"""What the objects that hold settings hold, told by the marks that each library leaves on its classes.

Nothing is imported for an object that is not already of that library.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Opener: TypeAlias = tuple[Callable[[Any, type], bool], Callable[[Any], Any]]

_LARGEST_ARRAY = 64
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_NAMESPACES = frozenset({("argparse", "Namespace"), ("types", "SimpleNamespace")})


def unwrap(value: Any) -> Any:
    """What an object holds, as a mapping, a sequence or a plain value; the object itself where it holds nothing."""
    kind = type(value)
    for applies, opened in _OPENERS:
        if applies(value, kind):
            return opened(value)
    return value


def settings_of(value: Any) -> Any:
    """As `unwrap`, for an object that was given as the configuration: then its attributes, or a class's, are it."""
    if isinstance(value, type):
        return _public(value)
    opened = unwrap(value)
    if opened is value and not isinstance(value, (Mapping, Sequence, AbstractSet)) and hasattr(value, "__dict__"):
        return {**_public(type(value)), **vars(value)}
    return opened


def describe(value: Any) -> str:
    """An object that holds no settings, as a text that is the same in the next run."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{len(value)} bytes"
    name = getattr(value, "__qualname__", None)
    if isinstance(name, str):
        return f"{getattr(value, '__module__', None) or 'builtins'}.{name}"
    return _ADDRESS.sub("", str(value))


def _public(cls: type) -> dict[str, Any]:
    """The settings that a class keeps as its attributes."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__[:-1]):
        for name, value in vars(base).items():
            is_setting = not callable(value) and not isinstance(value, (property, classmethod, staticmethod))
            if not name.startswith("_") and is_setting:
                found[name] = value
    return found


def _of_enum(value: Any) -> Any:
    """The text that a member stands for, else its name."""
    return str(value.value) if isinstance(value.value, str) else value.name


def _of_atom(value: Any) -> Any:
    """A subclass of a plain type, as that type."""
    return next(base(value) for base in (int, float, str) if isinstance(value, base))


def _of_omegaconf(value: Any) -> Any:
    """Resolved where it can be: an interpolation that leads nowhere leaves the whole as it was written."""
    to_container = sys.modules["omegaconf"].OmegaConf.to_container
    try:
        return to_container(value, resolve=True)
    except Exception:  # noqa: BLE001 - resolvers are the user's own code
        return to_container(value, resolve=False)


def _of_array(value: Any) -> Any:
    """A scalar or a short array as numbers; a large one, or one that lies on a device, as its shape."""
    shape = tuple(int(length) for length in value.shape)
    size = 1
    for length in shape:
        size *= length
    on_device = "cpu" not in str(getattr(value, "device", "cpu")).lower()
    if size > _LARGEST_ARRAY or on_device or not hasattr(value, "tolist"):
        return f"{type(value).__name__} {getattr(value, 'dtype', '')} {shape}"
    return value.tolist()


def _of_dataclass(value: Any) -> Any:
    return {name: getattr(value, name) for name in type(value).__dataclass_fields__ if hasattr(value, name)}


def _of_attrs(value: Any) -> Any:
    return {field.name: getattr(value, field.name, None) for field in type(value).__attrs_attrs__}


# The first that applies; so a dataclass that is also a mapping is read as a mapping.
_OPENERS: tuple[Opener, ...] = (
    (lambda _value, kind: hasattr(kind, "__members__"), _of_enum),
    (lambda value, _kind: isinstance(value, (int, float, str)), _of_atom),
    (lambda value, _kind: isinstance(value, os.PathLike), os.fsdecode),
    (
        lambda _value, kind: kind.__module__.partition(".")[0] == "omegaconf" and "omegaconf" in sys.modules,
        _of_omegaconf,
    ),
    (lambda value, _kind: isinstance(value, tuple) and hasattr(value, "_asdict"), lambda value: value._asdict()),
    (lambda value, _kind: isinstance(value, (Mapping, Sequence, AbstractSet)), lambda value: value),
    (lambda value, _kind: hasattr(value, "shape"), _of_array),
    (lambda value, _kind: isinstance(value, type), lambda value: value),
    (lambda _value, kind: hasattr(kind, "__dataclass_fields__"), _of_dataclass),
    (lambda _value, kind: hasattr(kind, "__attrs_attrs__"), _of_attrs),
    (
        lambda _value, kind: hasattr(kind, "model_fields") and hasattr(kind, "model_dump"),
        lambda value: value.model_dump(),
    ),
    (lambda _value, kind: hasattr(kind, "flag_values_dict"), lambda value: value.flag_values_dict()),  # absl's flags
    (lambda _value, kind: callable(getattr(kind, "to_dict", None)), lambda value: value.to_dict()),
    (lambda _value, kind: hasattr(kind, "__fields__") and hasattr(kind, "dict"), lambda value: value.dict()),
    (lambda _value, kind: (kind.__module__, kind.__name__) in _NAMESPACES, lambda value: dict(vars(value))),
    (lambda _value, kind: callable(getattr(kind, "isoformat", None)), lambda value: str(value.isoformat())),
)

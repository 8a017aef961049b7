"""Named values of a run, read and written as attributes or as items: `run.config.lr`, `run.summary["accuracy"]`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
    from typing import Any


class Fields:
    """A mapping whose keys are attributes too. `on_change` is called after each change.

    Values are kept as they were given; secrets among them are masked when they are reported.
    """

    _values: dict[str, Any]
    _on_change: Callable[[], None] | None

    def __init__(self, values: object = None, on_change: Callable[[], None] | None = None) -> None:
        self.__dict__["_values"] = dict(settings(values))
        self.__dict__["_on_change"] = on_change

    def update(self, values: object = None, /, **more: Any) -> None:
        """Take over all fields of a mapping, namespace, dataclass or other object with settings."""
        self._values.update(settings(values), **more)
        self._changed()

    def setdefaults(self, values: object = None, /, **more: Any) -> None:
        """Take over the fields that are not set yet."""
        missing = {**settings(values), **more}
        self.update({name: value for name, value in missing.items() if name not in self._values})

    def as_dict(self) -> dict[str, Any]:
        """A copy."""
        return dict(self._values)

    def get(self, name: str, default: Any = None) -> Any:
        """A field, or `default`."""
        return self._values.get(name, default)

    def keys(self) -> KeysView[str]:
        """All names."""
        return self._values.keys()

    def values(self) -> ValuesView[Any]:
        """All values."""
        return self._values.values()

    def items(self) -> ItemsView[str, Any]:
        """Names and values."""
        return self._values.items()

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._values[str(name)] = value
        self._changed()

    def __delitem__(self, name: str) -> None:
        del self._values[name]
        self._changed()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # what copy and pickle look for before there are any values
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"no field {name!r}: there are {', '.join(self._values) or 'none'}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._values!r})"

    def _changed(self) -> None:
        if self._on_change is not None:
            self._on_change()


def settings(values: object) -> dict[str, Any]:
    """The fields that an object holds; one that holds none is a `TypeError`, as with `dict.update`."""
    if values is None:
        return {}
    if isinstance(values, Fields):
        return values.as_dict()
    if isinstance(values, dict):
        return {str(name): value for name, value in values.items()}
    from argus._records import settings_of

    opened = settings_of(values)
    if not hasattr(opened, "keys"):
        raise TypeError(f"a {type(values).__name__} holds no named values")
    return {str(name): opened[name] for name in opened.keys()}  # noqa: SIM118 - a mapping by its methods alone

"""The edge between training and reporting: nothing that goes wrong here reaches the training.

`guard` wraps the public methods, and is the one place of the SDK that catches everything. What it catches is logged
once per place, so that a broken call in a loop of a million steps gives one line.
"""

from __future__ import annotations

import functools

TYPE_CHECKING = False  # `typing` costs several milliseconds of the user's import
if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")

_told: set[str] = set()


def guard(fallback: R) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a public method return `fallback` where it would have raised an `Exception`."""

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(method)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return method(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - training is sacred: this is the guard
                absorb(method.__qualname__, error)
                return fallback

        return guarded

    return decorate


def absorb(place: str, error: BaseException) -> None:
    """Log an error of our own once per place and kind; never raises."""
    kind = type(error).__name__
    tell_once(f"{place}:{kind}", "%s failed and was ignored: %s: %s", place, kind, error)


def tell_once(key: str, message: str, *args: object) -> None:
    """Warn the user with one line per `key` and process."""
    if key in _told:
        return
    _told.add(key)
    logger().warning(message, *args)


def logger() -> Logger:
    """The SDK's logger, named `argus`; loaded late because `logging` is a costly import."""
    import logging

    return logging.getLogger("argus")

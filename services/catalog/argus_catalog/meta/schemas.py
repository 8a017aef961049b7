"""Shapes of the app's texts."""

from __future__ import annotations

from argus_catalog.wire import Shape


class Hints(Shape):
    """What to say where there is nothing to show, by key."""

    locale: str
    hints: dict[str, str]

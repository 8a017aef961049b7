"""What a job was run with, as one flat table: its settings, and what it ran in. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from argus_catalog.seeds import seed_key

# A comparison shows settings side by side; who sends more has sent data, not settings.
MOST_SETTINGS: Final = 1_000
_DEEPEST: Final = 8
_LONGEST_TEXT: Final = 2_000


def config_of(config: Any, params: Any) -> dict[str, Any]:
    """The configuration of a job, with what a search tried where the configuration does not tell."""
    tried = params if isinstance(params, Mapping) else {}
    told = config if isinstance(config, Mapping) else {}
    return {**tried, **told}


def flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by their dotted path, in the order of the paths. What is deeper than eight levels stays as it is."""
    found: dict[str, Any] = {}
    for path, value in _leaves("", config, 0):
        if len(found) >= MOST_SETTINGS:
            break
        found[path] = value
    return dict(sorted(found.items()))


def _leaves(path: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value and depth < _DEEPEST:
        for name, inner in value.items():
            yield from _leaves(f"{path}.{name}" if path else str(name), inner, depth + 1)
    elif path:
        yield path, value[:_LONGEST_TEXT] if isinstance(value, str) else value


def group_of(project: str | None, model: str | None, dataset: str | None, config: Mapping[str, Any]) -> str:
    """A short text that jobs share which differ by their seed alone."""
    whole = "\n".join((project or "", model or "", dataset or "", seed_key(config)))
    return hashlib.blake2b(whole.encode(errors="surrogatepass"), digest_size=8).hexdigest()

"""What an image is built from: each file that the Dockerfile copies, and each file of a package that it installs, is
there and passes .dockerignore; one that is left out shows else only where somebody builds the image, or starts it.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
# Parts of the tree that end up in an image: Python packages with what names them, and what the pages are made of.
_BUILT = re.compile(
    r"(libs|services)/[a-z]+/(pyproject\.toml|README\.md|argus_[a-z]+/.+)|frontend/((src|public|scripts)/.+|[^/.]+\.[^/]+)"
)


def problems(dockerfile: str, ignore: str, files: Iterable[str]) -> Iterator[str]:
    """A sentence for each file that a build would miss, and for each stage that it would.

    Args:
        dockerfile: text of the Dockerfile.
        ignore: text of .dockerignore.
        files: everything in the repository, relative to its root.
    """
    present = sorted(files)
    context = [path for path in present if not is_ignored(path, ignore)]
    stages: set[str] = set()
    for stage, source, origin in _copied(dockerfile):
        stages.add(stage)
        if origin and origin not in stages:
            yield f"Dockerfile: {stage} copies from {origin}, which is no stage before it"
        elif not origin and not _within(source, present):
            yield f"Dockerfile: {stage} copies {source}, and there is none"
        elif not origin and not _within(source, context):
            yield f"Dockerfile: {stage} copies {source}, which .dockerignore leaves out"
    for lost in sorted(path for path in set(present) - set(context) if _BUILT.fullmatch(path)):
        yield f"{lost} belongs into an image, and .dockerignore leaves it out"


def is_ignored(path: str, ignore: str) -> bool:
    """Whether a build does not get that file: of all patterns that fit it or a folder above, the last one decides."""
    names = [path, *(str(parent) for parent in PurePosixPath(path).parents)]
    ignored = False
    for pattern in _patterns(ignore):
        if any(_expression(pattern.removeprefix("!")).fullmatch(name) for name in names):
            ignored = not pattern.startswith("!")
    return ignored


def tracked() -> list[str]:
    """The files of this repository, without those that were removed and not yet committed."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for path in listing.split("\0") if path and (ROOT / path).exists()]


def _copied(dockerfile: str) -> Iterator[tuple[str, str, str]]:
    """Stage, source, and the stage that the source is in; an empty one is the context."""
    stage = ""
    for line in dockerfile.splitlines():
        if named := re.match(r"FROM \S+ AS (\S+)", line):
            stage = named[1]
            yield stage, "", stage
        elif line.startswith("COPY "):
            words = line.split()[1:]
            origin = next((word.removeprefix("--from=") for word in words if word.startswith("--from=")), "")
            for source in [word for word in words if not word.startswith("--")][:-1]:
                yield stage, source, origin


def _within(source: str, files: Iterable[str]) -> bool:
    return any(path == source or path.startswith(f"{source}/") for path in files)


def _patterns(ignore: str) -> Iterator[str]:
    lines = (line.strip() for line in ignore.splitlines())
    return (line for line in lines if line and not line.startswith("#"))


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    known = {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.strip("/"))
    return re.compile("".join(known.get(part) or re.escape(part) for part in parts))

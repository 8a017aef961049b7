"""The code of an earlier version, and which code each process starts with."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VERSIONS = "libs/schema/argus_schema/migrations/versions"
# Since this file is there, a process that is asked to end answers on until the gateway turned to others.
_DRAINS = "libs/kit/argus_kit/presence.py"


@dataclass(frozen=True)
class Code:
    """Packages that lie side by side in `folder`. `drains`: whether its processes leave without a failed request."""

    name: str
    folder: Path
    revision: str
    drains: bool


def here(folder: Path) -> Code:
    """What this checkout holds, committed or not."""
    return _laid_out("this", ROOT, folder)


def earlier(folder: Path) -> Code:
    """The version from which people upgrade: ROLL_FROM, else the newest tag before this commit, or, as long as
    nothing was released, the code as it was before the newest migration. Without that history: this checkout.
    """
    reference = os.environ.get("ROLL_FROM") or _newest_tag() or _before_the_newest_migration()
    if not reference or _git("cat-file", "-e", f"{reference}^{{commit}}") is None:
        return _laid_out("this, for want of an earlier one", ROOT, folder)
    source = folder / "source"
    packed = subprocess.run(
        ["git", "-C", str(ROOT), "archive", reference, "libs", "services"], check=True, capture_output=True
    )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(source, filter="data")
    said = _git("describe", "--always", "--tags", reference)
    return _laid_out(said or reference, source, folder)


class Choice:
    """A folder with a link for each process, to the code that it starts with (ARGUS_STACK_CODE)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def set(self, names: Iterable[str], code: Code) -> None:
        """From their next start on, these run `code`."""
        for name in names:
            link, beside = self.folder / name, self.folder / f"{name}.new"
            beside.symlink_to(code.folder)
            beside.replace(link)


def _laid_out(name: str, source: Path, folder: Path) -> Code:
    side_by_side = folder / "packages"
    side_by_side.mkdir(parents=True)
    for package in sorted([*source.glob("libs/*/argus_*"), *source.glob("services/*/argus_*")]):
        (side_by_side / package.name).symlink_to(package)
    revision = max(path.name.split("_")[0] for path in (source / VERSIONS).glob("[0-9]*.py"))
    return Code(name, side_by_side, revision, drains=(source / _DRAINS).exists())


def _newest_tag() -> str | None:
    return _git("describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^")


def _before_the_newest_migration() -> str | None:
    newest = max((ROOT / VERSIONS).glob("[0-9]*.py"))
    added = _git("log", "-1", "--diff-filter=A", "--format=%H", "--", str(newest.relative_to(ROOT)))
    return f"{added}^" if added else "HEAD"


def _git(*words: str) -> str | None:
    """What git says; None where it refuses."""
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None

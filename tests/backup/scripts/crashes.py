"""Dies at each place where a backup or a restore touches the disk, and says after each death whether all is well.

    crashes.py backup|restore <folder with a home and a backup of it>

Each try runs in a child of this process that ends itself, as kill -9 would, at the n-th such place; n counts up until a
try comes through.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from argus_standalone.backups import archive
from argus_standalone.backups.make import Plan, make
from argus_standalone.backups.restore import Order, restore
from argus_standalone.backups.testing import settings_of, tallies
from argus_standalone.backups.verify import faults_of
from argus_standalone.preflight import PreflightError, claim_home

_TOUCHES = ((os, "fsync"), (os, "rename"), (os, "unlink"), (os, "mkdir"), (os, "link"), (shutil, "copyfile"))
_DIED = 9


def main() -> None:
    what, folder = sys.argv[1], Path(sys.argv[2])
    tried = backups(folder) if what == "backup" else restores(folder)
    print(f"{sum(1 for _ in tried)} deaths")


def backups(folder: Path) -> Iterator[None]:
    """Beside a whole backup another one is begun, and dies."""
    settings, place = settings_of(folder / "home"), folder / "new"
    first = make(Plan(settings, place, tell=_quiet))
    first.rename(place / "argus-20200101T000000Z")
    for n in count(1):
        came_through = _dies_at(n, lambda: make(Plan(settings, place, tell=_quiet)))
        found = archive.whole(place)
        assert found[0].name == "argus-20200101T000000Z", found
        for backup in found:
            assert list(faults_of(backup, archive.read(backup))) == [], f"{backup} counts, and is not whole ({n})"
        assert len(found) == 2 or not came_through
        for backup in found[1:]:
            archive.remove(backup)
        with archive.locked(place):
            pass
        assert [path.name for path in place.iterdir() if path.name != ".lock"] == [found[0].name]
        if came_through:
            return
        yield


def restores(folder: Path) -> Iterator[None]:
    """A backup is put in place of other rows, and that dies: what is there is the old, the new, or is told."""
    home = folder / "home"
    (backup,) = archive.whole(folder / "backups")
    wanted = tallies(backup / archive.DATABASE)
    shutil.copytree(home, folder / "kept")
    settings = settings_of(home)
    for n in count(1):
        came_through = _dies_at(n, lambda: restore(Order(backup, settings, {}, force=True, tell=_quiet)))
        if _starts(home):
            assert tallies(home / "argus.db") in (wanted, tallies(folder / "kept" / "argus.db")), n
        else:
            # Without force: what was begun may be ended.
            restore(Order(backup, settings, {}, tell=_quiet))
            assert _starts(home)
            assert tallies(home / "argus.db") == wanted, n
        for name in ("a", "b", "c"):
            assert (home / "artifacts/1" / name).exists(), n
        shutil.rmtree(home)
        shutil.copytree(folder / "kept", home)
        if came_through:
            return
        yield


def _dies_at(n: int, act: Callable[[], object]) -> bool:
    """Whether `act` comes through although it dies at its n-th touch of the disk."""
    child = os.fork()
    if child == 0:
        _arm(n)
        try:
            act()
        except Exception as error:  # noqa: BLE001 (whatever it is, the other process tells)
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, _DIED}, f"at touch {n}"
    return code == 0


def _arm(n: int) -> None:
    left = n

    def dying(touch: Callable[..., Any]) -> Callable[..., Any]:
        def act(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os._exit(_DIED)
            return touch(*arguments, **named)

        return act

    for module, name in _TOUCHES:
        setattr(module, name, dying(getattr(module, name)))


def _starts(home: Path) -> bool:
    try:
        claim_home(home).close()
    except PreflightError:
        return False
    return True


def _quiet(_: str) -> None: ...


if __name__ == "__main__":
    main()

"""A disk of memory that can be full at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

_ROOMY = "4g"  # takes no memory before something is written


class Disk:
    """A tmpfs at a folder of its own."""

    def __init__(self, name: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=f"argus-chaos-{name}-"))
        _mount("-t", "tmpfs", "-o", f"size={_ROOMY},mode=755", "tmpfs", str(self.path))

    def fill(self) -> None:
        """No byte more than now fits."""
        # Not 0: that would mean no limit, which tmpfs never takes back.
        used = max(shutil.disk_usage(self.path).used, 4096)
        # A size in whole pages, and one that is not below what a write in this moment takes: tmpfs refuses that.
        for more in (0, 64, 512, 4096):
            done = subprocess.run(
                ["mount", "-o", f"remount,size={used // 1024 + more}k", str(self.path)],
                capture_output=True,
                check=False,
            )
            if done.returncode == 0:
                return
        raise OSError(f"{self.path} could not be filled: {done.stderr.decode()}")

    def free(self) -> None:
        """Room again."""
        _mount("-o", f"remount,size={_ROOMY}", str(self.path))

    @staticmethod
    def is_possible() -> bool:
        """Whether this machine lets us have one: mounting is root's."""
        return os.geteuid() == 0 and shutil.which("mount") is not None

    def remove(self) -> None:
        """Unmount it, whoever still has files of it open."""
        subprocess.run(["umount", "-l", str(self.path)], check=True, capture_output=True)
        self.path.rmdir()


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)

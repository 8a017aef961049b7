"""Both packages, built once, and a virtual environment that has them and nothing of this checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import packages
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def one_time() -> Iterator[None]:
    """All builds are told the same time, as builds of one commit are."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SOURCE_DATE_EPOCH", packages.commit_time())
        yield


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """File of each package: `argus_server.whl` and so on."""
    found = packages.build(tmp_path_factory.mktemp("dist"))
    return {re.sub(r"-.*?\.(whl|tar\.gz)$", r".\1", path.name): path for path in found}


@pytest.fixture(scope="session")
def pins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The locked versions, for pip. It checks hashes of all or of none, and our wheels have none to be known before."""
    path = tmp_path_factory.mktemp("pins") / "pins.txt"
    lock = (ROOT / "requirements.lock").read_text()
    path.write_text("\n".join(re.findall(r"^[a-z0-9][a-z0-9._-]*==[^ \\\n]+(?: ;[^\\\n]+)?", lock, re.MULTILINE)))
    return path


@pytest.fixture(scope="session")
def clean_python(built: dict[str, Path], pins: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python outside of the checkout, into which pip installed both wheels with the locked versions of the rest."""
    room = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", room / "venv"], check=True)
    python = room / "venv" / "bin" / "python"
    wheels = [built["argus_server.whl"], built["argus_reporter.whl"]]
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile"]
    outside = {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        [*pip, "-c", pins, *wheels], cwd=room, env=outside, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return python

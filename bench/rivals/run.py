"""Installs each rival into a folder of its own under .make/rivals and measures it, or says why that could not be."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from bench import imports
from bench.servers import ROOT

HERE = Path(__file__).parent
ROOM = ROOT / ".make" / "rivals"
_INSTALL_S = 400
_MEASURE_S = 300


class Rival(NamedTuple):
    """`name` is that of its files here; `module` what its users import."""

    name: str
    module: str
    needs_sink: bool = False


RIVALS = (
    Rival("published", "argus", needs_sink=True),
    Rival("trackio", "trackio"),
    Rival("swanlab", "swanlab"),
    Rival("wandb", "wandb"),
    Rival("aim", "aim"),
    Rival("tensorboardx", "tensorboardX"),
    Rival("mlflow", "mlflow"),
)
# They may tell nobody that they were here, and look for nothing outside.
QUIET = {
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "HF_HUB_OFFLINE": "1",
    "AIM_UI_TELEMETRY_ENABLED": "0",
    "PYTHONWARNINGS": "ignore",
}


def measure(take: Callable[[str, str, Callable[[], dict[str, Any]]], None], names: list[str] | None) -> None:
    """Hand each rival's measurement to `take`."""
    for rival in RIVALS:
        if names is None or rival.name in names:
            take("rivals", rival.name, lambda rival=rival: _measured(rival))  # type: ignore[misc]


def _measured(rival: Rival) -> dict[str, Any]:
    try:
        python = _installed(rival)
    except (subprocess.SubprocessError, OSError) as error:
        said = getattr(error, "stderr", None) or str(error)
        return {"left_out": f"could not be installed: {said.strip().splitlines()[-1][:200]}"}
    with tempfile.TemporaryDirectory(prefix=f"argus-rival-{rival.name}-", ignore_cleanup_errors=True) as folder:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("ARGUS_", "PYTHON"))}
        environment |= QUIET | {"HOME": folder, "TRACKIO_DIR": f"{folder}/trackio"}
        found = _script(rival, python, folder, environment)
    return found | imports.measure(str(python), rival.module, rounds=5) | {"version": _version(rival)}


def _script(rival: Rival, python: Path, folder: str, environment: dict[str, str]) -> dict[str, Any]:
    sink = None
    arguments: list[str] = []
    if rival.needs_sink:
        command = [sys.executable, "-m", "bench.sdk_sink"]
        sink = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert sink.stdout is not None
        arguments = [sink.stdout.readline().strip()]
    try:
        code, output, errors = _run([str(python), str(HERE / f"log_{rival.name}.py"), *arguments], folder, environment)
    finally:
        if sink is not None:
            sink.communicate("")
    for line in reversed(output.splitlines()):
        if line.startswith('{"calls"'):
            found: dict[str, Any] = json.loads(line)
            return found
    return {"left_out": f"its script ended with {code}: {(errors or output).strip()[-300:]}"}


def _run(command: list[str], folder: str, environment: dict[str, str]) -> tuple[int, str, str]:
    """Exit code and output; what it started and left behind is ended with it."""
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=_MEASURE_S)
    except subprocess.TimeoutExpired:
        return (-1, "", f"it took more than {_MEASURE_S} s")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return (process.returncode, output, errors)


def _requirements(rival: Rival) -> Path:
    return HERE / f"requirements-{rival.name}.txt"


def _version(rival: Rival) -> str:
    return _requirements(rival).read_text().split()[-1]


def _installed(rival: Rival) -> Path:
    """The rival's Python. Raises SubprocessError or OSError where it cannot be had."""
    folder = ROOM / rival.name
    python, mark = folder / "bin" / "python", folder / "installed"
    if mark.exists() and mark.read_text() == _version(rival):
        return python
    uv = str(ROOT / ".venv" / "bin" / "uv")
    subprocess.run(
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    command = [uv, "pip", "install", "--quiet", "--python", str(python), "-r", str(_requirements(rival))]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=_INSTALL_S)
    mark.write_text(_version(rival))
    return python

"""Set the project up, each step only when its inputs changed: prepare.py [python|frontend|browser|...].

Needs the standard library alone, because it runs before anything is installed. A step that fails says so in one
sentence, with the end of the log above it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / "deploy" / "local"
VENV = ROOT / ".venv"
BIN = VENV / "bin"
FRAMEWORKS = ROOT / ".venv-integrations"
DOCS = ROOT / ".venv-docs"
STATE = ROOT / ".make"
LOG = STATE / "setup.log"
FRONTEND = ROOT / "frontend"
BROWSER = ROOT / "tests" / "e2e"
OWN = [ROOT / "libs", ROOT / "services", ROOT / "sdk"]
NODE_FLOOR = 20
NO_NETWORK = (
    "connection", "connect error", "name resolution", "dns error", "timed out", "timeout", "enotfound", "econnrefused",
    "eai_again", "etimedout", "unreachable", "no matching distribution", "failed to fetch", "error sending request",
)  # fmt: skip


class SetupError(Exception):
    """A step failed; the text is the one sentence that a person needs."""


def main(parts: list[str]) -> int:
    STATE.mkdir(exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two commands at once share one set-up
        try:
            for part in parts or ["python", "frontend"]:
                PARTS[part]()
        except SetupError as error:
            print(f"argus: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130
    return 0


def prepare_python() -> None:
    """The virtual environment, the pinned dependencies, and our own packages as editable installs."""
    if not _works(BIN / "python"):
        _make_venv()
    _step("uv", [LOCAL / "bootstrap.lock"], VENV, "the installer", _install_uv)
    _step(
        "dependencies",
        [ROOT / "requirements.lock"],
        VENV,
        "Python packages (a minute, the first time)",
        _install_locked,
    )
    manifests = sorted(
        [*ROOT.glob("libs/*/pyproject.toml"), *ROOT.glob("services/*/pyproject.toml"), *ROOT.glob("sdk/pyproject.toml")]
    )
    _step("packages", manifests, VENV, "Argus itself", lambda: _install_own(manifests))
    sources = [path for folder in OWN for path in _sources(folder) if path.suffix == ".py"]
    compile_own = [str(BIN / "python"), "-m", "compileall", "-q", *map(str, OWN)]
    _step("bytecode", sources, VENV, "its bytecode", lambda: _run("compileall", compile_own), by_time=True)


def prepare_frontend() -> None:
    """The frontend's packages and its built pages in frontend/dist."""
    _npm_packages(FRONTEND)
    fresh = (FRONTEND / "dist" / "index.html").exists()
    _step(
        "build",
        _sources(FRONTEND),
        FRONTEND / "node_modules",
        "the web pages",
        lambda: _run("vite", [*_npm(), "run", "build"], cwd=FRONTEND),
        by_time=True,
        force=not fresh,
    )


def prepare_browser() -> None:
    """The packages of the browser tests."""
    _npm_packages(BROWSER)


def prepare_integrations() -> None:
    """An environment of its own for the frameworks that the SDK's adapters are tested with: about 2 GB."""
    prepare_python()  # for uv
    python = FRAMEWORKS / "bin" / "python"
    if not _works(python, FRAMEWORKS):
        _make_venv(FRAMEWORKS)
    inputs = [ROOT / "requirements-integrations.in", ROOT / "requirements-integrations.lock"]
    _step("frameworks", inputs, FRAMEWORKS, "training frameworks (some minutes, the first time)", _install_frameworks)
    manifest = ROOT / "sdk" / "pyproject.toml"
    own = [*_uv_install(python), "--no-deps", "-e", str(manifest.parent)]
    _step("packages", [manifest], FRAMEWORKS, "the SDK beside them", lambda: _run("uv", own))


def prepare_docs() -> None:
    """An environment of its own for what builds the documentation."""
    prepare_python()  # for uv
    python = DOCS / "bin" / "python"
    if not _works(python, DOCS):
        _make_venv(DOCS)
    lock = ROOT / "requirements-docs.lock"
    locked = [*_uv_install(python), "--require-hashes", "--no-deps", "--compile-bytecode", "-r", str(lock)]
    _step("docs", [lock], DOCS, "what builds the documentation", lambda: _run("uv", locked))


PARTS = {
    "python": prepare_python,
    "frontend": prepare_frontend,
    "browser": prepare_browser,
    "integrations": prepare_integrations,
    "docs": prepare_docs,
}


def _install_frameworks() -> None:
    """What is locked comes first, so that torch brings no other versions of what it shares."""
    python = FRAMEWORKS / "bin" / "python"
    lines = (ROOT / "requirements-integrations.in").read_text().splitlines()
    torch = next(line.removeprefix("# ") for line in lines if line.startswith("# torch=="))
    locked = ["--require-hashes", "--no-deps", "--compile-bytecode", "-r", str(ROOT / "requirements-integrations.lock")]
    _run("uv", [*_uv_install(python), *locked])
    _run("pip", [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", torch])


def _make_venv(venv: Path = VENV) -> None:
    _say(f"a virtual environment in {venv.name}")
    base = getattr(sys, "_base_executable", sys.executable)  # we may be running in the environment that we replace
    shutil.rmtree(venv, ignore_errors=True)
    try:
        _run("venv", [base, "-m", "venv", str(venv)])
    except SetupError:
        shutil.rmtree(venv, ignore_errors=True)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        hint = f"on Debian or Ubuntu install python{version}-venv"
        raise SetupError(
            f"this Python ({base}) cannot make a virtual environment: {hint}, and run the same command again."
        ) from None


def _install_uv() -> None:
    pip = [str(BIN / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--retries", "2"]
    _run("pip", [*pip, "--require-hashes", "-r", str(LOCAL / "bootstrap.lock")])


def _install_locked() -> None:
    # Compiled now: a dozen processes start at once later, and some machines forbid to write bytecode on the way
    _run("uv", [*_uv_install(), "--require-hashes", "--compile-bytecode", "-r", str(ROOT / "requirements.lock")])


def _install_own(manifests: list[Path]) -> None:
    editables = [argument for path in manifests for argument in ("-e", str(path.parent))]
    _run("uv", [*_uv_install(), "--no-deps", "--no-build-isolation", *editables])


def _uv_install(python: Path = BIN / "python") -> list[str]:
    """Uv does not read pip's own settings; a mirror that only pip was told of is passed on."""
    if not any(name in os.environ for name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_CONFIG_FILE")):
        asked = [str(BIN / "python"), "-m", "pip", "config", "get", "global.index-url"]
        mirror = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        if mirror := os.environ.get("PIP_INDEX_URL") or mirror:
            os.environ["UV_DEFAULT_INDEX"] = mirror
    return [str(BIN / "uv"), "pip", "install", "--python", str(python), "--quiet"]


def _npm_packages(folder: Path) -> None:
    inputs = [folder / "package.json", folder / "package-lock.json"]
    name = f"the packages of {folder.relative_to(ROOT)}"
    install = ["ci", "--no-audit", "--no-fund"]
    _step("npm", inputs, folder / "node_modules", name, lambda: _run("npm", [*_npm(), *install], cwd=folder))


def _npm() -> list[str]:
    """This machine's npm when its Node is new enough, else the one from PyPI inside the virtual environment."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _node_major(node) >= NODE_FLOOR:
        return [npm]
    _step(
        "node", [LOCAL / "node.lock"], VENV, f"Node (none of version {NODE_FLOOR} or newer here)",
        lambda: _run("uv", [*_uv_install(), "--require-hashes", "-r", str(LOCAL / "node.lock")]),
    )  # fmt: skip
    return [str(BIN / "npm")]


def _node_major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    digits = answer.strip().removeprefix("v").split(".")[0]
    return int(digits) if digits.isdigit() else 0


def _sources(folder: Path) -> list[Path]:
    """Files below, without what is installed or built there."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in {"node_modules", "dist", "coverage", "__pycache__"}]
        found += [Path(place, name) for name in names]
    return sorted(found)


def _works(python: Path, venv: Path = VENV) -> bool:
    """Whether the environment's Python runs, and is still the one that it was made for."""
    asked = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    made_for = venv / "pyvenv.cfg"
    if not python.exists() or not made_for.exists():
        return False
    if Path(sys.prefix) == venv:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
    else:
        version = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    lines = made_for.read_text().splitlines()
    return any(line.replace(" ", "").startswith(f"version={version}.") for line in lines if version)


def _step(
    name: str,
    inputs: list[Path],
    home: Path,
    what: str,
    action: Callable[[], None],
    *,
    by_time: bool = False,
    force: bool = False,
) -> None:
    """Run the action unless the stamp in its home says that it ran on the same inputs."""
    stamp = home / f".argus-{name}"
    digest = _digest(inputs, by_time=by_time)
    if not force and stamp.exists() and stamp.read_text() == digest:
        return
    stamp.unlink(missing_ok=True)
    _say(what)
    action()
    home.mkdir(exist_ok=True)
    stamp.write_text(digest)


def _digest(inputs: list[Path], *, by_time: bool) -> str:
    digest = hashlib.sha256(str(ROOT).encode())
    for path in inputs:
        digest.update(str(path.relative_to(ROOT)).encode())
        state = path.stat()
        digest.update(f"{state.st_size} {state.st_mtime_ns}".encode() if by_time else path.read_bytes())
    return digest.hexdigest()


def _say(what: str) -> None:
    print(f"argus: setting up {what} ...", flush=True)


def _run(client: str, command: list[str], cwd: Path = ROOT) -> None:
    environment = os.environ | {
        "VIRTUAL_ENV": str(VENV),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHONUTF8": "1",
    }
    environment.pop("PYTHONHOME", None)
    with LOG.open("w+") as log:
        code = subprocess.run(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
        ).returncode
    if code == 0:
        return
    output = LOG.read_text(errors="replace")
    print("\n".join(output.splitlines()[-15:]), file=sys.stderr)
    where = f"the whole log is {LOG.relative_to(ROOT)}"
    if client in {"pip", "uv", "npm"} and any(sign in output.lower() for sign in NO_NETWORK):
        raise SetupError(
            f"{client} could not reach its package registry: check the network (or the mirror that {client} is set to) "
            f"and run the same command again; {where}."
        )
    raise SetupError(f"{client} failed with status {code}; {where}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""One version for everything, which stands in VERSION: versions.py writes it wherever else it is said, and with --check
names the files that say another one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSION = ROOT / "VERSION"
FORM = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?")
# Files that say it, and the words before and after it; only the first place in a file counts.
PYPROJECT = ("libs/*/pyproject.toml", "services/*/pyproject.toml", "sdk/pyproject.toml")
PLACES = (
    *((place, r'^version = "', '"') for place in PYPROJECT),
    ("libs/kit/argus_kit/settings.py", r'^API_VERSION = "', '"'),
    ("sdk/argus/_version.py", r'^__version__ = "', '"'),
    ("frontend/package.json", r'^  "version": "', '"'),
    ("tests/e2e/package.json", r'^  "version": "', '"'),
    ("CITATION.cff", "^version: ", "$"),
)
# Files that say it wherever they name an image of ours, or what comes from our sources.
EVERYWHERE = (
    ("compose.yaml", r"\$\{ARGUS_VERSION:-", r"\}"),
    ("compose.observability.yaml", r"\$\{ARGUS_VERSION:-", r"\}"),
    ("deploy/k8s/base/migrate.yaml", "image: argus-auth:", "$"),
)
# Packages that say it to whoever imports them; not each does.
DOORS = ("libs/*/argus_*/__init__.py", "services/*/argus_*/__init__.py")
# A lock of npm says it of its own package twice.
LOCKS = ("frontend/package-lock.json", "tests/e2e/package-lock.json")


def current() -> str:
    """The version, as VERSION says it."""
    return VERSION.read_text().strip()


def main(arguments: list[str]) -> int:
    differing = [(path, text) for path, text in wanted(current()) if path.read_text() != text]
    if "--check" in arguments:
        for path, _ in differing:
            print(f"{path.relative_to(ROOT)} does not say version {current()}: run `make gen`")
        return 1 if differing else 0
    for path, text in differing:
        path.write_text(text)
    return 0


def wanted(version: str) -> Iterator[tuple[Path, str]]:
    """Each file that says the version, with the text that it should have."""
    for pattern, before, after in PLACES:
        for path in sorted(ROOT.glob(pattern)):
            yield path, _said(path, before, after, version, 1)
    for path in sorted(path for pattern in DOORS for path in ROOT.glob(pattern) if "__version__" in path.read_text()):
        yield path, _said(path, r'^__version__ = "', '"', version, 1)
    for name, before, after in EVERYWHERE:
        yield ROOT / name, _said(ROOT / name, before, after, version, None)
    for lock in LOCKS:
        yield ROOT / lock, _said(ROOT / lock, r'^ {2}(?: {4})?"version": "', '"', version, 2)


def _said(path: Path, before: str, after: str, version: str, times: int | None) -> str:
    text, found = re.subn(
        f'({before})[^"\\n]+?({after})', rf"\g<1>{version}\g<2>", path.read_text(), count=times or 0, flags=re.MULTILINE
    )
    assert found == times or (times is None and found), f"{path} says its version in another form"
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

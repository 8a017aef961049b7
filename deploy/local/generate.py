"""Write what follows from the list of services: the Dockerfile, what bakes its images, Kubernetes' manifests; and the
pages of reference that follow from code.

generate.py          write the files
generate.py --check  say which ones differ from what would be written
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import generate_drawings
import generate_images
import generate_kubernetes
import generate_observability
import generate_reference
import reference_chinese

ROOT = Path(__file__).resolve().parents[2]
HEADER = "# Written by deploy/local/generate.py (make gen); edit that file instead.\n"


def main(arguments: list[str]) -> int:
    wanted = dict(files())
    differing = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if "--check" in arguments:
        for path in differing:
            print(f"{path.relative_to(ROOT)} is not what `make gen` writes")
        return 1 if differing else 0
    for path in differing:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path])
    return 0


def files() -> Iterator[tuple[Path, str]]:
    """Every generated file, with its text."""
    traefik = ROOT / "deploy" / "traefik"
    yield traefik / "acme.yaml", HEADER + (traefik / "traefik.yaml").read_text() + (traefik / "acme.part").read_text()
    for name, text in (*generate_images.files(), *generate_kubernetes.files(), *generate_observability.files()):
        yield ROOT / name, HEADER + text
    for name, text in generate_observability.plain_files():
        yield ROOT / name, text
    english = dict(generate_reference.files())
    for name, text in (*english.items(), *reference_chinese.files(english), *generate_drawings.files()):
        yield ROOT / name, text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What an image is built from is there, and what is left out of a build is named before anybody builds."""

from __future__ import annotations

import generate_images
import image_context
import pytest

IGNORE = (image_context.ROOT / ".dockerignore").read_text()
KIT = "libs/kit/argus_kit"
# What each of the Dockerfile's sources needs to be there.
FILES = (
    "requirements.lock", "deploy/local/bootstrap.lock", "frontend/package.json", "frontend/package-lock.json",
    "frontend/src/app/main.ts", f"{KIT}/serve.py", f"{KIT}/testing/database.py",
    *(f"services/{name}/argus_{name}/app.py" for name in generate_images.SERVICES),
)  # fmt: skip


def problems(dockerfile: str = "", ignore: str = IGNORE, files: tuple[str, ...] = FILES) -> list[str]:
    return list(image_context.problems(dockerfile or generate_images.dockerfile(), ignore, files))


def test_ours_lacks_nothing() -> None:
    tracked = image_context.tracked()
    assert len(tracked) > 1000
    assert problems(files=tuple(tracked)) == []
    assert problems() == []


@pytest.mark.parametrize(
    ("path", "is_left_out"),
    [
        (".env", True),
        ("README.md", True),
        ("deploy/local/gen", True),
        ("deploy/local/bootstrap.lock", False),
        ("libs/kit/tests/test_bus.py", True),
        (f"{KIT}/__pycache__/serve.cpython-312.pyc", True),
        (f"{KIT}/testing/database.py", False),
        ("frontend/node_modules/vue/package.json", True),
        ("frontend/dist/index.html", True),
        ("frontend/.env.local", True),
        ("frontend/src/env.d.ts", False),
    ],
)
def test_the_last_pattern_that_fits_decides(path: str, is_left_out: bool) -> None:
    assert image_context.is_ignored(path, IGNORE) == is_left_out


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (problems(files=FILES[1:]), "libraries copies requirements.lock, and there is none"),
        (
            problems(ignore=IGNORE.replace("!requirements.lock\n", "")),
            "lock, which .dockerignore leaves out",
        ),
        (problems(ignore=f"{IGNORE}\n**/testing\n"), f"{KIT}/testing/database.py belongs into an image"),
        (problems(ignore=f"{IGNORE}\nfrontend/src/app/*.ts\n"), "frontend/src/app/main.ts belongs into an image"),
        (
            problems(generate_images.dockerfile().replace("--from=pages", "--from=frontend", 1)),
            "server copies from frontend, which is no stage before it",
        ),
        (
            problems(generate_images.dockerfile().replace("COPY libs libs", "COPY libraries libs")),
            "libraries copies libraries, and there is none",
        ),
    ],
)
def test_what_a_build_would_miss_is_named(found: list[str], said: str) -> None:
    assert [text for text in found if said in text], found

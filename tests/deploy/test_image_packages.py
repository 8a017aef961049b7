"""What is in an image is imported there, and what is imported is in it; of the wheel of the server too."""

from __future__ import annotations

from collections.abc import Callable

import image_packages
import packages
import pytest
from image_packages import Part

Parts = dict[str, Part]


@pytest.fixture(scope="module")
def whole() -> Parts:
    return image_packages.load()


def found(parts: Parts, wheel: list[str] | None = None) -> list[str]:
    return list(image_packages.problems(parts, packages.server_needs() if wheel is None else wheel))


def test_nothing_is_missing_and_nothing_in_vain(whole: Parts) -> None:
    assert found(whole) == []


def asking(name: str, *, drop: str = "", add: str = "") -> Callable[[Parts], None]:
    def change(parts: Parts) -> None:
        asked = [one for one in parts[name].needs[""] if not drop or not one.startswith(drop)]
        parts[name] = parts[name]._replace(needs={**parts[name].needs, "": asked + [add] * bool(add)})

    return change


def importing(name: str, module: str, *, is_there: bool = True) -> Callable[[Parts], None]:
    def change(parts: Parts) -> None:
        imports = {key: file for key, file in parts[name].imports[""].items() if key != module}
        imports |= {module: "some.py"} if is_there else {}
        parts[name] = parts[name]._replace(imports={**parts[name].imports, "": imports})

    return change


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([asking("argus-executor", add="numpy>=2")], "argus-executor asks for numpy, which it never imports"),
        ([importing("argus-auth", "numpy", is_there=False)], "argus-auth asks for numpy, which it never imports"),
        (
            [importing("argus-auth", "argus_contracts.curves", is_there=False)],
            "argus-auth asks for argus-contracts[curves], which it never imports",
        ),
        (
            [importing("argus-notifier", "argus_contracts.curves")],
            "the image notifier has nothing that brings argus_contracts.curves, which some.py imports",
        ),
        ([importing("argus-realtime", "numpy")], "the image realtime has nothing that brings numpy"),
        ([importing("argus-kit", "PIL")], "the image web has nothing that brings PIL"),
        ([asking("argus-notifier", drop="apprise")], "the image notifier has nothing that brings apprise"),
        ([importing("argus-executor", "argus_kit.testing")], "has nothing that brings argus_kit.testing"),
    ],
)
def test_what_is_missing_or_in_vain_is_named(whole: Parts, changes: list[Callable[[Parts], None]], said: str) -> None:
    parts = dict(whole)
    for change in changes:
        change(parts)
    assert [text for text in found(parts) if said in text]


def test_what_the_wheel_does_not_ask_for_is_named(whole: Parts) -> None:
    without = [one for one in packages.server_needs() if not one.startswith("numpy")]
    assert "the wheel argus-server has nothing that brings numpy" in " ".join(found(whole, without))

"""Which packages are installed, and what torch was built for: read from their files, importing none of them."""

from __future__ import annotations

import re
import sys
import time
from importlib.metadata import PackageNotFoundError, distribution, distributions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.metadata import Distribution

_BUILT_FOR = re.compile(r"^(cuda|hip)\b[^=\n]*=\s*['\"]([^'\"]+)['\"]", re.MULTILINE)
# The training has the interpreter meanwhile; after a sleep of nothing we would take it back before it could.
_BREATH_S = 0.0003
_CUDNN = re.compile(r"nvidia-cudnn-cu\d+==(.+)")


def packages() -> list[str]:
    """Installed distributions as `name==version`, sorted; gives way to the training between two of them."""
    found: dict[str, str] = {}
    for installed in distributions():
        name, version = name_and_version(installed)
        if name and name not in found:  # the first on the path is the one that is imported
            found[name] = f"{name}=={version}"
        time.sleep(_BREATH_S)
    return sorted(found.values(), key=str.lower)


def name_and_version(installed: Distribution) -> tuple[str, str]:
    """Both from the head of the metadata, whose long rest (a README) an e-mail parser would read too."""
    text = installed.read_text("METADATA") or installed.read_text("PKG-INFO") or ""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if not colon:
            break
        fields.setdefault(key.lower(), value.strip())
        if "name" in fields and "version" in fields:
            break
    return fields.get("name", ""), fields.get("version", "")


def torch_build() -> dict[str, str]:
    """`cuda_version` or `hip_version` that the installed torch was built for."""
    version = sys.modules.get("torch.version")
    if version is not None:
        known = {"cuda": getattr(version, "cuda", None), "hip": getattr(version, "hip", None)}
    else:
        known = dict(_BUILT_FOR.findall(_text_of("torch", "torch/version.py")))
    return {f"{name}_version": str(value) for name, value in known.items() if value}


def cudnn_of(installed: list[str]) -> str | None:
    """The version of cuDNN where it came as a package."""
    for line in installed:
        match = _CUDNN.fullmatch(line)
        if match is not None:
            return match[1]
    return None


def _text_of(package: str, path: str) -> str:
    try:
        with open(str(distribution(package).locate_file(path)), encoding="utf-8") as file:
            return file.read(65_536)
    except (PackageNotFoundError, OSError, UnicodeDecodeError):
        return ""

"""Pin the images of others by digest: asks each registry for what its tag means now, and writes that into images.yaml
and wherever the image is named. Needs a network, no Docker. Then `make gen`; `make release PIN=1` does both.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx
import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
IMAGES: Final = ROOT / "deploy" / "docker" / "images.yaml"
NAMED: Final = ("compose*.yaml", "deploy/k8s/base/*.yaml", "deploy/k8s/components/*/kustomization.yaml")
_HUB: Final = "https://registry-1.docker.io"
# Of many platforms the list, not one of its members.
_KINDS: Final = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json"
_DIGEST: Final = r"sha256:[0-9a-f]{64}"


def main() -> int:
    images: dict[str, str] = yaml.safe_load(IMAGES.read_text())
    with httpx.Client(timeout=30, follow_redirects=True) as client:
        pins = {tagged: digest(client, tagged) for tagged in map(without_digest, images.values())}
    for path in (IMAGES, *(path for pattern in NAMED for path in sorted(ROOT.glob(pattern)))):
        path.write_text(pinned(path.read_text(), pins))
    for tagged, found in pins.items():
        print(f"{tagged}@{found}")
    return 0


def without_digest(image: str) -> str:
    """The name with its tag alone."""
    return image.partition("@")[0]


def digest(client: httpx.Client, tagged: str, hub: str = _HUB) -> str:
    """What a tag means now. Names without a host are those of `hub`, Docker Hub.

    Raises:
        httpx.HTTPError: the registry is not there, or does not know the image.
        ValueError: it answers without a digest.
    """
    name, _, tag = tagged.rpartition(":")
    first, _, rest = name.partition("/")
    registry, path = (f"https://{first}", rest) if "." in first else (hub, name if rest else f"library/{name}")
    address, accepted = f"{registry}/v2/{path}/manifests/{tag}", {"Accept": _KINDS}
    answer = client.head(address, headers=accepted)
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        said = dict(re.findall(r'(\w+)="([^"]*)"', answer.headers.get("WWW-Authenticate", "")))
        asked = client.get(said.pop("realm"), params=said).raise_for_status().json()
        accepted["Authorization"] = f"Bearer {asked.get('token') or asked['access_token']}"
        answer = client.head(address, headers=accepted)
    found = answer.raise_for_status().headers.get("Docker-Content-Digest", "")
    if not re.fullmatch(_DIGEST, found):
        raise ValueError(f"{registry} names no digest of {tagged}")
    return str(found)


def pinned(text: str, pins: Mapping[str, str]) -> str:
    """A file's text with each image that it names pinned, or pinned anew."""
    for tagged, found in pins.items():
        text = re.sub(rf"(: +){re.escape(tagged)}(?:@{_DIGEST})?$", rf"\g<1>{tagged}@{found}", text, flags=re.MULTILINE)
    return text


if __name__ == "__main__":
    sys.exit(main())

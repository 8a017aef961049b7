"""Make screenshots small: pictures.py FROM TO. Each becomes a PNG of at most 256 colours."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

_COLOURS = 256


def main(arguments: list[str]) -> int:
    made, kept = map(Path, arguments)
    kept.mkdir(parents=True, exist_ok=True)
    for source in sorted(made.glob("*.png")):
        with Image.open(source) as picture:
            small = picture.convert("RGB").quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        target = kept / source.name
        small.save(target, optimize=True)
        print(f"{target}: {source.stat().st_size // 1024} KiB, now {target.stat().st_size // 1024}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

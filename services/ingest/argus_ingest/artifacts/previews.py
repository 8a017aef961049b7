"""Small pictures of large ones. The sender's file is not trusted: few formats, a limit of pixels read before any pixel
is decoded, a few threads, and nothing of the original's metadata in the result.
"""

from __future__ import annotations

import asyncio
import io
import struct
import zlib
from typing import IO, TYPE_CHECKING, Final

from argus_contracts.errors import ErrorCode
from argus_ingest.artifacts.sinks import Sink
from argus_ingest.artifacts.storage import Storage
from argus_kit.errors import ArgusError

if TYPE_CHECKING:
    from PIL.Image import Image

MIME: Final = "image/webp"
# A few sizes, so that one file cannot fill the storage with previews; a wish is rounded up.
SIZES: Final = (64, 128, 256, 512, 1024)
_FORMATS: Final = {
    "image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP", "image/bmp": "BMP",
    "image/x-ms-bmp": "BMP",
}  # fmt: skip
_AT_ONCE: Final = 2
_QUALITY: Final = 80
# EXIF's orientation, and what Pillow calls the way back.
_ORIENTATION: Final = 0x0112
_TURNS: Final = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}


_BROKEN: Final = (
    OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, OverflowError, AttributeError, struct.error,
    zlib.error,
)  # fmt: skip


def preview_path(path: str, size: int) -> str:
    """Where the preview of an artifact lies: beside it."""
    return f"{path}.{size}.webp"


def preview_paths(path: str) -> list[str]:
    """Every place where a preview of an artifact may lie."""
    return [preview_path(path, size) for size in SIZES]


def rounded(size: int) -> int:
    """The size that is made where this one was asked for."""
    return next((known for known in SIZES if known >= size), SIZES[-1])


class Previews:
    """Makes previews, each once."""

    def __init__(self, storage: Storage, max_pixels: int) -> None:
        self._storage = storage
        self._max_pixels = max_pixels
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def of(self, path: str, mime: str, size: int) -> bytes:
        """The preview of an artifact, at most `size` pixels wide and high, as WebP.

        Raises:
            ArgusError: artifact.no_preview (415) with the reason.
            OSError: what the storage raises; FileNotFoundError where the artifact is not there.
        """
        if mime not in _FORMATS:
            raise _none("type", f"There is no preview of {mime}; pictures have one: PNG, JPEG, GIF, WebP, BMP.")
        target = preview_path(path, size)
        kept = await self._kept(target)
        if kept is not None:
            return kept
        async with self._turn:
            # Whoever waited for the same one finds it now.
            if (kept := await self._kept(target)) is not None:
                return kept
            return await self._storage.run(self._make, path, target, size)

    async def _kept(self, target: str) -> bytes | None:
        length = await self._storage.size(target)
        if not length:
            return None
        return b"".join([piece async for piece in self._storage.read(target, 0, length)])

    def _make(self, path: str, target: str, size: int) -> bytes:
        with self._storage.open(path) as source:
            made = shrink(source, size, self._max_pixels)
        keep(self._storage.sink(target), made)
        return made


def keep(sink: Sink, data: bytes) -> None:
    """Write a whole file."""
    try:
        sink.write(data)
        sink.finish()
    except BaseException:
        sink.abandon()
        raise


def shrink(source: IO[bytes], size: int, max_pixels: int) -> bytes:
    """A picture's first frame as WebP within a square of `size` pixels, turned as its EXIF says.

    Raises:
        ArgusError: artifact.no_preview (415).
    """
    from PIL import Image

    try:
        with Image.open(source, formats=sorted(set(_FORMATS.values()))) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise _none("pixels", f"The picture has {width} x {height} pixels, too many for a preview.")
            return _encoded(image, size)
    except FileNotFoundError:
        raise
    # Whatever a broken file makes the decoders raise.
    except _BROKEN as error:
        raise _none("unreadable", "The picture cannot be read.") from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise _none("pixels", "The picture is too large for a preview.") from error


def _encoded(image: Image, size: int) -> bytes:
    from PIL import Image as Images

    turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    # JPEG's decoder can shrink while it reads.
    image.draft(None, (size, size))
    flat = _flat(image)
    flat.thumbnail((size, size), Images.Resampling.LANCZOS, reducing_gap=2.0)
    if turn is not None:
        flat = flat.transpose(Images.Transpose(turn))
    # A new picture has no metadata.
    bare = Images.new(flat.mode, flat.size)
    bare.paste(flat)
    target = io.BytesIO()
    bare.save(target, "WEBP", quality=_QUALITY, method=4)
    return target.getvalue()


def _flat(image: Image) -> Image:
    if image.mode in {"RGB", "RGBA"} and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):
        # 16 bits a pixel: scientific pictures, whose darkest and brightest should be told apart.
        low, high = image.convert("F").getextrema()
        scale = 255 / max(float(high) - float(low), 1.0)  # type: ignore[arg-type]
        return image.convert("F").point(lambda value: value * scale - float(low) * scale).convert("L").convert("RGB")  # type: ignore[arg-type]
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _none(reason: str, message: str) -> ArgusError:
    return ArgusError(ErrorCode.ARTIFACT_NO_PREVIEW, message, details={"reason": reason})

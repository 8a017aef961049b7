"""Small pictures: what is made, of what, and what a hostile file cannot do."""

import asyncio
import io
import random
import zlib

import pytest
from PIL import Image

from argus_contracts.errors import ErrorCode
from argus_ingest.artifacts.previews import rounded, shrink
from argus_ingest.testing import event
from argus_kit.errors import ArgusError
from argus_kit.testing import bearer_headers, eventually

PIXELS = 2_000_000


def picture(kind="PNG", mode="RGB", size=(600, 300), colour=None, **more):
    target = io.BytesIO()
    image = Image.new(mode, size, colour if colour is not None else 0)
    image.save(target, kind, **more)
    return target.getvalue()


def made(data, size=256):
    return Image.open(io.BytesIO(shrink(io.BytesIO(data), size, PIXELS)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_pictures_are_made_small(kind):
    small = made(picture(kind))
    assert (small.format, small.size) == ("WEBP", (256, 128))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_pixel(mode):
    small = made(picture("PNG", mode))
    assert small.size == (256, 128)
    assert small.mode == ("RGBA" if mode in {"LA", "RGBA"} else "RGB")


def test_a_small_picture_stays_as_it_is():
    assert made(picture(size=(20, 10))).size == (20, 10)


def test_sixteen_bits_are_spread_over_the_eight_that_a_screen_shows():
    deep = Image.new("I;16", (2, 1))
    deep.putpixel((0, 0), 1000)
    deep.putpixel((1, 0), 3000)
    target = io.BytesIO()
    deep.save(target, "PNG")
    small = made(target.getvalue()).convert("L")
    assert small.getpixel((0, 0)) < 60
    assert small.getpixel((1, 0)) > 190


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (1, 1)), (6, (1, 0)), (8, (0, 1))])
def test_a_picture_is_turned_and_its_metadata_left_out(orientation, corner):
    image = Image.new("RGB", (64, 64), "black")
    image.paste("white", (0, 0, 32, 32))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "taken at home"
    target = io.BytesIO()
    image.save(target, "JPEG", exif=exif, comment=b"secret")
    raw = shrink(io.BytesIO(target.getvalue()), 64, PIXELS)
    small = Image.open(io.BytesIO(raw))
    bright = [(x, y) for x in (0, 1) for y in (0, 1) if small.convert("L").getpixel((x * 48 + 8, y * 48 + 8)) > 128]
    assert bright == [corner]
    assert not small.getexif()
    assert b"secret" not in raw
    assert b"home" not in raw
    assert "icc_profile" not in small.info


def png_chunk(kind, data):
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def bomb(width, height):
    """A PNG of a few bytes that says it has so many pixels."""
    head = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0])
    body = png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + body + png_chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bomb(60_000, 60_000), "pixels"),
        (bomb(2000, 1001), "pixels"),
        (bomb(100, 100), "unreadable"),
        (b"", "unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unreadable"),
        (picture()[:60], "unreadable"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_the_reason(data, reason):
    with pytest.raises(ArgusError) as caught:
        shrink(io.BytesIO(data), 64, PIXELS)
    assert (caught.value.code, caught.value.details) == (ErrorCode.ARTIFACT_NO_PREVIEW, {"reason": reason})


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_damaged_pictures_are_refused_or_shown_and_nothing_else(kind):
    chance = random.Random(kind)
    noise = Image.effect_noise((80, 60), 90).convert("RGB")
    target = io.BytesIO()
    noise.save(target, kind)
    whole = target.getvalue()
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            data[chance.randrange(min(len(data), 400))] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data)) :]
        try:
            shrink(io.BytesIO(bytes(data)), 64, PIXELS)
        except ArgusError as error:
            assert error.code == ErrorCode.ARTIFACT_NO_PREVIEW


def test_sizes_are_few():
    assert [rounded(size) for size in (16, 64, 65, 256, 1000, 1024, 5000)] == [64, 64, 128, 256, 1024, 1024, 1024]


async def upload(ingest, data, name="a.png"):
    answer = await ingest.client.post(
        "/api/jobs/j/artifacts", files={"file": (name, data)}, headers=bearer_headers(ingest.token)
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def test_a_preview_is_made_once_and_goes_with_its_artifact(ingest, artifacts, monkeypatch):
    await ingest.accept(event("job_start", job="j"))
    artifact_id = await upload(ingest, picture())
    headers = bearer_headers(ingest.token)
    path = f"/api/artifacts/{artifact_id}/thumbnail"
    first = await ingest.client.get(path, params={"size": 200}, headers=headers)
    assert (first.status_code, first.headers["content-type"]) == (200, "image/webp")
    assert Image.open(io.BytesIO(first.content)).size == (256, 128)
    monkeypatch.setattr(artifacts.previews, "_make", None)
    again = await ingest.client.get(path, headers=headers)
    assert again.content == first.content
    same = await ingest.client.get(path, headers={**headers, "If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    _, stranger = await ingest.person("eve")
    assert (await ingest.client.get(path, headers=bearer_headers(stranger))).status_code == 404
    assert (await ingest.client.get(path, params={"size": 9999}, headers=headers)).status_code == 422
    (folder,) = await artifacts.storage.folders()
    assert len(await artifacts.storage.files(folder)) == 2
    await ingest.client.delete(f"/api/artifacts/{artifact_id}", headers=headers)
    assert await artifacts.storage.files(folder) == []


async def test_slow_storage_holds_no_connection_to_the_database(ingest, artifacts, monkeypatch):
    await ingest.accept(event("job_start", job="j"))
    ids = [await upload(ingest, picture(size=(40, 40))) for _ in range(3)]
    slow, arrived = asyncio.Event(), []

    async def wait(path, mime, size):
        arrived.append(path)
        await slow.wait()
        return b"preview"

    monkeypatch.setattr(artifacts.previews, "of", wait)
    headers = bearer_headers(ingest.token)
    asked = [
        asyncio.create_task(ingest.client.get(f"/api/artifacts/{ids[n % 3]}/thumbnail", headers=headers))
        for n in range(40)
    ]
    # Four times as many as the pool has connections, and all of them got past it.
    await eventually(lambda: _is(len(arrived) == 40))
    await ingest.accept(event("log_line", line="goes on"))
    slow.set()
    assert {answer.status_code for answer in await asyncio.gather(*asked)} == {200}


async def _is(value):
    return value


@pytest.mark.parametrize("name", ["a.svg", "a.pdf", "a.csv", "a"])
async def test_other_files_have_no_preview(ingest, name):
    await ingest.accept(event("job_start", job="j"))
    artifact_id = await upload(ingest, b"<svg/>", name)
    answer = await ingest.client.get(f"/api/artifacts/{artifact_id}/thumbnail", headers=bearer_headers(ingest.token))
    assert (answer.status_code, answer.json()["error"]["details"]) == (415, {"reason": "type"})

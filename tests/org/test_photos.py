"""Photos of venues: hostile files refused, everything but the picture left behind, order, deletion, addresses."""

import io
import re
import zlib
from struct import pack

import pytest
from PIL import Image

from shared.kit.errors import Invalid
from shared.org.kit import OrgKit
from shared.org.venues.pictures import LARGEST, SIDE, picture_of
from tests.org.rooms import venue
from tests.org.web import HTML, dialog_at, org_world


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (60, 40), colour: str = "red", **more: object
) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **more)
    return out.getvalue()


def giant() -> bytes:
    """A PNG of few bytes that says it is 60000 by 60000."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return pack(">I", len(body)) + name + body + pack(">I", zlib.crc32(name + body))

    head = pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + pixels + chunk(b"IEND", b"")


def moving() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (9, 9), c) for c in ("red", "blue")]
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    return out.getvalue()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "JPEG或PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "JPEG或PNG"),
        (picture("GIF"), "JPEG或PNG"),
        (picture("WEBP"), "JPEG或PNG"),
        (picture(size=(900, 900))[:900], "已损坏"),
        (giant(), "已损坏|尺寸太大"),
        (picture("PNG", (4000, 3100)), "尺寸太大"),
        (picture("JPEG", (8000, 7000)), "尺寸太大"),
        (moving(), "动图"),
        (bytes(LARGEST + 1), "不能超过8MB"),
    ],
)
def test_what_is_no_photo_is_refused_with_a_clear_word(file: bytes, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        picture_of(file)


def test_only_the_picture_is_kept() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "taken at home"
    exif.get_ifd(0x8825)[1] = "N"
    file = picture(size=(3000, 2000), exif=exif, comment=b"secret") + b"<script>tail</script>"
    kept = picture_of(file)
    with Image.open(io.BytesIO(kept.content)) as seen:
        assert (seen.size, len(seen.getexif())) == ((kept.width, kept.height), 0)
    assert kept.height == SIDE
    assert kept.width < kept.height  # upright
    for word in (b"home", b"secret", b"script", b"Exif"):
        assert word not in kept.content
    assert len(picture_of(picture("PNG")).hash) == 64


async def test_photos_on_the_page_of_a_venue(org: OrgKit) -> None:
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            hall = await venue(session, org, world.one)
        clerk = await world.signed_in("clerk")
        at = f"/venues/{hall.id}"
        await clerk.get(at)

        async def send(file: bytes, alt: str) -> str:
            data = {"csrf_token": clerk.csrf, "venue": str(hall.id), "alt": alt}
            answer = await clerk.client.post(
                "/venues/photos", data=data, files={"file": ("a.jpg", file)}, headers=HTML
            )
            return answer.text if answer.status_code == 422 else (await clerk.get(at)).text

        kept = dialog_at(await send(b"%PDF-1.7", "合同"), "/venues/photos")
        assert "请选择JPEG或PNG格式的照片" in kept
        assert 'value="合同"' in kept
        assert "看不到照片的人靠它了解场地" in dialog_at(await send(picture(), ""), "/venues/photos")
        await send(picture(), "大厅")
        page = await send(picture(colour="blue"), "正门")
        assert (await send(picture(), "又是大厅")).count("<img") == 2  # the same picture is one
        links = re.findall(r'<img src="([^"]+)"[^>]* alt="([^"]+)"', page)
        assert [alt for _, alt in links] == ["大厅", "正门"]
        shown = await clerk.get(links[0][0])
        assert shown.headers["content-type"] == "image/jpeg"
        assert "immutable" in shown.headers["cache-control"]
        first = re.findall(r'action="([^"]+/first)"', page)
        await clerk.post(first[0])
        again = (await clerk.get(at)).text
        assert re.findall(r'<img [^>]*alt="([^"]+)"', again) == ["正门", "大厅"]
        await clerk.post(re.findall(r'action="([^"]+/photos/[^"]+/delete)"', again)[0])
        assert "正门" not in (await clerk.get(at)).text
        assert (await clerk.get(links[1][0])).status_code == 404
        assert (await clerk.get(f"{at}/photos/a%00b.jpg")).status_code == 422
        viewer = await world.signed_in("viewer")
        assert (await viewer.get(links[0][0])).status_code == 200
        assert "/venues/photos" not in (await viewer.get(at)).text

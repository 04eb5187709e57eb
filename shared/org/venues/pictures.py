"""Pictures that came from outside: decoded within limits, made anew without anything but the picture."""

import hashlib
import io
import threading
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from shared.kit.errors import Invalid

MB = 1_000_000
LARGEST = 8 * MB
UPLOAD = LARGEST + MB // 2
"""the largest file and the form around it"""
PIXELS = {"JPEG": 50 * MB, "PNG": 12 * MB}
"""by kind: a JPEG is unpacked at the size wanted, a PNG whole"""
SIDE = 1600
MEDIA_TYPE = "image/jpeg"
_ONE = threading.Lock()


@dataclass(frozen=True)
class Picture:
    """What is kept: a JPEG of bounded size, named by its hash."""

    content: bytes
    hash: str
    width: int
    height: int


def picture_of(file: bytes) -> Picture:
    """The picture, upright and at most SIDE wide and high. Invalid says what is wrong with the file.

    Width and height are looked at before anything is unpacked: a small file may stand for a giant picture.
    One is made at a time, for memory's sake. Places, devices and whatever else was written into the file
    stay behind: only pixels are written out.
    """
    if len(file) > LARGEST:
        raise _refused(f"照片不能超过{LARGEST // MB}MB")
    try:
        with _ONE, Image.open(io.BytesIO(file), formats=list(PIXELS)) as opened:
            if opened.width * opened.height > PIXELS[str(opened.format)]:
                raise _refused("照片的尺寸太大")
            if getattr(opened, "n_frames", 1) > 1:
                raise _refused("不能用动图")
            opened.draft("RGB", (SIDE, SIDE))
            opened.thumbnail((SIDE, SIDE))  # before it is turned: turning makes a copy
            return _written(ImageOps.exif_transpose(opened))
    except UnidentifiedImageError:
        raise _refused("请选择JPEG或PNG格式的照片") from None
    except (OSError, ValueError, SyntaxError, EOFError, Warning, Image.DecompressionBombError):
        raise _refused("这个照片文件已损坏，打不开") from None


def _written(image: Image.Image) -> Picture:
    ground = Image.new("RGB", image.size, "white")
    seen = image.convert("RGBA")
    ground.paste(seen, mask=seen)
    out = io.BytesIO()
    ground.save(out, "JPEG", quality=82, optimize=True)
    content = out.getvalue()
    return Picture(content, hashlib.sha256(content).hexdigest(), *image.size)


def _refused(why: str) -> Invalid:
    return Invalid(why, fields={"file": why})

"""A drawn hall for the venues of the demo city: a room in one colour, seen from the stage."""

import io

from PIL import Image, ImageDraw

SIZE = (960, 640)
BACK = (290, 150, 670, 380)
"""The far wall."""
WALLS = {"blue": (205, 220, 235), "teal": (200, 226, 222), "plum": (230, 212, 228)}
ROWS = ((600, 74), (540, 60), (488, 48), (446, 38), (412, 30))
"""Chairs: where a row stands and how wide one is, the nearest first."""


def picture(palette: str) -> bytes:
    """A JPEG in the organisation's colour."""
    wall = WALLS.get(palette, (226, 222, 214))
    image = Image.new("RGB", SIZE, wall)
    pen = ImageDraw.Draw(image)
    left, top, right, bottom = BACK
    width, height = SIZE
    pen.polygon([(0, 0), (width, 0), (right, top), (left, top)], "#f5f4f0")
    pen.polygon([(0, height), (width, height), (right, bottom), (left, bottom)], "#c9b79c")
    pen.rectangle(BACK, tuple(min(255, c + 12) for c in wall))
    for start in (0.12, 0.42, 0.72):
        for side in (0, width):
            _window(pen, side, start)
    pen.rectangle((left + 110, top + 40, right - 110, top + 150), "#ffffff", "#6b7280", 3)
    for y, seat in reversed(ROWS):
        _row(pen, y, seat)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def _window(pen: ImageDraw.ImageDraw, side: int, start: float) -> None:
    """On a side wall, smaller with distance: `start` is how far it is on the way to the far wall."""
    far = BACK[0] if side == 0 else BACK[2]
    ends = [(side + (far - side) * at, at) for at in (start, start + 0.18)]
    tops = [(x, 90 + (BACK[1] + 20 - 90) * at) for x, at in ends]
    feet = [(x, 470 + (BACK[3] - 60 - 470) * at) for x, at in reversed(ends)]
    pen.polygon(tops + feet, "#eaf4fb", "#8a94a3")


def _row(pen: ImageDraw.ImageDraw, y: int, seat: int) -> None:
    """Chairs from the middle outwards, an aisle between."""
    for number in range(1, 5):
        for middle in (
            SIZE[0] / 2 - number * seat * 1.15,
            SIZE[0] / 2 + (number - 1) * seat * 1.15 + seat * 0.15,
        ):
            pen.rounded_rectangle((middle, y - seat * 0.7, middle + seat, y), seat // 6, "#7c2d2d", "#5b2121")

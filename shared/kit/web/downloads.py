"""A file as an answer, with a name in Chinese."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from urllib.parse import quote

from fastapi import Response
from fastapi.responses import StreamingResponse

PIECE = 1 << 18


@dataclass(frozen=True)
class Download:
    """A file to be saved."""

    name: str
    media_type: str
    content: IO[bytes]
    """closed when it has been sent"""


def as_download(file: Download) -> Response:
    """Saved, never shown: it came from outside. Sent in pieces: it may be as large as what came."""
    size = file.content.seek(0, 2)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Length": str(size),
    }
    return StreamingResponse(_pieces(file.content), media_type=file.media_type, headers=headers)


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    with content:
        content.seek(0)
        while piece := content.read(PIECE):
            yield piece

"""Pieces of a page kept as bytes: its template writes a mark, and the answer holds the piece there."""

from secrets import token_hex

from markupsafe import Markup

_MARK = token_hex(16)
"""Where a piece belongs. It never leaves the process, so no text that somebody typed can hold it."""


class Apart:
    """The pieces of one page, in the order in which they stand."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def put(self, piece: bytes) -> Markup:
        """What the template writes in its place, once."""
        self._pieces.append(piece)
        return Markup(_MARK)  # noqa: S704 - letters and digits

    def into(self, page: str) -> bytes:
        """The page with its pieces."""
        first, *rest = page.encode().split(_MARK.encode())
        return first + b"".join(part for pair in zip(self._pieces, rest, strict=True) for part in pair)

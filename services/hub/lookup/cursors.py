"""Cursors of a lookup's pages: encrypted, for a row's key is somebody's name; bound to the lookup."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.hub.lookup.search import PAGE
from shared.kit.errors import Invalid
from shared.kit.pagination import Cursor, decode
from shared.kit.pii import CipherError, FieldCipher


class Cursors:
    """Reads and writes the cursors of one lookup."""

    def __init__(self, cipher: FieldCipher, lookup_id: UUID, arity: int) -> None:
        self._cipher, self._context, self._arity = cipher, f"lookup.cursor:{lookup_id}", arity

    def read(self, opaque: str | None) -> Cursor | None:
        """The cursor of an address, or None at the start."""
        if not opaque:
            return None
        try:
            sealed = base64.urlsafe_b64decode(opaque + "=" * (-len(opaque) % 4))
            return decode(self._cipher.decrypt(sealed, self._context), self._arity)
        except (binascii.Error, ValueError, CipherError) as error:
            raise Invalid("页码不正确", hint="请回到第一页。") from error

    def write(self, cursor: Cursor) -> str:
        """An address part that tells nothing."""
        sealed = self._cipher.encrypt(cursor.encode(), self._context)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def around(
        self, rows: Sequence[dict[str, Any]], order: Sequence[str], at: Cursor | None
    ) -> tuple[list[dict[str, Any]], str | None, str | None]:
        """The page's rows without the one that only tells of more, and the cursors before and after them."""
        backwards = at is not None and at.backwards
        more = len(rows) > PAGE
        shown = list(rows[-PAGE:] if backwards else rows[:PAGE])
        if not shown:
            return [], None, None
        keys = [tuple(r[f"key_{c}"] for c in order) for r in (shown[0], shown[-1])]
        earlier = more if backwards else at is not None
        later = True if backwards else more
        return (
            shown,
            self.write(Cursor(keys[0], backwards=True)) if earlier else None,
            self.write(Cursor(keys[1])) if later else None,
        )

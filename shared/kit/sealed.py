"""Cursors that tell nothing: a row's key is somebody's name, and an address is no place for a name."""

import base64

from shared.kit.errors import Invalid
from shared.kit.pagination import Cursor, decode
from shared.kit.pii import CipherError, FieldCipher


class SealedCursors:
    """Reads and writes the cursors of one list; those of another list are refused."""

    def __init__(self, cipher: FieldCipher, context: str, arity: int) -> None:
        self._cipher, self._context, self._arity = cipher, context, arity

    def read(self, opaque: str | None) -> Cursor | None:
        """The cursor of an address, or None at the start."""
        if not opaque:
            return None
        try:
            sealed = base64.urlsafe_b64decode(opaque + "=" * (-len(opaque) % 4))
            return decode(self._cipher.decrypt(sealed, self._context), self._arity)
        except (ValueError, CipherError) as error:
            raise Invalid("页码不正确", hint="请回到第一页。") from error

    def write(self, cursor: Cursor) -> str:
        """An address part that tells nothing."""
        sealed = self._cipher.encrypt(cursor.encode(), self._context)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

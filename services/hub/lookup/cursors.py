"""Cursors of a lookup's pages: sealed, and bound to the lookup."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.hub.lookup.search import PAGE
from shared.kit.pagination import Cursor
from shared.kit.pii import FieldCipher
from shared.kit.sealed import SealedCursors


class Cursors(SealedCursors):
    """Reads and writes the cursors of one lookup."""

    def __init__(self, cipher: FieldCipher, lookup_id: UUID, arity: int) -> None:
        super().__init__(cipher, f"lookup.cursor:{lookup_id}", arity)

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
